//! Records of ingest as records of the client.

use std::borrow::Cow;

use bytes::Bytes;
use highway_client::{ClientError, Delivery, ErrorCode, Header, Producer, ProducerRecord};
use highway_types::{Timestamp, TopicName};

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

/// True if the failure says that the record is not in the log. All else may be there, or may still come.
pub(super) fn surely_not_stored(error: &ClientError) -> bool {
    // UNKNOWN_SERVER_ERROR, REQUEST_TIMED_OUT, NETWORK_EXCEPTION, NOT_ENOUGH_REPLICAS_AFTER_APPEND, KAFKA_STORAGE_ERROR
    let doubtful = |code: &ErrorCode| matches!(code.0, -1 | 7 | 13 | 20 | 56);
    match error {
        ClientError::Broker { code, .. } => !doubtful(code),
        ClientError::NoPartition { .. } | ClientError::Records { .. } | ClientError::Encode { .. } => true,
        _ => false,
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
    fn only_a_clear_no_counts_as_not_stored() {
        let broker = |code| ClientError::broker("t-0", ErrorCode(code), None);
        for (code, clear) in
            [(10, true), (87, true), (3, true), (7, false), (20, false), (-1, false), (56, false)]
        {
            assert_eq!(surely_not_stored(&broker(code)), clear, "{code}");
        }
        assert!(!surely_not_stored(&ClientError::Closed("may or may not be written".to_owned())));
        let late = ClientError::TimedOut { what: String::new(), after: std::time::Duration::ZERO };
        assert!(!surely_not_stored(&late));
    }
}
