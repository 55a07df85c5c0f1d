//! Reading a segment's bytes: at once, or piece by piece ahead of a socket.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use highway_types::Offset;

use super::{LogSegment, READABLE, TXN_INDEX};
use crate::file;
use crate::index::txn::{self, AbortedEntry};

/// Bytes that the disk is asked for ahead of a reader that was found to wait for it.
const READ_AHEAD: u64 = 8 << 20;

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
        let log = self.file()?;
        let read = file::read_cached(&log, position, into)?;
        if let Some(n) = read
            && self.asked.load(Ordering::Relaxed) > 0
        {
            self.ask_ahead(&log, position + n as u64, false);
        }
        Ok(read)
    }

    /// Fills `into` from `position` on, and asks the disk for what a reader wants next.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read_from_disk(&self, position: u64, into: &mut [u8]) -> io::Result<usize> {
        let log = self.file()?;
        self.ask_ahead(&log, position + into.len() as u64, true);
        file::read_into(&log, position, into)
    }

    /// Keeps the disk busy ahead of a reader that was found to wait for it, in large steps.
    fn ask_ahead(&self, log: &File, position: u64, waits: bool) {
        let asked = self.asked.load(Ordering::Relaxed);
        let follows = (position..position + READ_AHEAD).contains(&asked);
        if follows && asked - position > READ_AHEAD / 2 || !follows && !waits {
            return;
        }
        // Somebody who reads elsewhere starts over.
        let (from, to) = (if follows { asked } else { position }, (position + READ_AHEAD).min(self.size()));
        if from < to && self.asked.compare_exchange(asked, to, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            file::will_need(log, from, to - from);
        }
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
