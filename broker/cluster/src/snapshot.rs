//! An image back to control records: what the derived store keeps so that a start need not replay the whole log.

use highway_types::{LeaderEpoch, Offset, PartitionIndex};

use crate::image::{MetadataImage, TopicImage};
use crate::record::MetadataRecord;

/// Records that give an equal image when they are applied to an empty one.
#[must_use]
pub fn snapshot(image: &MetadataImage) -> Vec<MetadataRecord> {
    let cluster_id = image.cluster_id().cloned();
    let mut records: Vec<_> =
        cluster_id.map(|cluster_id| MetadataRecord::Cluster { cluster_id }).into_iter().collect();
    let feature =
        |(name, level): (&String, &i16)| MetadataRecord::Feature { name: name.clone(), level: *level };
    records.extend(image.features().iter().map(feature));
    for topic in image.topics_sorted() {
        topic_records(topic, &mut records);
    }
    for scope in image.broker_config_scopes() {
        for (key, value) in image.broker_configs(scope).iter().flat_map(|configs| configs.iter()) {
            records.push(MetadataRecord::BrokerConfig {
                scope,
                key: key.clone(),
                value: Some(value.clone()),
            });
        }
    }
    records.push(MetadataRecord::ProducerIds { next: image.next_producer_id() });
    records
}

fn topic_records(topic: &TopicImage, records: &mut Vec<MetadataRecord>) {
    let topic_id = topic.id;
    let partitions = topic.partitions.iter().map(|partition| partition.replicas.clone()).collect();
    records.push(MetadataRecord::Topic { name: topic.name.clone(), id: topic_id, partitions });
    for (partition, image) in (0..).map(PartitionIndex).zip(&topic.partitions) {
        if image.leader_epoch != LeaderEpoch::FIRST {
            let leader_epoch = image.leader_epoch;
            records.push(MetadataRecord::PartitionEpoch { topic_id, partition, leader_epoch });
        }
        if image.log_start != Offset::ZERO {
            records.push(MetadataRecord::LogStart { topic_id, partition, offset: image.log_start });
        }
    }
    for (key, value) in topic.configs.iter() {
        records.push(MetadataRecord::TopicConfig { topic_id, key: key.clone(), value: Some(value.clone()) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BrokerScope, apply};
    use highway_types::{NodeId, ProducerId, TopicId};
    use uuid::Uuid;

    #[test]
    fn a_snapshot_gives_the_image_back() {
        let topic_id = TopicId(Uuid::from_u128(3));
        let partition = PartitionIndex(1);
        let records = [
            MetadataRecord::Cluster { cluster_id: "c".into() },
            MetadataRecord::Feature { name: "f".into(), level: 2 },
            MetadataRecord::Topic { name: "a.b".into(), id: topic_id, partitions: vec![vec![NodeId(1)]; 2] },
            MetadataRecord::PartitionEpoch { topic_id, partition, leader_epoch: LeaderEpoch(4) },
            MetadataRecord::LogStart { topic_id, partition, offset: Offset(9) },
            MetadataRecord::TopicConfig { topic_id, key: "k".into(), value: Some("v".into()) },
            MetadataRecord::BrokerConfig {
                scope: BrokerScope::Default,
                key: "k".into(),
                value: Some("v".into()),
            },
            MetadataRecord::ProducerIds { next: ProducerId(2000) },
        ];
        let image = apply(&MetadataImage::empty(), &records).unwrap();
        let again = apply(&MetadataImage::empty(), &snapshot(&image)).unwrap();
        assert_eq!(again.topic("a.b"), image.topic("a.b"));
        assert_eq!(again.topic("a.b").unwrap().partitions[1].log_start, Offset(9));
        assert_eq!(snapshot(&again), records, "every part of the image is in the snapshot");
    }
}
