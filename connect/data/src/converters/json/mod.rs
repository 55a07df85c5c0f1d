//! `org.apache.kafka.connect.json.JsonConverter`.

mod read;
mod schema;
mod write;

pub(crate) use write::{date_days, time_ms};

#[cfg(test)]
mod json_converter_test;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::Converter;
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, OneOf, OneOfIgnoringCase, Props, Width};
use crate::error::{DataError, Result};
use crate::json::{Json, Parser};
use crate::schema::{Schema, SchemaAndValue, SchemaRef};
use crate::value::Value;

/// Converts JSON, with the schema in an envelope or without one.
pub struct JsonConverter {
    settings: Settings,
    /// Texts of schemas that were read, so that a schema is parsed once.
    read: HashMap<Box<str>, SchemaRef>,
    /// Schemas that were written, by address; the schema is kept so that the address stays its own.
    written: HashMap<usize, (SchemaRef, Box<[u8]>)>,
}

/// What the converter was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) schemas: bool,
    pub(crate) cache: usize,
    pub(crate) numeric_decimals: bool,
    pub(crate) replace_null_with_default: bool,
}

/// The definition that every converter shares.
pub(crate) fn converter_type() -> ConfigDef {
    let what = ConfigKey::required(
        "converter.type",
        ConfigType::String,
        Importance::Low,
        "What the converter is used for.",
    );
    ConfigDef::new().define(what.validator(OneOf(&["key", "value", "header"])))
}

impl JsonConverter {
    /// Its settings.
    pub fn config_def() -> ConfigDef {
        use ConfigType::{Boolean, Int, String};
        converter_type()
            .define(
                ConfigKey::new(
                    "schemas.enable",
                    Boolean,
                    true,
                    Importance::High,
                    "Whether each text is an envelope of schema and payload.",
                )
                .shown("Schemas", 0, Width::Medium, "Enable Schemas"),
            )
            .define(
                ConfigKey::new(
                    "schemas.cache.size",
                    Int,
                    1000,
                    Importance::High,
                    "How many schemas are kept in memory.",
                )
                .shown("Schemas", 1, Width::Medium, "Schema Cache Size"),
            )
            .define(
                ConfigKey::new(
                    "decimal.format",
                    String,
                    "BASE64",
                    Importance::Low,
                    "How decimals are written: BASE64 or NUMERIC, in any case.",
                )
                .validator(OneOfIgnoringCase(&["BASE64", "NUMERIC"]))
                .shown("Serialization", 0, Width::Medium, "Decimal Format"),
            )
            .define(
                ConfigKey::new(
                    "replace.null.with.default",
                    Boolean,
                    true,
                    Importance::Low,
                    "Whether a null becomes the default of its field, where it has one.",
                )
                .shown("Serialization", 1, Width::Medium, "Replace null with default"),
            )
    }

    /// From its settings, without prefix; `converter.type` need not be among them.
    pub fn new(props: &Props) -> Result<Self> {
        let mut props = props.clone();
        props.entry("converter.type".to_owned()).or_insert_with(|| "value".to_owned());
        let config = Self::config_def().parse(&props)?;
        Ok(Self {
            settings: Settings {
                schemas: config.boolean("schemas.enable"),
                cache: usize::try_from(config.integer("schemas.cache.size").unwrap_or(0)).unwrap_or(0),
                numeric_decimals: config.text("decimal.format").eq_ignore_ascii_case("NUMERIC"),
                replace_null_with_default: config.boolean("replace.null.with.default"),
            },
            read: HashMap::new(),
            written: HashMap::new(),
        })
    }

    fn read_envelope(&mut self, text: &str) -> Result<SchemaAndValue> {
        let wrong = || {
            DataError::data(
                "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not contain additional fields. \
                 If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.",
            )
        };
        let mut parser = Parser::new(text);
        let (mut schema, mut payload) = (None, None);
        if parser.peek().is_none() {
            return Err(wrong());
        }
        if parser.peek() != Some(b'{') {
            parser.value().map_err(unreadable)?;
            return Err(wrong());
        }
        let mut more = parser.open(b'{', b'}').map_err(unreadable)?;
        let mut others = false;
        while more {
            let name = parser.name().map_err(unreadable)?;
            match name.as_ref() {
                "schema" => schema = Some(parser.raw().map_err(unreadable)?),
                "payload" => payload = Some(parser.value().map_err(unreadable)?),
                _ => {
                    parser.value().map_err(unreadable)?;
                    others = true;
                }
            }
            more = parser.more(b'}').map_err(unreadable)?;
        }
        let (Some(schema), Some(payload), false) = (schema, payload, others) else { return Err(wrong()) };
        let schema = self.schema_of(schema)?;
        let value = read::value(schema.as_ref(), Some(&payload), self.settings)?;
        Ok(SchemaAndValue::new(schema, value))
    }

    fn schema_of(&mut self, text: &str) -> Result<Option<SchemaRef>> {
        if let Some(schema) = self.read.get(text) {
            return Ok(Some(Arc::clone(schema)));
        }
        let json = Parser::new(text).value().map_err(unreadable)?;
        let Some(schema) = schema::parse(&json, self.settings)? else { return Ok(None) };
        if self.read.len() >= self.settings.cache {
            self.read.clear();
        }
        if self.settings.cache > 0 {
            self.read.insert(text.into(), Arc::clone(&schema));
        }
        Ok(Some(schema))
    }

    fn write_schema(&mut self, out: &mut Vec<u8>, schema: &SchemaRef) -> Result<()> {
        let address = Arc::as_ptr(schema) as usize;
        if let Some((_, text)) = self.written.get(&address) {
            out.extend_from_slice(text);
            return Ok(());
        }
        let start = out.len();
        schema::write(out, schema, None, self.settings)?;
        if self.written.len() >= self.settings.cache {
            self.written.clear();
        }
        if self.settings.cache > 0 {
            self.written.insert(address, (Arc::clone(schema), out[start..].into()));
        }
        Ok(())
    }

    /// The JSON text of a schema, as the envelope holds it (`asJsonSchema`).
    pub fn schema_text(&mut self, schema: &Schema) -> Result<String> {
        let mut out = Vec::new();
        schema::write(&mut out, schema, None, self.settings)?;
        String::from_utf8(out).map_err(|error| DataError::data(error.to_string()))
    }

    /// The schema that a JSON text describes (`asConnectSchema`).
    pub fn schema_from_text(&mut self, text: &str) -> Result<Option<SchemaRef>> {
        self.schema_of(text)
    }
}

fn unreadable(why: String) -> DataError {
    DataError::data(format!(
        "Converting byte[] to Kafka Connect data failed due to serialization error: {why}"
    ))
}

impl Converter for JsonConverter {
    fn to_connect(&mut self, _topic: &str, bytes: Option<&Bytes>) -> Result<SchemaAndValue> {
        let Some(bytes) = bytes else { return Ok(SchemaAndValue::NULL) };
        let text = std::str::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?;
        if self.settings.schemas {
            return self.read_envelope(text);
        }
        // No bytes at all is no value, as with Jackson's MissingNode.
        let mut parser = Parser::new(text);
        if parser.peek().is_none() {
            return Ok(SchemaAndValue::NULL);
        }
        // What follows the first value is not looked at: Kafka does not either.
        let value = read::schemaless(&mut parser).map_err(unreadable)?;
        Ok(SchemaAndValue::schemaless(value))
    }

    fn to_bytes(&mut self, _topic: &str, schema: Option<&SchemaRef>, value: &Value) -> Result<Option<Bytes>> {
        if schema.is_none() && value.is_null() {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(256);
        if !self.settings.schemas {
            write::value(&mut out, schema.map(|s| &**s), value, self.settings)?;
            return Ok(Some(out.into()));
        }
        out.extend_from_slice(b"{\"schema\":");
        match schema {
            Some(schema) => self.write_schema(&mut out, schema)?,
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"payload\":");
        write::value(&mut out, schema.map(|s| &**s), value, self.settings)?;
        out.push(b'}');
        Ok(Some(out.into()))
    }
}

/// Whether the payload is nothing, which only an optional schema or a default allows.
pub(crate) fn is_nothing(json: Option<&Json<'_>>) -> bool {
    matches!(json, None | Some(Json::Null))
}
