//! What became of a record. All records of a batch share one outcome.

use std::sync::{Arc, OnceLock};

use highway_types::{Offset, Timestamp, TopicName};
use tokio::sync::Notify;

use crate::error::ClientError;

/// Where a record was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordMetadata {
    /// The topic.
    pub topic: TopicName,
    /// The partition.
    pub partition: i32,
    /// The offset; [`Offset::NONE`] with `acks=0`, or where the broker only said that it had the record already.
    pub offset: Offset,
    /// The broker's time, where the topic is set to use it.
    pub append_time: Option<Timestamp>,
}

/// Where a batch was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub base: Offset,
    pub append_time: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Outcome {
    topic: TopicName,
    partition: i32,
    result: OnceLock<Result<Place, ClientError>>,
    changed: Notify,
}

impl Outcome {
    pub(super) fn new(topic: &TopicName, partition: i32) -> Arc<Self> {
        let topic = topic.clone();
        Arc::new(Self { topic, partition, result: OnceLock::new(), changed: Notify::new() })
    }

    pub(super) fn set(&self, result: Result<Place, ClientError>) {
        // Set once; a second result would be of a batch that is settled.
        let _ = self.result.set(result);
        self.changed.notify_waiters();
    }

    pub(super) async fn wait(&self) -> Result<Place, ClientError> {
        loop {
            let changed = self.changed.notified();
            if let Some(result) = self.result.get() {
                return result.clone();
            }
            changed.await;
        }
    }
}

/// A record on its way.
#[derive(Debug)]
pub struct Delivery {
    pub(super) outcome: Arc<Outcome>,
    pub(super) index: i32,
}

impl Delivery {
    /// Waits until the record is acknowledged.
    ///
    /// # Errors
    /// It was not, for good.
    pub async fn wait(self) -> Result<RecordMetadata, ClientError> {
        let place = self.outcome.wait().await?;
        let offset = if place.base == Offset::NONE { place.base } else { place.base + i64::from(self.index) };
        Ok(RecordMetadata {
            topic: self.outcome.topic.clone(),
            partition: self.outcome.partition,
            offset,
            append_time: place.append_time,
        })
    }
}
