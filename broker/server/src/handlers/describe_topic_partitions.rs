//! DescribeTopicPartitions (key 75), version 0 (KIP-966): topics in name order, cut at a number of partitions, to be
//! continued at a cursor. No topics named = all.

use std::sync::Arc;

use highway_cluster::TopicImage;
use highway_types::TopicName;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::{BrokerId, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};

use super::metadata::{TOPIC_OPERATIONS, name_of};
use crate::broker::Broker;
use crate::context::RequestContext;

const LIMIT: i32 = 2000; // max.request.partition.size.limit

/// Answers a DescribeTopicPartitions request.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let image = broker.image();
    let mut names: Vec<String> = if request.topics.is_empty() {
        image.topics().map(|t| t.name.to_string()).collect()
    } else {
        request.topics.iter().map(|t| t.name.to_string()).collect()
    };
    names.sort_unstable();
    names.dedup();
    let (from_topic, from_partition) = match &request.cursor {
        Some(cursor) => (cursor.topic_name.to_string(), cursor.partition_index.max(0)),
        None => (String::new(), 0),
    };
    let mut left = request.response_partition_limit.clamp(1, LIMIT);
    let mut topics = Vec::new();
    let mut next = None;
    for name in names.iter().filter(|n| **n >= from_topic) {
        let start = if *name == from_topic { from_partition } else { 0 };
        if left == 0 {
            next = Some(Cursor::default().with_topic_name(name_of(name)).with_partition_index(start));
            break;
        }
        let Some(topic) = image.topic(name) else {
            topics.push(missing(name));
            continue;
        };
        let end = topic.partition_count().min(start.saturating_add(left));
        left -= (end - start).max(0);
        topics.push(describe(topic, start, end));
        if end < topic.partition_count() {
            next = Some(Cursor::default().with_topic_name(name_of(name)).with_partition_index(end));
            break;
        }
    }
    DescribeTopicPartitionsResponse::default().with_topics(topics).with_next_cursor(next)
}

fn missing(name: &str) -> DescribeTopicPartitionsResponseTopic {
    let error = if TopicName::check(name).is_err() {
        ResponseError::InvalidTopicException
    } else {
        ResponseError::UnknownTopicOrPartition
    };
    DescribeTopicPartitionsResponseTopic::default()
        .with_error_code(error.code())
        .with_name(Some(name_of(name)))
        .with_topic_authorized_operations(TOPIC_OPERATIONS)
}

fn describe(topic: &TopicImage, start: i32, end: i32) -> DescribeTopicPartitionsResponseTopic {
    let partitions = (start..end)
        .filter_map(|index| {
            let partition = topic.partition(highway_types::PartitionIndex(index))?;
            let nodes: Vec<BrokerId> = partition.replicas.iter().map(|n| BrokerId(n.0)).collect();
            Some(
                DescribeTopicPartitionsResponsePartition::default()
                    .with_partition_index(index)
                    .with_leader_id(partition.leader().map_or(BrokerId(-1), |n| BrokerId(n.0)))
                    .with_leader_epoch(partition.leader_epoch.0)
                    .with_replica_nodes(nodes.clone())
                    .with_isr_nodes(nodes)
                    .with_eligible_leader_replicas(Some(Vec::new()))
                    .with_last_known_elr(Some(Vec::new())),
            )
        })
        .collect();
    DescribeTopicPartitionsResponseTopic::default()
        .with_name(Some(name_of(topic.name.as_str())))
        .with_topic_id(topic.id.0)
        .with_is_internal(topic.name.is_internal())
        .with_partitions(partitions)
        .with_topic_authorized_operations(TOPIC_OPERATIONS)
}
