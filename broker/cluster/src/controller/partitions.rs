//! `CreatePartitions` (protocol checklist 34), and where partitions are placed.

use std::collections::BTreeMap;

use highway_types::NodeId;

use super::MAX_PARTITIONS_PER_REQUEST;
use super::error::{ControllerError, ErrorKind};
use super::topics::{TopicOutcome, excessive};
use crate::image::MetadataImage;
use crate::record::MetadataRecord;

/// A topic to give more partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartitions {
    /// The name.
    pub name: String,
    /// How many partitions it shall have.
    pub count: i32,
    /// The replicas of each new partition.
    pub assignments: Option<Vec<Vec<NodeId>>>,
}

/// Gives topics more partitions. A name that is given twice has one result.
#[must_use]
pub fn create_partitions(
    image: &MetadataImage,
    brokers: &[NodeId],
    request: &[NewPartitions],
) -> (Vec<MetadataRecord>, Vec<TopicOutcome<()>>) {
    let mut times = BTreeMap::<&str, usize>::new();
    for topic in request {
        *times.entry(&topic.name).or_default() += 1;
    }
    let mut records = Vec::new();
    let mut outcomes = Vec::with_capacity(times.len());
    for topic in request {
        let result = match times.remove(topic.name.as_str()) {
            None => continue,
            Some(1) => grow(image, brokers, topic),
            Some(_) => Err(ControllerError::new(ErrorKind::InvalidRequest, "Duplicate topic name.")),
        };
        let result = result.map(|record| records.push(record));
        outcomes.push(TopicOutcome { name: topic.name.clone(), result });
    }
    (records, outcomes)
}

fn grow(
    image: &MetadataImage,
    brokers: &[NodeId],
    request: &NewPartitions,
) -> Result<MetadataRecord, ControllerError> {
    let unknown = || ControllerError::bare(ErrorKind::UnknownTopicOrPartition);
    let topic = image.topic(&request.name).ok_or_else(unknown)?;
    let (have, want) = (topic.partition_count(), request.count);
    if want <= have {
        let message = if want == have {
            format!("Topic already has {have} partition(s).")
        } else {
            format!(
                "The topic {} currently has {have} partition(s); {want} would not be an increase.",
                request.name
            )
        };
        return Err(ControllerError::new(ErrorKind::InvalidPartitions, message));
    }
    let additional = want - have;
    if usize::try_from(additional).map_or(true, |count| count > MAX_PARTITIONS_PER_REQUEST) {
        return Err(excessive());
    }
    let factor = topic.partitions.first().map_or(1, |partition| partition.replicas.len());
    let partitions = match &request.assignments {
        Some(assignments) => {
            if i32::try_from(assignments.len()) != Ok(additional) {
                let message = format!(
                    "Attempted to add {additional} additional partition(s), but only {} assignment(s) were \
                     specified.",
                    assignments.len()
                );
                return Err(ControllerError::new(ErrorKind::InvalidReplicaAssignment, message));
            }
            for replicas in assignments {
                check_assignment(brokers, replicas, Some(factor))?;
            }
            assignments.clone()
        }
        None => place(brokers, have.into(), additional.into(), i64::try_from(factor).unwrap_or(i64::MAX))
            .map_err(|reason| ControllerError::new(ErrorKind::InvalidReplicationFactor, reason))?,
    };
    Ok(MetadataRecord::Partitions { topic_id: topic.id, partitions })
}

/// Spreads `count` partitions from number `first` over the brokers in turn; the error is Kafka's reason.
pub(super) fn place(
    brokers: &[NodeId],
    first: i64,
    count: i64,
    factor: i64,
) -> Result<Vec<Vec<NodeId>>, String> {
    let broker_count = i64::try_from(brokers.len()).unwrap_or(i64::MAX);
    if factor > broker_count {
        return Err(format!(
            "The target replication factor of {factor} cannot be reached because only {broker_count} broker(s) are \
             registered or some brokers have all their log directories cordoned."
        ));
    }
    let broker = |turn: i64| usize::try_from(turn % broker_count).ok().and_then(|i| brokers.get(i)).copied();
    Ok((first..first + count).map(|p| (p..p + factor).filter_map(broker).collect()).collect())
}

/// Checks the replicas that a request names for one partition.
pub(super) fn check_assignment(
    brokers: &[NodeId],
    replicas: &[NodeId],
    factor: Option<usize>,
) -> Result<(), ControllerError> {
    let refuse = |rest: String| {
        let message = format!("The manual partition assignment includes {rest}");
        Err(ControllerError::new(ErrorKind::InvalidReplicaAssignment, message))
    };
    if replicas.is_empty() {
        return refuse("an empty replica list.".to_owned());
    }
    let mut sorted = replicas.to_vec();
    sorted.sort_unstable();
    for (index, broker) in sorted.iter().enumerate() {
        if !brokers.contains(broker) {
            return refuse(format!("broker {broker}, but no such broker is registered."));
        }
        if index > 0 && sorted[index - 1] == *broker {
            return refuse(format!("the broker {broker} more than once."));
        }
    }
    match factor {
        Some(factor) if factor != sorted.len() => refuse(format!(
            "a partition with {} replica(s), but this is not consistent with previous partitions, which have \
             {factor} replica(s).",
            sorted.len()
        )),
        _ => Ok(()),
    }
}
