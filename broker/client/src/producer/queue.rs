//! Batches of each partition: the one that is filled, those that are full, and what is on its way.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use highway_types::limits::CLIENT_MAX_IN_FLIGHT;
use highway_types::{Timestamp, TopicName};
use tokio::time::Instant;

use super::config::{ProducerConfig, ProducerRecord};
use super::delivery::{Delivery, Outcome};
use super::partitioner::partition_of_key;
use crate::error::ClientError;
use crate::records::BatchBuilder;

/// A batch with what is to be done when it is settled.
#[derive(Debug)]
pub(super) struct Batch {
    /// In the order of creation.
    pub id: u64,
    pub topic: TopicName,
    pub partition: i32,
    pub body: Body,
    pub count: i32,
    /// Bytes of room that it holds.
    pub held: usize,
    pub created: Instant,
    pub outcome: Arc<Outcome>,
    /// Set when it is sent first.
    pub sequence: Option<i32>,
    pub attempts: u32,
    /// It was sent and nobody knows what became of it.
    pub uncertain: bool,
}

#[derive(Debug)]
pub(super) enum Body {
    Open(BatchBuilder),
    Stamped(Bytes),
    /// To be stamped again, under another producer id.
    Again(Bytes),
}

/// One partition.
#[derive(Debug, Default)]
pub(super) struct PartitionQueue {
    pub open: Option<Batch>,
    pub ready: VecDeque<Batch>,
    pub in_flight: usize,
    /// Ids of those in flight, to see whether an earlier one is unsettled.
    pub flying: Vec<u64>,
    pub next_sequence: i32,
    /// Not before this moment, after a failure.
    pub hold: Option<Instant>,
    /// Bytes of the last batch: the next one will be about as large.
    last_len: usize,
    pub acknowledged: u64,
}

#[derive(Debug)]
pub(super) struct TopicQueues {
    pub partitions: Vec<PartitionQueue>,
    sticky: usize,
    sticky_bytes: usize,
}

impl TopicQueues {
    pub(super) fn new(count: usize) -> Self {
        let partitions = (0..count).map(|_| PartitionQueue::default()).collect();
        Self { partitions, sticky: rand::random_range(0..count.max(1)), sticky_bytes: 0 }
    }

    /// Records without a key stay on one partition for a batch, so that batches are full (KIP-480, KIP-794).
    fn choose(
        &mut self,
        record: &ProducerRecord<'_>,
        bytes: usize,
        batch_bytes: usize,
    ) -> Result<usize, ClientError> {
        let count = self.partitions.len();
        if let Some(partition) = record.partition {
            let index = usize::try_from(partition).ok().filter(|p| *p < count);
            return index.ok_or_else(|| ClientError::NoPartition {
                topic: record.topic.clone(),
                partition,
                count,
            });
        }
        if let Some(key) = record.key {
            let partition = partition_of_key(key, i32::try_from(count).unwrap_or(i32::MAX));
            return Ok(usize::try_from(partition).unwrap_or(0));
        }
        if self.sticky_bytes >= batch_bytes && count > 1 {
            self.sticky_bytes = 0;
            // Any other one.
            self.sticky = (self.sticky + rand::random_range(1..count)) % count;
        }
        self.sticky_bytes += bytes;
        Ok(self.sticky)
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub topics: HashMap<TopicName, TopicQueues>,
    /// Batches that are not settled.
    pub unfinished: HashMap<u64, Arc<Outcome>>,
    next_id: u64,
    /// Calls of flush that wait: linger is over for all.
    pub flushing: usize,
    pub first_failure: Option<ClientError>,
}

/// A record that is in a batch.
pub(super) struct Taken {
    pub delivery: Delivery,
    /// The sender has something new to look at.
    pub wake: bool,
}

impl State {
    /// The queue that a batch belongs to.
    pub(super) fn queue(&mut self, batch: &Batch) -> Option<&mut PartitionQueue> {
        let index = usize::try_from(batch.partition).ok()?;
        self.topics.get_mut(&batch.topic)?.partitions.get_mut(index)
    }

    /// `None`: the topic is not known yet.
    pub(super) fn append(
        &mut self,
        record: &ProducerRecord<'_>,
        timestamp: Timestamp,
        bytes: usize,
        config: &ProducerConfig,
    ) -> Result<Option<Taken>, ClientError> {
        let Some(topic) = self.topics.get_mut(record.topic) else { return Ok(None) };
        let index = topic.choose(record, bytes, config.batch_bytes)?;
        let queue = &mut topic.partitions[index];
        let mut wake = false;
        if let Some(open) = queue.open.take_if(|b| b.len() + bytes > config.batch_bytes) {
            queue.last_len = open.len();
            queue.ready.push_back(open);
            wake = true;
        }
        let batch = queue.open.get_or_insert_with(|| {
            wake = true;
            let partition = i32::try_from(index).unwrap_or(i32::MAX);
            let outcome = Outcome::new(record.topic, partition);
            self.next_id += 1;
            self.unfinished.insert(self.next_id, outcome.clone());
            let capacity = (queue.last_len + 1024).max(bytes + 256).min(config.batch_bytes.max(bytes) + 256);
            Batch {
                id: self.next_id,
                topic: record.topic.clone(),
                partition,
                body: Body::Open(BatchBuilder::with_capacity(capacity)),
                count: 0,
                held: 0,
                created: Instant::now(),
                outcome,
                sequence: None,
                attempts: 0,
                uncertain: false,
            }
        });
        batch.held += bytes;
        batch.count += 1;
        let index = match &mut batch.body {
            Body::Open(builder) => builder.push(timestamp, record.key, record.value, record.headers),
            Body::Stamped(_) | Body::Again(_) => 0,
        };
        Ok(Some(Taken { delivery: Delivery { outcome: batch.outcome.clone(), index }, wake }))
    }
}

impl Batch {
    fn len(&self) -> usize {
        match &self.body {
            Body::Open(builder) => builder.len(),
            Body::Stamped(bytes) | Body::Again(bytes) => bytes.len(),
        }
    }

    /// Bytes of its records, before compression where it is not packed yet.
    pub(super) fn wire_len(&self) -> usize {
        self.len()
    }
}

impl PartitionQueue {
    /// The next batch that may be sent, or the moment at which there may be one.
    pub(super) fn due(&mut self, now: Instant, config: &ProducerConfig, flushing: bool) -> Due {
        if let Some(hold) = self.hold {
            if hold > now {
                return if self.ready.is_empty() && self.open.is_none() { Due::Never } else { Due::At(hold) };
            }
            self.hold = None;
        }
        if self.in_flight >= CLIENT_MAX_IN_FLIGHT {
            return Due::Never;
        }
        if let Some(first) = self.ready.front() {
            // One that failed is sent alone: nothing may overtake it.
            return if first.attempts > 0 && self.in_flight > 0 { Due::Never } else { Due::Now };
        }
        match &self.open {
            None => Due::Never,
            Some(open) if flushing || open.created + config.linger <= now => Due::Now,
            Some(open) => Due::At(open.created + config.linger),
        }
    }

    /// Takes what [`PartitionQueue::due`] promised.
    pub(super) fn take(&mut self) -> Option<Batch> {
        let batch = match self.ready.pop_front() {
            Some(batch) => batch,
            None => {
                let open = self.open.take()?;
                self.last_len = open.len();
                open
            }
        };
        self.in_flight += 1;
        self.flying.push(batch.id);
        Some(batch)
    }

    /// The batch came back, settled or not.
    pub(super) fn landed(&mut self, id: u64) {
        self.in_flight -= 1;
        self.flying.retain(|f| *f != id);
    }

    /// Whether a batch before this one is unsettled.
    pub(super) fn has_earlier(&self, id: u64) -> bool {
        self.flying.iter().any(|f| *f < id) || self.ready.iter().any(|b| b.id < id)
    }

    /// Puts a batch back in its place.
    pub(super) fn put_back(&mut self, batch: Batch) {
        let at = self.ready.partition_point(|b| b.id < batch.id);
        self.ready.insert(at, batch);
    }
}

/// When a partition has something to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Now,
    At(Instant),
    Never,
}
