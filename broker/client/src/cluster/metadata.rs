//! What Metadata says.

use std::collections::BTreeMap;

use highway_types::{LeaderEpoch, NodeId, TopicId, TopicName};
use kafka_protocol::messages::MetadataResponse;

use crate::error::ErrorCode;
use crate::transport::Endpoint;

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Its number.
    pub id: NodeId,
    /// Where it listens for clients.
    pub endpoint: Endpoint,
    /// Its rack, if it has one.
    pub rack: Option<String>,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionView {
    /// Its number within the topic.
    pub index: i32,
    /// Who leads it, if anybody does.
    pub leader: Option<NodeId>,
    /// The leader's epoch.
    pub leader_epoch: LeaderEpoch,
    /// Where it is kept.
    pub replicas: Vec<NodeId>,
    /// Which of these are in sync.
    pub in_sync: Vec<NodeId>,
    /// Why it cannot be used.
    pub error: Option<ErrorCode>,
}

/// A topic with its partitions, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicView {
    /// Its name.
    pub name: TopicName,
    /// Its id; zero before Kafka 2.8.
    pub id: TopicId,
    /// Kept by the broker for itself.
    pub internal: bool,
    /// Its partitions.
    pub partitions: Vec<PartitionView>,
    /// Why it cannot be used.
    pub error: Option<ErrorCode>,
}

impl TopicView {
    /// The partition with this number.
    #[must_use]
    pub fn partition(&self, index: i32) -> Option<&PartitionView> {
        let at = usize::try_from(index).ok()?;
        self.partitions
            .get(at)
            .filter(|p| p.index == index)
            .or_else(|| self.partitions.iter().find(|p| p.index == index))
    }
}

/// A moment's view.
#[derive(Clone, Debug, Default)]
pub struct ClusterView {
    /// Its id.
    pub cluster_id: Option<String>,
    /// Who takes administrative requests.
    pub controller: Option<NodeId>,
    /// The brokers.
    pub nodes: BTreeMap<NodeId, NodeView>,
    /// The topics that were asked for.
    pub topics: BTreeMap<TopicName, TopicView>,
}

impl ClusterView {
    pub(super) fn read(answer: &MetadataResponse) -> Self {
        let node = |id: i32| (id >= 0).then_some(NodeId(id));
        let nodes = answer.brokers.iter().map(|b| {
            let id = NodeId(b.node_id.0);
            let endpoint = Endpoint::new(&b.host, u16::try_from(b.port).unwrap_or(0));
            (id, NodeView { id, endpoint, rack: b.rack.as_ref().map(ToString::to_string) })
        });
        let topics = answer.topics.iter().filter_map(|t| {
            let name = TopicName::new(t.name.as_ref()?.as_str());
            let mut partitions: Vec<_> = t
                .partitions
                .iter()
                .map(|p| PartitionView {
                    index: p.partition_index,
                    leader: node(p.leader_id.0),
                    leader_epoch: LeaderEpoch(p.leader_epoch),
                    replicas: p.replica_nodes.iter().map(|n| NodeId(n.0)).collect(),
                    in_sync: p.isr_nodes.iter().map(|n| NodeId(n.0)).collect(),
                    error: ErrorCode::of(p.error_code),
                })
                .collect();
            partitions.sort_by_key(|p| p.index);
            let error = ErrorCode::of(t.error_code);
            let id = TopicId(t.topic_id);
            Some((name.clone(), TopicView { name, id, internal: t.is_internal, partitions, error }))
        });
        Self {
            cluster_id: answer.cluster_id.as_ref().map(ToString::to_string),
            controller: node(answer.controller_id.0),
            nodes: nodes.collect(),
            topics: topics.collect(),
        }
    }
}
