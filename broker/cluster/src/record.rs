//! Control records: the values of the records in `__cluster_metadata`.
//!
//! One record is one JSON object with `"type"` and `"version"`. A field that is added keeps the version and has a
//! default; a field that changes its meaning takes the next version. The batch around the records is an ordinary
//! Kafka record batch, and the records of one batch are applied together or not at all.

use highway_types::{ClusterId, LeaderEpoch, NodeId, Offset, PartitionIndex, ProducerId, TopicId, TopicName};
use serde::{Deserialize, Serialize};

/// The newest version of every record type that this build writes and reads.
pub const RECORD_VERSION: u32 = 0;

/// Which brokers a dynamic broker setting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrokerScope {
    /// All brokers (`--entity-default`).
    Default,
    /// One broker.
    Node(NodeId),
}

/// One change of the cluster's metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum MetadataRecord {
    /// The cluster's id; the first record of every cluster.
    Cluster {
        /// 22 characters of URL-safe base64.
        cluster_id: ClusterId,
    },
    /// A feature is finalized at a level; level 0 takes it away (KIP-584).
    Feature {
        /// Such as `metadata.version`.
        name: String,
        /// The level.
        level: i16,
    },
    /// A new topic. Its partitions start with leader epoch 0 at offset 0.
    Topic {
        /// The name.
        name: TopicName,
        /// The identity, never used before.
        id: TopicId,
        /// The replicas of each partition, from partition 0; the first replica leads.
        partitions: Vec<Vec<NodeId>>,
    },
    /// More partitions for a topic, numbered on from those it has.
    Partitions {
        /// The topic.
        topic_id: TopicId,
        /// The replicas of each new partition.
        partitions: Vec<Vec<NodeId>>,
    },
    /// A partition's leader epoch went up.
    PartitionEpoch {
        /// The topic.
        topic_id: TopicId,
        /// The partition.
        partition: PartitionIndex,
        /// The new epoch, above the one before.
        #[serde(with = "epoch")]
        leader_epoch: LeaderEpoch,
    },
    /// A topic's own value of a setting, or its removal.
    TopicConfig {
        /// The topic.
        topic_id: TopicId,
        /// The setting.
        key: String,
        /// The value; `None` removes it.
        value: Option<String>,
    },
    /// A topic is gone, with its settings.
    RemoveTopic {
        /// The topic.
        topic_id: TopicId,
    },
    /// A dynamic broker setting, or its removal.
    BrokerConfig {
        /// For one broker or for all.
        scope: BrokerScope,
        /// The setting.
        key: String,
        /// The value; `None` removes it.
        value: Option<String>,
    },
    /// Producer ids below `next` are given out.
    ProducerIds {
        /// The first id of the next block.
        next: ProducerId,
    },
    /// An ingest endpoint, new or changed, or its removal.
    Endpoint {
        /// Its name.
        name: String,
        /// Its definition as JSON text, which only ingest reads; `None` removes it.
        definition: Option<String>,
    },
    /// Records of a partition before `offset` are deleted (`DeleteRecords`, retention).
    LogStart {
        /// The topic.
        topic_id: TopicId,
        /// The partition.
        partition: PartitionIndex,
        /// The new first offset.
        #[serde(with = "offset")]
        offset: Offset,
    },
}

/// Why the value of a control record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, or not the fields of its type.
    #[error("control record is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by a newer Highway.
    #[error(
        "control record '{kind}' version {version} is from a newer version of Highway (this one reads up to \
         {RECORD_VERSION}): start the version that wrote it"
    )]
    Newer {
        /// The record's type.
        kind: String,
        /// Its version.
        version: u32,
    },
    /// A type that this build does not have.
    #[error(
        "control record '{kind}' is not known to this version of Highway: start the version that wrote it"
    )]
    UnknownType {
        /// The record's type.
        kind: String,
    },
}

const TYPES: &[&str] = &[
    "Cluster",
    "Feature",
    "Topic",
    "Partitions",
    "PartitionEpoch",
    "TopicConfig",
    "RemoveTopic",
    "BrokerConfig",
    "ProducerIds",
    "LogStart",
    "Endpoint",
];

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    version: u32,
}

#[derive(Serialize)]
struct Envelope<'a> {
    version: u32,
    #[serde(flatten)]
    record: &'a MetadataRecord,
}

impl MetadataRecord {
    /// The record's bytes: the value of a record of `__cluster_metadata`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(&Envelope { version: RECORD_VERSION, record: self })
            .expect("records hold only text, numbers and lists, which JSON can always hold")
    }

    /// Reads what [`encode`](Self::encode) wrote, here or in an older version.
    ///
    /// # Errors
    /// The bytes are not a record, or one from a newer version.
    pub fn decode(value: &[u8]) -> Result<Self, RecordError> {
        let head: Head = serde_json::from_slice(value)?;
        if head.version > RECORD_VERSION {
            return Err(RecordError::Newer { kind: head.kind, version: head.version });
        }
        if !TYPES.contains(&head.kind.as_str()) {
            return Err(RecordError::UnknownType { kind: head.kind });
        }
        Ok(serde_json::from_slice(value)?)
    }
}

mod epoch {
    use super::{Deserialize, LeaderEpoch};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(epoch: &LeaderEpoch, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i32(epoch.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<LeaderEpoch, D::Error> {
        i32::deserialize(from).map(LeaderEpoch)
    }
}

mod offset {
    use super::{Deserialize, Offset};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(offset: &Offset, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(offset.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Offset, D::Error> {
        i64::deserialize(from).map(Offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn one_of_each() -> Vec<MetadataRecord> {
        let topic_id = TopicId(Uuid::from_u128(7));
        let partition = PartitionIndex(1);
        vec![
            MetadataRecord::Cluster { cluster_id: "AAAAAAAAAAAAAAAAAAAAAQ".into() },
            MetadataRecord::Feature { name: "metadata.version".into(), level: 30 },
            MetadataRecord::Topic { name: "t".into(), id: topic_id, partitions: vec![vec![NodeId(1)]; 2] },
            MetadataRecord::Partitions { topic_id, partitions: vec![vec![NodeId(1)]] },
            MetadataRecord::PartitionEpoch { topic_id, partition, leader_epoch: LeaderEpoch(3) },
            MetadataRecord::TopicConfig { topic_id, key: "k".into(), value: Some("v\u{0}\"".into()) },
            MetadataRecord::RemoveTopic { topic_id },
            MetadataRecord::BrokerConfig { scope: BrokerScope::Default, key: "k".into(), value: None },
            MetadataRecord::BrokerConfig {
                scope: BrokerScope::Node(NodeId(4)),
                key: "k".into(),
                value: None,
            },
            MetadataRecord::ProducerIds { next: ProducerId(1000) },
            MetadataRecord::LogStart { topic_id, partition, offset: Offset(i64::MAX) },
            MetadataRecord::Endpoint { name: "e".into(), definition: Some("{}".into()) },
            MetadataRecord::Endpoint { name: "e".into(), definition: None },
        ]
    }

    #[test]
    fn every_record_reads_back() {
        for record in one_of_each() {
            assert_eq!(MetadataRecord::decode(&record.encode()).unwrap(), record);
        }
    }

    /// Persisted bytes: a change here breaks the data of every node that is out there.
    #[test]
    fn the_bytes_are_fixed() {
        let record = MetadataRecord::BrokerConfig {
            scope: BrokerScope::Node(NodeId(4)),
            key: "a".into(),
            value: Some("b".into()),
        };
        assert_eq!(
            String::from_utf8(record.encode()).unwrap(),
            r#"{"version":0,"type":"BrokerConfig","scope":{"node":4},"key":"a","value":"b"}"#
        );
        let record = MetadataRecord::Topic {
            name: "t".into(),
            id: TopicId(Uuid::from_u128(1)),
            partitions: vec![vec![NodeId(1)]],
        };
        assert_eq!(
            String::from_utf8(record.encode()).unwrap(),
            r#"{"version":0,"type":"Topic","name":"t","id":"00000000-0000-0000-0000-000000000001","partitions":[[1]]}"#
        );
    }

    #[test]
    fn what_is_newer_or_broken_is_named() {
        let newer = MetadataRecord::decode(br#"{"type":"Topic","version":1}"#).unwrap_err();
        assert!(newer.to_string().contains("'Topic' version 1 is from a newer version"), "{newer}");
        let unknown = MetadataRecord::decode(br#"{"type":"Lane","version":0}"#).unwrap_err();
        assert!(matches!(unknown, RecordError::UnknownType { .. }), "{unknown}");
        for broken in [&b""[..], b"null", b"{}", br#"{"type":"Topic","version":0}"#, b"\xff"] {
            assert!(matches!(MetadataRecord::decode(broken), Err(RecordError::Malformed(_))));
        }
    }
}
