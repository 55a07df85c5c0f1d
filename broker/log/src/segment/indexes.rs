//! A segment's indexes: filled by appends, loaded from their files, or rebuilt from the log.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;

use highway_types::{Offset, Timestamp};

use super::summary::{self, Summary};
use super::{LogSegment, STORE_ENTRIES};
use crate::batch::header::BatchHeader;
use crate::file;
use crate::index::{Entry, IndexEntries, OffsetEntry, TimeEntry};

/// What is known about a segment's batches.
pub(super) struct Indexes {
    pub(super) loaded: bool,
    pub(super) offset: IndexEntries<OffsetEntry>,
    pub(super) time: IndexEntries<TimeEntry>,
    base: Offset,
    /// Log bytes from the last entry's batch to the end.
    bytes_since_entry: usize,
    /// The first batch with the largest time so far.
    max: Option<TimeEntry>,
}

impl Indexes {
    pub(super) fn empty(base: Offset, log_path: &Path) -> Self {
        Self {
            loaded: false,
            offset: IndexEntries::empty(log_path.with_extension(OffsetEntry::EXTENSION)),
            time: IndexEntries::empty(log_path.with_extension(TimeEntry::EXTENSION)),
            base,
            bytes_since_entry: 0,
            max: None,
        }
    }

    /// Takes in the batch at `position`, as Kafka's `LogSegment.append` does: an entry for the first batch behind
    /// `interval` bytes without one.
    pub(super) fn note(&mut self, header: &BatchHeader, position: u64, interval: usize) {
        let last = u32::try_from(header.last_offset() - self.base).unwrap_or(u32::MAX);
        if header.max_timestamp > self.max_timestamp() {
            self.max = Some(TimeEntry { timestamp: header.max_timestamp, offset: last });
        }
        if self.bytes_since_entry > interval {
            let position = u32::try_from(position).unwrap_or(u32::MAX);
            self.offset.push(OffsetEntry { offset: last, position });
            self.finish();
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry += header.total_len();
    }

    /// Puts the largest time so far into the time index.
    pub(super) fn finish(&mut self) {
        if let Some(max) = self.max {
            self.time.push(max);
        }
    }

    pub(super) fn max_timestamp(&self) -> i64 {
        self.max.map_or(-1, |max| max.timestamp)
    }

    pub(super) fn max(&self) -> Option<TimeEntry> {
        self.max
    }

    #[cfg(test)]
    pub(super) fn bytes_since_entry(&self) -> usize {
        self.bytes_since_entry
    }

    pub(super) fn unstored(&self) -> usize {
        self.offset.unstored()
    }
}

/// A walk over the log that fills indexes.
struct Walk {
    at: u64,
    /// The batch at `at` has an entry already.
    has_entry: bool,
}

impl LogSegment {
    /// Makes sure that the indexes are there: from their files if these are right, else from the log.
    pub(super) fn load_indexes(&self) -> io::Result<()> {
        if self.indexes.read().loaded {
            return Ok(());
        }
        let deleted = self.index_files.lock();
        if self.indexes.read().loaded {
            return Ok(());
        }
        if let Some(stored) = self.stored_indexes()
            && self.fill(stored)?
        {
            return Ok(());
        }
        tracing::debug!(path = %self.log_path.display(), "rebuilding the indexes");
        self.fill(Indexes::empty(self.base, &self.log_path))?;
        drop(deleted);
        if self.indexes.read().unstored() >= STORE_ENTRIES
            && let Err(error) = self.store_indexes()
        {
            tracing::debug!(path = %self.log_path.display(), %error, "cannot store rebuilt indexes");
        }
        Ok(())
    }

    /// Builds the indexes from the log again, because an entry was found that is not true. False if the log itself
    /// cannot be read to its end; what is there stays then.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn rebuild_indexes(&self) -> io::Result<bool> {
        let _files = self.index_files.lock();
        file::remove_if_there(&self.log_path.with_extension(summary::EXTENSION))?;
        self.fill(Indexes::empty(self.base, &self.log_path))
    }

    /// Reads the log from the last entry of `fresh` to its end and makes `fresh` the indexes. False if `fresh`
    /// contradicts the log, or if the log is damaged and there are other indexes to keep.
    fn fill(&self, mut fresh: Indexes) -> io::Result<bool> {
        let keep_old = self.indexes.read().loaded;
        let last = fresh.offset.last();
        let mut walk = Walk { at: last.map_or(0, |e| u64::from(e.position)), has_entry: last.is_some() };
        fresh.max = fresh.time.last();
        fresh.loaded = true;
        let whole = self.walk(&mut fresh, &mut walk)?;
        if walk.has_entry || (!whole && keep_old) {
            return Ok(false);
        }
        // The rest, if the appender was at work meanwhile; it cannot go on while this lock is held.
        let mut indexes = self.indexes.write();
        let whole = whole && self.walk(&mut fresh, &mut walk)?;
        if !whole {
            tracing::warn!(path = %self.log_path.display(), position = walk.at, "the log is damaged here");
        }
        if self.sealed.load(Ordering::Acquire) {
            fresh.finish();
        }
        self.max_timestamp.store(fresh.max_timestamp(), Ordering::Relaxed);
        *indexes = fresh;
        Ok(true)
    }

    /// True if the walk reached the end of the log.
    fn walk(&self, fresh: &mut Indexes, walk: &mut Walk) -> io::Result<bool> {
        let end = self.scan(walk.at, false, &mut |header, position| {
            if walk.has_entry {
                let entry = fresh.offset.last().map(|e| i64::from(e.offset));
                if entry != Some(header.last_offset() - self.base) {
                    return ControlFlow::Break(());
                }
                // Its own bytes count; the entry itself is there.
                fresh.bytes_since_entry = 0;
                fresh.note(header, position, usize::MAX);
                walk.has_entry = false;
            } else {
                fresh.note(header, position, self.options.index_interval_bytes);
            }
            walk.at = position + header.total_len() as u64;
            ControlFlow::Continue(())
        })?;
        Ok(end.reason.is_none())
    }

    fn stored_summary(&self) -> Option<Summary> {
        let bytes = fs::read(self.log_path.with_extension(summary::EXTENSION)).ok()?;
        Summary::decode(&bytes).filter(|s| s.base == self.base && s.log_bytes <= self.size())
    }

    fn stored_indexes(&self) -> Option<Indexes> {
        let summary = self.stored_summary()?;
        let mut indexes = Indexes::empty(self.base, &self.log_path);
        let offset_path = self.log_path.with_extension(OffsetEntry::EXTENSION);
        let time_path = self.log_path.with_extension(TimeEntry::EXTENSION);
        indexes.offset =
            IndexEntries::load(offset_path, summary.offset_entries as usize, summary.offset_crc)?;
        indexes.time = IndexEntries::load(time_path, summary.time_entries as usize, summary.time_crc)?;
        Some(indexes)
    }

    /// The largest time of a batch; from the summary if that is enough.
    pub(super) fn largest_record_time(&self) -> io::Result<Option<Timestamp>> {
        let mut max = self.max_timestamp.load(Ordering::Relaxed);
        if max == super::UNKNOWN {
            match self.stored_summary().filter(|s| s.log_bytes == self.size()) {
                Some(summary) => {
                    max = summary.max.map_or(-1, |m| m.timestamp);
                    self.max_timestamp.store(max, Ordering::Relaxed);
                }
                None => {
                    // Retention asks every segment of a node: it must not leave them all open.
                    let was_open = self.file.load().is_some();
                    self.load_indexes()?;
                    max = self.max_timestamp.load(Ordering::Relaxed);
                    if !was_open {
                        self.close_idle_file(true);
                    }
                }
            }
        }
        Ok((max >= 0).then_some(Timestamp(max)))
    }

    /// Cuts the indexes to a log of `position` bytes. The caller holds `index_files`.
    pub(super) fn cut_indexes(&self, position: u64) -> io::Result<()> {
        let mut indexes = self.indexes.write();
        let cut = indexes.offset.truncate(|e| u64::from(e.position) < position).and_then(|()| {
            let last = indexes.offset.last();
            indexes.time.truncate(|e| last.is_some_and(|last| e.offset <= last.offset))
        });
        let mut fresh = std::mem::replace(&mut *indexes, Indexes::empty(self.base, &self.log_path));
        drop(indexes);
        if cut.is_err() {
            fresh = Indexes::empty(self.base, &self.log_path);
        }
        if !self.fill(fresh)? {
            self.fill(Indexes::empty(self.base, &self.log_path))?;
        }
        Ok(())
    }

    /// Writes what is not in the index files yet, and the summary.
    pub(super) fn store_indexes(&self) -> io::Result<()> {
        let deleted = self.index_files.lock();
        let (offset, time, max, log_bytes) = {
            let indexes = self.indexes.read();
            if *deleted || !indexes.loaded {
                return Ok(());
            }
            (indexes.offset.pending(), indexes.time.pending(), indexes.max, self.size())
        };
        let (offset_hash, time_hash) = (offset.write()?, time.write()?);
        let sealed = self.sealed.load(Ordering::Acquire);
        let mut indexes = self.indexes.write();
        indexes.offset.stored(&offset, offset_hash.clone(), !sealed);
        indexes.time.stored(&time, time_hash.clone(), !sealed);
        let count = |stored: usize| u32::try_from(stored).unwrap_or(u32::MAX);
        let summary = Summary {
            base: self.base,
            log_bytes,
            offset_entries: count(indexes.offset.len() - indexes.offset.unstored()),
            offset_crc: offset_hash.finalize(),
            time_entries: count(indexes.time.len() - indexes.time.unstored()),
            time_crc: time_hash.finalize(),
            max,
        };
        drop(indexes);
        file::replace_tail(&self.log_path.with_extension(summary::EXTENSION), 0, &summary.encode())
    }
}
