//! `.txnindex`: aborted transactions that end in a segment.
//!
//! ```text
//! entry: version i16 (0) · producer id i64 · first offset i64 · last offset i64 · last stable offset i64
//! ```

use highway_types::{Offset, ProducerId};

/// One aborted transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedEntry {
    /// Whose.
    pub producer_id: ProducerId,
    /// Its first record.
    pub first_offset: Offset,
    /// Its marker.
    pub last_offset: Offset,
    /// The last stable offset when it ended.
    pub last_stable: Offset,
}

/// Bytes of an entry.
pub const ENTRY: usize = 34;

/// Reads a file's whole entries of version 0.
#[must_use]
pub fn parse(bytes: &[u8]) -> Vec<AbortedEntry> {
    let at = |raw: &[u8], from: usize| {
        let mut field = [0; 8];
        field.copy_from_slice(&raw[from..from + 8]);
        i64::from_be_bytes(field)
    };
    bytes
        .chunks_exact(ENTRY)
        .filter(|raw| raw[..2] == [0, 0])
        .map(|raw| AbortedEntry {
            producer_id: ProducerId(at(raw, 2)),
            first_offset: Offset(at(raw, 10)),
            last_offset: Offset(at(raw, 18)),
            last_stable: Offset(at(raw, 26)),
        })
        .collect()
}
