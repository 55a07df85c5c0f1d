//! `NNN.summary`: what the index files of a segment hold, so that a wrong one is known from a right one.
//!
//! ```text
//! magic "HWSG" · version u32 · base offset i64 · log bytes u64
//! offset entries u32 · CRC-32 u32 · time entries u32 · CRC-32 u32
//! largest time i64 (-1 none) · its relative offset u32 · CRC-32 of all before u32          big-endian
//! ```
//!
//! Kafka's formats have no checksum: a flipped bit in a time index would hide records from a search. The file is
//! disposable like the indexes; Kafka ignores it. It also answers retention without the indexes.

use highway_types::Offset;

use crate::index::TimeEntry;

const MAGIC: &[u8; 4] = b"HWSG";
const VERSION: u32 = 1;
const LEN: usize = 56;
/// The file's extension.
pub(super) const EXTENSION: &str = "summary";

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) base: Offset,
    /// Bytes of the log that the largest time was taken from.
    pub(super) log_bytes: u64,
    pub(super) offset_entries: u32,
    pub(super) offset_crc: u32,
    pub(super) time_entries: u32,
    pub(super) time_crc: u32,
    pub(super) max: Option<TimeEntry>,
}

impl Summary {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LEN);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&self.base.0.to_be_bytes());
        out.extend_from_slice(&self.log_bytes.to_be_bytes());
        for number in [self.offset_entries, self.offset_crc, self.time_entries, self.time_crc] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        let max = self.max.unwrap_or(TimeEntry { timestamp: -1, offset: 0 });
        out.extend_from_slice(&max.timestamp.to_be_bytes());
        out.extend_from_slice(&max.offset.to_be_bytes());
        out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
        debug_assert_eq!(out.len(), LEN);
        out
    }

    /// `None` for anything but a whole summary of this version.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let body = bytes.get(..LEN - 4).filter(|_| bytes.len() == LEN)?;
        let u32_at = |at: usize| bytes[at..].first_chunk().map_or(0, |raw| u32::from_be_bytes(*raw));
        let i64_at = |at: usize| bytes[at..].first_chunk().map_or(0, |raw| i64::from_be_bytes(*raw));
        if &body[..4] != MAGIC || u32_at(4) != VERSION || u32_at(LEN - 4) != crc32fast::hash(body) {
            return None;
        }
        let max = TimeEntry { timestamp: i64_at(40), offset: u32_at(48) };
        Some(Self {
            base: Offset(i64_at(8)),
            log_bytes: i64_at(16).cast_unsigned(),
            offset_entries: u32_at(24),
            offset_crc: u32_at(28),
            time_entries: u32_at(32),
            time_crc: u32_at(36),
            max: (max.timestamp >= 0).then_some(max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_seen() {
        let summary = Summary {
            base: Offset(5),
            log_bytes: 6,
            offset_entries: 7,
            offset_crc: 8,
            time_entries: 9,
            time_crc: 10,
            max: Some(TimeEntry { timestamp: 11, offset: 12 }),
        };
        let bytes = summary.encode();
        assert_eq!(Summary::decode(&bytes), Some(summary));
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Summary::decode(&wrong), None, "bit {bit}");
        }
        assert_eq!(Summary::decode(&bytes[1..]), None);
        assert_eq!(Summary::decode(&[]), None);
    }
}
