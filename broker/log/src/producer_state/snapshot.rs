//! Producer snapshots: Kafka's `NNNNNNNNNNNNNNNNNNNN.snapshot` files, version 1. The number is the offset up to which
//! batches are in it.
//!
//! ```text
//! version i16 (1) · CRC-32C u32 of all that follows · count i32 · entries of 46 bytes:
//! producer id i64 · epoch i16 · last sequence i32 · last offset i64 · offset delta i32 · timestamp i64
//! · coordinator epoch i32 · first offset of the open transaction i64 (-1)
//! ```
//!
//! Kafka writes one entry a producer and so forgets all but its last batch at a restart. Here each remembered batch is
//! an entry, oldest first; Kafka, for which the last entry of a producer counts, reads these files as its own.
//!
//! Files are disposable: not synced, checked by their checksum, ignored when damaged, removed when they lie behind the
//! recovered end of the log (what comes there later may differ).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use highway_types::checksum::crc32c;
use highway_types::{Offset, ProducerEpoch, ProducerId, Timestamp};

use super::entry::{BatchMetadata, NO_SEQUENCE, ProducerStateEntry};
use super::map::ProducerStateMap;

const VERSION: i16 = 1;
const CRC_END: usize = 6;
const HEAD_LEN: usize = 10;
const ENTRY_LEN: usize = 46;
/// Snapshots that are kept: one to use, one in case that is damaged or lies behind the recovered end.
const KEPT: usize = 2;

/// Why bytes are no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Cut off, or bytes left over.
    #[error("{len} bytes do not hold {count} entries")]
    Length {
        /// Bytes there.
        len: usize,
        /// Entries announced.
        count: i32,
    },
    /// Another version.
    #[error("snapshot version {0} is not supported, only 1")]
    Version(i16),
    /// Damaged.
    #[error("stored checksum {stored:#010x}, computed {computed:#010x}")]
    Checksum {
        /// In the file.
        stored: u32,
        /// Of the bytes.
        computed: u32,
    },
}

impl ProducerStateMap {
    /// The bytes of a snapshot file.
    #[must_use]
    pub fn encode_snapshot(&self) -> Vec<u8> {
        let mut ids: Vec<_> = self.producers.keys().copied().collect();
        ids.sort_unstable(); // the same state gives the same bytes
        let mut out = Vec::with_capacity(HEAD_LEN + self.producers.len() * ENTRY_LEN);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&[0; 8]);
        let mut count = 0i32;
        for id in ids {
            let entry = &self.producers[&id];
            let none = BatchMetadata {
                last_sequence: NO_SEQUENCE,
                last_offset: Offset::NONE,
                offset_delta: 0,
                timestamp: entry.last_timestamp,
            };
            let batches = if entry.batches.is_empty() { &[none][..] } else { &entry.batches[..] };
            for (i, batch) in batches.iter().enumerate() {
                // A marker may be younger than the last batch.
                let time = if i + 1 == batches.len() { entry.last_timestamp } else { batch.timestamp };
                write_entry(&mut out, id, entry, batch, time);
                count += 1;
            }
        }
        out[CRC_END..HEAD_LEN].copy_from_slice(&count.to_be_bytes());
        let crc = crc32c(&out[CRC_END..]);
        out[2..CRC_END].copy_from_slice(&crc.to_be_bytes());
        out
    }

    /// Reads the bytes of a snapshot file that holds everything below `end`.
    ///
    /// # Errors
    /// Another version, damage, wrong length.
    pub fn decode_snapshot(bytes: &[u8], end: Offset) -> Result<Self, SnapshotError> {
        let Some(head) = bytes.first_chunk::<HEAD_LEN>() else {
            return Err(SnapshotError::Length { len: bytes.len(), count: 0 });
        };
        let [v0, v1, c0, c1, c2, c3, n0, n1, n2, n3] = *head;
        let version = i16::from_be_bytes([v0, v1]);
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let (stored, computed) = (u32::from_be_bytes([c0, c1, c2, c3]), crc32c(&bytes[CRC_END..]));
        if stored != computed {
            return Err(SnapshotError::Checksum { stored, computed });
        }
        let count = i32::from_be_bytes([n0, n1, n2, n3]);
        let (entries, rest) = bytes[HEAD_LEN..].as_chunks::<ENTRY_LEN>();
        if !rest.is_empty() || usize::try_from(count) != Ok(entries.len()) {
            return Err(SnapshotError::Length { len: bytes.len(), count });
        }
        let mut map = Self { end, ..Self::default() };
        for entry in entries {
            map.read_entry(entry);
        }
        map.open = map.producers.iter().filter_map(|(id, e)| Some((e.txn_first_offset?, *id))).collect();
        Ok(map)
    }

    fn read_entry(&mut self, raw: &[u8; ENTRY_LEN]) {
        let epoch = ProducerEpoch(i16::from_be_bytes(array(raw, 8)));
        let entry = self
            .producers
            .entry(ProducerId(i64::from_be_bytes(array(raw, 0))))
            .or_insert_with(|| ProducerStateEntry::new(epoch));
        entry.set_epoch(epoch);
        let batch = BatchMetadata {
            last_sequence: i32::from_be_bytes(array(raw, 10)),
            last_offset: Offset(i64::from_be_bytes(array(raw, 14))),
            offset_delta: i32::from_be_bytes(array(raw, 22)),
            timestamp: Timestamp(i64::from_be_bytes(array(raw, 26))),
        };
        if batch.last_offset >= Offset::ZERO {
            entry.push(batch);
        }
        entry.last_timestamp = batch.timestamp;
        entry.coordinator_epoch = i32::from_be_bytes(array(raw, 34));
        let first = Offset(i64::from_be_bytes(array(raw, 38)));
        entry.txn_first_offset = (first >= Offset::ZERO).then_some(first);
    }

    /// Writes `dir`'s snapshot for `end`, the log's end, and removes older ones than the last two.
    ///
    /// # Errors
    /// The file could not be written; the older ones are still there.
    pub fn write_snapshot(&self, dir: &Path, end: Offset) -> io::Result<()> {
        let path = dir.join(format!("{:020}.snapshot", end.0));
        let beside = path.with_extension("snapshot.tmp");
        fs::write(&beside, self.encode_snapshot())?;
        fs::rename(&beside, &path)?;
        let snapshots = list(dir)?;
        let surplus = snapshots.len().saturating_sub(KEPT);
        for (_, path) in &snapshots[..surplus] {
            remove(path)?;
        }
        Ok(())
    }

    /// The newest good snapshot of `dir` that does not lie behind `end`, and the offset from which batch headers have
    /// to be read. Without one, an empty map and offset 0. Newer, damaged and unfinished ones are removed.
    #[must_use]
    pub fn load_snapshot(dir: &Path, end: Offset) -> (Self, Offset) {
        for (offset, path) in list(dir).unwrap_or_default().into_iter().rev() {
            let good = if offset > end {
                None
            } else {
                fs::read(&path).ok().and_then(|bytes| Self::decode_snapshot(&bytes, offset).ok())
            };
            if let Some(map) = good {
                return (map, offset);
            }
            if let Err(error) = remove(&path) {
                tracing::warn!(path = %path.display(), %error, "cannot remove a useless producer snapshot");
            }
        }
        (Self::default(), Offset::ZERO)
    }
}

fn write_entry(
    out: &mut Vec<u8>,
    id: ProducerId,
    entry: &ProducerStateEntry,
    batch: &BatchMetadata,
    time: Timestamp,
) {
    out.extend_from_slice(&id.0.to_be_bytes());
    out.extend_from_slice(&entry.epoch.0.to_be_bytes());
    out.extend_from_slice(&batch.last_sequence.to_be_bytes());
    out.extend_from_slice(&batch.last_offset.0.to_be_bytes());
    out.extend_from_slice(&batch.offset_delta.to_be_bytes());
    out.extend_from_slice(&time.0.to_be_bytes());
    out.extend_from_slice(&entry.coordinator_epoch.to_be_bytes());
    out.extend_from_slice(&entry.txn_first_offset.unwrap_or(Offset::NONE).0.to_be_bytes());
}

/// Snapshots of a directory, oldest first.
fn list(dir: &Path) -> io::Result<Vec<(Offset, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
        if name.ends_with(".snapshot.tmp") {
            remove(&path)?; // left behind by a crash
        } else if let Some(offset) = name.strip_suffix(".snapshot").and_then(|stem| stem.parse().ok()) {
            found.push((Offset(offset), path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn array<const N: usize>(bytes: &[u8; ENTRY_LEN], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

#[cfg(test)]
#[path = "snapshot_test.rs"]
mod tests;
