//! `.timeindex`: largest timestamps so far to offsets, an entry with each offset index entry and one at the seal.
//!
//! ```text
//! entry: timestamp i64 · relative offset u32, big-endian; both rising
//! ```

/// The entries of one segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeIndex {
    entries: Vec<(i64, u32)>,
}

impl TimeIndex {
    /// Bytes of an entry.
    pub const ENTRY: usize = 12;

    /// Reads a file's bytes; `None` if they are no index.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if !bytes.len().is_multiple_of(Self::ENTRY) {
            return None;
        }
        let mut index = Self::default();
        for raw in bytes.chunks_exact(Self::ENTRY) {
            let (time, offset) = raw.split_at(8);
            let entry = (i64::from_be_bytes(time.try_into().ok()?), u32::from_be_bytes(offset.try_into().ok()?));
            if index.entries.last().is_some_and(|last| last.0 >= entry.0 || last.1 > entry.1) {
                return None;
            }
            index.entries.push(entry);
        }
        Some(index)
    }

    /// The file's bytes from entry `from` on.
    #[must_use]
    pub fn encode(&self, from: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity((self.entries.len() - from) * Self::ENTRY);
        for (time, offset) in &self.entries[from..] {
            out.extend_from_slice(&time.to_be_bytes());
            out.extend_from_slice(&offset.to_be_bytes());
        }
        out
    }

    /// Adds an entry; ignored if it does not rise.
    pub fn push(&mut self, timestamp: i64, offset: u32) {
        if self.entries.last().is_none_or(|last| last.0 < timestamp && last.1 <= offset) {
            self.entries.push((timestamp, offset));
        }
    }

    /// The offset of the last entry whose time is below `timestamp`: the search can start there.
    #[must_use]
    pub fn floor(&self, timestamp: i64) -> u32 {
        let behind = self.entries.partition_point(|(t, _)| *t < timestamp);
        behind.checked_sub(1).map_or(0, |at| self.entries[at].1)
    }

    /// Drops entries at or behind an offset.
    pub fn truncate(&mut self, offset: u32) {
        self.entries.retain(|(_, o)| *o < offset);
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The last entry.
    #[must_use]
    pub fn last(&self) -> Option<(i64, u32)> {
        self.entries.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_and_round_trip() {
        let mut index = TimeIndex::default();
        for (t, o) in [(100, 1), (200, 5), (150, 7), (300, 9)] {
            index.push(t, o);
        }
        assert_eq!(index.len(), 3);
        assert_eq!([50, 100, 101, 200, 301].map(|t| index.floor(t)), [0, 0, 1, 1, 9]);
        assert_eq!(TimeIndex::parse(&index.encode(0)), Some(index));
    }
}
