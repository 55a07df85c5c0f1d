//! `io.confluent.connect.avro.AvroConverter`: Avro with schemas of a registry.
//!
//! The mapping between the two kinds of schema is that of Confluent's AvroData: unions with null are optional, `connect.name`,
//! `connect.version`, `connect.parameters`, `connect.default` and `connect.type` carry what Avro has no word for, dates, times,
//! timestamps in milliseconds and decimals are logical types, unions of several types are structs named
//! [`names::UNION`], enums are strings with their symbols as parameters. Not here: records that contain themselves (Connect's
//! schemas cannot), data without a schema, `enhanced.avro.schema.support`.

mod binary;
mod decode;
mod default;
mod encode;
mod from_connect;
pub mod names;
mod parse;
mod to_connect;

#[cfg(test)]
mod avro_test;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};

use self::parse::Node;
use super::json::converter_type;
use super::{Converter, SchemaLookup};
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, ListOf, Props};
use crate::error::{DataError, Result};
use crate::schema::{Schema, SchemaAndValue, SchemaRef};
use crate::value::Value;

/// So many schemas are kept in memory by default.
const CACHE: i32 = 1000;
/// The first byte of a record in the registry's format; four bytes of the schema's id follow.
const MAGIC: u8 = 0;

/// Converts Avro.
pub struct AvroConverter {
    lookup: Arc<dyn SchemaLookup>,
    is_key: bool,
    cache: usize,
    read: HashMap<u32, (Arc<Node>, SchemaRef)>,
    /// By address of the Connect schema, which is kept so that the address stays its own, and subject.
    written: HashMap<usize, (SchemaRef, String, u32)>,
}

impl AvroConverter {
    /// Its settings. The registry is the runtime's business ([`SchemaLookup`]), so that its address is accepted and not used.
    pub fn config_def() -> ConfigDef {
        let urls = ConfigKey::new(
            "schema.registry.url",
            ConfigType::List,
            crate::config::ConfigValue::List(Vec::new()),
            Importance::High,
            "Where the schema registry is; nothing: the one of this node.",
        );
        converter_type().define(urls.validator(ListOf::ANY)).define(ConfigKey::new(
            "schemas.cache.config",
            ConfigType::Int,
            CACHE,
            Importance::Low,
            "How many schemas are kept in memory.",
        ))
    }

    /// From its settings, without prefix.
    pub fn new(props: &Props, is_key: bool, lookup: Arc<dyn SchemaLookup>) -> Result<Self> {
        let mut props = props.clone();
        props.insert("converter.type".to_owned(), if is_key { "key" } else { "value" }.to_owned());
        let config = Self::config_def().parse(&props)?;
        let cache = config.integer("schemas.cache.config").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        Ok(Self { lookup, is_key, cache: cache.max(1), read: HashMap::new(), written: HashMap::new() })
    }

    /// The Connect schema of an Avro schema (`AvroData.toConnectSchema`).
    pub fn connect_schema(text: &str) -> Result<SchemaRef> {
        to_connect::schema(parse::parse(text)?.as_ref())
    }

    /// The Avro schema of a Connect schema as JSON (`AvroData.fromConnectSchema`).
    pub fn avro_schema(schema: &Schema) -> Result<String> {
        from_connect::text(schema)
    }

    fn of_id(&mut self, id: u32) -> Result<&(Arc<Node>, SchemaRef)> {
        if !self.read.contains_key(&id) {
            let node = parse::parse(&self.lookup.schema(id)?)?;
            let schema = to_connect::schema(&node)?;
            if self.read.len() >= self.cache {
                self.read.clear();
            }
            self.read.insert(id, (node, schema));
        }
        self.read.get(&id).ok_or_else(|| DataError::data(format!("The schema {id} is not there")))
    }

    fn id_of(&mut self, topic: &str, schema: &SchemaRef) -> Result<u32> {
        let subject = format!("{topic}-{}", if self.is_key { "key" } else { "value" });
        let address = Arc::as_ptr(schema) as usize;
        if let Some((_, known, id)) = self.written.get(&address)
            && *known == subject
        {
            return Ok(*id);
        }
        let id = self.lookup.id(&subject, "AVRO", &from_connect::text(schema)?)?;
        if self.written.len() >= self.cache {
            self.written.clear();
        }
        self.written.insert(address, (schema.clone(), subject, id));
        Ok(id)
    }
}

impl Converter for AvroConverter {
    fn to_connect(&mut self, topic: &str, bytes: Option<&Bytes>) -> Result<SchemaAndValue> {
        let Some(bytes) = bytes else { return Ok(SchemaAndValue::NULL) };
        let failed = |error: DataError| {
            DataError::data(format!(
                "Failed to deserialize data for topic {topic} to Avro: {}",
                error.message
            ))
        };
        let [MAGIC, a, b, c, d, ..] = bytes[..] else {
            return Err(failed(DataError::data("Unknown magic byte!")));
        };
        let id = u32::from_be_bytes([a, b, c, d]);
        let (node, schema) = self.of_id(id).map_err(failed)?;
        let value = decode::value(node, schema, &bytes.slice(5..)).map_err(failed)?;
        Ok(SchemaAndValue::new(Some(schema.clone()), value))
    }

    fn to_bytes(&mut self, topic: &str, schema: Option<&SchemaRef>, value: &Value) -> Result<Option<Bytes>> {
        let Some(schema) = schema else {
            if value.is_null() {
                return Ok(None);
            }
            return Err(DataError::data(format!(
                "Data without a schema cannot be written as Avro for topic {topic}; use JsonConverter, or a converter that has schemas"
            )));
        };
        if value.is_null() && schema.is_optional() && schema.default_value().is_none() {
            return Ok(None);
        }
        let failed = |error: DataError| {
            DataError::data(format!("Failed to serialize Avro data from topic {topic} : {}", error.message))
        };
        let id = self.id_of(topic, schema).map_err(failed)?;
        let mut out = BytesMut::with_capacity(256);
        out.put_u8(MAGIC);
        out.put_u32(id);
        encode::value(&mut out, schema, value).map_err(failed)?;
        Ok(Some(out.freeze()))
    }
}
