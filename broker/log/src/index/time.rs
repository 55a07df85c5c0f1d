//! `.timeindex`: the largest time so far and where it is, an entry with each one of the offset index if the time rose,
//! and one at the seal.
//!
//! ```text
//! entry: timestamp i64 · relative offset u32, big-endian; the offset is the last one of the batch that has the time
//! ```

use super::entries::Entry;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// The largest time of all batches up to here, ms.
    pub timestamp: i64,
    /// Last offset of the first batch with this time, counted from the segment's base offset.
    pub offset: u32,
}

impl Entry for TimeEntry {
    const LEN: usize = 12;
    const EXTENSION: &'static str = "timeindex";

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.offset.to_be_bytes());
    }

    fn decode(raw: &[u8]) -> Self {
        let (mut timestamp, mut offset) = ([0; 8], [0; 4]);
        timestamp.copy_from_slice(&raw[..8]);
        offset.copy_from_slice(&raw[8..12]);
        Self { timestamp: i64::from_be_bytes(timestamp), offset: u32::from_be_bytes(offset) }
    }

    fn may_follow(&self, previous: Option<&Self>) -> bool {
        // Batches without a time (-1) make no entry.
        previous.map_or(self.timestamp >= 0, |p| p.timestamp < self.timestamp && p.offset <= self.offset)
    }
}
