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

/// Visits every data record below the high watermark. Blocks on the disk.
///
/// # Errors
/// The log cannot be read; what `visit` says.
pub fn load(
    log: &Log,
    mut visit: impl FnMut(LoadedRecord<'_>) -> Result<(), String>,
) -> Result<(), LoadError> {
    let mut from = log.offsets().log_start;
    let mut unpacked = Vec::new();
    loop {
        let read = log.read(from, ReadBound::HighWatermark, READ_BYTES, true)?;
        if read.records.is_empty() {
            return Ok(());
        }
        {
            let mut rest: &[u8] = &read.records;
            while rest.len() >= HEADER_LEN {
                let start = from;
                let wrong = |detail: String| LoadError::Record { offset: start, detail };
                let header = BatchHeader::parse(rest).map_err(|e| wrong(e.to_string()))?;
                let (batch, behind) = rest.split_at(header.total_len().min(rest.len()));
                rest = behind;
                from = header.last_offset().next();
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
                    let loaded = LoadedRecord {
                        offset: header.base_offset + i64::from(record.offset_delta),
                        timestamp: Timestamp(header.base_timestamp + record.timestamp_delta),
                        key: record.key,
                        value: record.value,
                    };
                    visit(loaded).map_err(wrong)?;
                }
            }
        }
    }
}
