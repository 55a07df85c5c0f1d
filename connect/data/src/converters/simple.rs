//! `org.apache.kafka.connect.storage.SimpleHeaderConverter`: literals.

use bytes::Bytes;

use super::Converter;
use crate::error::Result;
use crate::literal;
use crate::schema::{Schema, SchemaAndValue, SchemaRef, Type};
use crate::value::Value;

/// Reads and writes header values as literals: numbers, booleans, dates, lists, maps, and text for all else.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimpleHeaderConverter;

impl Converter for SimpleHeaderConverter {
    fn to_connect(&mut self, _topic: &str, bytes: Option<&Bytes>) -> Result<SchemaAndValue> {
        let Some(bytes) = bytes else { return Ok(SchemaAndValue::NULL) };
        let text = String::from_utf8_lossy(bytes);
        // What the parser trips over is kept as bytes.
        Ok(literal::parse(&text).unwrap_or_else(|_| {
            SchemaAndValue::new(Some(Schema::primitive(Type::Bytes)), Value::Bytes(bytes.clone()))
        }))
    }

    fn to_bytes(
        &mut self,
        _topic: &str,
        _schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>> {
        Ok(if value.is_null() { None } else { Some(Bytes::from(literal::text(value)?)) })
    }
}
