//! One segment: a `.log` file in Kafka's format and its indexes.
//!
//! One appender at a time, under the log's append lock; any number of readers. The file is opened at first use, so
//! that a partition nobody touches costs no file descriptor. Index entries live in memory and reach their files when
//! the segment is flushed; both files are hints that can be rebuilt.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use bytes::Bytes;
use highway_types::{Offset, Timestamp};
use parking_lot::Mutex;

use crate::batch::compression::{Compression, decompress};
use crate::batch::header::{BatchHeader, HEADER_LEN, stored_crc_matches};
use crate::batch::records::records;
use crate::batch::validate::ValidBatch;
use crate::file::{read_at, sync_data, write_all_at};
use crate::index::txn::{self, AbortedEntry};
use crate::index::{OffsetIndex, TimeIndex};
use crate::read::TimestampOffset;

/// Settings that a segment keeps for its life.
#[derive(Clone, Debug)]
pub struct SegmentOptions {
    /// Log bytes between two index entries.
    pub index_interval_bytes: usize,
    /// Bytes of the offset index at the most.
    pub index_max_bytes: usize,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self { index_interval_bytes: 4096, index_max_bytes: 10 << 20 }
    }
}

/// A batch within a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchPosition {
    /// Byte position of its header.
    pub position: u64,
    /// Bytes of the whole batch.
    pub len: usize,
    /// Its first offset.
    pub base_offset: Offset,
    /// Its last offset.
    pub last_offset: Offset,
}

/// Where a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanEnd {
    /// Whole, good bytes from the start of the file.
    pub valid_bytes: u64,
    /// Why it ended before the end of the file, if it did.
    pub reason: Option<String>,
}

/// See the module.
pub struct LogSegment {
    base: Offset,
    log_path: PathBuf,
    options: SegmentOptions,
    file: OnceLock<File>,
    size: AtomicU64,
    max_timestamp: AtomicI64,
    first_timestamp: AtomicI64,
    indexes: Mutex<Indexes>,
}

#[derive(Default)]
struct Indexes {
    loaded: bool,
    offset: OffsetIndex,
    time: TimeIndex,
    /// Entries that are in the files already.
    offset_stored: usize,
    time_stored: usize,
    bytes_since_entry: usize,
    /// Largest time so far and the offset of its batch's end.
    max: (i64, u32),
}

const UNKNOWN: i64 = i64::MIN;
/// Headers are read ahead in blocks of this size while a batch is searched.
const SCAN_BLOCK: usize = 64 * 1024;

impl std::fmt::Debug for LogSegment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogSegment").field("path", &self.log_path).field("size", &self.size()).finish_non_exhaustive()
    }
}

impl LogSegment {
    /// A new, empty segment.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(dir: &Path, base: Offset, options: SegmentOptions) -> io::Result<Self> {
        let log_path = dir.join(format!("{:020}.log", base.0));
        OpenOptions::new().create(true).truncate(true).write(true).open(&log_path)?;
        let indexes = Indexes { loaded: true, max: (-1, 0), ..Indexes::default() };
        for extension in ["index", "timeindex"] {
            remove_if_there(&log_path.with_extension(extension))?;
        }
        Ok(Self::with(base, log_path, options, 0, -1, indexes))
    }

    /// A segment that is there; only its size is looked at.
    ///
    /// # Errors
    /// The file cannot be found.
    pub fn open(dir: &Path, base: Offset, options: SegmentOptions) -> io::Result<Self> {
        let log_path = dir.join(format!("{:020}.log", base.0));
        let size = fs::metadata(&log_path)?.len();
        Ok(Self::with(base, log_path, options, size, UNKNOWN, Indexes::default()))
    }

    fn with(
        base: Offset,
        log_path: PathBuf,
        options: SegmentOptions,
        size: u64,
        max_timestamp: i64,
        indexes: Indexes,
    ) -> Self {
        Self {
            base,
            log_path,
            options,
            file: OnceLock::new(),
            size: AtomicU64::new(size),
            max_timestamp: AtomicI64::new(max_timestamp),
            first_timestamp: AtomicI64::new(UNKNOWN),
            indexes: Mutex::new(indexes),
        }
    }

    /// The offset in its name.
    #[must_use]
    pub fn base_offset(&self) -> Offset {
        self.base
    }

    /// The `.log` file.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        &self.log_path
    }

    /// Bytes of the `.log` file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// The largest time in it; falls back to the file's time of change for an empty or unreadable one.
    #[must_use]
    pub fn max_timestamp(&self) -> Option<Timestamp> {
        let _ = self.indexes_loaded();
        let max = self.max_timestamp.load(Ordering::Relaxed);
        (max >= 0).then_some(Timestamp(max))
    }

    /// The time of its first batch.
    #[must_use]
    pub fn first_timestamp(&self) -> Option<Timestamp> {
        let known = self.first_timestamp.load(Ordering::Relaxed);
        if known != UNKNOWN {
            return (known >= 0).then_some(Timestamp(known));
        }
        let header = self.header_at(0, self.size()).ok().flatten()?;
        self.first_timestamp.store(header.max_timestamp, Ordering::Relaxed);
        (header.max_timestamp >= 0).then_some(Timestamp(header.max_timestamp))
    }

    /// True if the offset index has no room for another entry.
    #[must_use]
    pub fn index_is_full(&self) -> bool {
        (self.indexes.lock().offset.len() + 1) * OffsetIndex::ENTRY > self.options.index_max_bytes
    }

    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = OpenOptions::new().read(true).write(true).open(&self.log_path)?;
        Ok(self.file.get_or_init(|| file))
    }

    /// Appends a stamped batch. On an error the file is as long as before.
    ///
    /// # Errors
    /// What the system says.
    pub fn append(&self, batch: &ValidBatch) -> io::Result<()> {
        self.append_raw(&batch.header, &[&batch.header_bytes(), batch.payload()])
    }

    /// Appends a batch as it is.
    ///
    /// # Errors
    /// As `append`.
    pub fn append_raw(&self, header: &BatchHeader, parts: &[&[u8]; 2]) -> io::Result<()> {
        let mut indexes = self.indexes_loaded()?;
        let position = self.size();
        if position + header.total_len() as u64 > u64::from(u32::MAX) {
            return Err(io::Error::other("a segment cannot grow beyond 4 GiB"));
        }
        let file = self.file()?;
        if let Err(error) = write_all_at(file, parts, position) {
            let _ = file.set_len(position); // the size below is what counts
            return Err(error);
        }
        self.note(&mut indexes, header, position);
        self.size.store(position + header.total_len() as u64, Ordering::Release);
        Ok(())
    }

    fn note(&self, indexes: &mut Indexes, header: &BatchHeader, position: u64) {
        let relative = |offset: Offset| u32::try_from(offset - self.base).unwrap_or(u32::MAX);
        let last = relative(header.last_offset());
        if header.max_timestamp > indexes.max.0 {
            indexes.max = (header.max_timestamp, last);
            self.max_timestamp.store(header.max_timestamp, Ordering::Relaxed);
        }
        if position == 0 {
            self.first_timestamp.store(header.max_timestamp, Ordering::Relaxed);
        }
        if indexes.bytes_since_entry > self.options.index_interval_bytes {
            indexes.offset.push(last, u32::try_from(position).unwrap_or(u32::MAX));
            let (time, offset) = indexes.max;
            indexes.time.push(time, offset);
            indexes.bytes_since_entry = 0;
        }
        indexes.bytes_since_entry += header.total_len();
    }

    /// The first batch whose last offset is at or behind `offset`.
    ///
    /// # Errors
    /// The file cannot be read, or holds no batch where one should be.
    pub fn locate(&self, offset: Offset) -> io::Result<Option<BatchPosition>> {
        let relative = u32::try_from((offset - self.base).max(0)).unwrap_or(u32::MAX);
        let start = u64::from(self.indexes_loaded()?.offset.floor(relative));
        let mut found = None;
        let end = self.scan(start, false, &mut |header, position| {
            if header.last_offset() < offset {
                return ControlFlow::Continue(());
            }
            found = Some(BatchPosition {
                position,
                len: header.total_len(),
                base_offset: header.base_offset,
                last_offset: header.last_offset(),
            });
            ControlFlow::Break(())
        })?;
        match (found, end.reason) {
            (None, Some(reason)) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("no batch at position {}: {reason}", end.valid_bytes),
            )),
            (found, _) => Ok(found),
        }
    }

    /// Bytes from `position`, at most `len`, none at or behind `end`.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, position: u64, len: usize, end: u64) -> io::Result<Bytes> {
        let len = len.min(usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX));
        read_at(self.file()?, position, len)
    }

    fn header_at(&self, position: u64, size: u64) -> io::Result<Option<BatchHeader>> {
        let bytes = self.read(position, HEADER_LEN, size)?;
        Ok(BatchHeader::parse(&bytes).ok())
    }

    /// Visits the headers of whole batches from `position` on; with `check` only while checksums match.
    ///
    /// # Errors
    /// The file cannot be read. Bytes that are no batch end the scan, they are no error here.
    pub fn scan(
        &self,
        position: u64,
        check: bool,
        visit: &mut dyn FnMut(&BatchHeader, u64) -> ControlFlow<()>,
    ) -> io::Result<ScanEnd> {
        let size = self.size();
        let mut at = position;
        let mut block = Bytes::new();
        let mut block_at = at;
        while at < size {
            let in_block = |block: &Bytes, block_at: u64, len: usize| {
                at >= block_at && at - block_at + len as u64 <= block.len() as u64
            };
            if !in_block(&block, block_at, HEADER_LEN) {
                block = self.read(at, SCAN_BLOCK, size)?;
                block_at = at;
            }
            let from = usize::try_from(at - block_at).unwrap_or(usize::MAX);
            let stop = |reason: String| Ok(ScanEnd { valid_bytes: at, reason: Some(reason) });
            let header = match BatchHeader::parse(&block[from..]) {
                Ok(header) => header,
                Err(error) => return stop(error.to_string()),
            };
            let len = header.total_len();
            if at + len as u64 > size {
                return stop("the last batch is cut off".to_owned());
            }
            if check {
                if !in_block(&block, block_at, len) {
                    block = self.read(at, len.max(SCAN_BLOCK), size)?;
                    block_at = at;
                }
                let from = usize::try_from(at - block_at).unwrap_or(usize::MAX);
                if !stored_crc_matches(&block[from..from + len]) {
                    return stop("checksum does not match".to_owned());
                }
            }
            let flow = visit(&header, at);
            if flow.is_break() {
                return Ok(ScanEnd { valid_bytes: at, reason: None });
            }
            at += len as u64;
        }
        Ok(ScanEnd { valid_bytes: at, reason: None })
    }

    /// The first record at or behind `from` whose time is at least `target`.
    ///
    /// # Errors
    /// The file cannot be read or its records cannot.
    pub fn find_timestamp(&self, target: Timestamp, from: Offset) -> io::Result<Option<TimestampOffset>> {
        if self.max_timestamp().is_some_and(|max| max < target) {
            return Ok(None);
        }
        let start_offset = self.base + i64::from(self.indexes_loaded()?.time.floor(target.0));
        let Some(start) = self.locate(start_offset.max(from))? else { return Ok(None) };
        self.search(start.position, |header| header.max_timestamp >= target.0 && header.last_offset() >= from, |o, t| {
            t >= target && o >= from
        })
    }

    /// The first record below `limit` with the largest time.
    ///
    /// # Errors
    /// As `find_timestamp`.
    pub fn max_timestamp_offset(&self, limit: Offset) -> io::Result<Option<TimestampOffset>> {
        let mut best: Option<(i64, u64)> = None;
        self.scan(0, false, &mut |header, position| {
            if header.base_offset >= limit {
                return ControlFlow::Break(());
            }
            if header.max_timestamp >= 0 && best.is_none_or(|(time, _)| header.max_timestamp > time) {
                best = Some((header.max_timestamp, position));
            }
            ControlFlow::Continue(())
        })?;
        let Some((time, position)) = best else { return Ok(None) };
        self.search(position, |_| true, |_, t| t.0 >= time)
    }

    fn search(
        &self,
        position: u64,
        batch: impl Fn(&BatchHeader) -> bool,
        record: impl Fn(Offset, Timestamp) -> bool,
    ) -> io::Result<Option<TimestampOffset>> {
        let mut found = None;
        let mut failed = None;
        self.scan(position, false, &mut |header, at| {
            if !batch(header) {
                return ControlFlow::Continue(());
            }
            match self.search_batch(header, at, &record) {
                Ok(None) => ControlFlow::Continue(()),
                Ok(some) => {
                    found = some;
                    ControlFlow::Break(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or(Ok(found), Err)
    }

    fn search_batch(
        &self,
        header: &BatchHeader,
        position: u64,
        wanted: &impl Fn(Offset, Timestamp) -> bool,
    ) -> io::Result<Option<TimestampOffset>> {
        let invalid = |e: String| io::Error::new(io::ErrorKind::InvalidData, e);
        let bytes = self.read(position, header.total_len(), self.size())?;
        let payload = bytes.get(HEADER_LEN..).unwrap_or_default();
        let codec = header.attributes.compression().ok_or_else(|| invalid("unknown codec".to_owned()))?;
        let mut unpacked = Vec::new();
        let plain = if codec == Compression::None {
            payload
        } else {
            decompress(codec, payload, highway_types::limits::DECOMPRESSED_MAX_BYTES, &mut unpacked)
                .map_err(|e| invalid(e.to_string()))?;
            &unpacked
        };
        for record in records(plain, header.count) {
            let record = record.map_err(|e| invalid(e.to_string()))?;
            let offset = header.base_offset + i64::from(record.offset_delta);
            let timestamp = if header.attributes.is_log_append_time() {
                Timestamp(header.max_timestamp)
            } else {
                Timestamp(header.base_timestamp.wrapping_add(record.timestamp_delta))
            };
            if wanted(offset, timestamp) {
                return Ok(Some(TimestampOffset { offset, timestamp, leader_epoch: header.leader_epoch }));
            }
        }
        Ok(None)
    }

    /// Aborted transactions that overlap `from..end`.
    ///
    /// # Errors
    /// The index file cannot be read.
    pub fn aborted_transactions(&self, from: Offset, end: Offset) -> io::Result<Vec<AbortedEntry>> {
        let bytes = match fs::read(self.log_path.with_extension("txnindex")) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        Ok(txn::parse(&bytes).into_iter().filter(|t| t.first_offset < end && t.last_offset >= from).collect())
    }

    /// Cuts the file.
    ///
    /// # Errors
    /// What the system says.
    pub fn truncate_to(&self, position: u64) -> io::Result<()> {
        self.file()?.set_len(position)?;
        self.size.store(position, Ordering::Release);
        let mut indexes = self.indexes.lock();
        *indexes = Indexes::default();
        for extension in ["index", "timeindex"] {
            remove_if_there(&self.log_path.with_extension(extension))?;
        }
        drop(indexes);
        self.max_timestamp.store(UNKNOWN, Ordering::Relaxed);
        self.first_timestamp.store(UNKNOWN, Ordering::Relaxed);
        Ok(())
    }

    /// Makes everything durable: the log first, the indexes behind it.
    ///
    /// # Errors
    /// The log could not be synced: what is on disk is not known then. Index files that fail are only logged.
    pub fn flush(&self) -> io::Result<()> {
        if self.size() > 0 {
            sync_data(self.file()?)?;
        }
        if let Err(error) = self.store_indexes() {
            tracing::warn!(path = %self.log_path.display(), %error, "cannot write an index");
        }
        Ok(())
    }

    /// Ends appending: the time index gets its last entry.
    ///
    /// # Errors
    /// The indexes cannot be written.
    pub fn seal(&self) -> io::Result<()> {
        {
            let mut indexes = self.indexes_loaded()?;
            let (time, offset) = indexes.max;
            if time >= 0 {
                indexes.time.push(time, offset);
            }
        }
        self.store_indexes()
    }

    /// Removes the files.
    ///
    /// # Errors
    /// The log file could not be removed.
    pub fn delete(&self) -> io::Result<()> {
        for extension in ["index", "timeindex", "txnindex", "snapshot"] {
            remove_if_there(&self.log_path.with_extension(extension))?;
        }
        remove_if_there(&self.log_path)
    }

    fn store_indexes(&self) -> io::Result<()> {
        let mut indexes = self.indexes.lock();
        if !indexes.loaded {
            return Ok(());
        }
        let store = |extension: &str, at: usize, bytes: Vec<u8>| -> io::Result<()> {
            let path = self.log_path.with_extension(extension);
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            file.set_len(at as u64)?;
            write_all_at(&file, &[&bytes], at as u64)
        };
        if indexes.offset.len() > indexes.offset_stored || indexes.offset_stored == 0 {
            store("index", indexes.offset_stored * OffsetIndex::ENTRY, indexes.offset.encode(indexes.offset_stored))?;
            indexes.offset_stored = indexes.offset.len();
        }
        if indexes.time.len() > indexes.time_stored || indexes.time_stored == 0 {
            store("timeindex", indexes.time_stored * TimeIndex::ENTRY, indexes.time.encode(indexes.time_stored))?;
            indexes.time_stored = indexes.time.len();
        }
        Ok(())
    }

    /// The indexes, read from their files or rebuilt from the log at first use.
    fn indexes_loaded(&self) -> io::Result<parking_lot::MutexGuard<'_, Indexes>> {
        let mut indexes = self.indexes.lock();
        if indexes.loaded {
            return Ok(indexes);
        }
        let read = |extension: &str| fs::read(self.log_path.with_extension(extension)).ok();
        let size = self.size();
        let stored = read("index").and_then(|b| OffsetIndex::parse(&b)).zip(read("timeindex").and_then(|b| TimeIndex::parse(&b)));
        let mut fresh = Indexes { loaded: true, max: (-1, 0), ..Indexes::default() };
        let mut from = 0;
        if let Some((offset, time)) = stored
            && self.index_fits(&offset, size)
        {
            // Behind the last entry the log is read, so that the largest time is right.
            from = offset.last_position().map_or(0, u64::from);
            fresh.max = time.last().unwrap_or((-1, 0));
            (fresh.offset_stored, fresh.time_stored) = (offset.len(), time.len());
            (fresh.offset, fresh.time) = (offset, time);
        }
        self.max_timestamp.store(fresh.max.0, Ordering::Relaxed);
        if from > 0 {
            fresh.bytes_since_entry = 0;
        }
        let skip = from > 0;
        self.scan(from, false, &mut |header, position| {
            if skip && position == from {
                fresh.bytes_since_entry = header.total_len();
                if header.max_timestamp > fresh.max.0 {
                    let last = u32::try_from(header.last_offset() - self.base).unwrap_or(u32::MAX);
                    fresh.max = (header.max_timestamp, last);
                    self.max_timestamp.store(header.max_timestamp, Ordering::Relaxed);
                }
            } else {
                self.note(&mut fresh, header, position);
            }
            ControlFlow::Continue(())
        })?;
        *indexes = fresh;
        Ok(indexes)
    }

    /// The last entry points at a batch that it describes.
    fn index_fits(&self, index: &OffsetIndex, size: u64) -> bool {
        let Some(position) = index.last_position().map(u64::from) else { return true };
        position < size
            && self.header_at(position, size).ok().flatten().is_some_and(|header| {
                let last = u32::try_from(header.last_offset() - self.base).unwrap_or(u32::MAX);
                u64::from(index.floor(last)) == position
            })
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
