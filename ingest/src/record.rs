//! What every dialect makes: a record for the log.

use bytes::Bytes;
use highway_types::Timestamp;

/// Names of the record headers that ingest writes. Provenance is kept here and not in the payload.
pub mod header {
    /// The event's id: what deduplication goes by, and what it is rebuilt from.
    pub const EVENT_ID: &str = "hw-event-id";
    /// The event's name.
    pub const EVENT_NAME: &str = "hw-event-name";
    /// The event's timestamp, RFC 3339.
    pub const EVENT_TIMESTAMP: &str = "hw-event-timestamp";
    /// The event's version.
    pub const EVENT_VERSION: &str = "hw-event-version";
    /// Endpoint and dialect: `orders/native`.
    pub const INGEST: &str = "hw-ingest";
    /// The API key's id, never the key.
    pub const KEY_ID: &str = "hw-key-id";
    /// When the request was read: milliseconds since the epoch, as decimal digits.
    pub const RECEIVED_AT: &str = "hw-received-at";
    /// The sender's address, unless the endpoint leaves it out.
    pub const CLIENT_ADDRESS: &str = "hw-client-addr";
    /// The schema that the payload was checked against.
    pub const SCHEMA_ID: &str = "hw-schema-id";
    /// A syslog line's bytes, where they are not UTF-8.
    pub const SYSLOG_RAW: &str = "hw-syslog-raw";
    /// Why a reject was rejected: see [`crate::rejects`].
    pub const REJECT_PREFIX: &str = "hw-reject-";
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its key.
    pub key: Name,
    /// Its value.
    pub value: Bytes,
}

/// A header's key: one of ours, or what a sender brought.
pub type Name = std::borrow::Cow<'static, str>;

/// A record that is to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The event's id; the same id within the window is stored once.
    pub id: String,
    /// The key. Without one the partition follows from the id, so that a repeat meets its original.
    pub key: Option<Bytes>,
    /// The value; `None` is a tombstone.
    pub value: Option<Bytes>,
    /// The headers.
    pub headers: Vec<Header>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The partition, where the dialect lets the sender say it.
    pub partition: Option<i32>,
}

impl Record {
    /// Adds a header.
    pub fn push_header(&mut self, key: impl Into<Name>, value: impl Into<Bytes>) {
        self.headers.push(Header { key: key.into(), value: value.into() });
    }

    /// The value of the last header of that key.
    #[must_use]
    pub fn header(&self, key: &str) -> Option<&Bytes> {
        self.headers.iter().rev().find(|h| h.key == key).map(|h| &h.value)
    }

    /// What the partition follows from: the key, else the id.
    #[must_use]
    pub fn routing_key(&self) -> &[u8] {
        self.key.as_deref().unwrap_or(self.id.as_bytes())
    }

    /// Bytes of key, value and headers, for budgets.
    #[must_use]
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|h| h.key.len() + h.value.len()).sum();
        self.key.as_ref().map_or(0, Bytes::len) + self.value.as_ref().map_or(0, Bytes::len) + headers
    }
}
