//! Records of ingest as records of the client.

use std::borrow::Cow;

use bytes::Bytes;
use highway_client::{ClientError, Delivery, ErrorCode, Header, Producer, ProducerRecord};
use highway_types::{Timestamp, TopicName};

use crate::envelope::{Code, Violation};
use crate::outcome::Outcome;
use crate::record::Record;

/// The record's time in the log: the event's, as far as it is past. A broker refuses the whole batch of a record that is too far ahead
/// (`message.timestamp.after.max.ms`), and with it events of others; what the sender said stays in the event and its headers.
fn log_time(said: Timestamp, now: Timestamp) -> Timestamp {
    Timestamp(said.0.clamp(0, now.0.max(0)))
}

/// Hands a record to the producer; `partition` overrides the record's own.
pub(super) async fn send(
    producer: &Producer,
    topic: &TopicName,
    partition: Option<i32>,
    record: &Record,
    now: Timestamp,
) -> Result<Delivery, ClientError> {
    let name = |key: &Cow<'static, str>| match key {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => Bytes::copy_from_slice(text.as_bytes()),
    };
    let headers: Vec<Header> =
        record.headers.iter().map(|h| Header { name: name(&h.key), value: Some(h.value.clone()) }).collect();
    let record = ProducerRecord {
        topic,
        partition: partition.or(record.partition),
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &headers,
        timestamp: Some(log_time(record.timestamp, now)),
    };
    producer.send(&record).await
}

/// What became of a record that was clearly not stored. What the topic's own settings forbid is refused for good.
pub(super) fn not_stored(error: &ClientError) -> Outcome {
    let refused = |code, what: &str| {
        Outcome::Refused(Violation::new(code, "", format!("the topic does not take it: {error}; {what}")))
    };
    match error {
        ClientError::Broker { code: ErrorCode::MESSAGE_TOO_LARGE, .. } | ClientError::Records { .. } => {
            refused(Code::Size, "send less, or raise the topic's max.message.bytes")
        }
        ClientError::Broker { code: ErrorCode::INVALID_TIMESTAMP, .. } => {
            refused(Code::Value, "send another timestamp, or change the topic's message.timestamp settings")
        }
        ClientError::Broker { code: ErrorCode::INVALID_RECORD, .. } => refused(
            Code::Schema,
            "see what the topic asks for: a key if it is compacted, a schema if it validates",
        ),
        _ => Outcome::Failed { reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_record_is_ahead_of_the_log() {
        let of = |said| log_time(Timestamp(said), Timestamp(1000)).0;
        assert_eq!((of(7), of(1000), of(1001), of(i64::MAX), of(-5)), (7, 1000, 1000, 1000, 0));
    }

    #[test]
    fn what_the_topic_forbids_is_refused_and_the_rest_may_be_sent_again() {
        let broker = |code| not_stored(&ClientError::broker("t-0", ErrorCode(code), None));
        for (code, kind) in [(10, Code::Size), (32, Code::Value), (87, Code::Schema)] {
            assert!(matches!(broker(code), Outcome::Refused(v) if v.code == kind), "{code}");
        }
        for code in [3, 6, 45] {
            assert!(matches!(broker(code), Outcome::Failed { .. }), "{code}");
        }
    }
}
