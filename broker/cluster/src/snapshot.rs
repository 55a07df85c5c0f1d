//! An image back to control records: what the derived store keeps so that a start need not replay the whole log.
//!
//! The store holds the records in parts, a part for each topic, so that a change costs what changed.

use std::sync::Arc;

use highway_types::{LeaderEpoch, Offset, PartitionIndex};

use crate::apply::apply_in_place;
use crate::image::{MetadataImage, TopicImage};
use crate::record::MetadataRecord;

/// Everything but the topics.
const NODE_PART: &[u8] = b"node";
/// What the key of a topic's part begins with; the topic's id follows.
const TOPIC_PART: &[u8] = b"topic";

/// A part of an image: its key, and its records or `None` if it is gone.
pub type Part = (Vec<u8>, Option<Vec<u8>>);

/// The parts of `image` that are not those of `before`, which may be empty.
#[must_use]
pub fn changed_parts(before: &MetadataImage, image: &MetadataImage) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut node = Vec::new();
    node_records(image, &mut node);
    let mut node_before = Vec::new();
    node_records(before, &mut node_before);
    if node != node_before {
        parts.push((NODE_PART.to_vec(), Some(lines(&node))));
    }
    for topic in image.topics() {
        if !before.topic_by_id(topic.id).is_some_and(|b| Arc::ptr_eq(b, topic) || b == topic) {
            let mut records = Vec::new();
            topic_records(topic, &mut records);
            parts.push((topic_key(topic), Some(lines(&records))));
        }
    }
    let gone = before.topics().filter(|topic| image.topic_by_id(topic.id).is_none());
    parts.extend(gone.map(|topic| (topic_key(topic), None)));
    parts
}

/// Adds a part to an image.
///
/// # Errors
/// The part is damaged.
pub fn apply_part(image: &mut MetadataImage, value: &[u8]) -> Result<(), String> {
    for line in value.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let record = MetadataRecord::decode(line).map_err(|e| e.to_string())?;
        apply_in_place(image, &[record]).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn topic_key(topic: &TopicImage) -> Vec<u8> {
    [TOPIC_PART, topic.id.0.as_bytes()].concat()
}

/// JSON has no line breaks of its own.
fn lines(records: &[MetadataRecord]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        out.extend(record.encode());
        out.push(b'\n');
    }
    out
}

/// Records that give an equal image when they are applied to an empty one.
#[must_use]
pub fn snapshot(image: &MetadataImage) -> Vec<MetadataRecord> {
    let mut records = Vec::new();
    node_records(image, &mut records);
    for topic in image.topics_sorted() {
        topic_records(topic, &mut records);
    }
    records
}

fn node_records(image: &MetadataImage, records: &mut Vec<MetadataRecord>) {
    records.extend(image.cluster_id().cloned().map(|cluster_id| MetadataRecord::Cluster { cluster_id }));
    let feature =
        |(name, level): (&String, &i16)| MetadataRecord::Feature { name: name.clone(), level: *level };
    records.extend(image.features().iter().map(feature));
    for scope in image.broker_config_scopes() {
        for (key, value) in image.broker_configs(scope).iter().flat_map(|configs| configs.iter()) {
            records.push(MetadataRecord::BrokerConfig {
                scope,
                key: key.clone(),
                value: Some(value.clone()),
            });
        }
    }
    for (name, definition) in image.endpoints().iter() {
        let definition = Some(definition.clone());
        records.push(MetadataRecord::Endpoint { name: name.clone(), definition });
    }
    records.push(MetadataRecord::ProducerIds { next: image.next_producer_id() });
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
            MetadataRecord::Endpoint { name: "e".into(), definition: Some("{}".into()) },
        ];
        let image = apply(&MetadataImage::empty(), &records).unwrap();
        let again = apply(&MetadataImage::empty(), &snapshot(&image)).unwrap();
        assert_eq!(again.topic("a.b"), image.topic("a.b"));
        assert_eq!(again.topic("a.b").unwrap().partitions[1].log_start, Offset(9));
        let mut sorted = records.to_vec();
        sorted.sort_by_key(|r| format!("{r:?}"));
        let mut found = snapshot(&again);
        found.sort_by_key(|r| format!("{r:?}"));
        assert_eq!(found, sorted, "every part of the image is in the snapshot");
    }

    #[test]
    fn parts_follow_an_image() {
        let id = |n| TopicId(Uuid::from_u128(n));
        let topic = |n: u128, name: &str| MetadataRecord::Topic {
            name: name.into(),
            id: id(n),
            partitions: vec![vec![NodeId(1)]],
        };
        let steps = [
            vec![MetadataRecord::Cluster { cluster_id: "c".into() }, topic(1, "a"), topic(2, "b")],
            vec![MetadataRecord::LogStart {
                topic_id: id(2),
                partition: PartitionIndex(0),
                offset: Offset(4),
            }],
            // The same name again, with another id.
            vec![MetadataRecord::RemoveTopic { topic_id: id(1) }, topic(3, "a")],
            vec![MetadataRecord::ProducerIds { next: ProducerId(1000) }],
        ];
        let mut stored = std::collections::BTreeMap::new();
        let mut image = MetadataImage::empty();
        let mut counts = Vec::new();
        for step in &steps {
            let next = apply(&image, step).unwrap();
            let parts = changed_parts(&image, &next);
            counts.push(parts.len());
            for (key, value) in parts {
                match value {
                    Some(value) => stored.insert(key, value),
                    None => stored.remove(&key),
                };
            }
            image = next;
            let mut again = MetadataImage::empty();
            stored.values().for_each(|part| apply_part(&mut again, part).unwrap());
            assert_eq!(snapshot(&again), snapshot(&image));
        }
        assert_eq!(counts, [3, 1, 2, 1], "a change costs what changed");
        assert!(apply_part(&mut MetadataImage::empty(), b"{}").is_err());
    }
}
