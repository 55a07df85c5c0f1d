//! Committed offsets of one group.

use std::collections::BTreeMap;
use std::sync::Arc;

use highway_types::{LeaderEpoch, Offset, PartitionIndex, Timestamp, TopicName};

/// What a group has committed for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The offset to read next.
    pub offset: Offset,
    /// The epoch of the record before it, if the client gave one.
    pub leader_epoch: LeaderEpoch,
    /// The client's own note.
    pub metadata: Arc<str>,
    /// When it was committed.
    pub commit_timestamp: Timestamp,
    /// When it expires, if the client said so (OffsetCommit v2-4).
    pub expire_timestamp: Option<Timestamp>,
}

/// All of a group's offsets. Offsets of open transactions will be kept beside these, by producer id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupOffsets {
    topics: BTreeMap<TopicName, BTreeMap<PartitionIndex, CommittedOffset>>,
}

impl GroupOffsets {
    pub(crate) fn get(&self, topic: &TopicName, partition: PartitionIndex) -> Option<&CommittedOffset> {
        self.topics.get(topic)?.get(&partition)
    }

    pub(crate) fn put(&mut self, topic: TopicName, partition: PartitionIndex, committed: CommittedOffset) {
        self.topics.entry(topic).or_default().insert(partition, committed);
    }

    pub(crate) fn remove(&mut self, topic: &TopicName, partition: PartitionIndex) {
        if let Some(partitions) = self.topics.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(crate) fn topics(
        &self,
    ) -> impl Iterator<Item = (&TopicName, &BTreeMap<PartitionIndex, CommittedOffset>)> {
        self.topics.iter()
    }

    pub(crate) fn topic(&self, topic: &TopicName) -> Option<&BTreeMap<PartitionIndex, CommittedOffset>> {
        self.topics.get(topic)
    }
}
