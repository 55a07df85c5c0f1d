//! Reads an internal partition from its start, record by record.

use highway_log::batch::compression::{Compression, decompress};
use highway_log::batch::header::{BatchHeader, HEADER_LEN};
use highway_log::batch::records::records;
use highway_log::error::ReadError;
use highway_log::log::Log;
use highway_log::read::ReadBound;
use highway_types::limits::DECOMPRESSED_MAX_BYTES;
use highway_types::{Offset, Timestamp};

const READ_BYTES: usize = 1 << 20;

/// A record of an internal topic.
#[derive(Clone, Copy, Debug)]
pub struct LoadedRecord<'a> {
    /// Its offset.
    pub offset: Offset,
    /// Its time.
    pub timestamp: Timestamp,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: Option<&'a [u8]>,
}

/// Why loading ended early.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A stored record makes no sense.
    #[error("record at offset {offset}: {detail}")]
    Record {
        /// Where.
        offset: Offset,
        /// What.
        detail: String,
    },
}

/// How far a part of a log was visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visited {
    /// The offset behind the last batch.
    pub next: Offset,
    /// The checksum of the last batch.
    pub mark: u32,
}

/// Visits every data record below the high watermark. Blocks on the disk.
///
/// # Errors
/// The log cannot be read; what `visit` says.
pub fn load(log: &Log, visit: impl FnMut(LoadedRecord<'_>) -> Result<(), String>) -> Result<(), LoadError> {
    load_from(log, log.offsets().log_start, visit)
}

/// As [`load`], from `from` on.
///
/// # Errors
/// As [`load`].
pub fn load_from(
    log: &Log,
    mut from: Offset,
    mut visit: impl FnMut(LoadedRecord<'_>) -> Result<(), String>,
) -> Result<(), LoadError> {
    while let Some(visited) = load_some(log, from, &mut visit)? {
        from = visited.next;
    }
    Ok(())
}

/// Visits the next records at or behind `from`; `None` if there are no more below the high watermark.
///
/// # Errors
/// As [`load`].
pub fn load_some(
    log: &Log,
    from: Offset,
    mut visit: impl FnMut(LoadedRecord<'_>) -> Result<(), String>,
) -> Result<Option<Visited>, LoadError> {
    let read = log.read(from, ReadBound::HighWatermark, READ_BYTES, true)?;
    let mut visited = None;
    let mut unpacked = Vec::new();
    let mut rest: &[u8] = &read.records;
    while rest.len() >= HEADER_LEN {
        let start = visited.map_or(from, |v: Visited| v.next);
        let wrong = |detail: String| LoadError::Record { offset: start, detail };
        let header = BatchHeader::parse(rest).map_err(|e| wrong(e.to_string()))?;
        let (batch, behind) = rest.split_at(header.total_len().min(rest.len()));
        rest = behind;
        visited = Some(Visited { next: header.last_offset().next(), mark: header.crc });
        if header.attributes.is_control() {
            continue;
        }
        let codec = header.attributes.compression().unwrap_or(Compression::None);
        let payload = if codec == Compression::None {
            &batch[HEADER_LEN..]
        } else {
            decompress(codec, &batch[HEADER_LEN..], DECOMPRESSED_MAX_BYTES, &mut unpacked)
                .map_err(|e| wrong(e.to_string()))?;
            &unpacked[..]
        };
        for record in records(payload, header.count) {
            let record = record.map_err(|e| wrong(e.to_string()))?;
            let offset = header.base_offset + i64::from(record.offset_delta);
            if offset < from {
                continue; // the batch begins before what was asked for
            }
            let loaded = LoadedRecord {
                offset,
                timestamp: Timestamp(header.base_timestamp + record.timestamp_delta),
                key: record.key,
                value: record.value,
            };
            visit(loaded).map_err(wrong)?;
        }
    }
    Ok(visited)
}

/// The checksum of the batch that holds the record at `offset`, if it is there.
#[must_use]
pub fn mark_at(log: &Log, offset: Offset) -> Option<u32> {
    let read = log.read(offset, ReadBound::HighWatermark, 1, true).ok()?;
    let header = BatchHeader::parse(&read.records).ok()?;
    (header.base_offset <= offset && offset <= header.last_offset()).then_some(header.crc)
}
