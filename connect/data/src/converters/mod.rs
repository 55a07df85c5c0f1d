//! Converters: bytes of a record to values and back.

pub mod json;
mod plain;
mod simple;

use bytes::Bytes;

pub use json::JsonConverter;
pub use plain::{ByteArrayConverter, NumberConverter, NumberKind, StringConverter};
pub use simple::SimpleHeaderConverter;

use crate::error::Result;
use crate::schema::{SchemaAndValue, SchemaRef};
use crate::value::Value;

/// `Converter` and `HeaderConverter`. Each task has its own, so they may keep caches.
pub trait Converter: Send {
    /// Bytes of a topic's record (or header) as a value; None is a null. What cannot be read is a `DataException`.
    fn to_connect(&mut self, topic: &str, bytes: Option<&Bytes>) -> Result<SchemaAndValue>;

    /// A value as bytes for a record of this topic; None for null.
    fn to_bytes(&mut self, topic: &str, schema: Option<&SchemaRef>, value: &Value) -> Result<Option<Bytes>>;
}
