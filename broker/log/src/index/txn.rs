//! `.txnindex`: aborted transactions that end in a segment, in order of their ends.
//!
//! ```text
//! entry: version i16 (0) · producer id i64 · first offset i64 · last offset i64 · last stable offset i64
//! ```

use std::io;
use std::path::Path;

use highway_types::{Offset, ProducerId};

use crate::file;

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

impl AbortedEntry {
    /// The entry's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; ENTRY] {
        let mut out = [0; ENTRY];
        out[2..10].copy_from_slice(&self.producer_id.0.to_be_bytes());
        out[10..18].copy_from_slice(&self.first_offset.0.to_be_bytes());
        out[18..26].copy_from_slice(&self.last_offset.0.to_be_bytes());
        out[26..34].copy_from_slice(&self.last_stable.0.to_be_bytes());
        out
    }
}

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

/// The entries of a file; none if it is not there.
///
/// # Errors
/// What the system says.
pub fn load(path: &Path) -> io::Result<Vec<AbortedEntry>> {
    Ok(file::read_whole(path)?.map_or_else(Vec::new, |bytes| parse(&bytes)))
}

/// Adds an entry at the end of a file, which is made if it is missing. What a torn write left is overwritten.
///
/// # Errors
/// What the system says.
pub fn append(path: &Path, entry: &AbortedEntry) -> io::Result<()> {
    let len = std::fs::metadata(path).map_or(0, |m| m.len());
    file::replace_tail(path, len - len % ENTRY as u64, &entry.encode())
}

/// Drops the transactions whose marker is at or behind `end`.
///
/// # Errors
/// What the system says.
pub fn truncate(path: &Path, end: Offset) -> io::Result<()> {
    let entries = load(path)?;
    let keep = entries.iter().take_while(|t| t.last_offset < end).count();
    if keep < entries.len() {
        file::replace_tail(path, (keep * ENTRY) as u64, &[])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn append_truncate_and_torn_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0.txnindex");
        assert_eq!(load(&path).unwrap(), []);
        let entry = |n: i64| AbortedEntry {
            producer_id: ProducerId(n),
            first_offset: Offset(n * 10),
            last_offset: Offset(n * 10 + 5),
            last_stable: Offset(n * 10),
        };
        append(&path, &entry(1)).unwrap();
        let mut torn = std::fs::read(&path).unwrap();
        torn.extend_from_slice(&[0; 33]);
        std::fs::write(&path, torn).unwrap();
        append(&path, &entry(2)).unwrap();
        append(&path, &entry(3)).unwrap();
        assert_eq!(load(&path).unwrap(), [entry(1), entry(2), entry(3)]);
        truncate(&path, Offset(25)).unwrap();
        assert_eq!(load(&path).unwrap(), [entry(1)]);
    }
}
