//! A message as an event: the envelope with the ECS document as its payload.

use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;

use super::ecs::{Surroundings, push_ecs};
use super::message::{Message, Notes};
use crate::envelope::{Stamp, Violation};
use crate::json::{Value, push_number, push_string};
use crate::record::{Record, header};

/// The name of every syslog event.
pub const EVENT_NAME: &str = "syslog";

/// Makes the record of a message. `metadata` says where the time is from (`time_source`: `message` or `received`), and by how many
/// milliseconds the sender's clock seems to be behind ours. The bytes of a line that is not UTF-8 go into the header
/// `hw-syslog-raw`, as JSON cannot carry them.
///
/// `scratch` is used again and again, so that a message costs one allocation for its value.
///
/// # Errors
/// The endpoint's key rule is not met, or the record is too large.
pub fn record(
    message: &Message<'_>,
    around: &Surroundings<'_>,
    scratch: &mut Vec<u8>,
    stamp: &mut Stamp<'_>,
) -> Result<Record, Violation> {
    let plausible = message.plausible_time(around.received);
    let time = plausible.unwrap_or(around.received);
    let id = stamp.id();
    scratch.clear();
    scratch.extend_from_slice(b"{\"metadata\":{\"id\":");
    push_string(scratch, &id);
    scratch.extend_from_slice(b",\"timestamp\":\"");
    let start = scratch.len();
    time.push_rfc3339(scratch);
    let timestamp = Bytes::copy_from_slice(&scratch[start..]);
    scratch.extend_from_slice(b"\",\"time_source\":\"");
    scratch.extend_from_slice(if plausible.is_some() { b"message" } else { b"received" });
    scratch.push(b'"');
    if let Some(said) = message.time {
        scratch.extend_from_slice(b",\"clock_skew_ms\":");
        push_number(scratch, around.received.0.saturating_sub(said.0) / 1_000_000);
    }
    scratch.extend_from_slice(b"},\"event_name\":\"syslog\",\"payload\":");
    push_ecs(scratch, message, around);
    scratch.push(b'}');
    let key = match &stamp.rules.key {
        crate::envelope::KeyRule::None => None,
        rule => rule.select(Value::parse(scratch, INGEST_JSON_MAX_DEPTH)?, None, &id, EVENT_NAME)?,
    };
    let mut record = Record {
        id,
        key,
        value: Some(Bytes::copy_from_slice(scratch)),
        headers: Vec::with_capacity(8),
        timestamp: time.timestamp(),
        partition: None,
    };
    record.push_header(header::EVENT_ID, record.id.clone());
    record.push_header(header::EVENT_NAME, Bytes::from_static(EVENT_NAME.as_bytes()));
    record.push_header(header::EVENT_TIMESTAMP, timestamp);
    if message.notes.contains(Notes::INVALID_UTF8) {
        record.push_header(header::SYSLOG_RAW, Bytes::copy_from_slice(message.raw));
    }
    stamp.finish(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Envelope, KeyRule, Provenance, Rules};
    use crate::ids::IdMaker;
    use crate::json::Pointer;
    use crate::syslog::{Context, ecs::Original, parse};
    use crate::time::Moment;
    use rand::SeedableRng;

    fn make(line: &[u8], rules: &Rules) -> Result<Record, Violation> {
        let received = Moment::parse_rfc3339("2026-11-25T12:00:00Z").unwrap();
        let now = received.timestamp();
        let mut ids = IdMaker::new(rand::rngs::StdRng::seed_from_u64(1));
        let provenance = Provenance::new("syslog/syslog", now);
        let mut stamp = Stamp { now, ids: &mut ids, rules, provenance: &provenance, schema: None };
        let around = Surroundings { received, source_ip: None, original: Original::WhenOdd };
        record(&parse(line, &Context { received, assumed_offset: 0 }), &around, &mut Vec::new(), &mut stamp)
    }

    #[test]
    fn a_message_is_a_native_event() {
        let rules = Rules {
            key: KeyRule::Pointer {
                pointer: Pointer::parse("/payload/host/hostname").unwrap(),
                required: false,
            },
            ..Rules::default()
        };
        let made = make(b"<34>Nov 25 11:59:58 web01 su[1]: x", &rules).unwrap();
        let value = made.value.clone().unwrap();
        let event: serde_json::Value = serde_json::from_slice(&value).unwrap();
        let envelope = Envelope::read(Value::parse(&value, 64).unwrap()).unwrap();
        assert_eq!(
            (envelope.event_name.as_deref(), envelope.id.as_deref()),
            (Some("syslog"), Some(made.id.as_str()))
        );
        assert_eq!(event["metadata"]["time_source"], "message");
        assert_eq!(event["metadata"]["clock_skew_ms"], 2000);
        assert_eq!(event["payload"]["process"]["name"], "su");
        assert_eq!(made.key.as_deref(), Some(&b"web01"[..]));
        assert_eq!(made.header(header::SYSLOG_RAW), None);
    }

    #[test]
    fn times_that_cannot_be_and_bytes_that_are_no_text() {
        let made = make(b"<34>1 2031-01-01T00:00:00Z h a - - - \xff", &Rules::default()).unwrap();
        let event: serde_json::Value = serde_json::from_slice(made.value.as_ref().unwrap()).unwrap();
        assert_eq!(event["metadata"]["time_source"], "received");
        assert_eq!(event["metadata"]["timestamp"], "2026-11-25T12:00:00Z");
        assert!(event["metadata"]["clock_skew_ms"].as_i64().unwrap() < -100_000_000_000);
        assert_eq!(
            made.header(header::SYSLOG_RAW).map(|v| &v[..]),
            Some(&b"<34>1 2031-01-01T00:00:00Z h a - - - \xff"[..])
        );
    }
}
