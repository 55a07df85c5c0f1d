//! What ends a task, and records that cannot be written.

use async_trait::async_trait;
use highway_connect_data::ConnectRecord;

use crate::format::FormatError;
use crate::partition::PartitionError;
use crate::store::{LogError, ProbeError, StoreError};

/// Why the task cannot go on. All but [`TaskError::Record`] and [`TaskError::Recreated`] may go away by starting it anew.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The commit log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The bucket cannot be used.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The store cannot do what is asked of it.
    #[error(
        "exactly-once is asked for (highway.delivery.guarantee=exactly_once), but {0}: use another store, or \
         highway.delivery.guarantee=at_least_once"
    )]
    Guarantee(String),
    /// A record that cannot be written.
    #[error("{topic}-{partition} offset {offset}: {reason}")]
    Record {
        /// Its topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// Why.
        reason: RecordError,
    },
    /// This task read a topic that was deleted since.
    #[error(
        "topic {topic} with id {id} was deleted and made anew, and another task has begun with the new one"
    )]
    Recreated {
        /// The topic.
        topic: String,
        /// The id that this task was given.
        id: String,
    },
    /// The disk for what does not fit into memory.
    #[error("spill file: {0}")]
    Spill(#[from] std::io::Error),
    /// Records of a partition that was not opened: a bug of the runtime.
    #[error("records of {0}-{1}, which is not open")]
    NotOpen(String, i32),
}

/// Why one record cannot be written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordError {
    /// It has no folder.
    #[error(transparent)]
    Partition(#[from] PartitionError),
    /// The format does not take it.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A tombstone.
    #[error("the value is null, and behavior.on.null.values is fail")]
    Null,
    /// Not from a topic.
    #[error("the record has no offset")]
    NoOffset,
}

/// Where records go that cannot be written, with `errors.tolerance=all`: the dead letter queue.
#[async_trait]
pub trait Rejects: Send + Sync {
    /// Takes a record. It counts as done when this returns, and its offset will be committed: it must be durable then.
    async fn reject(&self, record: &ConnectRecord, reason: &RecordError) -> Result<(), String>;
}
