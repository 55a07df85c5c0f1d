//! One segment: a `.log` file in Kafka's format and its indexes.
//!
//! One appender at a time, under the log's append lock; any number of readers, who never wait for the appender's
//! writes. Opening looks at the file's size only; descriptors and indexes come with the first use, so that a partition
//! nobody touches costs neither. Index entries live in memory and reach their files when the segment is flushed or
//! sealed; these files are hints that are rebuilt from the log when they are missing, cut off or wrong.

mod indexes;
mod reading;
mod scan;
mod search;
mod summary;
mod sync;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use highway_types::{Offset, Timestamp};
use parking_lot::{Mutex, RwLock};

use crate::batch::header::{BatchHeader, HEADER_LEN};
use crate::batch::validate::ValidBatch;
use crate::file;
use crate::index::txn::{self, AbortedEntry};
use crate::index::{Entry, OffsetEntry, TimeEntry};
use crate::open_files::OpenFiles;

use indexes::Indexes;
pub use scan::ScanEnd;
use sync::SyncState;

/// Settings that a segment keeps for its life.
#[derive(Clone, Debug)]
pub struct SegmentOptions {
    /// Log bytes between two index entries.
    pub index_interval_bytes: usize,
    /// Bytes of the offset index, and of the time index, at the most.
    pub index_max_bytes: usize,
    /// Bytes that a new file gets from the file system at once (`preallocate`).
    pub preallocate: Option<u64>,
    /// How many files may be open.
    pub files: Arc<OpenFiles>,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self {
            index_interval_bytes: 4096,
            index_max_bytes: 10 << 20,
            preallocate: None,
            files: Arc::default(),
        }
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

/// Positions are signed 32-bit numbers in Kafka's index.
const MAX_BYTES: u64 = i32::MAX as u64;
/// A flush writes index files once so many entries are new; until then the end of the log is read again at a restart.
const STORE_ENTRIES: usize = if cfg!(test) { 4 } else { 64 };
const UNKNOWN: i64 = i64::MIN;
const READABLE: u64 = u64::MAX;
const TXN_INDEX: &str = "txnindex";

/// See the module.
pub struct LogSegment {
    base: Offset,
    log_path: PathBuf,
    options: SegmentOptions,
    file: ArcSwapOption<File>,
    size: AtomicU64,
    /// Bytes that a flush has handed to the disk.
    flushed: AtomicU64,
    /// Appended to or cut since the last sync.
    unsynced: AtomicBool,
    sync: Mutex<SyncState>,
    /// Written to by this process.
    appended: AtomicBool,
    sealed: AtomicBool,
    /// Where a reader met a batch that cannot be read, [`READABLE`] if none did.
    unreadable: AtomicU64,
    /// The file was used since it was last looked at whether it is idle.
    used: AtomicBool,
    max_timestamp: AtomicI64,
    first_timestamp: AtomicI64,
    /// Held while index files are read, rebuilt, written or removed; taken before `indexes`. True once deleted.
    index_files: Mutex<bool>,
    /// Held for moments only, so that readers do not wait for the appender's writes.
    indexes: RwLock<Indexes>,
}

impl std::fmt::Debug for LogSegment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogSegment")
            .field("path", &self.log_path)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

impl LogSegment {
    /// A new, empty segment.
    ///
    /// # Errors
    /// The file cannot be made, or is there and holds bytes.
    pub fn create(dir: &Path, base: Offset, options: SegmentOptions) -> io::Result<Self> {
        let log_path = dir.join(format!("{:020}.log", base.0));
        let file = file::open_or_create(&log_path)?;
        let len = file.metadata()?.len();
        if len > 0 {
            let text = format!("{} is there already and holds {len} bytes", log_path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
        for extension in [OffsetEntry::EXTENSION, TimeEntry::EXTENSION, TXN_INDEX, summary::EXTENSION] {
            file::remove_if_there(&log_path.with_extension(extension))?;
        }
        if let Some(bytes) = options.preallocate {
            file::reserve(&file, bytes)?;
        }
        let segment = Self::with(base, log_path, options, 0);
        segment.indexes.write().loaded = true;
        segment.max_timestamp.store(-1, Ordering::Relaxed);
        Ok(segment)
    }

    /// A segment that is there; only its size is looked at.
    ///
    /// # Errors
    /// The file cannot be found.
    pub fn open(dir: &Path, base: Offset, options: SegmentOptions) -> io::Result<Self> {
        let log_path = dir.join(format!("{:020}.log", base.0));
        let size = fs::metadata(&log_path)?.len();
        Ok(Self::with(base, log_path, options, size))
    }

    fn with(base: Offset, log_path: PathBuf, options: SegmentOptions, size: u64) -> Self {
        let indexes = RwLock::new(Indexes::empty(base, &log_path));
        Self {
            base,
            log_path,
            options,
            file: ArcSwapOption::empty(),
            size: AtomicU64::new(size),
            flushed: AtomicU64::new(0),
            unsynced: AtomicBool::new(true), // whoever wrote it may not have synced it
            sync: Mutex::default(),
            appended: AtomicBool::new(false),
            sealed: AtomicBool::new(false),
            unreadable: AtomicU64::new(READABLE),
            used: AtomicBool::new(false),
            max_timestamp: AtomicI64::new(UNKNOWN),
            first_timestamp: AtomicI64::new(UNKNOWN),
            index_files: Mutex::new(false),
            indexes,
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

    /// The largest time in it; the file's time of change if its batches have no time (as Kafka's `largestTimestamp`).
    /// `None` for an empty or unreadable segment.
    #[must_use]
    pub fn max_timestamp(&self) -> Option<Timestamp> {
        if self.size() == 0 {
            return None;
        }
        if let Some(max) = self.largest_record_time().ok()? {
            return Some(max);
        }
        let changed = fs::metadata(&self.log_path).and_then(|m| m.modified()).ok()?;
        let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Timestamp(i64::try_from(since.as_millis()).ok()?))
    }

    /// The time of its first batch; `None` if it has none or the segment is empty.
    #[must_use]
    pub fn first_timestamp(&self) -> Option<Timestamp> {
        let known = self.first_timestamp.load(Ordering::Relaxed);
        if known != UNKNOWN {
            return (known >= 0).then_some(Timestamp(known));
        }
        let bytes = self.read(0, HEADER_LEN, self.size()).ok()?;
        let header = BatchHeader::parse(&bytes).ok()?;
        self.first_timestamp.store(header.max_timestamp, Ordering::Relaxed);
        (header.max_timestamp >= 0).then_some(Timestamp(header.max_timestamp))
    }

    /// True if an index has no room for another entry: time to roll.
    #[must_use]
    pub fn index_is_full(&self) -> bool {
        let indexes = self.indexes.read();
        let most = (indexes.offset.len() + 1) * OffsetEntry::LEN;
        most.max((indexes.time.len() + 2) * TimeEntry::LEN) > self.options.index_max_bytes
    }

    fn file(&self) -> io::Result<Arc<File>> {
        if let Some(file) = self.file.load_full() {
            if !self.used.load(Ordering::Relaxed) {
                self.used.store(true, Ordering::Relaxed);
            }
            return Ok(file);
        }
        let file = match file::open(&self.log_path) {
            // Deleted while somebody reads: the file is there under its last name for a while.
            Err(error) if error.kind() == io::ErrorKind::NotFound => file::open(&self.doomed_path())?,
            opened => opened?,
        };
        let file = Arc::new(file);
        if self.options.files.take() {
            self.used.store(true, Ordering::Relaxed);
            if self.file.swap(Some(Arc::clone(&file))).is_some() {
                self.options.files.give_back();
            }
        }
        Ok(file)
    }

    /// Closes the descriptor of a segment that has nothing to flush and was not used since the last call, or whether it
    /// was or not if it is `urgent`. The next use opens it again. True if it was closed.
    pub fn close_idle_file(&self, urgent: bool) -> bool {
        let used = self.used.swap(false, Ordering::Relaxed);
        let flushed = !self.unsynced.load(Ordering::Acquire) || !self.appended.load(Ordering::Acquire);
        (flushed && (urgent || !used)) && self.close_file()
    }

    fn close_file(&self) -> bool {
        let was_open = self.file.swap(None).is_some();
        if was_open {
            self.options.files.give_back();
        }
        was_open
    }

    /// Lets go of the pages that are on disk, so that reads come from there.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn drop_cache(&self) -> io::Result<()> {
        file::drop_cache(&*self.file()?);
        Ok(())
    }

    fn doomed_path(&self) -> PathBuf {
        self.log_path.with_extension("log.deleted")
    }

    /// Appends a stamped batch. On an error the segment is as long as before.
    ///
    /// # Errors
    /// What the system says.
    pub fn append(&self, batch: &ValidBatch) -> io::Result<()> {
        self.append_raw(&batch.header, &[&batch.header_bytes(), batch.payload()])
    }

    /// Appends a batch as it is; `parts` is what `header` describes.
    ///
    /// # Errors
    /// As `append`, and a batch whose offsets or bytes do not fit a segment.
    pub fn append_raw(&self, header: &BatchHeader, parts: &[&[u8]; 2]) -> io::Result<()> {
        self.load_indexes()?;
        let position = self.size();
        let end = position + header.total_len() as u64;
        assert_eq!(
            header.total_len(),
            parts[0].len() + parts[1].len(),
            "the header tells the batch's length"
        );
        if end > MAX_BYTES {
            return Err(io::Error::other(format!(
                "a segment of {end} bytes is more than an index can point into"
            )));
        }
        let (first, last) = (header.base_offset - self.base, header.last_offset() - self.base);
        if first < 0 || last < first || last > i64::from(i32::MAX) {
            let text = format!("offsets {first}..={last}, counted from {}, do not fit a segment", self.base);
            return Err(io::Error::other(text));
        }
        let log = self.file()?;
        // A sync tells of failed writes only to who had the file open: without a place among the open files it comes now.
        let stays_open = self.file.load().is_some();
        if stays_open {
            self.appended.store(true, Ordering::Release);
            self.unsynced.store(true, Ordering::Release);
        }
        let mut outcome = file::write_all_at(&log, parts, position);
        if !stays_open {
            outcome = outcome.and_then(|()| file::sync_data(&log));
        }
        if let Err(error) = outcome {
            let _ = file::cut(&log, position); // what is behind `size` does not count
            return Err(error);
        }
        let mut indexes = self.indexes.write();
        indexes.note(header, position, self.options.index_interval_bytes);
        self.max_timestamp.store(indexes.max_timestamp(), Ordering::Relaxed);
        if position == 0 {
            self.first_timestamp.store(header.max_timestamp, Ordering::Relaxed);
        }
        self.size.store(end, Ordering::Release);
        Ok(())
    }

    /// Writes a batch over what lies at `position`, which ends within the file. The indexes are those of before.
    ///
    /// # Errors
    /// What the system says; a part may be written.
    pub(crate) fn overwrite(&self, position: u64, parts: &[&[u8]; 2]) -> io::Result<()> {
        assert!(
            position + (parts[0].len() + parts[1].len()) as u64 <= self.size(),
            "behind the end it is an append"
        );
        self.appended.store(true, Ordering::Release);
        self.unsynced.store(true, Ordering::Release);
        self.flushed.fetch_min(position, Ordering::AcqRel);
        file::write_all_at(&*self.file()?, parts, position)
    }

    /// Notes an aborted transaction whose marker lies in this segment. In order of the markers.
    ///
    /// # Errors
    /// The index file cannot be written.
    pub fn append_aborted(&self, entry: &AbortedEntry) -> io::Result<()> {
        txn::append(&self.log_path.with_extension(TXN_INDEX), entry)
    }

    /// Cuts the file, and the indexes with it. `position` is the end of a batch.
    ///
    /// # Errors
    /// What the system says; the segment may be as long as before then.
    pub fn truncate_to(&self, position: u64) -> io::Result<()> {
        self.load_indexes()?;
        if position >= self.size() {
            return Ok(());
        }
        let _files = self.index_files.lock();
        // Gone before the log is cut: a summary must never vouch for entries of bytes that were replaced.
        let summary = self.log_path.with_extension(summary::EXTENSION);
        if summary.exists() {
            file::remove_if_there(&summary)?;
            summary.parent().map_or(Ok(()), file::sync_dir)?;
        }
        let log = self.file()?;
        self.unsynced.store(true, Ordering::Release);
        self.sealed.store(false, Ordering::Release);
        // Readers see the shorter log first. No one reads what is cut: it was never below the high watermark.
        let before = self.size.swap(position, Ordering::AcqRel);
        if let Err(error) = file::cut(&log, position) {
            self.size.store(before, Ordering::Release);
            return Err(error);
        }
        self.flushed.fetch_min(position, Ordering::AcqRel);
        if position == 0 {
            self.first_timestamp.store(UNKNOWN, Ordering::Relaxed);
        }
        if self.unreadable_from().is_some_and(|at| at >= position) {
            self.unreadable.store(READABLE, Ordering::Release);
        }
        self.cut_indexes(position)
    }

    /// Makes the log durable, step by step so that others get at the disk between; then stores new index entries.
    ///
    /// # Errors
    /// The log could not be synced: what is on disk is not known then. Index files that fail are only logged.
    pub fn flush(&self) -> io::Result<()> {
        let sealed = self.sealed.load(Ordering::Acquire);
        if self.unsynced.load(Ordering::Acquire) {
            self.sync_log(true)?;
        }
        if (sealed || self.indexes.read().unstored() >= STORE_ENTRIES)
            && let Err(error) = self.store_indexes()
        {
            tracing::warn!(path = %self.log_path.display(), %error, "cannot write an index");
        }
        Ok(())
    }

    /// Ends appending: the time index gets its last entry and the index files are written.
    ///
    /// # Errors
    /// The indexes cannot be written; they are rebuilt at their next use then.
    pub fn seal(&self) -> io::Result<()> {
        self.load_indexes()?;
        if self.options.preallocate.is_some() {
            file::cut(&*self.file()?, self.size())?; // what was reserved and not used goes back
        }
        self.indexes.write().finish();
        self.sealed.store(true, Ordering::Release);
        self.store_indexes()
    }

    /// Tells an opened segment that it is not the active one.
    pub(crate) fn assume_sealed(&self) {
        if !self.sealed.swap(true, Ordering::AcqRel) {
            self.indexes.write().finish();
        }
    }

    /// Removes the files. Readers that hold the segment and its open file can go on until they drop it.
    ///
    /// # Errors
    /// A file could not be removed.
    pub fn delete(&self) -> io::Result<()> {
        file::remove_if_there(&self.retire()?)
    }

    /// Takes the file's name away, which is what deletes the segment, and its indexes; gives the name it has now. Readers
    /// that hold the segment find it there.
    ///
    /// # Errors
    /// A file could not be renamed or removed.
    pub fn retire(&self) -> io::Result<PathBuf> {
        let mut deleted = self.index_files.lock();
        *deleted = true;
        // The rename is what deletes: a crash behind it leaves leftovers that the next start removes.
        let doomed = self.doomed_path();
        file::rename_if_there(&self.log_path, &doomed)?;
        for extension in
            [OffsetEntry::EXTENSION, TimeEntry::EXTENSION, TXN_INDEX, summary::EXTENSION, "snapshot"]
        {
            file::remove_if_there(&self.log_path.with_extension(extension))?;
        }
        Ok(doomed)
    }
}

impl Drop for LogSegment {
    fn drop(&mut self) {
        self.close_file();
    }
}

#[cfg(test)]
#[path = "segment/segment_test.rs"]
mod segment_test;

#[cfg(test)]
#[path = "segment/damage_test.rs"]
mod damage_test;
