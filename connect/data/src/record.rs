//! Records: what sources hand over and sinks are handed, and what transforms turn into one another.

use std::sync::Arc;

use crate::schema::{SchemaAndValue, SchemaRef};
use crate::value::{MapValue, Value};

/// `ConnectRecord`, `SinkRecord` and `SourceRecord` in one: [`ConnectRecord::origin`] says which and holds what only one has.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectRecord {
    /// The topic it came from or goes to; transforms may change it.
    pub topic: Arc<str>,
    /// The partition it came from; for a source None lets the producer choose.
    pub partition: Option<i32>,
    /// The key.
    pub key: SchemaAndValue,
    /// The value; no value is a tombstone.
    pub value: SchemaAndValue,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp: Option<i64>,
    /// The headers in order.
    pub headers: Headers,
    /// Where it comes from.
    pub origin: Origin,
}

/// Headers in order; a key may appear more than once.
pub type Headers = Vec<Header>;

/// One header.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Its name.
    pub key: Arc<str>,
    /// Its value.
    pub value: SchemaAndValue,
}

/// Where a record comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// From a topic, on its way out.
    Sink(SinkCoordinates),
    /// From a source connector, on its way into a topic.
    Source(SourceCoordinates),
}

/// The place in the log, before any transform (KIP-793), so that a sink commits what it read and not what a transform made of
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkCoordinates {
    /// The topic that was read.
    pub topic: Arc<str>,
    /// The partition that was read.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// What the timestamp means.
    pub timestamp_type: TimestampType,
}

/// `org.apache.kafka.common.record.TimestampType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TimestampType {
    /// The batch has none.
    #[default]
    NoTimestampType,
    /// Set by the producer.
    CreateTime,
    /// Set by the broker.
    LogAppendTime,
}

/// A source connector's own place: what it is given back after a restart.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceCoordinates {
    /// Which stream of the source.
    pub partition: Arc<MapValue>,
    /// How far in it.
    pub offset: Arc<MapValue>,
}

impl ConnectRecord {
    /// A record read from a topic, without headers.
    pub fn sink(
        coordinates: SinkCoordinates,
        key: SchemaAndValue,
        value: SchemaAndValue,
        timestamp: Option<i64>,
    ) -> Self {
        Self {
            topic: coordinates.topic.clone(),
            partition: Some(coordinates.partition),
            key,
            value,
            timestamp,
            headers: Headers::new(),
            origin: Origin::Sink(coordinates),
        }
    }

    /// A record of a source connector, without headers, for the producer to place.
    pub fn source(
        coordinates: SourceCoordinates,
        topic: impl Into<Arc<str>>,
        key: SchemaAndValue,
        value: SchemaAndValue,
    ) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            key,
            value,
            timestamp: None,
            headers: Headers::new(),
            origin: Origin::Source(coordinates),
        }
    }

    /// The offset in the log of a sink record.
    pub fn sink_offset(&self) -> Option<i64> {
        match &self.origin {
            Origin::Sink(at) => Some(at.offset),
            Origin::Source(_) => None,
        }
    }

    /// Whether there is no value (`RecordIsTombstone`).
    pub fn is_tombstone(&self) -> bool {
        self.value.value.is_null()
    }

    /// The headers of this name, in order.
    pub fn headers_with<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Header> {
        self.headers.iter().filter(move |h| &*h.key == key)
    }

    /// One more header.
    pub fn add_header(
        &mut self,
        key: impl Into<Arc<str>>,
        schema: Option<SchemaRef>,
        value: impl Into<Value>,
    ) {
        self.headers.push(Header { key: key.into(), value: SchemaAndValue::new(schema, value.into()) });
    }
}
