//! What can go wrong with a log, an enum for each operation. The server maps them to Kafka's error codes.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use highway_types::{Offset, TopicIdPartition};

use crate::batch::validate::BatchError;
use crate::commit_log::CommitLogError;
use crate::producer_state::ProducerStateError;

/// Why records were not appended. Nothing of them is in the log then.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The batch breaks a rule; sending it again will not help.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The producer's sequence or epoch is wrong.
    #[error(transparent)]
    Producer(#[from] ProducerStateError),
    /// The segment could not be written; the partition stays usable and the producer may try again.
    #[error("cannot write to {path}: {source}")]
    Segment {
        /// The directory of the partition.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The commit log takes nothing.
    #[error(transparent)]
    CommitLog(#[from] CommitLogError),
    /// The partition is offline or deleted.
    #[error(transparent)]
    Offline(#[from] Offline),
}

/// Why records were not read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The offset is below the log start or behind the log end.
    #[error("offset {offset} is outside of {start}..{end}")]
    OutOfRange {
        /// What was asked for.
        offset: Offset,
        /// The log start offset.
        start: Offset,
        /// The log end offset.
        end: Offset,
    },
    /// Stored bytes are not what was written. They are never served and never deleted for it.
    #[error("{path}: batch at offset {offset}, position {position} is corrupt: {detail}")]
    Corrupt {
        /// The segment file.
        path: PathBuf,
        /// Base offset that was expected there.
        offset: Offset,
        /// Byte position in the file.
        position: u64,
        /// What is wrong.
        detail: String,
    },
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The segment file or directory.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The partition is offline or deleted.
    #[error(transparent)]
    Offline(#[from] Offline),
}

/// A partition that takes and gives nothing until the node is restarted, or at all.
#[derive(Clone, Debug, thiserror::Error)]
#[error("partition {id} is offline: {reason}")]
pub struct Offline {
    /// Which.
    pub id: TopicIdPartition,
    /// Why.
    pub reason: Arc<str>,
}

/// Why the logs of a node could not be opened or kept.
#[derive(Debug, thiserror::Error)]
pub enum LogManagerError {
    /// A file operation failed.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the directory.
    #[error("data directory {path} is in use by another process{}", pid.map(|p| format!(" (pid {p})")).unwrap_or_default())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The process that wrote its number there.
        pid: Option<u32>,
    },
    /// The directory belongs to Apache Kafka.
    #[error(
        "data directory {path} holds the data of an Apache Kafka broker ({found}); Highway does not touch it. \
         Give Highway an empty log.dirs and copy the topics from the running Kafka by mirroring"
    )]
    KafkaData {
        /// The directory.
        path: PathBuf,
        /// The file that tells.
        found: String,
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
    /// A file of our own is damaged.
    #[error("{path} is corrupt: {detail}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The journal could not be opened or replayed.
    #[error(transparent)]
    CommitLog(#[from] CommitLogError),
    /// The journal could not be replayed.
    #[error("replay of the journal: {0}")]
    Replay(String),
    /// A log could not be read while it was opened.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl LogManagerError {
    /// For `map_err`: names the path that an I/O error is about.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
