//! The metadata of the cluster at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use highway_types::{
    ClusterId, LeaderEpoch, NodeId, Offset, PartitionIndex, ProducerId, TopicId, TopicIdPartition, TopicName,
};

use crate::record::BrokerScope;
use crate::shards::Shards;

/// Values of settings by name, as text.
pub type ConfigMap = BTreeMap<String, String>;

/// One partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionImage {
    /// The brokers that hold it; never empty, the first one leads.
    pub replicas: Vec<NodeId>,
    /// The epoch of its leader.
    pub leader_epoch: LeaderEpoch,
    /// Records before this are deleted.
    pub log_start: Offset,
}

impl PartitionImage {
    /// The broker that leads; `None` only for a record that named no replica.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.replicas.first().copied()
    }
}

/// One topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicImage {
    /// Its identity.
    pub id: TopicId,
    /// Its name.
    pub name: TopicName,
    /// Its partitions: the index is the partition's number.
    pub partitions: Vec<PartitionImage>,
    /// Its own settings, not the defaults.
    pub configs: Arc<ConfigMap>,
}

impl TopicImage {
    /// The partition with that number.
    #[must_use]
    pub fn partition(&self, index: PartitionIndex) -> Option<&PartitionImage> {
        self.partitions.get(usize::try_from(index.0).ok()?)
    }

    /// How many partitions it has.
    #[must_use]
    pub fn partition_count(&self) -> i32 {
        i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    /// The ids of its partitions, in order.
    pub fn partition_ids(&self) -> impl Iterator<Item = TopicIdPartition> + '_ {
        (0..self.partition_count())
            .map(|index| TopicIdPartition { topic_id: self.id, partition: PartitionIndex(index) })
    }
}

/// The metadata of the cluster at one moment: immutable once published, cheap to copy.
///
/// A change copies only the topic and the shard of the map that it touches.
#[derive(Clone, Debug, Default)]
pub struct MetadataImage {
    pub(crate) cluster_id: Option<ClusterId>,
    pub(crate) topics: Shards<TopicId, Arc<TopicImage>>,
    pub(crate) names: Shards<TopicName, TopicId>,
    /// Names that hold `.` or `_`, by [`TopicName::unified`].
    pub(crate) unified: Shards<String, TopicName>,
    pub(crate) broker_configs: Arc<BTreeMap<BrokerScope, Arc<ConfigMap>>>,
    pub(crate) features: Arc<BTreeMap<String, i16>>,
    pub(crate) endpoints: Arc<ConfigMap>,
    pub(crate) next_producer_id: i64,
    pub(crate) partitions: usize,
    pub(crate) applied: Option<Offset>,
}

impl MetadataImage {
    /// The metadata before the first record.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The cluster's id, once its record is applied.
    #[must_use]
    pub fn cluster_id(&self) -> Option<&ClusterId> {
        self.cluster_id.as_ref()
    }

    /// Ingest endpoints: the name and the definition as JSON text.
    #[must_use]
    pub fn endpoints(&self) -> &Arc<ConfigMap> {
        &self.endpoints
    }

    /// A topic by name.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.topics.get(self.names.get(name)?)
    }

    /// A topic by id.
    #[must_use]
    pub fn topic_by_id(&self, id: TopicId) -> Option<&Arc<TopicImage>> {
        self.topics.get(&id)
    }

    /// A topic's id by name.
    #[must_use]
    pub fn topic_id(&self, name: &str) -> Option<TopicId> {
        self.names.get(name).copied()
    }

    /// A partition by name and number, with its topic.
    #[must_use]
    pub fn partition(
        &self,
        topic: &str,
        index: PartitionIndex,
    ) -> Option<(&Arc<TopicImage>, &PartitionImage)> {
        let topic = self.topic(topic)?;
        Some((topic, topic.partition(index)?))
    }

    /// A partition by id.
    #[must_use]
    pub fn partition_by_id(&self, id: TopicIdPartition) -> Option<(&Arc<TopicImage>, &PartitionImage)> {
        let topic = self.topic_by_id(id.topic_id)?;
        Some((topic, topic.partition(id.partition)?))
    }

    /// All topics, in no order.
    pub fn topics(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.topics.iter().map(|(_, topic)| topic)
    }

    /// All topics by name.
    #[must_use]
    pub fn topics_sorted(&self) -> Vec<&Arc<TopicImage>> {
        let mut topics: Vec<_> = self.topics().collect();
        topics.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        topics
    }

    /// How many topics there are.
    #[must_use]
    pub fn topic_count(&self) -> usize {
        self.topics.len()
    }

    /// How many partitions all topics have together.
    #[must_use]
    pub fn partition_count(&self) -> usize {
        self.partitions
    }

    /// A topic whose name differs from `name` only in `.` and `_`.
    #[must_use]
    pub fn colliding_topic(&self, name: &str) -> Option<&TopicName> {
        self.unified.get(&TopicName::unified(name)).filter(|other| other.as_str() != name)
    }

    /// The dynamic settings of one broker or of all.
    #[must_use]
    pub fn broker_configs(&self, scope: BrokerScope) -> Option<&Arc<ConfigMap>> {
        self.broker_configs.get(&scope)
    }

    /// The scopes that have dynamic settings.
    pub fn broker_config_scopes(&self) -> impl Iterator<Item = BrokerScope> + '_ {
        self.broker_configs.keys().copied()
    }

    /// Finalized features by name.
    #[must_use]
    pub fn features(&self) -> &BTreeMap<String, i16> {
        &self.features
    }

    /// The first producer id that was never handed out in a block.
    #[must_use]
    pub fn next_producer_id(&self) -> ProducerId {
        ProducerId(self.next_producer_id)
    }

    /// The offset of the last record applied; `None` before the first.
    #[must_use]
    pub fn applied(&self) -> Option<Offset> {
        self.applied
    }

    /// Notes that the records up to `last` are applied.
    pub fn set_applied(&mut self, last: Offset) {
        assert!(self.applied <= Some(last), "applied offset goes back from {:?} to {last}", self.applied);
        self.applied = Some(last);
    }
}
