//! Metadata (key 3), versions 0-13.
//!
//! - v0: no topics named = all; v1+: null = all, empty = none. v4: `allow_auto_topic_creation`, before always on.
//! - Missing topics are created if the node and the request allow it; the answer for them is still
//!   UNKNOWN_TOPIC_OR_PARTITION, and the client asks again. Malformed names: INVALID_TOPIC_EXCEPTION.
//! - v10 topic ids in answers, v12 in requests; an unknown id: UNKNOWN_TOPIC_ID. v13: a top-level error code.

use std::collections::HashSet;
use std::sync::Arc;

use highway_cluster::TopicImage;
use highway_types::{TopicId, TopicName};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, MetadataRequest, MetadataResponse};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::context::RequestContext;

/// "Not asked for" in the authorized operations.
pub const NO_OPERATIONS: i32 = i32::MIN;
/// Every operation that Kafka has for a topic, as bits: READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS,
/// ALTER_CONFIGS.
pub const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;
/// Every operation that Kafka has for the cluster.
pub const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

/// Answers a Metadata request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: MetadataRequest,
) -> MetadataResponse {
    let image = broker.image();
    let wants_operations = request.include_topic_authorized_operations;
    let all = match &request.topics {
        None => true,
        Some(topics) => ctx.version == 0 && topics.is_empty(),
    };
    if ctx.version < 12
        && let Some(topics) =
            request.topics.as_ref().filter(|t| t.iter().any(|t| !t.topic_id.is_nil() || t.name.is_none()))
    {
        return refused(topics);
    }
    let topics = if all {
        image.topics_sorted().into_iter().map(|t| describe(t, wants_operations)).collect()
    } else {
        let mut answers = Vec::new();
        let mut missing = Vec::new();
        let mut seen = HashSet::new();
        for topic in request.topics.unwrap_or_default() {
            if !seen.insert((topic.name.clone(), topic.topic_id)) {
                continue;
            }
            let name = topic.name.as_ref().map(|n| n.as_str());
            let found = if topic.topic_id.is_nil() {
                name.and_then(|n| image.topic(n))
            } else {
                image.topic_by_id(TopicId(topic.topic_id))
            };
            match (found, name) {
                (Some(found), _) => answers.push(describe(found, wants_operations)),
                (None, _) if !topic.topic_id.is_nil() => {
                    answers.push(error_topic(None, topic.topic_id, ResponseError::UnknownTopicId));
                }
                (None, Some(name)) if TopicName::check(name).is_err() => {
                    answers.push(error_topic(
                        Some(name),
                        topic.topic_id,
                        ResponseError::InvalidTopicException,
                    ));
                }
                (None, name) => {
                    missing.extend(name.map(str::to_owned));
                    answers.push(error_topic(name, topic.topic_id, ResponseError::UnknownTopicOrPartition));
                }
            }
        }
        let may_create = ctx.version < 4 || request.allow_auto_topic_creation;
        if may_create && !missing.is_empty() && broker.settings().auto_create_topics {
            broker.auto_create(&missing).await;
        }
        answers
    };
    let cluster_operations =
        if request.include_cluster_authorized_operations && (8..=10).contains(&ctx.version) {
            CLUSTER_OPERATIONS
        } else {
            NO_OPERATIONS
        };
    MetadataResponse::default()
        .with_brokers(brokers(broker, ctx))
        .with_cluster_id(Some(StrBytes::from_string(broker.cluster_id.to_string())))
        .with_controller_id(BrokerId(broker.node_id.0))
        .with_topics(topics)
        .with_cluster_authorized_operations(cluster_operations)
}

/// Ids before version 12: the whole request is wrong, and the answer names no broker.
fn refused(topics: &[MetadataRequestTopic]) -> MetadataResponse {
    let topics = topics
        .iter()
        .map(|t| {
            let name = t.name.as_ref().map_or("", |n| n.as_str());
            error_topic(Some(name), t.topic_id, ResponseError::InvalidRequest)
        })
        .collect();
    MetadataResponse::default()
        .with_cluster_id(None)
        .with_controller_id(BrokerId(-1))
        .with_topics(topics)
        .with_cluster_authorized_operations(NO_OPERATIONS)
}

/// This node, as clients of the request's listener reach it.
fn brokers(broker: &Broker, ctx: &RequestContext) -> Vec<MetadataResponseBroker> {
    let (host, port) = broker.advertised(ctx.connection.listener);
    vec![
        MetadataResponseBroker::default()
            .with_node_id(BrokerId(broker.node_id.0))
            .with_host(StrBytes::from_string(host))
            .with_port(i32::from(port)),
    ]
}

fn describe(topic: &Arc<TopicImage>, wants_operations: bool) -> MetadataResponseTopic {
    let partitions = (0i32..)
        .zip(&topic.partitions)
        .map(|(index, partition)| {
            let nodes: Vec<BrokerId> = partition.replicas.iter().map(|n| BrokerId(n.0)).collect();
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(partition.leader().map_or(BrokerId(-1), |n| BrokerId(n.0)))
                .with_leader_epoch(partition.leader_epoch.0)
                .with_replica_nodes(nodes.clone())
                .with_isr_nodes(nodes)
        })
        .collect();
    MetadataResponseTopic::default()
        .with_name(Some(name_of(topic.name.as_str())))
        .with_topic_id(topic.id.0)
        .with_is_internal(topic.name.is_internal())
        .with_partitions(partitions)
        .with_topic_authorized_operations(if wants_operations { TOPIC_OPERATIONS } else { NO_OPERATIONS })
}

fn error_topic(name: Option<&str>, id: uuid::Uuid, error: ResponseError) -> MetadataResponseTopic {
    // Before version 12 the name may not be null.
    MetadataResponseTopic::default()
        .with_error_code(error.code())
        .with_name(name.map(name_of))
        .with_topic_id(id)
        .with_is_internal(name.is_some_and(|n| TopicName::new(n).is_internal()))
        .with_topic_authorized_operations(NO_OPERATIONS)
}

/// A name for an answer.
pub fn name_of(name: &str) -> kafka_protocol::messages::TopicName {
    kafka_protocol::messages::TopicName(StrBytes::from_string(name.to_owned()))
}
