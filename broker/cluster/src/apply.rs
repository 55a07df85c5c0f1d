//! Control records onto an image.

use std::sync::Arc;

use highway_types::{LeaderEpoch, NodeId, Offset, PartitionIndex, TopicId, TopicName};

use crate::image::{ConfigMap, MetadataImage, PartitionImage, TopicImage};
use crate::record::MetadataRecord;

/// Why a control record does not fit the metadata before it: the log of control records is damaged, or a bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// No topic has that id.
    #[error("control record for topic id {0}, which does not exist")]
    UnknownTopic(TopicId),
    /// The topic has no such partition.
    #[error("control record for partition {partition} of topic {topic}, which it does not have")]
    UnknownPartition {
        /// The topic's name.
        topic: TopicName,
        /// The partition.
        partition: PartitionIndex,
    },
    /// A topic of that name or id exists.
    #[error("control record creates topic '{name}' with id {id}, which exists")]
    TopicExists {
        /// The name.
        name: TopicName,
        /// The id.
        id: TopicId,
    },
    /// A leader epoch may only grow.
    #[error("control record moves the leader epoch of {topic}-{partition} back from {from} to {to}")]
    EpochGoesBack {
        /// The topic's name.
        topic: TopicName,
        /// The partition.
        partition: PartitionIndex,
        /// The epoch it has.
        from: LeaderEpoch,
        /// The epoch in the record.
        to: LeaderEpoch,
    },
    /// Producer ids would be given out twice.
    #[error("control record moves the next producer id back from {from} to {to}")]
    ProducerIdsGoBack {
        /// The next id before.
        from: i64,
        /// The next id in the record.
        to: i64,
    },
}

/// The image with `records` applied, all or none; `image` stays as it is.
///
/// # Errors
/// A record does not fit the metadata before it.
pub fn apply(image: &MetadataImage, records: &[MetadataRecord]) -> Result<MetadataImage, ApplyError> {
    let mut next = image.clone();
    apply_in_place(&mut next, records)?;
    Ok(next)
}

/// Applies `records` to an image that nobody else sees, as replay does: without copying it each time.
///
/// # Errors
/// A record does not fit the metadata before it; those before it are applied.
pub fn apply_in_place(image: &mut MetadataImage, records: &[MetadataRecord]) -> Result<(), ApplyError> {
    records.iter().try_for_each(|record| apply_one(image, record))
}

fn apply_one(image: &mut MetadataImage, record: &MetadataRecord) -> Result<(), ApplyError> {
    match record {
        MetadataRecord::Cluster { cluster_id } => image.cluster_id = Some(cluster_id.clone()),
        MetadataRecord::Feature { name, level } => {
            let features = Arc::make_mut(&mut image.features);
            if *level == 0 {
                features.remove(name);
            } else {
                features.insert(name.clone(), *level);
            }
        }
        MetadataRecord::Topic { name, id, partitions } => create_topic(image, name, *id, partitions)?,
        MetadataRecord::Partitions { topic_id, partitions } => {
            let topic = topic_mut(image, *topic_id)?;
            topic.partitions.extend(partitions.iter().map(|replicas| new_partition(replicas)));
            image.partitions += partitions.len();
        }
        MetadataRecord::PartitionEpoch { topic_id, partition, leader_epoch } => {
            set_epoch(topic_mut(image, *topic_id)?, *partition, *leader_epoch)?;
        }
        MetadataRecord::TopicConfig { topic_id, key, value } => {
            let topic = topic_mut(image, *topic_id)?;
            set(Arc::make_mut(&mut topic.configs), key, value.as_deref());
        }
        MetadataRecord::RemoveTopic { topic_id } => remove_topic(image, *topic_id)?,
        MetadataRecord::BrokerConfig { scope, key, value } => {
            let scopes = Arc::make_mut(&mut image.broker_configs);
            let configs = scopes.entry(*scope).or_default();
            set(Arc::make_mut(configs), key, value.as_deref());
            if configs.is_empty() {
                scopes.remove(scope);
            }
        }
        MetadataRecord::Endpoint { name, definition } => {
            set(Arc::make_mut(&mut image.endpoints), name, definition.as_deref());
        }
        MetadataRecord::ProducerIds { next } => {
            if next.0 < image.next_producer_id {
                return Err(ApplyError::ProducerIdsGoBack { from: image.next_producer_id, to: next.0 });
            }
            image.next_producer_id = next.0;
        }
        MetadataRecord::LogStart { topic_id, partition, offset } => {
            let partition = partition_mut(topic_mut(image, *topic_id)?, *partition)?;
            // Two DeleteRecords may be on their way at once; the higher one wins in whatever order they come.
            partition.log_start = partition.log_start.max(*offset);
        }
    }
    Ok(())
}

fn new_partition(replicas: &[NodeId]) -> PartitionImage {
    PartitionImage { replicas: replicas.to_vec(), leader_epoch: LeaderEpoch::FIRST, log_start: Offset::ZERO }
}

fn create_topic(
    image: &mut MetadataImage,
    name: &TopicName,
    id: TopicId,
    partitions: &[Vec<NodeId>],
) -> Result<(), ApplyError> {
    if image.names.get(name).is_some() || image.topics.get(&id).is_some() {
        return Err(ApplyError::TopicExists { name: name.clone(), id });
    }
    let topic = TopicImage {
        id,
        name: name.clone(),
        partitions: partitions.iter().map(|replicas| new_partition(replicas)).collect(),
        configs: Arc::default(),
    };
    image.partitions += topic.partitions.len();
    image.topics.insert(id, Arc::new(topic));
    image.names.insert(name.clone(), id);
    if may_collide(name) {
        image.unified.insert(TopicName::unified(name.as_str()), name.clone());
    }
    Ok(())
}

fn remove_topic(image: &mut MetadataImage, id: TopicId) -> Result<(), ApplyError> {
    let topic = image.topics.remove(&id).ok_or(ApplyError::UnknownTopic(id))?;
    image.names.remove(&topic.name);
    if may_collide(&topic.name) {
        image.unified.remove(&TopicName::unified(topic.name.as_str()));
    }
    image.partitions -= topic.partitions.len();
    Ok(())
}

fn set_epoch(topic: &mut TopicImage, partition: PartitionIndex, to: LeaderEpoch) -> Result<(), ApplyError> {
    let name = topic.name.clone();
    let image = partition_mut(topic, partition)?;
    if to < image.leader_epoch {
        return Err(ApplyError::EpochGoesBack { topic: name, partition, from: image.leader_epoch, to });
    }
    image.leader_epoch = to;
    Ok(())
}

fn may_collide(name: &TopicName) -> bool {
    name.as_str().contains(['.', '_'])
}

fn set(configs: &mut ConfigMap, key: &str, value: Option<&str>) {
    match value {
        Some(value) => {
            configs.insert(key.to_owned(), value.to_owned());
        }
        None => {
            configs.remove(key);
        }
    }
}

fn topic_mut(image: &mut MetadataImage, id: TopicId) -> Result<&mut TopicImage, ApplyError> {
    image.topics.get_mut(&id).map(Arc::make_mut).ok_or(ApplyError::UnknownTopic(id))
}

fn partition_mut(topic: &mut TopicImage, index: PartitionIndex) -> Result<&mut PartitionImage, ApplyError> {
    let unknown = ApplyError::UnknownPartition { topic: topic.name.clone(), partition: index };
    usize::try_from(index.0).ok().and_then(|index| topic.partitions.get_mut(index)).ok_or(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::BrokerScope;
    use highway_types::ProducerId;
    use uuid::Uuid;

    fn topic(name: &str, id: u128, partitions: usize) -> MetadataRecord {
        MetadataRecord::Topic {
            name: name.into(),
            id: TopicId(Uuid::from_u128(id)),
            partitions: vec![vec![NodeId(1)]; partitions],
        }
    }

    #[test]
    fn topics_live_and_die() {
        let id = TopicId(Uuid::from_u128(7));
        let empty = MetadataImage::empty();
        let one = apply(&empty, &[topic("a.b", 7, 2)]).unwrap();
        assert_eq!(empty.topic_count(), 0, "the image before must not change");
        assert_eq!(one.topic("a.b").unwrap().partition_count(), 2);
        assert_eq!(one.colliding_topic("a_b").unwrap().as_str(), "a.b");
        assert_eq!(one.colliding_topic("a.b"), None);
        let key = || "retention.ms".to_owned();
        let grown = apply(
            &one,
            &[
                MetadataRecord::Partitions { topic_id: id, partitions: vec![vec![NodeId(1)]] },
                MetadataRecord::TopicConfig { topic_id: id, key: key(), value: Some("5".into()) },
                MetadataRecord::PartitionEpoch {
                    topic_id: id,
                    partition: PartitionIndex(2),
                    leader_epoch: LeaderEpoch(4),
                },
                MetadataRecord::LogStart { topic_id: id, partition: PartitionIndex(1), offset: Offset(9) },
                MetadataRecord::LogStart { topic_id: id, partition: PartitionIndex(1), offset: Offset(8) },
            ],
        )
        .unwrap();
        let (topic, partition) = grown.partition("a.b", PartitionIndex(2)).unwrap();
        assert_eq!((topic.configs["retention.ms"].as_str(), partition.leader_epoch), ("5", LeaderEpoch(4)));
        assert_eq!(topic.partitions[1].log_start, Offset(9), "the log start must not go back");
        assert_eq!(grown.partition_count(), 3);
        let gone = apply(&grown, &[MetadataRecord::RemoveTopic { topic_id: id }]).unwrap();
        assert_eq!((gone.topic_count(), gone.partition_count()), (0, 0));
        assert!(gone.topic("a.b").is_none() && gone.colliding_topic("a_b").is_none());
    }

    #[test]
    fn records_that_do_not_fit_are_refused() {
        let image = apply(
            &MetadataImage::empty(),
            &[topic("t", 1, 1), MetadataRecord::ProducerIds { next: ProducerId(1000) }],
        )
        .unwrap();
        let id = TopicId(Uuid::from_u128(1));
        let epoch = |e| MetadataRecord::PartitionEpoch {
            topic_id: id,
            partition: PartitionIndex(0),
            leader_epoch: LeaderEpoch(e),
        };
        let unknown = TopicId(Uuid::from_u128(9));
        for bad in [
            topic("t", 2, 1),
            topic("u", 1, 1),
            MetadataRecord::RemoveTopic { topic_id: unknown },
            MetadataRecord::LogStart { topic_id: id, partition: PartitionIndex(-1), offset: Offset(1) },
            MetadataRecord::ProducerIds { next: ProducerId(999) },
            epoch(-1),
        ] {
            assert!(apply(&image, std::slice::from_ref(&bad)).is_err(), "{bad:?}");
        }
        let up = apply(&image, &[epoch(3)]).unwrap();
        assert!(matches!(apply(&up, &[epoch(2)]), Err(ApplyError::EpochGoesBack { .. })));
    }

    #[test]
    fn endpoints_come_and_go() {
        let put = |definition: Option<&str>| MetadataRecord::Endpoint {
            name: "e".into(),
            definition: definition.map(str::to_owned),
        };
        let image = apply(&MetadataImage::empty(), &[put(Some("{}")), put(Some("[]"))]).unwrap();
        assert_eq!(image.endpoints()["e"], "[]");
        assert!(apply(&image, &[put(None)]).unwrap().endpoints().is_empty());
    }

    #[test]
    fn broker_settings_come_and_go() {
        let set = |value: Option<&str>| MetadataRecord::BrokerConfig {
            scope: BrokerScope::Default,
            key: "k".into(),
            value: value.map(str::to_owned),
        };
        let image = apply(&MetadataImage::empty(), &[set(Some("v"))]).unwrap();
        assert_eq!(image.broker_configs(BrokerScope::Default).unwrap()["k"], "v");
        let image = apply(&image, &[set(None)]).unwrap();
        assert_eq!(image.broker_config_scopes().count(), 0);
    }
}
