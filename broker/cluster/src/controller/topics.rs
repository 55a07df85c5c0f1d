//! `CreateTopics` and `DeleteTopics` (protocol checklist 27 to 33 and 35).

use std::collections::{BTreeMap, BTreeSet};

use highway_types::{NodeId, TopicId, TopicName};

use super::MAX_PARTITIONS_PER_REQUEST;
use super::error::{ControllerError, ErrorKind};
use super::partitions::{check_assignment, place};
use crate::configs::{BrokerSettings, DescribedConfig, describe_topic};
use crate::image::{ConfigMap, MetadataImage};
use crate::record::MetadataRecord;

/// A topic to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// The name, unchecked.
    pub name: String,
    /// How many partitions; -1 is the broker's default.
    pub num_partitions: i32,
    /// How many replicas; -1 is the broker's default.
    pub replication_factor: i16,
    /// Partition and replicas, instead of the two numbers.
    pub assignments: Vec<(i32, Vec<NodeId>)>,
    /// Settings; a `None` value is refused.
    pub configs: Vec<(String, Option<String>)>,
}

/// A topic that will exist once the records are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTopic {
    /// Its identity.
    pub id: TopicId,
    /// How many partitions.
    pub num_partitions: i32,
    /// How many replicas.
    pub replication_factor: i16,
    /// Its effective settings by name, for version 5 and later.
    pub configs: Vec<DescribedConfig>,
}

/// The result for one name of a `CreateTopics` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicOutcome<T> {
    /// The name.
    pub name: String,
    /// The topic, or why not.
    pub result: Result<T, ControllerError>,
}

/// Creates topics on `brokers`. A name that is given twice has one result. `new_id` gives ids never used before.
///
/// The ids of the results are valid only if the records are appended.
pub fn create_topics(
    settings: &BrokerSettings<'_>,
    brokers: &[NodeId],
    request: &[NewTopic],
    new_id: &mut dyn FnMut() -> TopicId,
) -> (Vec<MetadataRecord>, Vec<TopicOutcome<CreatedTopic>>) {
    let mut times = BTreeMap::<&str, usize>::new();
    for topic in request {
        *times.entry(&topic.name).or_default() += 1;
    }
    let mut records = Vec::new();
    let mut outcomes: Vec<TopicOutcome<CreatedTopic>> = Vec::with_capacity(times.len());
    let mut partitions = 0;
    for topic in request {
        let result = match times.remove(topic.name.as_str()) {
            None => continue,
            Some(1) => create_topic(settings, brokers, topic, new_id),
            Some(_) => Err(ControllerError::new(ErrorKind::InvalidRequest, "Duplicate topic name.")),
        };
        let result = result.map(|(created, new)| {
            partitions += usize::try_from(created.num_partitions).unwrap_or(0);
            records.extend(new);
            created
        });
        outcomes.push(TopicOutcome { name: topic.name.clone(), result });
        if partitions > MAX_PARTITIONS_PER_REQUEST {
            return (Vec::new(), too_many(request));
        }
    }
    (records, outcomes)
}

fn too_many<T>(request: &[NewTopic]) -> Vec<TopicOutcome<T>> {
    let names: BTreeSet<&str> = request.iter().map(|topic| topic.name.as_str()).collect();
    let outcome = |name: &str| TopicOutcome { name: name.to_owned(), result: Err(excessive()) };
    names.into_iter().map(outcome).collect()
}

pub(super) fn excessive() -> ControllerError {
    ControllerError::new(ErrorKind::PolicyViolation, "Excessively large number of partitions per request.")
}

fn create_topic(
    settings: &BrokerSettings<'_>,
    brokers: &[NodeId],
    topic: &NewTopic,
    new_id: &mut dyn FnMut() -> TopicId,
) -> Result<(CreatedTopic, Vec<MetadataRecord>), ControllerError> {
    check_name(settings.image, &topic.name)?;
    let own = own_configs(topic)?;
    settings.topic_config_of(&own).map_err(ControllerError::config)?;
    let partitions = placement(settings, brokers, topic)?;
    let configs = describe_topic(settings, &own).map_err(ControllerError::config)?;
    let id = new_id();
    let created = CreatedTopic {
        id,
        num_partitions: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
        replication_factor: i16::try_from(partitions.first().map_or(0, Vec::len)).unwrap_or(i16::MAX),
        configs,
    };
    let mut records = vec![MetadataRecord::Topic { name: TopicName::new(&topic.name), id, partitions }];
    let config = |(key, value)| MetadataRecord::TopicConfig { topic_id: id, key, value: Some(value) };
    records.extend(own.into_iter().map(config));
    Ok((created, records))
}

/// Names are compared with existing topics only: two that collide in one request are both made, as in Kafka.
fn check_name(image: &MetadataImage, name: &str) -> Result<(), ControllerError> {
    if name == TopicName::CLUSTER_METADATA {
        let message = format!("Creation of internal topic {name} is prohibited.");
        return Err(ControllerError::new(ErrorKind::InvalidRequest, message));
    }
    TopicName::check(name).map_err(ControllerError::topic_name)?;
    if image.topic_id(name).is_some() {
        let message = format!("Topic '{name}' already exists.");
        return Err(ControllerError::new(ErrorKind::TopicAlreadyExists, message));
    }
    if let Some(other) = image.colliding_topic(name) {
        let message = format!("Topic '{name}' collides with existing topic: {other}");
        return Err(ControllerError::new(ErrorKind::InvalidTopic, message));
    }
    Ok(())
}

fn own_configs(topic: &NewTopic) -> Result<ConfigMap, ControllerError> {
    let nulls: Vec<&str> =
        topic.configs.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str()).collect();
    if !nulls.is_empty() {
        let message = format!("Null value not supported for topic configs: {}", nulls.join(","));
        return Err(ControllerError::new(ErrorKind::InvalidConfig, message));
    }
    Ok(topic.configs.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect())
}

fn placement(
    settings: &BrokerSettings<'_>,
    brokers: &[NodeId],
    topic: &NewTopic,
) -> Result<Vec<Vec<NodeId>>, ControllerError> {
    if !topic.assignments.is_empty() {
        return manual(brokers, topic);
    }
    let (factor, count) = (topic.replication_factor, topic.num_partitions);
    if factor < -1 || factor == 0 {
        let message = "Replication factor must be larger than 0, or -1 to use the default value.";
        return Err(ControllerError::new(ErrorKind::InvalidReplicationFactor, message));
    }
    if count < -1 || count == 0 {
        let message = "Number of partitions was set to an invalid non-positive value.";
        return Err(ControllerError::new(ErrorKind::InvalidPartitions, message));
    }
    let default = |name: &str| settings.number(name).filter(|number| *number > 0).unwrap_or(1);
    let count = if count == -1 { default("num.partitions") } else { count.into() };
    let factor = if factor == -1 { default("default.replication.factor") } else { factor.into() };
    if usize::try_from(count).map_or(true, |count| count > MAX_PARTITIONS_PER_REQUEST) {
        return Err(excessive());
    }
    place(brokers, 0, count, factor).map_err(|reason| {
        let message = format!("Unable to replicate the partition {factor} time(s): {reason}");
        ControllerError::new(ErrorKind::InvalidReplicationFactor, message)
    })
}

fn manual(brokers: &[NodeId], topic: &NewTopic) -> Result<Vec<Vec<NodeId>>, ControllerError> {
    let both = |what: &str| {
        let message = format!("A manual partition assignment was specified, but {what} was not set to -1.");
        Err(ControllerError::new(ErrorKind::InvalidRequest, message))
    };
    if topic.replication_factor != -1 {
        return both("replication factor");
    }
    if topic.num_partitions != -1 {
        return both("numPartitions");
    }
    let mut placed = BTreeMap::new();
    let mut factor = None;
    for (partition, replicas) in &topic.assignments {
        if placed.contains_key(partition) {
            let message = format!("Found multiple manual partition assignments for partition {partition}");
            return Err(ControllerError::new(ErrorKind::InvalidReplicaAssignment, message));
        }
        check_assignment(brokers, replicas, factor)?;
        factor = Some(replicas.len());
        placed.insert(*partition, replicas.clone());
    }
    if !placed.keys().copied().eq(0..i32::try_from(placed.len()).unwrap_or(i32::MAX)) {
        let message = "partitions should be a consecutive 0-based integer sequence";
        return Err(ControllerError::new(ErrorKind::InvalidReplicaAssignment, message));
    }
    Ok(placed.into_values().collect())
}

/// A topic to delete: by name or by id, not both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTopic {
    /// The name.
    pub name: Option<String>,
    /// The id, or [`TopicId::ZERO`].
    pub id: TopicId,
}

/// The result for one topic of a `DeleteTopics` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedTopic {
    /// The name, where it is known.
    pub name: Option<String>,
    /// The id, where it is known, or [`TopicId::ZERO`].
    pub id: TopicId,
    /// Why it is not deleted.
    pub result: Result<(), ControllerError>,
}

/// Deletes topics; one that is given twice is refused and has one result.
#[must_use]
pub fn delete_topics(
    settings: &BrokerSettings<'_>,
    request: &[DeleteTopic],
) -> (Vec<MetadataRecord>, Vec<DeletedTopic>) {
    let mut records = Vec::new();
    let mut results: Vec<DeletedTopic> = Vec::with_capacity(request.len());
    let enabled = settings.flag("delete.topic.enable");
    let mut ids = BTreeSet::new();
    for (index, topic) in request.iter().enumerate() {
        let same = |other: &DeleteTopic| other == topic;
        if request[..index].iter().any(same) {
            continue;
        }
        let twice = request[index + 1..].iter().any(same);
        let found = find(settings.image, topic, enabled, twice);
        let (name, id, result) = match found {
            Ok((name, id)) if ids.insert(id) => {
                records.push(MetadataRecord::RemoveTopic { topic_id: id });
                (Some(name), id, Ok(()))
            }
            Ok((name, id)) => {
                let message = "The provided topic name maps to an ID that was already supplied.";
                (Some(name), id, Err(ControllerError::new(ErrorKind::InvalidRequest, message)))
            }
            Err(error) => (topic.name.clone(), topic.id, Err(error)),
        };
        results.push(DeletedTopic { name, id, result });
    }
    (records, results)
}

fn find(
    image: &MetadataImage,
    topic: &DeleteTopic,
    enabled: bool,
    twice: bool,
) -> Result<(String, TopicId), ControllerError> {
    let invalid = |message: &str| Err(ControllerError::new(ErrorKind::InvalidRequest, message));
    if !enabled {
        return Err(ControllerError::bare(ErrorKind::TopicDeletionDisabled));
    }
    match &topic.name {
        None if topic.id == TopicId::ZERO => invalid("Neither topic name nor id were specified."),
        Some(_) if topic.id != TopicId::ZERO => invalid("You may not specify both topic name and topic id."),
        Some(_) if twice => invalid("Duplicate topic name."),
        None if twice => invalid("Duplicate topic id."),
        Some(name) => {
            let unknown = || ControllerError::bare(ErrorKind::UnknownTopicOrPartition);
            Ok((name.clone(), image.topic_id(name).ok_or_else(unknown)?))
        }
        None => {
            let unknown = || ControllerError::bare(ErrorKind::UnknownTopicId);
            let found = image.topic_by_id(topic.id).ok_or_else(unknown)?;
            Ok((found.name.to_string(), found.id))
        }
    }
}

#[cfg(test)]
#[path = "topics_test.rs"]
mod tests;
