//! `.index`: offsets to byte positions, an entry every `index.interval.bytes`.
//!
//! ```text
//! entry: relative offset u32 · position u32, big-endian; the last offset of a batch and where the batch starts
//! ```

use super::entries::Entry;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetEntry {
    /// Last offset of the batch, counted from the segment's base offset.
    pub offset: u32,
    /// Byte position of the batch.
    pub position: u32,
}

impl Entry for OffsetEntry {
    const LEN: usize = 8;
    const EXTENSION: &'static str = "index";

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.offset.to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
    }

    fn decode(raw: &[u8]) -> Self {
        let (mut offset, mut position) = ([0; 4], [0; 4]);
        offset.copy_from_slice(&raw[..4]);
        position.copy_from_slice(&raw[4..8]);
        Self { offset: u32::from_be_bytes(offset), position: u32::from_be_bytes(position) }
    }

    fn may_follow(&self, previous: Option<&Self>) -> bool {
        previous.is_none_or(|p| p.offset < self.offset && p.position < self.position)
    }
}
