//! What became of a record. All records of a batch share one outcome, unless the batch had to be split.

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
    /// The batch was cut in two: where, and the outcomes of both.
    halves: OnceLock<(i32, Arc<Outcome>, Arc<Outcome>)>,
    changed: Notify,
}

impl Outcome {
    pub(super) fn new(topic: &TopicName, partition: i32) -> Arc<Self> {
        let topic = topic.clone();
        Arc::new(Self {
            topic,
            partition,
            result: OnceLock::new(),
            halves: OnceLock::new(),
            changed: Notify::new(),
        })
    }

    pub(super) fn set(&self, result: Result<Place, ClientError>) {
        // Set once; a second result would be of a batch that is settled.
        let _ = self.result.set(result);
        self.changed.notify_waiters();
    }

    /// Records from `at` on have another outcome than those before. Gives both.
    pub(super) fn split(&self, at: i32) -> (Arc<Self>, Arc<Self>) {
        let half = || Self::new(&self.topic, self.partition);
        let (_, left, right) = self.halves.get_or_init(|| (at, half(), half()));
        self.changed.notify_waiters();
        (left.clone(), right.clone())
    }

    /// Waits for the record at `index`: the place of its batch, and its index there.
    async fn wait_for(self: Arc<Self>, mut index: i32) -> Result<(Place, i32), ClientError> {
        let mut outcome = self;
        loop {
            let next = {
                let changed = outcome.changed.notified();
                if let Some(result) = outcome.result.get() {
                    return result.clone().map(|place| (place, index));
                }
                match outcome.halves.get() {
                    None => {
                        changed.await;
                        continue;
                    }
                    Some((at, left, _)) if index < *at => left.clone(),
                    Some((at, _, right)) => {
                        index -= at;
                        right.clone()
                    }
                }
            };
            outcome = next;
        }
    }

    /// Waits until all records are settled.
    pub(super) async fn settled(self: Arc<Self>) {
        let mut open = vec![self];
        while let Some(outcome) = open.pop() {
            loop {
                let changed = outcome.changed.notified();
                if outcome.result.get().is_some() {
                    break;
                }
                if let Some((_, left, right)) = outcome.halves.get() {
                    open.extend([left.clone(), right.clone()]);
                    break;
                }
                changed.await;
            }
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
        let (place, index) = self.outcome.clone().wait_for(self.index).await?;
        let offset = if place.base == Offset::NONE { place.base } else { place.base + i64::from(index) };
        Ok(RecordMetadata {
            topic: self.outcome.topic.clone(),
            partition: self.outcome.partition,
            offset,
            append_time: place.append_time,
        })
    }
}
