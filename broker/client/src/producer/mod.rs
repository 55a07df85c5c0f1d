//! Writing records: batches per partition, sent by one task, in order, again where that helps.
//!
//! [`Producer::send`] copies a record into the open batch of its partition and returns; the batch goes out when it is
//! full, when its linger time is over, or on [`Producer::flush`]. Up to
//! [`highway_types::limits::CLIENT_MAX_IN_FLIGHT`] batches of a partition are on their way; sequence numbers keep them
//! in order and once only, also when some are sent again (KIP-98). Without idempotence (`acks` other than all) a
//! repeated batch may overtake or repeat, as with Kafka's own producer.
//!
//! # Epochs
//!
//! Each partition has its own epoch of the producer's id. It goes up by one, and sequence numbers begin anew, when a number was given
//! to a batch that will never be written (KIP-360 has clients do that on their own); what was not sent, or clearly refused, goes on
//! under the new epoch. A batch that was sent without a clear answer does not: it fails, and nobody knows whether it is written.
//!
//! Who must know calls [`Producer::fence`]. It waits until no request is under way, raises the epoch, and has the partition's leader
//! write a control batch with that epoch. From then on
//! - a batch of an older epoch that arrives late is refused, because the partition's producer state, which is derived from the log,
//!   has a newer one: nothing of before can be appended behind the marker, not even after a restart;
//! - whatever was appended before the marker has a lower offset, and the marker is durable, so all of it is durable and below the high
//!   watermark: one reading of the log up to there sees it.
//!
//! So the log decides, and it decides for good.

mod config;
mod delivery;
mod fence;
mod partitioner;
mod queue;
mod request;
mod sender;

pub use config::{Acks, ProducerConfig, ProducerRecord};
pub use delivery::{Delivery, RecordMetadata};
pub use partitioner::partition_of_key;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highway_types::{Clock, SystemClock, TopicName};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::cluster::Client;
use crate::error::ClientError;
use crate::records::{BatchBuilder, RecordsError};

use queue::{State, TopicQueues};

/// Writes records to topics.
#[derive(Debug)]
pub struct Producer {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    config: ProducerConfig,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Something to do for the sender.
    wake: Notify,
    /// Bytes that may still be taken in.
    room: Semaphore,
    records: AtomicU64,
    bytes: AtomicU64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Producer {
    /// Starts the sender; nothing is sent yet.
    #[must_use]
    pub fn new(client: Client, config: ProducerConfig) -> Self {
        let shared = Arc::new(Shared {
            client,
            clock: SystemClock::new(),
            state: Mutex::default(),
            wake: Notify::new(),
            room: Semaphore::new(config.buffer_bytes),
            config,
            records: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        });
        let task = tokio::spawn(sender::run(shared.clone()));
        Self { shared, task }
    }

    /// Takes a record in. Waits only while the buffer is full or the topic is not known yet.
    ///
    /// The [`Delivery`] may be dropped; [`Producer::flush`] tells of failures nobody waited for.
    ///
    /// # Errors
    /// The record is too large, or the topic or partition does not exist.
    pub async fn send(&self, record: &ProducerRecord<'_>) -> Result<Delivery, ClientError> {
        let bytes = BatchBuilder::record_bound(record.key, record.value, record.headers);
        let max = self.shared.config.max_record_bytes.min(self.shared.config.buffer_bytes);
        if bytes > max {
            let source = RecordsError::TooLarge { bytes, max };
            return Err(ClientError::Records { subject: format!("topic {}", record.topic), source });
        }
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        match self.shared.room.try_acquire_many(permits) {
            Ok(permit) => permit.forget(),
            Err(_) => {
                self.shared.wake.notify_one();
                let closed = |_| ClientError::Closed("the producer is closed".to_owned());
                self.shared.room.acquire_many(permits).await.map_err(closed)?.forget();
            }
        }
        let taken = self.take(record, bytes).await;
        if taken.is_err() {
            self.shared.room.add_permits(bytes);
        }
        taken
    }

    async fn take(&self, record: &ProducerRecord<'_>, bytes: usize) -> Result<Delivery, ClientError> {
        loop {
            {
                let mut state = self.shared.state();
                let timestamp = record.timestamp.unwrap_or_else(|| self.shared.clock.now());
                match state.append(record, timestamp, bytes, &self.shared.config) {
                    Ok(Some(taken)) => {
                        drop(state);
                        if taken.wake {
                            self.shared.wake.notify_one();
                        }
                        return Ok(taken.delivery);
                    }
                    Ok(None) => {}
                    // A topic may have got more partitions since it was met first.
                    Err(ClientError::NoPartition { .. }) if self.grow(&mut state, record.topic) => continue,
                    Err(error) => return Err(error),
                }
            }
            let topic = self.shared.client.topic(record.topic, true).await?;
            let queues = TopicQueues::new(topic.partitions.len());
            self.shared.state().topics.entry(record.topic.clone()).or_insert(queues);
        }
    }

    /// True if the topic is known to have more partitions than there are queues; then there are as many now.
    fn grow(&self, state: &mut State, topic: &TopicName) -> bool {
        let count = self.shared.client.cached_partitions(topic).unwrap_or(0);
        state.topics.get_mut(topic).is_some_and(|queues| queues.grow(count))
    }

    /// Ends what was sent to a partition: when this is done, every record that this producer had sent there and that was not
    /// acknowledged is either below the high watermark, or will never be in the log. Such records fail, unless they are
    /// acknowledged meanwhile; those that were not sent yet are sent afterwards.
    ///
    /// Done with a marker of the next producer epoch (see the module), which only a broker in the same process takes.
    ///
    /// # Errors
    /// The marker could not be written; nothing is known then. Or the producer is not idempotent.
    pub async fn fence(&self, topic: &TopicName, partition: i32) -> Result<(), ClientError> {
        if !self.shared.config.idempotent {
            return Err(ClientError::Closed(
                "only what an idempotent producer sent can be fenced".to_owned(),
            ));
        }
        let (done, outcome) = oneshot::channel();
        {
            let mut state = self.shared.state();
            let index = usize::try_from(partition).unwrap_or(usize::MAX);
            let queue = state.topics.get_mut(topic).and_then(|t| t.partitions.get_mut(index));
            // Nothing was ever sent there.
            let Some(queue) = queue else { return Ok(()) };
            queue.fences.push(done);
        }
        self.shared.wake.notify_one();
        outcome.await.unwrap_or_else(|_| Err(ClientError::Closed("the producer is closed".to_owned())))
    }

    /// Sends everything that was taken in so far and waits for the answers.
    ///
    /// # Errors
    /// The first failure of any record since the last flush.
    pub async fn flush(&self) -> Result<(), ClientError> {
        let unfinished: Vec<_> = {
            let mut state = self.shared.state();
            state.flushing += 1;
            state.unfinished.values().cloned().collect()
        };
        self.shared.wake.notify_one();
        for outcome in unfinished {
            outcome.settled().await;
        }
        let mut state = self.shared.state();
        state.flushing -= 1;
        match state.first_failure.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// Records that are acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.shared.records.load(Ordering::Relaxed)
    }

    /// Bytes of acknowledged batches as they went over the wire, compressed.
    #[must_use]
    pub fn acknowledged_bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// Acknowledged records by partition.
    #[must_use]
    pub fn by_partition(&self) -> BTreeMap<(TopicName, i32), u64> {
        let state = self.shared.state();
        let of_topic = |(name, queues): (&TopicName, &TopicQueues)| {
            let name = name.clone();
            let counts: Vec<_> = queues.partitions.iter().map(|q| q.acknowledged).collect();
            (0..).zip(counts).filter(|(_, n)| *n > 0).map(move |(p, n)| ((name.clone(), p), n))
        };
        state.topics.iter().flat_map(of_topic).collect()
    }

    /// Flushes and ends.
    ///
    /// # Errors
    /// As [`Producer::flush`].
    pub async fn close(self) -> Result<(), ClientError> {
        self.flush().await
    }
}

impl Drop for Producer {
    /// Records that were not flushed are lost.
    fn drop(&mut self) {
        self.task.abort();
    }
}
