//! Settings of a journal.

use std::sync::Arc;
use std::time::Duration;

use highway_types::limits;

use super::file::{DiskIo, JournalIo};
use super::format::BLOCK;
use super::write_once::LargeBatches;

/// How the files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoMode {
    /// Through the page cache.
    Buffered,
    /// Past the page cache (`O_DIRECT`), where the file system can; else as `Buffered`.
    Direct,
}

/// Settings of a journal. `Default` is what a node uses.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// Bytes of one file; a multiple of 4096.
    pub file_bytes: u64,
    /// Files at the most; at least 3.
    pub max_files: usize,
    /// Empty files to keep ready.
    pub spare_files: usize,
    /// How long after an open no new file is made while one is ready: zeroing it would slow the first appends down, and
    /// the first checkpoint gives old files back.
    pub quiet: Duration,
    /// Bytes that only control records may use.
    pub reserve_bytes: u64,
    /// Bytes admitted or submitted and not yet written before appenders wait.
    pub queue_bytes: u64,
    /// Bytes that go into one group, unless a single set is larger.
    pub group_bytes: u64,
    /// Bytes of one write call.
    pub write_bytes: usize,
    /// What to do with large batches.
    pub large_batches: LargeBatches,
    /// The system calls.
    pub io: Arc<dyn JournalIo>,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self::with_mode(IoMode::Direct)
    }
}

impl JournalOptions {
    /// The defaults with a certain way of writing.
    #[must_use]
    pub fn with_mode(mode: IoMode) -> Self {
        Self {
            file_bytes: limits::JOURNAL_FILE_BYTES,
            max_files: limits::JOURNAL_MAX_FILES,
            spare_files: 2,
            quiet: Duration::from_millis(500),
            reserve_bytes: 4 << 20,
            queue_bytes: limits::JOURNAL_QUEUE_BYTES as u64,
            group_bytes: 4 << 20,
            // Larger calls through the page cache cost up to eight times the CPU on virtual machines.
            write_bytes: if mode == IoMode::Direct { 1 << 20 } else { 128 << 10 },
            large_batches: LargeBatches::Adaptive,
            io: Arc::new(DiskIo::new(mode)),
        }
    }

    /// Bytes that one file has for groups.
    pub(super) fn capacity(&self) -> u64 {
        self.file_bytes - BLOCK
    }

    /// # Panics
    /// On settings that cannot work; they are constants or tests' choices, never a user's.
    pub(super) fn check(&self) {
        assert!(self.file_bytes.is_multiple_of(BLOCK) && self.file_bytes >= 4 * BLOCK, "{}", self.file_bytes);
        assert!(self.max_files >= 3 && self.spare_files >= 1, "{} files", self.max_files);
        assert!(self.reserve_bytes <= self.capacity(), "reserve {}", self.reserve_bytes);
        assert!(self.write_bytes as u64 >= BLOCK && (self.write_bytes as u64).is_multiple_of(BLOCK));
    }
}
