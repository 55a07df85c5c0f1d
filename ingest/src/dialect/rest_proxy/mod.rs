//! Confluent's REST Proxy: produce of v2 and v3.
//!
//! Values are stored as they are sent, without an envelope: consumers that were written for the proxy read what its producers wrote. Each record
//! gets an id and provenance in its headers. `avro`, `jsonschema` and `protobuf` need the registry and are refused with the
//! proxy's own 415 until it is there.

pub mod clusters;
pub mod v2;
pub mod v3;

use bytes::Bytes;

use crate::envelope::{Code, Stamp, Violation};
use crate::json::Members;
use crate::outcome::Status;
use crate::record::{Record, header};

use super::answer::{Answer, JSON};

/// A record as the proxy's clients mean it.
struct Sent {
    key: Option<Bytes>,
    value: Option<Bytes>,
    partition: Option<i32>,
    timestamp: Option<highway_types::Timestamp>,
    headers: Vec<(String, Bytes)>,
}

impl Sent {
    fn record(self, stamp: &mut Stamp<'_>) -> Result<Record, Violation> {
        let mut record = Record {
            id: stamp.id(),
            key: self.key,
            value: self.value,
            headers: Vec::with_capacity(self.headers.len() + 4),
            timestamp: self.timestamp.unwrap_or(stamp.now),
            partition: self.partition,
        };
        for (key, value) in self.headers {
            record.push_header(key, value);
        }
        record.push_header(header::EVENT_ID, record.id.clone());
        // A tombstone is no payload.
        if stamp.schema.is_some()
            && let Some(value) = record.value.clone()
        {
            let text = std::str::from_utf8(&value).map_err(|_| {
                Violation::new(
                    Code::Schema,
                    "/value",
                    "the value is not UTF-8, so it is no JSON to be checked",
                )
            })?;
            stamp.check_payload(&mut record, "/value", text)?;
        }
        stamp.finish(record)
    }
}

/// The proxy's error: `{"error_code": 42201, "message": "…"}`.
#[must_use]
pub fn error(status: Status, error_code: u32, message: &str) -> Answer {
    let mut body = Vec::new();
    let mut members = Members::open(&mut body);
    members.number("error_code", error_code);
    members.string("message", message);
    members.close();
    Answer { status: status.code, content_type: JSON, retry_after: status.retry_after, body }
}
