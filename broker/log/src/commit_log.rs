//! The seam that decides what durable means: an ordered log of append sets.
//!
//! On one machine it is [`crate::journal::Journal`]; in a cluster it is an object store. Everything above sees only
//! this trait, and one contract-test suite (`commit_log_contract.rs`) runs against every implementation.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use highway_types::{JournalPosition, Offset, TopicIdPartition};
use smallvec::SmallVec;
use tokio::sync::{oneshot, watch};

use crate::batch::header::{BatchHeader, HEADER_LEN};

/// One batch of an append set.
#[derive(Clone)]
pub struct AppendEntry {
    /// The partition that it belongs to.
    pub id: TopicIdPartition,
    /// Offset of its first record.
    pub base_offset: Offset,
    /// Offset of its last record.
    pub last_offset: Offset,
    /// The batch's header, with offset and leader epoch stamped.
    pub header: [u8; HEADER_LEN],
    /// The batch's bytes behind the header, as they were sent. The header's CRC-32C must fit them: it is what tells a
    /// whole batch from a torn one at replay, and nobody computes it again on the way in.
    pub payload: Bytes,
    /// Where the batch lies in a file already, if it is large: see [`StoredFile`].
    pub stored: Option<Stored>,
    /// Who is told how far the entry got.
    pub observer: Arc<dyn AppendObserver>,
}

/// A file that holds batches and can be made durable on its own.
///
/// A commit log that lies on the same disk may make this file durable before the entry, instead of storing the payload a
/// second time: large appends are bound by the disk then, not by half of it. Others ignore it.
pub trait StoredFile: Send + Sync {
    /// Asks the disk for everything below `end` and does not wait.
    fn start_sync(&self, end: u64);
    /// Makes everything below `end` durable, and the file's name too.
    ///
    /// # Errors
    /// What the system says. The file is not known to hold anything more then, and every later call fails too.
    fn sync_up_to(&self, end: u64) -> io::Result<()>;
}

/// Where a batch lies.
#[derive(Clone)]
pub struct Stored {
    /// The file.
    pub file: Arc<dyn StoredFile>,
    /// The byte behind the batch.
    pub end: u64,
}

impl fmt::Debug for AppendEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}@{}..={} ({} B)",
            self.id,
            self.base_offset,
            self.last_offset,
            HEADER_LEN + self.payload.len()
        )
    }
}

/// Is told about the appends of one partition, in their order, on the commit log's own thread: it must be quick, and
/// must not call `submit`, `admit`, `release` or `close`.
pub trait AppendObserver: Send + Sync {
    /// Everything below `end` is handed to the operating system: it survives the death of the process.
    fn written(&self, end: Offset);
    /// Everything below `end` is durable.
    fn durable(&self, end: Offset);
    /// The commit log failed, or the entry's own file; nothing that is not durable yet will ever be. May be called more
    /// than once.
    fn failed(&self, error: &CommitLogError);
}

/// Batches of one or more partitions that become durable as one.
#[derive(Clone, Debug, Default)]
pub struct AppendSet {
    /// The batches, in the order in which they are replayed. Never empty when submitted.
    pub entries: SmallVec<[AppendEntry; 1]>,
}

impl AppendSet {
    /// Bytes of all batches.
    #[must_use]
    pub fn batch_bytes(&self) -> usize {
        self.entries.iter().map(|e| HEADER_LEN + e.payload.len()).sum()
    }

    /// True if it carries control records, which may use the space that is kept in reserve for them.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.entries.iter().any(|e| e.id == TopicIdPartition::CLUSTER_METADATA)
    }
}

/// Why a commit log does not take or did not keep something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitLogError {
    /// It was closed.
    #[error("the commit log is closed")]
    Closed,
    /// All of its space is needed until the next checkpoint; try again.
    #[error("no room in the commit log for {needed} bytes until the next checkpoint ({room} left)")]
    Full {
        /// Bytes asked for.
        needed: u64,
        /// Bytes that are left.
        room: u64,
    },
    /// The disk has no space for more of it; try again.
    #[error("no room in the commit log for {needed} bytes and none on its disk: {detail}")]
    NoSpace {
        /// Bytes asked for.
        needed: u64,
        /// What the system said.
        detail: Arc<str>,
    },
    /// Too much is waiting to be written; try again.
    #[error("{queued} bytes wait to be written to the commit log")]
    Busy {
        /// Bytes that wait.
        queued: u64,
    },
    /// A set that can never be taken.
    #[error("an append set of {bytes} bytes is larger than the commit log's limit of {max}")]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// A set that breaks the contract of `submit`.
    #[error("not an append set: {detail}")]
    Invalid {
        /// What is wrong.
        detail: String,
    },
    /// Writing or syncing failed. What was not durable then is in doubt; nothing is taken until a restart has looked
    /// at what is on disk.
    #[error("the commit log failed at {operation}: {detail}; it takes nothing until a restart")]
    Failed {
        /// `write`, `sync`, `prepare`, ...
        operation: &'static str,
        /// What the system said.
        detail: Arc<str>,
    },
    /// A batch could not be made durable where it lies. Its partition takes nothing until a restart has looked at what
    /// is on disk; others are not concerned.
    #[error("{partition} could not be made durable: {detail}; it takes nothing until a restart")]
    NotStored {
        /// The partition.
        partition: TopicIdPartition,
        /// What the system said.
        detail: Arc<str>,
    },
    /// A file operation failed while it was opened or read.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// Stored bytes are not what was written. Nothing is repaired, cut or deleted for it.
    #[error("{path} is corrupt at byte {offset} (position {position}): {detail}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Byte in the file.
        offset: u64,
        /// Position in the log.
        position: JournalPosition,
        /// What is wrong.
        detail: String,
    },
    /// Written by a newer release.
    #[error(
        "{path} has format {found}, this release reads up to {supported}; start the newer release instead"
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest that is known here.
        supported: u32,
    },
}

impl CommitLogError {
    /// True if nothing was taken and the same set may be taken later.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::NoSpace { .. } | Self::Busy { .. })
    }
}

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log cannot be read, or is corrupt.
    #[error(transparent)]
    CommitLog(#[from] CommitLogError),
    /// The checkpoint says more than the log holds: another log's checkpoint, or a log that was lost.
    #[error("replay from {from} asked for, but the commit log ends at {end}")]
    Ahead {
        /// Where replay should start.
        from: JournalPosition,
        /// Where the log ends.
        end: JournalPosition,
    },
    /// What the checkpoint needs is gone.
    #[error("replay from {from} asked for, but the commit log starts at {start}")]
    Gone {
        /// Where replay should start.
        from: JournalPosition,
        /// The first position that is there.
        start: JournalPosition,
    },
    /// The visitor gave up.
    #[error("{0}")]
    Visitor(String),
}

/// A batch at replay. The bytes are borrowed and only good within the visit.
#[derive(Clone, Copy, Debug)]
pub struct ReplayedEntry<'a> {
    /// The partition.
    pub id: TopicIdPartition,
    /// The batch's header.
    pub header: BatchHeader,
    /// Its 61 bytes.
    pub raw_header: &'a [u8; HEADER_LEN],
    /// The bytes behind them, with a checksum that fits; `None` if they were made durable in the entry's own file.
    pub payload: Option<&'a [u8]>,
    /// Where the set of this entry ends.
    pub end: JournalPosition,
    /// The last entry of its set.
    pub last_of_set: bool,
}

/// What a replay saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplaySummary {
    /// Sets visited.
    pub sets: u64,
    /// Batches visited.
    pub entries: u64,
    /// Bytes of these batches.
    pub bytes: u64,
    /// Where the log ends.
    pub end: JournalPosition,
    /// Says where the last write was cut off by the crash, if it was; nothing of it had been promised.
    pub torn_tail: Option<String>,
}

/// How a commit log is.
#[derive(Clone, Debug)]
pub enum CommitLogStatus {
    /// It takes sets.
    Healthy,
    /// It was closed in good order.
    Closed,
    /// It failed, and takes nothing until a restart.
    Failed(CommitLogError),
}

/// How close a bounded commit log is to its bound, and what would relieve it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Files that hold sets which are not released.
    pub files_in_use: usize,
    /// Files that it may have.
    pub files_max: usize,
    /// Bytes that it can take now.
    pub room: u64,
    /// Appenders that wait in `admit`.
    pub waiting: usize,
    /// Everything before is released.
    pub oldest_needed: JournalPosition,
    /// Releasing up to here gives the oldest file back; `None` if there is only the one that is being written.
    pub frees_oldest: Option<JournalPosition>,
    /// The disk has no space for another file.
    pub no_space: bool,
}

impl Pressure {
    /// True if a checkpoint should be made now, not at its time.
    #[must_use]
    pub fn is_high(&self) -> bool {
        self.waiting > 0 || self.no_space || self.files_in_use * 2 > self.files_max
    }
}

/// Takes an admission's bytes back. Implemented by commit logs.
pub trait AdmissionLedger: Send + Sync {
    /// Called once for each admission.
    fn give_back(&self, bytes: u64);
}

/// Leave to submit so many bytes. Keep it until `submit` returned, then drop it.
pub struct Admission {
    ledger: Option<Arc<dyn AdmissionLedger>>,
    bytes: u64,
}

impl Admission {
    /// Leave for `bytes` that goes back to `ledger`.
    #[must_use]
    pub fn new(ledger: Arc<dyn AdmissionLedger>, bytes: u64) -> Self {
        Self { ledger: Some(ledger), bytes }
    }

    /// The ledger took it back itself.
    pub(crate) fn disarm(&mut self) {
        self.ledger = None;
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admission").field(&self.bytes).finish()
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(ledger) = self.ledger.take() {
            ledger.give_back(self.bytes);
        }
    }
}

/// Completes when there is room. Waiting is fair: first come, first served. Dropping it leaves the queue.
#[derive(Debug)]
pub struct Admit(AdmitState);

#[derive(Debug)]
enum AdmitState {
    Now(Option<Result<Admission, CommitLogError>>),
    Later(oneshot::Receiver<Result<Admission, CommitLogError>>),
}

impl Admit {
    /// Decided already.
    #[must_use]
    pub fn now(outcome: Result<Admission, CommitLogError>) -> Self {
        Self(AdmitState::Now(Some(outcome)))
    }

    /// Decided later.
    #[must_use]
    pub fn later(outcome: oneshot::Receiver<Result<Admission, CommitLogError>>) -> Self {
        Self(AdmitState::Later(outcome))
    }

    /// For threads without a runtime.
    ///
    /// # Errors
    /// As the future.
    pub fn wait_blocking(self) -> Result<Admission, CommitLogError> {
        match self.0 {
            AdmitState::Now(outcome) => outcome.unwrap_or(Err(CommitLogError::Closed)),
            AdmitState::Later(receiver) => receiver.blocking_recv().unwrap_or(Err(CommitLogError::Closed)),
        }
    }
}

impl Future for Admit {
    type Output = Result<Admission, CommitLogError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // Polled again after it completed: not allowed, and harmless.
            AdmitState::Now(outcome) => Poll::Ready(outcome.take().unwrap_or(Err(CommitLogError::Closed))),
            AdmitState::Later(receiver) => {
                Pin::new(receiver).poll(context).map(|o| o.unwrap_or(Err(CommitLogError::Closed)))
            }
        }
    }
}

/// An ordered log of append sets.
pub trait CommitLog: Send + Sync {
    /// Waits until `bytes` may be submitted. To be awaited before the partition's lock is taken.
    fn admit(&self, bytes: usize) -> Admit;

    /// Whether a batch of so many bytes should be submitted with a [`Stored`], if it lies in a file.
    fn wants_stored(&self, bytes: usize) -> bool {
        let _ = bytes;
        false
    }

    /// Appends a set and gives the position behind it. The order of calls is the order in the log. Never blocks on I/O.
    ///
    /// # Errors
    /// Nothing was taken: no observer will hear of the set.
    fn submit(&self, set: AppendSet) -> Result<JournalPosition, CommitLogError>;

    /// Everything before is durable *and* its observers have been told: a checkpoint that takes this position first
    /// and reads the partitions' high watermarks afterwards never releases what it did not flush.
    fn durable(&self) -> JournalPosition;

    /// Follows [`CommitLog::durable`].
    fn watch(&self) -> watch::Receiver<JournalPosition>;

    /// Visits every durable set that ends behind `from`, in order, whole sets only. Blocks on the disk.
    /// Must not overlap a `release` behind `from`.
    ///
    /// # Errors
    /// Corruption, which is named; `from` outside of the log; the visitor's own.
    fn replay(
        &self,
        from: JournalPosition,
        visit: &mut dyn FnMut(ReplayedEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<ReplaySummary, ReplayError>;

    /// Everything before `up_to` is durable elsewhere and recorded so: it will not be replayed again.
    fn release(&self, up_to: JournalPosition);

    /// How close to its bound it is.
    fn pressure(&self) -> Pressure;

    /// Whether it takes sets.
    fn status(&self) -> CommitLogStatus;

    /// Takes nothing more, makes durable what was submitted, and returns then. Blocks. `durable`, `release` and
    /// `replay` go on working.
    fn close(&self);
}

#[cfg(any(test, feature = "contract-tests"))]
#[path = "commit_log_contract.rs"]
pub mod contract;
