//! Reading a segment's bytes: at once, or piece by piece ahead of a socket.

use std::io;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use highway_types::Offset;

use super::{LogSegment, READABLE, TXN_INDEX};
use crate::file;
use crate::index::txn::{self, AbortedEntry};

impl LogSegment {
    /// Bytes from `position`, at most `len`, none at or behind `end`.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, position: u64, len: usize, end: u64) -> io::Result<Bytes> {
        let end = end.min(self.size());
        let len = len.min(usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX));
        if len == 0 {
            return Ok(Bytes::new());
        }
        file::read_at(&*self.file()?, position, len)
    }

    /// Fills the start of `into` with what the page cache holds from `position` on; `None` if that is nothing.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read_cached(&self, position: u64, into: &mut [u8]) -> io::Result<Option<usize>> {
        file::read_cached(&*self.file()?, position, into)
    }

    /// Fills `into` from `position` on; blocks on the disk. The system sees that somebody reads on and asks the disk ahead
    /// by itself: asking it with `posix_fadvise` cost a quarter more CPU time and a fifth of the rate, as it brings in single pages.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read_from_disk(&self, position: u64, into: &mut [u8]) -> io::Result<usize> {
        file::read_into(&*self.file()?, position, into)
    }

    /// Remembers that the batch at `position` cannot be read, or is not what was written.
    pub(crate) fn mark_unreadable(&self, position: u64) {
        self.unreadable.fetch_min(position, Ordering::AcqRel);
    }

    /// Where the first batch lies that a reader could not read, if there was one.
    pub(crate) fn unreadable_from(&self) -> Option<u64> {
        Some(self.unreadable.load(Ordering::Acquire)).filter(|at| *at != READABLE)
    }

    /// The start of the last batch with an index entry that starts at or below `position`.
    pub(crate) fn indexed_batch_before(&self, position: u64) -> io::Result<Option<u64>> {
        self.load_indexes()?;
        let found = self.indexes.read().offset.floor(|e| u64::from(e.position) <= position)?;
        Ok(found.map(|entry| u64::from(entry.position)))
    }

    /// Aborted transactions that overlap `from..end`.
    ///
    /// # Errors
    /// The index file cannot be read.
    pub fn aborted_transactions(&self, from: Offset, end: Offset) -> io::Result<Vec<AbortedEntry>> {
        let mut entries = txn::load(&self.log_path.with_extension(TXN_INDEX))?;
        entries.retain(|t| t.first_offset < end && t.last_offset >= from);
        Ok(entries)
    }
}
