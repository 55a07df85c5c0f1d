//! Batches of each partition: the one that is filled, those that are full, and what is on its way.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use highway_types::limits::CLIENT_MAX_IN_FLIGHT;
use highway_types::{Timestamp, TopicName};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::config::{ProducerConfig, ProducerRecord};
use super::delivery::{Delivery, Outcome};
use super::partitioner::partition_of_key;
use crate::error::ClientError;
use crate::records::{BatchBuilder, Batches, Compression, RecordsError};

/// Ids lie so far apart that a batch can be split as often as it has records.
const ID_SPAN: u64 = 1 << 24;

/// A batch with what is to be done when it is settled.
#[derive(Debug)]
pub(super) struct Batch {
    /// In the order of creation.
    pub id: u64,
    /// Ids that are free behind `id`, for what it may be split into.
    span: u64,
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
    /// Id and epoch that its batches are stamped with, once there are any.
    pub identity: Option<(i64, i16)>,
    /// An id whose epochs are used up.
    pub retired: Option<i64>,
    /// A sequence number was given to a batch that will not be written: nothing fits behind it.
    pub renew: bool,
    /// Who wants what was sent to be over.
    pub fences: Vec<oneshot::Sender<Result<(), ClientError>>>,
    /// The marker is under way.
    pub fencing: bool,
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

    /// Makes room for `count` partitions; true if there were fewer.
    pub(super) fn grow(&mut self, count: usize) -> bool {
        let fewer = self.partitions.len() < count;
        if fewer {
            self.partitions.resize_with(count, PartitionQueue::default);
        }
        fewer
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
            self.next_id += ID_SPAN;
            self.unfinished.insert(self.next_id, outcome.clone());
            let capacity = (queue.last_len + 1024).max(bytes + 256).min(config.batch_bytes.max(bytes) + 256);
            Batch {
                id: self.next_id,
                span: ID_SPAN,
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

    /// Two batches with half of the records each.
    ///
    /// # Errors
    /// It cannot be read again: a defect here.
    pub(super) fn split(self) -> Result<(Self, Self), Box<(Self, RecordsError)>> {
        let halves = match &self.body {
            Body::Stamped(bytes) | Body::Again(bytes) => halves(bytes, self.count / 2),
            Body::Open(_) => Err(RecordsError::Malformed { offset: 0, detail: "it was never sealed" }),
        };
        let (left, right) = match halves {
            Ok(halves) => halves,
            Err(error) => return Err(Box::new((self, error))),
        };
        let outcomes = self.outcome.split(left.count());
        let half = |id, held, builder: BatchBuilder, outcome| Self {
            id,
            span: self.span / 2,
            topic: self.topic.clone(),
            partition: self.partition,
            count: builder.count(),
            body: Body::Open(builder),
            held,
            created: self.created,
            outcome,
            sequence: None,
            // Sent alone: what is behind it need not be sent twice if it is refused, too.
            attempts: 1,
            uncertain: false,
        };
        let first = half(self.id, self.held / 2, left, outcomes.0);
        let second = half(self.id + self.span / 2, self.held - self.held / 2, right, outcomes.1);
        Ok((first, second))
    }

    /// Bytes of its records, before compression where it is not packed yet.
    pub(super) fn wire_len(&self) -> usize {
        self.len()
    }
}

/// The records of a batch in two builders, `at` of them in the first.
fn halves(bytes: &Bytes, at: i32) -> Result<(BatchBuilder, BatchBuilder), RecordsError> {
    let batch = Batches::new(bytes.clone()).next()?;
    let batch = batch.ok_or(RecordsError::Malformed { offset: 0, detail: "it is cut" })?;
    let unpacked = batch.compression() == Compression::None;
    let capacity = if unpacked { bytes.len() / 2 + 128 } else { bytes.len() * 2 };
    let mut left = BatchBuilder::with_capacity(capacity);
    let mut right = BatchBuilder::with_capacity(capacity);
    for (index, record) in (0..).zip(batch) {
        let record = record?;
        let side = if index < at { &mut left } else { &mut right };
        side.push(record.timestamp, record.key.as_deref(), record.value.as_deref(), &record.headers);
    }
    Ok((left, right))
}

impl PartitionQueue {
    /// Begins the next epoch. What was sent and not clearly answered cannot go on under it and is given back.
    pub(super) fn start_over(&mut self) -> Vec<Batch> {
        self.renew = false;
        self.next_sequence = 0;
        if let Some((id, epoch)) = self.identity {
            // The last epoch is kept for a fence.
            let more = epoch < i16::MAX - 1;
            self.identity = more.then_some((id, epoch + 1));
            self.retired = if more { self.retired } else { Some(id) };
        }
        let mut uncertain = Vec::new();
        for mut batch in std::mem::take(&mut self.ready) {
            if batch.uncertain {
                uncertain.push(batch);
                continue;
            }
            batch.body = match batch.body {
                Body::Stamped(bytes) => Body::Again(bytes),
                other => other,
            };
            batch.sequence = None;
            self.ready.push_back(batch);
        }
        uncertain
    }

    /// The next batch that may be sent, or the moment at which there may be one.
    pub(super) fn due(&mut self, now: Instant, config: &ProducerConfig, flushing: bool) -> Due {
        if let Some(hold) = self.hold {
            if hold > now {
                return if self.ready.is_empty() && self.open.is_none() { Due::Never } else { Due::At(hold) };
            }
            self.hold = None;
        }
        let ending = self.renew || self.fencing || !self.fences.is_empty();
        if ending || self.in_flight >= CLIENT_MAX_IN_FLIGHT {
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
