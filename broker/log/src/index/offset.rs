//! `.index`: offsets to byte positions, an entry every `index.interval.bytes`.
//!
//! ```text
//! entry: relative offset u32 · position u32, big-endian; offsets are last offsets of batches, rising
//! ```

/// The entries of one segment. Kept in memory (8 bytes for each 4 KiB of log) and written behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetIndex {
    entries: Vec<(u32, u32)>,
}

impl OffsetIndex {
    /// Bytes of an entry.
    pub const ENTRY: usize = 8;

    /// Reads a file's bytes; `None` if they are no index: a part of an entry, or entries that do not rise.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if !bytes.len().is_multiple_of(Self::ENTRY) {
            return None;
        }
        let mut index = Self::default();
        for raw in bytes.chunks_exact(Self::ENTRY) {
            let (offset, position) = raw.split_at(4);
            let entry = (u32::from_be_bytes(offset.try_into().ok()?), u32::from_be_bytes(position.try_into().ok()?));
            if index.entries.last().is_some_and(|last| last.0 >= entry.0 || last.1 >= entry.1) {
                return None;
            }
            index.entries.push(entry);
        }
        Some(index)
    }

    /// The file's bytes from entry `from` on.
    #[must_use]
    pub fn encode(&self, from: usize) -> Vec<u8> {
        self.entries[from..].iter().flat_map(|(o, p)| (u64::from(*o) << 32 | u64::from(*p)).to_be_bytes()).collect()
    }

    /// Adds an entry; ignored if it does not rise.
    pub fn push(&mut self, offset: u32, position: u32) {
        if self.entries.last().is_none_or(|last| last.0 < offset && last.1 < position) {
            self.entries.push((offset, position));
        }
    }

    /// The position of the last entry whose offset is at or below `offset`, or 0.
    #[must_use]
    pub fn floor(&self, offset: u32) -> u32 {
        let behind = self.entries.partition_point(|(o, _)| *o <= offset);
        behind.checked_sub(1).map_or(0, |at| self.entries[at].1)
    }

    /// Drops entries that point at or behind `position`.
    pub fn truncate(&mut self, position: u64) {
        self.entries.retain(|(_, p)| u64::from(*p) < position);
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

    /// The last entry's position.
    #[must_use]
    pub fn last_position(&self) -> Option<u32> {
        self.entries.last().map(|(_, p)| *p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_and_round_trip() {
        let mut index = OffsetIndex::default();
        for (o, p) in [(10, 100), (20, 200), (30, 300)] {
            index.push(o, p);
        }
        index.push(30, 400);
        assert_eq!(index.len(), 3);
        assert_eq!([5, 10, 19, 20, 99].map(|o| index.floor(o)), [0, 100, 100, 200, 300]);
        assert_eq!(OffsetIndex::parse(&index.encode(0)), Some(index.clone()));
        let mut bytes = index.encode(0);
        bytes.pop();
        assert_eq!(OffsetIndex::parse(&bytes), None);
        index.truncate(200);
        assert_eq!(index.len(), 1);
    }
}
