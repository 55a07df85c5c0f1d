//! Converters: bytes of a record to values and back.

pub mod avro;
pub mod json;
mod plain;
mod plugins;
mod simple;

use bytes::Bytes;

pub use avro::AvroConverter;
pub use json::JsonConverter;
pub use plain::{ByteArrayConverter, NumberConverter, NumberKind, StringConverter};
pub use plugins::{ConverterPlugin, converter, converters, new_converter};
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

/// The schema registry as converters see it; the runtime brings one. Answers come from memory or are waited for: a converter asks once
/// for each schema.
pub trait SchemaLookup: Send + Sync {
    /// The text of the schema with this id.
    fn schema(&self, id: u32) -> Result<std::sync::Arc<str>>;

    /// The id of a schema under a subject; a registry that allows it registers the schema if it is new. `kind`: `AVRO`, `JSON` or
    /// `PROTOBUF`.
    fn id(&self, subject: &str, kind: &str, schema: &str) -> Result<u32>;
}
