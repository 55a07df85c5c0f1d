//! The rules for a header and for each record.

use highway_types::topic_config::TimestampType;
use highway_types::{Offset, Timestamp, TopicConfig};

use super::error::{BatchError, FAULTS_MAX, NO_KEY, RecordFault};
use super::leader::Origin;
use crate::batch::header::BatchHeader;
use crate::batch::records::{RecordView, records};

/// The offset range and the count fit, whoever appends; the rest binds clients.
pub(super) fn check_header(header: &BatchHeader, origin: Origin) -> Result<(), BatchError> {
    let wrong = |text: String| Err(BatchError::Header(text));
    let (first, last) =
        (header.base_offset, header.base_offset.0.wrapping_add(header.last_offset_delta.into()));
    if header.last_offset_delta < 0 {
        return wrong(format!("Batch has an invalid offset range: [{first}, {last}]"));
    }
    if header.count <= 0 {
        return wrong(format!("Invalid reported count for record batch: {}", header.count));
    }
    if i64::from(header.last_offset_delta) + 1 != i64::from(header.count) {
        return wrong(format!(
            "Inconsistent batch offset range [{first}, {last}] and count of records {}",
            header.count
        ));
    }
    if origin != Origin::Client {
        return Ok(()); // a coordinator's offset commits in a transaction have a producer and no sequence
    }
    if header.attributes.is_control() {
        return wrong("Clients are not allowed to write control records".to_owned());
    }
    if header.attributes.is_transactional() && !header.has_producer() {
        // Kafka takes it unless it has to rebuild it; nobody could ever end this transaction.
        return wrong("Transactional records need a producer id".to_owned());
    }
    if header.has_producer() && header.base_sequence < 0 {
        return wrong(format!(
            "Invalid sequence number {} in record batch with producerId {}",
            header.base_sequence, header.producer_id
        ));
    }
    Ok(())
}

pub(super) fn check_base_offset(header: &BatchHeader, origin: Origin) -> Result<(), BatchError> {
    if origin == Origin::Client && header.base_offset != Offset::ZERO {
        let text = format!(
            "The baseOffset of the record batch in the append should be 0, but it is {}",
            header.base_offset
        );
        return Err(BatchError::Header(text));
    }
    Ok(())
}

/// What one pass over the records finds out.
pub(super) struct Checked {
    /// Largest timestamp of a record, or -1.
    pub(super) max_timestamp: i64,
    /// Offset deltas are 0, 1, 2...
    pub(super) deltas_right: bool,
}

/// A check of single records that the log knows nothing of: schemas.
pub trait RecordCheck {
    /// Looks at one record.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    fn check(&self, record: &RecordView<'_>) -> Result<(), String>;
}

/// Asks `check` of each record; faults of all records are collected.
pub(super) fn check_each(
    header: &BatchHeader,
    payload: &[u8],
    check: &dyn RecordCheck,
) -> Result<(), BatchError> {
    let mut faults = Vec::new();
    for (batch_index, record) in (0i32..).zip(records(payload, header.count)) {
        if let Err(message) = check.check(&record?) {
            faults.push(RecordFault { batch_index, message });
            if faults.len() == FAULTS_MAX {
                break;
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(BatchError::InvalidRecords(faults)) }
}

struct Rules<'a> {
    header: &'a BatchHeader,
    config: &'a TopicConfig,
    now: Timestamp,
    key_needed: bool,
    /// Kafka skips keys and values of batches that stay compressed as they are, and its message shows it.
    skipping: bool,
    /// The batch came with bit 3: each record has the batch's largest timestamp.
    batch_time: Option<i64>,
}

enum Fault {
    Key(String),
    Time(String),
}

/// Reads all records once. Faults of all records are collected, as Kafka does.
pub(super) fn check_records(
    header: &BatchHeader,
    payload: &[u8],
    config: &TopicConfig,
    now: Timestamp,
    stays_compressed: bool,
) -> Result<Checked, BatchError> {
    let rules = Rules {
        header,
        config,
        now,
        key_needed: config.cleanup_policy.compact,
        skipping: stays_compressed,
        batch_time: header.attributes.is_log_append_time().then_some(header.max_timestamp),
    };
    let mut checked = Checked { max_timestamp: -1, deltas_right: true };
    let mut faults = Vec::new();
    let mut wrong_time = false;
    for (index, record) in (0i32..).zip(records(payload, header.count)) {
        let record = record?;
        checked.deltas_right &= record.offset_delta == index;
        let timestamp = rules.timestamp(&record);
        checked.max_timestamp = checked.max_timestamp.max(timestamp);
        if let Some(fault) = rules.fault(&record, timestamp) {
            let message = match fault {
                Fault::Key(message) => message,
                Fault::Time(message) => {
                    wrong_time = true;
                    message
                }
            };
            faults.push(RecordFault { batch_index: index, message });
            if faults.len() == FAULTS_MAX {
                break;
            }
        }
    }
    if faults.is_empty() {
        Ok(checked)
    } else if wrong_time {
        Err(BatchError::InvalidTimestamps(faults))
    } else {
        Err(BatchError::InvalidRecords(faults))
    }
}

impl Rules<'_> {
    fn timestamp(&self, record: &RecordView<'_>) -> i64 {
        self.batch_time.unwrap_or_else(|| self.header.base_timestamp.wrapping_add(record.timestamp_delta))
    }

    /// One fault a record: the key's, else the timestamp's.
    fn fault(&self, record: &RecordView<'_>, timestamp: i64) -> Option<Fault> {
        if self.key_needed && record.key.is_none() {
            return Some(Fault::Key(NO_KEY.to_owned()));
        }
        if self.config.message_timestamp_type == TimestampType::CreateTime && timestamp != Timestamp::NONE.0 {
            self.out_of_range(record, timestamp)
        } else if self.batch_time.is_some() {
            let (name, none) =
                if self.skipping { ("PartialDefaultRecord", -1) } else { ("DefaultRecord", 0) };
            let len =
                |bytes: Option<&[u8]>| bytes.map_or(none, |b| i64::try_from(b.len()).unwrap_or(i64::MAX));
            Some(Fault::Time(format!(
                "Invalid timestamp type in message {name}(offset={}, timestamp={timestamp}, key={} bytes, \
                 value={} bytes). Producer should not set timestamp type to LogAppendTime.",
                self.offset(record),
                len(record.key),
                len(record.value),
            )))
        } else {
            None
        }
    }

    /// KIP-937: `message.timestamp.before.max.ms` and `.after.max.ms`.
    fn out_of_range(&self, record: &RecordView<'_>, timestamp: i64) -> Option<Fault> {
        let (now, config) = (self.now.0, self.config);
        let age = now.saturating_sub(timestamp);
        let wrong = age > config.message_timestamp_before_max_ms
            || age.saturating_neg() > config.message_timestamp_after_max_ms;
        wrong.then(|| {
            Fault::Time(format!(
                "Timestamp {timestamp} of message with offset {} is out of range. The timestamp should be within [{}, {}]",
                self.offset(record),
                now.wrapping_sub(config.message_timestamp_before_max_ms),
                now.wrapping_add(config.message_timestamp_after_max_ms)
            ))
        })
    }

    fn offset(&self, record: &RecordView<'_>) -> i64 {
        self.header.base_offset.0.wrapping_add(record.offset_delta.into())
    }
}
