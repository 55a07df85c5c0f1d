//! Which shard a group belongs to, and the way to it.

use std::collections::HashMap;
use std::sync::Arc;

use highway_cluster::MetadataImage;
use highway_coordinator::{Command, GroupConfig, GroupError, Response, partition_for};
use highway_log::manager::LogManager;
use highway_types::{Clock, GroupId, PartitionIndex, TopicIdPartition, TopicName};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::shard_task::{self, Mail, TopicExists};
use crate::derived::Derived;

/// Requests that wait for one shard at the most; further callers wait for room.
const MAILBOX: usize = 1024;

/// All shards of this node.
pub struct GroupHost {
    shards: Mutex<HashMap<i32, mpsc::Sender<Mail>>>,
    logs: Arc<LogManager>,
    derived: Arc<Derived>,
    clock: Arc<dyn Clock>,
    config: Mutex<GroupConfig>,
    exists: TopicExists,
}

impl std::fmt::Debug for GroupHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupHost").field("shards", &self.shards.lock().len()).finish_non_exhaustive()
    }
}

impl GroupHost {
    /// A host without shards.
    #[must_use]
    pub fn new(
        logs: Arc<LogManager>,
        derived: Arc<Derived>,
        clock: Arc<dyn Clock>,
        config: GroupConfig,
        exists: TopicExists,
    ) -> Self {
        Self { shards: Mutex::default(), logs, derived, clock, config: Mutex::new(config), exists }
    }

    /// Starts a shard for every partition of `__consumer_offsets` that has none. Call it within the runtime.
    pub fn follow(&self, image: &MetadataImage) {
        let Some(topic) = image.topic(TopicName::CONSUMER_OFFSETS) else { return };
        let mut shards = self.shards.lock();
        for (index, partition) in (0i32..).zip(&topic.partitions) {
            if shards.contains_key(&index) {
                continue;
            }
            let id = TopicIdPartition { topic_id: topic.id, partition: PartitionIndex(index) };
            let Some(log) = self.logs.get(id) else {
                tracing::error!(
                    partition = index,
                    "a partition of __consumer_offsets is offline; its groups have no coordinator"
                );
                continue;
            };
            let (sender, receiver) = mpsc::channel(MAILBOX);
            shards.insert(index, sender);
            let task = shard_task::run(
                log,
                Arc::clone(&self.derived),
                partition.leader_epoch,
                Arc::clone(&self.clock),
                self.config.lock().clone(),
                Arc::clone(&self.exists),
                receiver,
            );
            tokio::spawn(task);
        }
    }

    /// The partition of a group, if the topic exists.
    #[must_use]
    pub fn partition_of(&self, image: &MetadataImage, group: &GroupId) -> Option<i32> {
        let count = image.topic(TopicName::CONSUMER_OFFSETS)?.partition_count();
        Some(partition_for(group.as_str(), count).0)
    }

    /// Sends a command to the shard of its group, and waits for the answer.
    pub async fn call(&self, image: &MetadataImage, group: &GroupId, command: Command) -> Response {
        match self.partition_of(image, group) {
            Some(partition) => self.call_partition(partition, command).await,
            None => Response::refuse(command, GroupError::CoordinatorNotAvailable),
        }
    }

    /// Sends a command to a shard.
    pub async fn call_partition(&self, partition: i32, command: Command) -> Response {
        let shard = self.shards.lock().get(&partition).cloned();
        let Some(shard) = shard else {
            return Response::refuse(command, GroupError::CoordinatorNotAvailable);
        };
        let (answer, receiver) = oneshot::channel();
        let refused = command.clone();
        if shard.send(Mail::Request { command: Box::new(command), answer }).await.is_err() {
            return Response::refuse(refused, GroupError::CoordinatorNotAvailable);
        }
        match receiver.await {
            Ok(response) => response,
            Err(_) => Response::refuse(refused, GroupError::CoordinatorNotAvailable),
        }
    }

    /// All shards by partition, for requests that ask each of them.
    #[must_use]
    pub fn partitions(&self) -> Vec<i32> {
        let mut partitions: Vec<i32> = self.shards.lock().keys().copied().collect();
        partitions.sort_unstable();
        partitions
    }

    /// Forgets the offsets of deleted topics.
    pub fn topics_deleted(&self, topics: &[TopicName]) {
        let shards: Vec<_> = self.shards.lock().values().cloned().collect();
        let topics: Arc<[TopicName]> = topics.into();
        for shard in shards {
            let topics = Arc::clone(&topics);
            tokio::spawn(async move {
                let _ = shard.send(Mail::TopicsDeleted(topics)).await; // a shard that ended has nothing to forget
            });
        }
    }
}
