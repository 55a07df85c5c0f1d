//! A window as bytes, so that a restart need not read all of it from the log again.
//!
//! `"HWDD" | version u8 = 1 | end i64 | newest i64 | count u32 | count × (id u128, offset i64, at i64) | crc32 u32`,
//! all big-endian; the checksum is over all before it. It is a shortcut only: one that is broken, or of a log that is gone, is dropped.

use highway_types::Timestamp;

use super::id::EventId;
use super::window::{Bounds, Window};

const MAGIC: &[u8; 5] = b"HWDD\x01";
const HEAD: usize = 5 + 8 + 8 + 4;
const ENTRY: usize = 32;

/// A window's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(pub Vec<u8>);

/// Why bytes are no snapshot. The way out is always the same: drop it and replay the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Other bytes, or of another version.
    #[error("not a deduplication snapshot of version 1; drop it, the log has all of it")]
    Magic,
    /// Cut or longer than it says.
    #[error("a deduplication snapshot of {got} bytes should have {wanted}; drop it, the log has all of it")]
    Length {
        /// Bytes that are there.
        got: usize,
        /// Bytes that its count asks for.
        wanted: usize,
    },
    /// Changed since it was written.
    #[error("a deduplication snapshot whose checksum does not fit; drop it, the log has all of it")]
    Checksum,
}

impl Snapshot {
    /// Of a window.
    #[must_use]
    pub fn of(window: &Window, newest: Timestamp) -> Self {
        let mut bytes = Vec::with_capacity(HEAD + window.len() * ENTRY + 4);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&window.end().to_be_bytes());
        bytes.extend_from_slice(&newest.0.to_be_bytes());
        bytes.extend_from_slice(&(window.len() as u32).to_be_bytes());
        for entry in window.entries() {
            bytes.extend_from_slice(&entry.id.0.to_be_bytes());
            bytes.extend_from_slice(&entry.offset.to_be_bytes());
            bytes.extend_from_slice(&entry.at.0.to_be_bytes());
        }
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        Self(bytes)
    }

    /// The window; bounds that were made narrower since apply.
    ///
    /// # Errors
    /// Bytes that are no snapshot.
    pub fn restore(&self, bounds: Bounds) -> Result<Window, SnapshotError> {
        let bytes = &self.0;
        if !bytes.starts_with(MAGIC) {
            return Err(SnapshotError::Magic);
        }
        let eight = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[at..at + 8]);
            i64::from_be_bytes(eight)
        };
        let short = SnapshotError::Length { got: bytes.len(), wanted: HEAD + 4 };
        let count = bytes.get(HEAD - 4..HEAD).ok_or(short)?;
        let count = count.iter().fold(0, |n, b| n << 8 | usize::from(*b));
        let wanted = HEAD + count * ENTRY + 4;
        if bytes.len() != wanted {
            return Err(SnapshotError::Length { got: bytes.len(), wanted });
        }
        let (body, checksum) = bytes.split_at(wanted - 4);
        if crc32fast::hash(body).to_be_bytes() != checksum {
            return Err(SnapshotError::Checksum);
        }
        let mut window = Window::new(bounds, i64::MIN);
        for at in (HEAD..wanted - 4).step_by(ENTRY) {
            let id = EventId((eight(at) as u64 as u128) << 64 | eight(at + 8) as u64 as u128);
            window.observe(eight(at + 16), id, Timestamp(eight(at + 24)));
        }
        window.pass(eight(5) - 1);
        window.advance(Timestamp(eight(13)));
        Ok(window)
    }
}
