//! From what a request names to the partition's log: existence, leadership, epoch.

use std::sync::Arc;

use highway_cluster::{MetadataImage, PartitionImage, TopicImage};
use highway_log::log::Log;
use highway_log::manager::LogManager;
use highway_types::{LeaderEpoch, Offset, PartitionIndex, TopicId, TopicIdPartition};
use kafka_protocol::ResponseError;

/// A partition that this node leads.
#[derive(Clone, Debug)]
pub struct LedPartition {
    /// Its topic.
    pub topic: Arc<TopicImage>,
    /// Its log.
    pub log: Arc<Log>,
    /// The epoch that appends are stamped with.
    pub leader_epoch: LeaderEpoch,
}

/// How a request names a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicRef<'a> {
    /// By name, the older versions.
    Name(&'a str),
    /// By id (KIP-516).
    Id(TopicId),
}

impl<'a> TopicRef<'a> {
    /// By id where the version has ids, else by name.
    #[must_use]
    pub fn of(uses_ids: bool, name: &'a str, id: uuid::Uuid) -> Self {
        if uses_ids { Self::Id(TopicId(id)) } else { Self::Name(name) }
    }

    /// The topic in an image.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION for a name, UNKNOWN_TOPIC_ID for an id.
    pub fn find(self, image: &MetadataImage) -> Result<&Arc<TopicImage>, ResponseError> {
        match self {
            Self::Name(name) => image.topic(name).ok_or(ResponseError::UnknownTopicOrPartition),
            Self::Id(id) => image.topic_by_id(id).ok_or(ResponseError::UnknownTopicId),
        }
    }
}

/// Finds the log of a partition.
///
/// # Errors
/// UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, or KAFKA_STORAGE_ERROR for one that could not be opened.
pub fn led_partition(
    image: &MetadataImage,
    logs: &LogManager,
    topic: TopicRef<'_>,
    partition: PartitionIndex,
) -> Result<LedPartition, ResponseError> {
    let topic = topic.find(image)?;
    let of_image: &PartitionImage =
        topic.partition(partition).ok_or(ResponseError::UnknownTopicOrPartition)?;
    let log = logs
        .get(TopicIdPartition { topic_id: topic.id, partition })
        .ok_or(ResponseError::KafkaStorageError)?;
    Ok(LedPartition { topic: Arc::clone(topic), log, leader_epoch: of_image.leader_epoch })
}

impl LedPartition {
    /// The largest epoch not above `epoch` and where it ends; `NONE`s where this log knows nothing of it. The leader's own
    /// epoch ends at the log's end, even before anything was appended in it.
    #[must_use]
    pub fn epoch_end(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        if epoch == self.leader_epoch {
            return (epoch, self.log.offsets().log_end);
        }
        self.log.end_offset_for_epoch(epoch)
    }

    /// Compares the leader epoch that a client knows with ours (KIP-320); -1 is no check.
    ///
    /// # Errors
    /// FENCED_LEADER_EPOCH for an older, UNKNOWN_LEADER_EPOCH for a newer one.
    pub fn check_epoch(&self, known: i32) -> Result<(), ResponseError> {
        match known {
            -1 => Ok(()),
            known if known < self.leader_epoch.0 => Err(ResponseError::FencedLeaderEpoch),
            known if known > self.leader_epoch.0 => Err(ResponseError::UnknownLeaderEpoch),
            _ => Ok(()),
        }
    }
}
