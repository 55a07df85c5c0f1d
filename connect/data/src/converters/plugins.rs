//! Converters by the names of their classes.

use std::sync::Arc;

use super::json::converter_type;
use super::{
    AvroConverter, ByteArrayConverter, Converter, JsonConverter, NumberConverter, NumberKind, SchemaLookup,
    SimpleHeaderConverter, StringConverter,
};
use crate::config::{ConfigDef, Props};
use crate::error::{DataError, Result};

/// A converter that can be named in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConverterPlugin {
    /// The full name of its class.
    pub class: &'static str,
    /// Whether it converts keys and values.
    pub records: bool,
    /// Whether it converts headers.
    pub headers: bool,
    make: Make,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Make {
    Avro,
    Json,
    Text,
    Bytes,
    Number(NumberKind),
    Simple,
}

const fn both(class: &'static str, make: Make) -> ConverterPlugin {
    ConverterPlugin { class, records: true, headers: true, make }
}

const PLUGINS: [ConverterPlugin; 11] = [
    ConverterPlugin { headers: false, ..both("io.confluent.connect.avro.AvroConverter", Make::Avro) },
    both("org.apache.kafka.connect.converters.BooleanConverter", Make::Number(NumberKind::Boolean)),
    both("org.apache.kafka.connect.converters.ByteArrayConverter", Make::Bytes),
    both("org.apache.kafka.connect.converters.DoubleConverter", Make::Number(NumberKind::Double)),
    both("org.apache.kafka.connect.converters.FloatConverter", Make::Number(NumberKind::Float)),
    both("org.apache.kafka.connect.converters.IntegerConverter", Make::Number(NumberKind::Integer)),
    both("org.apache.kafka.connect.converters.LongConverter", Make::Number(NumberKind::Long)),
    both("org.apache.kafka.connect.converters.ShortConverter", Make::Number(NumberKind::Short)),
    both("org.apache.kafka.connect.json.JsonConverter", Make::Json),
    ConverterPlugin {
        records: false,
        ..both("org.apache.kafka.connect.storage.SimpleHeaderConverter", Make::Simple)
    },
    both("org.apache.kafka.connect.storage.StringConverter", Make::Text),
];

/// All converters, sorted by class.
pub fn converters() -> &'static [ConverterPlugin] {
    &PLUGINS
}

/// The converter of this class; the package may be left out.
pub fn converter(class: &str) -> Option<&'static ConverterPlugin> {
    PLUGINS.iter().find(|p| p.class == class || p.class.rsplit('.').next() == Some(class))
}

impl ConverterPlugin {
    /// The settings it knows, `converter.type` among them, which the runtime sets.
    pub fn config_def(&self) -> ConfigDef {
        match self.make {
            Make::Avro => AvroConverter::config_def(),
            Make::Json => JsonConverter::config_def(),
            Make::Text => StringConverter::config_def(),
            Make::Bytes | Make::Number(_) => converter_type(),
            Make::Simple => ConfigDef::new(),
        }
    }
}

/// A converter of this class. `props`: its settings without prefix. `is_key`: for keys; false for values and headers.
pub fn new_converter(
    class: &str,
    props: &Props,
    is_key: bool,
    lookup: &Arc<dyn SchemaLookup>,
) -> Result<Box<dyn Converter>> {
    let Some(plugin) = converter(class) else {
        let known: Vec<&str> = PLUGINS.iter().map(|p| p.class).collect();
        return Err(DataError::config(format!(
            "Class {class} could not be found. Known here: {}",
            known.join(", ")
        )));
    };
    Ok(match plugin.make {
        Make::Avro => Box::new(AvroConverter::new(props, is_key, Arc::clone(lookup))?),
        Make::Json => Box::new(JsonConverter::new(props)?),
        Make::Text => Box::new(StringConverter::new(props)?),
        Make::Bytes => Box::new(ByteArrayConverter::default()),
        Make::Number(kind) => Box::new(NumberConverter::new(kind)),
        Make::Simple => Box::new(SimpleHeaderConverter),
    })
}
