//! Writing records: batches per partition, sent by one task, in order, again where that helps.
//!
//! [`Producer::send`] copies a record into the open batch of its partition and returns; the batch goes out when it is
//! full, when its linger time is over, or on [`Producer::flush`]. Up to
//! [`highway_types::limits::CLIENT_MAX_IN_FLIGHT`] batches of a partition are on their way; sequence numbers keep them
//! in order and once only, also when some are sent again (KIP-98). Without idempotence (`acks` other than all) a
//! repeated batch may overtake or repeat, as with Kafka's own producer.

mod config;
mod delivery;
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
use tokio::sync::{Notify, Semaphore};
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
                if let Some(taken) = state.append(record, timestamp, bytes, &self.shared.config)? {
                    drop(state);
                    if taken.wake {
                        self.shared.wake.notify_one();
                    }
                    return Ok(taken.delivery);
                }
            }
            let topic = self.shared.client.topic(record.topic, true).await?;
            let queues = TopicQueues::new(topic.partitions.len());
            self.shared.state().topics.entry(record.topic.clone()).or_insert(queues);
        }
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
            outcome.wait().await.ok();
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
