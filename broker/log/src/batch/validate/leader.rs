//! The way of a batch through the checks.

use std::cell::RefCell;

use bytes::Bytes;
use highway_types::checksum::crc32c;
use highway_types::limits::{DECOMPRESSED_MAX_BYTES, DECOMPRESSION_FACTOR};
use highway_types::topic_config::TimestampType;
use highway_types::{LeaderEpoch, Offset, Timestamp, TopicConfig};

use super::check::{Checked, check_base_offset, check_header, check_records};
use super::error::BatchError;
use super::repack::{repack, target_codec};
use crate::batch::compression::{Compression, DecompressError, decompress};
use crate::batch::header::{BatchHeader, CRC_START, HEADER_LEN, HeaderError};

/// What a small batch may always unpack to: very regular data shrinks to a thousandth.
const UNPACKED_FLOOR: usize = 16 << 20;
/// A buffer larger than this is given back after use.
const UNPACKED_KEPT: usize = 4 << 20;

/// Who appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A client: no control batches, base offset 0, sequences checked.
    Client,
    /// The broker itself, to its internal topics; markers allowed.
    Coordinator,
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
/// The first rule that is broken; for records, all records that break one.
pub fn validate(
    batch: Bytes,
    config: &TopicConfig,
    origin: Origin,
    now: Timestamp,
) -> Result<ValidBatch, BatchError> {
    let mut header = split_header(&batch)?;
    check_base_offset(&header, origin)?;
    check_size(batch.len(), config)?;
    let computed = crc32c(&batch[CRC_START..]);
    if computed != header.crc {
        return Err(BatchError::Checksum { stored: header.crc, computed });
    }
    check_header(&header, origin)?;
    let mut payload = batch.slice(HEADER_LEN..);
    let codec = header.attributes.compression().ok_or(BatchError::UnknownCodec(header.attributes.0 & 7))?;
    // Markers are found by their bytes: they stay uncompressed.
    let target = if header.attributes.is_control() { codec } else { target_codec(config, codec) };

    let (checked, packed) = with_plain(codec, &payload, |plain| {
        let checked =
            check_records(&header, plain, config, now, codec != Compression::None && target == codec)?;
        // Old clients count offsets wrongly; the batch is written anew for them, as Kafka does.
        let packed = (target != codec || !checked.deltas_right)
            .then(|| repack(&mut header, plain, target, config, checked.deltas_right))
            .transpose()?;
        Ok((checked, packed))
    })?;
    let repacked = packed.is_some();
    payload = packed.unwrap_or(payload);
    if set_max_timestamp(&mut header, &checked, config, now) || repacked {
        header.seal(&payload);
    }
    let valid = ValidBatch { header, payload };
    if repacked {
        check_size(valid.len(), config)?;
    }
    if usize::try_from(config.segment_bytes).is_ok_and(|max| valid.len() > max) {
        return Err(BatchError::LargerThanSegment { size: valid.len(), max: config.segment_bytes });
    }
    assert_eq!(valid.header.total_len(), valid.len(), "a valid batch has the length it announces");
    Ok(valid)
}

/// The one batch's header.
fn split_header(batch: &[u8]) -> Result<BatchHeader, BatchError> {
    let header = BatchHeader::parse(batch).map_err(|e| match e {
        HeaderError::Magic(magic) => BatchError::Magic(magic),
        HeaderError::Short(_) => BatchError::NotOneBatch, // what is cut off is no batch to Kafka
        HeaderError::Length(_) => BatchError::Length(e.to_string()),
    })?;
    if header.total_len() != batch.len() {
        return Err(BatchError::NotOneBatch);
    }
    Ok(header)
}

fn check_size(size: usize, config: &TopicConfig) -> Result<(), BatchError> {
    let max = config.max_message_bytes;
    if usize::try_from(max).is_ok_and(|max| size > max) {
        return Err(BatchError::TooLarge { size, max });
    }
    Ok(())
}

/// Calls `use_plain` with the uncompressed records: the payload itself, or a buffer of this thread.
fn with_plain<R>(
    codec: Compression,
    payload: &[u8],
    use_plain: impl FnOnce(&[u8]) -> Result<R, BatchError>,
) -> Result<R, BatchError> {
    if codec == Compression::None {
        return use_plain(payload);
    }
    UNPACKED.with_borrow_mut(|plain| {
        let cap =
            payload.len().saturating_mul(DECOMPRESSION_FACTOR).clamp(UNPACKED_FLOOR, DECOMPRESSED_MAX_BYTES);
        let outcome = decompress(codec, payload, cap, plain)
            .map_err(|e| match e {
                DecompressError::TooLarge(max) => BatchError::Bomb(max),
                corrupt @ DecompressError::Corrupt { .. } => BatchError::Records(corrupt.to_string()),
            })
            .and_then(|()| use_plain(plain));
        if plain.capacity() > UNPACKED_KEPT {
            *plain = Vec::new();
        }
        outcome
    })
}

/// Sets timestamp type and largest timestamp; true if the header changed and needs a new checksum. Base timestamp and
/// deltas stay, also with LogAppendTime.
fn set_max_timestamp(
    header: &mut BatchHeader,
    checked: &Checked,
    config: &TopicConfig,
    now: Timestamp,
) -> bool {
    let (attributes, max) = match config.message_timestamp_type {
        TimestampType::LogAppendTime => (header.attributes.with_log_append_time(), now.0),
        TimestampType::CreateTime => (header.attributes.with_create_time(), checked.max_timestamp),
    };
    let changed = attributes != header.attributes || max != header.max_timestamp;
    header.attributes = attributes;
    header.max_timestamp = max;
    changed
}

const _: () = assert!(UNPACKED_FLOOR <= DECOMPRESSED_MAX_BYTES);

#[cfg(test)]
#[path = "leader_test.rs"]
mod tests;
