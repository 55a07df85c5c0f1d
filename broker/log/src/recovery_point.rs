//! The node's checkpoint: how far each partition's files are known to be on disk, and from where the journal has to
//! be replayed.
//!
//! One file for all partitions, `highway-checkpoint` in the first log directory, replaced whole (see
//! `docs/formats/checkpoint.md`). It holds offsets; the byte positions in it are hints that are checked at use.

use std::collections::BTreeMap;
use std::path::Path;

use highway_types::{JournalPosition, Offset, PartitionIndex, TopicId, TopicIdPartition};
use uuid::Uuid;

use crate::checkpoint;
use crate::error::LogManagerError;

/// File name within the first log directory.
pub const FILE_NAME: &str = "highway-checkpoint";
const MAGIC: &[u8; 4] = b"HWCP";
const VERSION: u32 = 1;
const HEADER: usize = 4 + 4 + 8 + 1 + 4;
const ENTRY: usize = 16 + 4 + 8 + 8 + 8 + 8;

/// What is known to be on disk of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryPoint {
    /// The log start offset at the time.
    pub log_start: Offset,
    /// Everything below is flushed. For journaled partitions: the high watermark at the time.
    pub end: Offset,
    /// Base offset of the segment that `end` lies in.
    pub segment: Offset,
    /// Bytes of that segment below `end`.
    pub position: u64,
}

/// The whole table.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RecoveryTable {
    /// The journal is replayed from here.
    pub journal: JournalPosition,
    /// Written by a graceful stop: files hold nothing beyond the points.
    pub clean: bool,
    /// A point for each partition that ever held a record.
    pub points: BTreeMap<TopicIdPartition, RecoveryPoint>,
}

impl RecoveryTable {
    /// The table's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER + self.points.len() * ENTRY);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&self.journal.0.to_be_bytes());
        out.push(u8::from(self.clean));
        out.extend_from_slice(&u32::try_from(self.points.len()).unwrap_or(u32::MAX).to_be_bytes());
        for (id, point) in &self.points {
            out.extend_from_slice(id.topic_id.0.as_bytes());
            out.extend_from_slice(&id.partition.0.to_be_bytes());
            out.extend_from_slice(&point.log_start.0.to_be_bytes());
            out.extend_from_slice(&point.end.0.to_be_bytes());
            out.extend_from_slice(&point.segment.0.to_be_bytes());
            out.extend_from_slice(&point.position.to_be_bytes());
        }
        out
    }

    /// Reads what `encode` wrote.
    ///
    /// # Errors
    /// What is wrong with the bytes, or the version of a newer release.
    pub fn decode(path: &Path, bytes: &[u8]) -> Result<Self, LogManagerError> {
        let corrupt =
            |detail: &str| LogManagerError::Corrupt { path: path.to_owned(), detail: detail.to_owned() };
        if bytes.len() < HEADER || &bytes[..4] != MAGIC {
            return Err(corrupt("not a checkpoint"));
        }
        let version = be_u32(bytes, 4);
        if version > VERSION {
            return Err(LogManagerError::NewerFormat {
                path: path.to_owned(),
                found: version,
                supported: VERSION,
            });
        }
        let count = be_u32(bytes, 17) as usize;
        if bytes.len() != HEADER + count * ENTRY {
            return Err(corrupt("its length does not fit its count"));
        }
        let mut points = BTreeMap::new();
        for entry in bytes[HEADER..].chunks_exact(ENTRY) {
            let topic_id = Uuid::from_slice(&entry[..16]).map_err(|e| corrupt(&e.to_string()))?;
            let id = TopicIdPartition {
                topic_id: TopicId(topic_id),
                partition: PartitionIndex(be_u32(entry, 16).cast_signed()),
            };
            let offset = |at: usize| Offset(be_u64(entry, at).cast_signed());
            points.insert(
                id,
                RecoveryPoint {
                    log_start: offset(20),
                    end: offset(28),
                    segment: offset(36),
                    position: be_u64(entry, 44),
                },
            );
        }
        Ok(Self { journal: JournalPosition(be_u64(bytes, 8)), clean: bytes[16] == 1, points })
    }

    /// Reads the file, `None` if there is none.
    ///
    /// # Errors
    /// As `decode`, and failed reads.
    pub fn load(dir: &Path) -> Result<Option<Self>, LogManagerError> {
        let path = dir.join(FILE_NAME);
        match checkpoint::read_checked(&path) {
            Ok(Some(bytes)) => Self::decode(&path, &bytes).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(LogManagerError::Corrupt { path, detail: error.to_string() }),
        }
    }

    /// Replaces the file; durable when this returns.
    ///
    /// # Errors
    /// A failed write, sync or rename; the old file is then still there.
    pub fn store(&self, dir: &Path) -> Result<(), LogManagerError> {
        let path = dir.join(FILE_NAME);
        checkpoint::write_checked(&path, &self.encode()).map_err(LogManagerError::io(path))
    }
}

fn be_u32(bytes: &[u8], at: usize) -> u32 {
    let mut raw = [0; 4];
    raw.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(raw)
}

fn be_u64(bytes: &[u8], at: usize) -> u64 {
    let mut raw = [0; 8];
    raw.copy_from_slice(&bytes[at..at + 8]);
    u64::from_be_bytes(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> RecoveryTable {
        let mut table = RecoveryTable { journal: JournalPosition(77), clean: true, points: BTreeMap::new() };
        for partition in 0..3 {
            table.points.insert(
                TopicIdPartition {
                    topic_id: TopicId(Uuid::from_u128(9)),
                    partition: PartitionIndex(partition),
                },
                RecoveryPoint { log_start: Offset(1), end: Offset(20), segment: Offset(10), position: 512 },
            );
        }
        table
    }

    #[test]
    fn decode_reads_what_encode_wrote() {
        let table = table();
        assert_eq!(RecoveryTable::decode(Path::new("x"), &table.encode()).unwrap(), table);
    }

    #[test]
    fn a_newer_version_and_a_wrong_length_are_named() {
        let mut bytes = table().encode();
        bytes[7] = 9;
        let error = RecoveryTable::decode(Path::new("x"), &bytes).unwrap_err();
        assert!(matches!(error, LogManagerError::NewerFormat { found: 9, .. }), "{error}");
        let mut bytes = table().encode();
        bytes.pop();
        assert!(RecoveryTable::decode(Path::new("x"), &bytes).is_err());
    }
}
