//! The record of a refused event.
//!
//! The value is the event's bytes, untouched. Headers, all text: `hw-reject-endpoint`, `-topic`, `-dialect`, `-code`, `-path`,
//! `-message`, `-index`, `-content-type`, `-raw-bytes`, `-attempt`, and of the request `hw-received-at`, `hw-key-id`, `hw-client-addr`.
//! The key is the event's id, so that a compacted rejects topic keeps the newest try.

use bytes::Bytes;
use highway_types::Timestamp;

use crate::dialect::Refused;
use crate::record::{Header, Record, header};

/// Where a refused event came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The endpoint.
    pub endpoint: String,
    /// The topic that it would have gone to.
    pub topic: String,
    /// The dialect.
    pub dialect: String,
    /// The request's content type.
    pub content_type: String,
    /// The API key's id.
    pub key_id: Option<String>,
    /// The sender's address.
    pub client: Option<String>,
    /// 0 for what a sender sent; one more for each replay that was refused again.
    pub attempt: u32,
}

pub(super) const ENDPOINT: &str = "hw-reject-endpoint";
pub(super) const TOPIC: &str = "hw-reject-topic";
pub(super) const DIALECT: &str = "hw-reject-dialect";
pub(super) const CODE: &str = "hw-reject-code";
pub(super) const PATH: &str = "hw-reject-path";
pub(super) const MESSAGE: &str = "hw-reject-message";
pub(super) const INDEX: &str = "hw-reject-index";
pub(super) const CONTENT_TYPE: &str = "hw-reject-content-type";
pub(super) const RAW_BYTES: &str = "hw-reject-raw-bytes";
pub(super) const ATTEMPT: &str = "hw-reject-attempt";

/// Makes the record. Of an event that is larger than `max_bytes` the start is kept, and `hw-reject-raw-bytes` says how many there were; it
/// cannot be replayed.
#[must_use]
pub fn reject_record(
    refused: &Refused,
    index: usize,
    origin: &Origin,
    now: Timestamp,
    max_bytes: usize,
) -> Record {
    let raw = &refused.raw;
    let kept = raw.slice(..raw.len().min(max_bytes));
    let mut record = Record {
        id: refused.id.clone().unwrap_or_default(),
        key: refused.id.clone().map(Bytes::from),
        value: Some(kept),
        headers: Vec::with_capacity(13),
        timestamp: now,
        partition: None,
    };
    let mut push = |key: &'static str, value: String| {
        record.headers.push(Header { key: key.into(), value: value.into() });
    };
    push(ENDPOINT, origin.endpoint.clone());
    push(TOPIC, origin.topic.clone());
    push(DIALECT, origin.dialect.clone());
    push(CODE, refused.violation.code.as_str().to_owned());
    push(PATH, refused.violation.path.clone());
    push(MESSAGE, refused.violation.message.clone());
    push(INDEX, index.to_string());
    push(CONTENT_TYPE, origin.content_type.clone());
    push(RAW_BYTES, raw.len().to_string());
    push(ATTEMPT, origin.attempt.to_string());
    push(header::RECEIVED_AT, now.to_string());
    if let Some(key_id) = &origin.key_id {
        push(header::KEY_ID, key_id.clone());
    }
    if let Some(client) = &origin.client {
        push(header::CLIENT_ADDRESS, client.clone());
    }
    record
}
