//! What a leader checks before an append, in Kafka's order (its `LogValidator` and `UnifiedLog`): one version 2 batch,
//! its size, its checksum, its header, then every record.
//!
//! An uncompressed batch with right timestamps passes without a copy of its records. The header is rewritten where
//! Kafka does: the largest timestamp when it is wrong, everything when the topic has `LogAppendTime` or another codec.

use std::cell::RefCell;

use bytes::Bytes;
use highway_types::limits::{DECOMPRESSED_MAX_BYTES, DECOMPRESSION_FACTOR};
use highway_types::topic_config::{CompressionType, TimestampType};
use highway_types::{LeaderEpoch, Offset, Timestamp, TopicConfig};

use super::compression::{CompressError, Compression, DecompressError, compress, decompress};
use super::header::{Attributes, BatchHeader, HEADER_LEN, HeaderError, LENGTH_OVERHEAD};
use super::records::{RecordError, RecordView, records};
use super::varint::{write_int, write_long};

/// Who appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A client: no control batches, base offset 0.
    Client,
    /// The broker itself, to its internal topics; markers allowed.
    Coordinator,
}

/// A record that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFault {
    /// The record's place in the batch, from 0.
    pub batch_index: i32,
    /// What is wrong, as Kafka words it.
    pub message: String,
}

/// Why a batch is refused. The comment names Kafka's error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// INVALID_RECORD: none, or more than one batch.
    #[error("Produce requests with version 3 or higher are only allowed to contain exactly one record batch per partition")]
    NotOneBatch,
    /// INVALID_RECORD: an old format.
    #[error("Produce requests with version 3 or higher are only allowed to contain record batches with magic version 2")]
    Magic(i8),
    /// CORRUPT_MESSAGE: lengths that cannot be.
    #[error("record batch is cut off or its length is wrong: {0}")]
    Length(String),
    /// MESSAGE_TOO_LARGE.
    #[error("The record batch size in the append is {size} bytes which exceeds the maximum configured value of {max}.")]
    TooLarge {
        /// Bytes of the batch.
        size: usize,
        /// `max.message.bytes`.
        max: i32,
    },
    /// RECORD_LIST_TOO_LARGE.
    #[error("Message batch size is {size} bytes, which exceeds the maximum configured segment size of {max}.")]
    LargerThanSegment {
        /// Bytes of the batch.
        size: usize,
        /// `segment.bytes`.
        max: i32,
    },
    /// CORRUPT_MESSAGE: the checksum.
    #[error("Record is corrupt (stored crc = {stored}, computed crc = {computed})")]
    Checksum {
        /// In the header.
        stored: u32,
        /// Of the bytes.
        computed: u32,
    },
    /// INVALID_RECORD: a header that contradicts itself or what a client may send.
    #[error("{0}")]
    Header(String),
    /// UNSUPPORTED_COMPRESSION_TYPE.
    #[error("unknown compression type id {0}")]
    UnknownCodec(i16),
    /// CORRUPT_MESSAGE: the records could not be read.
    #[error("{0}")]
    Records(String),
    /// MESSAGE_TOO_LARGE: a bomb.
    #[error("the records decompress to more than {0} bytes")]
    Bomb(usize),
    /// INVALID_RECORD with an entry for each bad record.
    #[error("One or more records have been rejected due to {} record errors in total", .0.len())]
    InvalidRecords(Vec<RecordFault>),
    /// INVALID_TIMESTAMP with an entry for each bad record.
    #[error("One or more records have been rejected due to invalid timestamp")]
    InvalidTimestamps(Vec<RecordFault>),
}

impl From<CompressError> for BatchError {
    fn from(error: CompressError) -> Self {
        Self::Records(error.to_string())
    }
}

impl From<RecordError> for BatchError {
    fn from(error: RecordError) -> Self {
        Self::Records(format!("Invalid record: {error}"))
    }
}

/// A batch that may be appended: its header, not yet stamped, and the bytes behind it.
#[derive(Clone, Debug)]
pub struct ValidBatch {
    /// The header.
    pub header: BatchHeader,
    payload: Bytes,
}

impl ValidBatch {
    /// Writes base offset and leader epoch, which the checksum does not cover.
    pub fn stamp(&mut self, base: Offset, epoch: LeaderEpoch) {
        self.header.base_offset = base;
        self.header.leader_epoch = epoch;
    }

    /// The header's bytes.
    #[must_use]
    pub fn header_bytes(&self) -> [u8; HEADER_LEN] {
        self.header.encode()
    }

    /// The records.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// Bytes of the whole batch.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a batch is never empty
    pub fn len(&self) -> usize {
        HEADER_LEN + self.payload.len()
    }
}

thread_local! {
    static UNPACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Checks what a producer or coordinator wants to append.
///
/// # Errors
/// The first rule that is broken; for records, all records that break it.
pub fn validate(
    batch: Bytes,
    config: &TopicConfig,
    origin: Origin,
    now: Timestamp,
) -> Result<ValidBatch, BatchError> {
    let mut header = split_header(&batch)?;
    let size = batch.len();
    if usize::try_from(config.max_message_bytes).is_ok_and(|max| size > max) {
        return Err(BatchError::TooLarge { size, max: config.max_message_bytes });
    }
    if usize::try_from(config.segment_bytes).is_ok_and(|max| size > max) {
        return Err(BatchError::LargerThanSegment { size, max: config.segment_bytes });
    }
    let mut payload = batch.slice(HEADER_LEN..);
    let computed = crc32c::crc32c(&batch[super::header::CRC_START..]);
    if computed != header.crc {
        return Err(BatchError::Checksum { stored: header.crc, computed });
    }
    check_header(&header, origin)?;
    let codec = header.attributes.compression().ok_or(BatchError::UnknownCodec(header.attributes.0 & 7))?;

    let checked = if codec == Compression::None {
        check_records(&header, &payload, config, now)?
    } else {
        UNPACKED.with_borrow_mut(|unpacked| {
            let cap = DECOMPRESSED_MAX_BYTES.min(size.saturating_mul(DECOMPRESSION_FACTOR).max(1 << 20));
            decompress(codec, &payload, cap, unpacked).map_err(|e| match e {
                DecompressError::TooLarge(max) => BatchError::Bomb(max),
                corrupt @ DecompressError::Corrupt { .. } => BatchError::Records(corrupt.to_string()),
            })?;
            let checked = check_records(&header, unpacked, config, now)?;
            let target = target_codec(config, codec);
            if target != codec || !checked.deltas_right {
                payload = repack(&mut header, unpacked, target, config, checked.deltas_right)?;
            }
            if unpacked.capacity() > 4 << 20 {
                *unpacked = Vec::new();
            }
            Ok::<_, BatchError>(checked)
        })?
    };
    if codec == Compression::None {
        if !checked.deltas_right {
            return Err(BatchError::InvalidRecords(vec![RecordFault {
                batch_index: checked.first_wrong_delta,
                message: "Inner record inside the record batch does not have incremental offsets".to_owned(),
            }]));
        }
        let target = target_codec(config, codec);
        if target != codec {
            let plain = payload.clone();
            payload = repack(&mut header, &plain, target, config, true)?;
        }
    }
    let attributes = header.attributes;
    let max = if config.message_timestamp_type == TimestampType::LogAppendTime {
        header.attributes = attributes.with_log_append_time();
        now.0
    } else {
        header.attributes = Attributes(attributes.0 & !(1 << 3));
        checked.max_timestamp
    };
    if max != header.max_timestamp || header.attributes != attributes {
        header.max_timestamp = max;
        header.seal(&payload);
    }
    if usize::try_from(config.max_message_bytes).is_ok_and(|max| HEADER_LEN + payload.len() > max) {
        return Err(BatchError::TooLarge { size: HEADER_LEN + payload.len(), max: config.max_message_bytes });
    }
    Ok(ValidBatch { header, payload })
}

fn split_header(batch: &[u8]) -> Result<BatchHeader, BatchError> {
    if batch.is_empty() {
        return Err(BatchError::NotOneBatch);
    }
    let header = BatchHeader::parse(batch).map_err(|e| match e {
        HeaderError::Magic(magic) => BatchError::Magic(magic),
        other => BatchError::Length(other.to_string()),
    })?;
    let len = header.total_len();
    if len > batch.len() {
        return Err(BatchError::Length(format!("{len} bytes announced, {} there", batch.len())));
    }
    if len < batch.len() {
        return Err(BatchError::NotOneBatch);
    }
    Ok(header)
}

fn check_header(header: &BatchHeader, origin: Origin) -> Result<(), BatchError> {
    let wrong = |text: String| Err(BatchError::Header(text));
    if origin == Origin::Client {
        if header.base_offset != Offset::ZERO {
            return wrong(format!(
                "The baseOffset of the record batch in the append should be 0, but it is {}",
                header.base_offset
            ));
        }
        if header.attributes.is_control() {
            return wrong("Clients are not allowed to write control records".to_owned());
        }
    }
    if header.count <= 0 {
        return wrong(format!("Record batch has an invalid record count {}", header.count));
    }
    if header.last_offset_delta < 0 || i64::from(header.last_offset_delta) + 1 != i64::from(header.count) {
        return wrong(format!(
            "Inconsistent batch offset range [0, {}] and count of records {}",
            header.last_offset_delta, header.count
        ));
    }
    if header.has_producer() && header.base_sequence < 0 && !header.attributes.is_control() {
        return wrong(format!(
            "Invalid sequence number {} in record batch with producerId {}",
            header.base_sequence, header.producer_id
        ));
    }
    Ok(())
}

struct Checked {
    max_timestamp: i64,
    deltas_right: bool,
    first_wrong_delta: i32,
}

fn check_records(
    header: &BatchHeader,
    payload: &[u8],
    config: &TopicConfig,
    now: Timestamp,
) -> Result<Checked, BatchError> {
    let mut checked = Checked { max_timestamp: -1, deltas_right: true, first_wrong_delta: 0 };
    let mut faults = Vec::new();
    let mut times = Vec::new();
    for (index, record) in (0i32..).zip(records(payload, header.count)) {
        let record = record?;
        if record.offset_delta != index && checked.deltas_right {
            checked.deltas_right = false;
            checked.first_wrong_delta = index;
        }
        if config.cleanup_policy.compact && record.key.is_none() && !header.attributes.is_control() {
            faults.push(RecordFault {
                batch_index: index,
                message: "Compacted topic cannot accept message without key.".to_owned(),
            });
        }
        let timestamp = header.base_timestamp.wrapping_add(record.timestamp_delta);
        if let Some(message) = time_fault(timestamp, config, now) {
            times.push(RecordFault { batch_index: index, message });
        }
        checked.max_timestamp = checked.max_timestamp.max(timestamp);
    }
    if !faults.is_empty() {
        return Err(BatchError::InvalidRecords(faults));
    }
    if !times.is_empty() {
        return Err(BatchError::InvalidTimestamps(times));
    }
    Ok(checked)
}

/// KIP-937: `message.timestamp.before.max.ms` and `.after.max.ms`; -1 is no timestamp and always right.
fn time_fault(timestamp: i64, config: &TopicConfig, now: Timestamp) -> Option<String> {
    if config.message_timestamp_type == TimestampType::LogAppendTime || timestamp == -1 {
        return None;
    }
    let age = now.0.saturating_sub(timestamp);
    let too_old = age > config.message_timestamp_before_max_ms;
    let too_new = age < 0 && age.saturating_neg() > config.message_timestamp_after_max_ms;
    (too_old || too_new).then(|| {
        format!(
            "Timestamp {timestamp} of message with offset 0 is out of range. The timestamp should be within [{}, {}]",
            now.0.saturating_sub(config.message_timestamp_before_max_ms),
            now.0.saturating_add(config.message_timestamp_after_max_ms)
        )
    })
}

fn target_codec(config: &TopicConfig, sent: Compression) -> Compression {
    match config.compression_type {
        CompressionType::Producer => sent,
        CompressionType::Uncompressed => Compression::None,
        CompressionType::Gzip => Compression::Gzip,
        CompressionType::Snappy => Compression::Snappy,
        CompressionType::Lz4 => Compression::Lz4,
        CompressionType::Zstd => Compression::Zstd,
    }
}

/// The same records with another codec, or with the offset deltas that old clients got wrong.
fn repack(
    header: &mut BatchHeader,
    plain: &[u8],
    target: Compression,
    config: &TopicConfig,
    deltas_right: bool,
) -> Result<Bytes, BatchError> {
    let renumbered;
    let plain = if deltas_right {
        plain
    } else {
        renumbered = renumber(plain, header.count)?;
        &renumbered
    };
    let level = match target {
        Compression::Gzip => Some(config.compression_gzip_level),
        Compression::Zstd => Some(config.compression_zstd_level),
        _ => None,
    };
    let payload = Bytes::from(compress(target, level, plain)?);
    header.attributes = header.attributes.with_compression(target);
    header.batch_length = i32::try_from(HEADER_LEN - LENGTH_OVERHEAD + payload.len())
        .map_err(|_| BatchError::Bomb(payload.len()))?;
    header.seal(&payload);
    Ok(payload)
}

fn renumber(plain: &[u8], count: i32) -> Result<Vec<u8>, BatchError> {
    let mut out = Vec::with_capacity(plain.len() + 16);
    let mut body = Vec::new();
    for (index, record) in (0i32..).zip(records(plain, count)) {
        write_record(&mut out, &mut body, index, &record?);
    }
    Ok(out)
}

fn write_record(out: &mut Vec<u8>, body: &mut Vec<u8>, offset_delta: i32, record: &RecordView<'_>) {
    body.clear();
    body.push(0);
    write_long(body, record.timestamp_delta);
    write_int(body, offset_delta);
    for field in [record.key, record.value] {
        match field {
            Some(bytes) => {
                write_int(body, i32::try_from(bytes.len()).unwrap_or(i32::MAX));
                body.extend_from_slice(bytes);
            }
            None => write_int(body, -1),
        }
    }
    write_int(body, record.header_count);
    body.extend_from_slice(record.headers);
    write_int(out, i32::try_from(body.len()).unwrap_or(i32::MAX));
    out.extend_from_slice(body);
}

#[cfg(test)]
#[path = "validate_test.rs"]
mod tests;
