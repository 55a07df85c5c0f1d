//! CreateTopics (key 19), versions 2-7. Answered once the control records are durable and the partitions are there.
//! v5 effective settings (KIP-525), v7 topic ids (KIP-516).

use std::sync::Arc;

use highway_cluster::configs::DescribedConfig;
use highway_cluster::controller::{CreatedTopic, NewTopic, TopicOutcome, create_topics};
use highway_types::NodeId;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use kafka_protocol::protocol::StrBytes;

use super::metadata::name_of;
use crate::broker::{Broker, new_topic_id};
use crate::context::RequestContext;

/// Answers a CreateTopics request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: CreateTopicsRequest,
) -> CreateTopicsResponse {
    let wanted: Vec<NewTopic> = request.topics.iter().map(new_topic).collect();
    let validate_only = request.validate_only;
    let outcome = broker
        .controller
        .change(|image| {
            let (records, outcomes) =
                create_topics(&broker.broker_settings(image), &[broker.node_id], &wanted, &mut new_topic_id);
            (if validate_only { Vec::new() } else { records }, outcomes)
        })
        .await;
    let topics = match outcome {
        Ok(outcomes) => outcomes.into_iter().map(|o| answer(o, ctx.version)).collect(),
        Err(error) => request
            .topics
            .into_iter()
            .map(|t| {
                CreatableTopicResult::default()
                    .with_name(t.name)
                    .with_error_code(ResponseError::KafkaStorageError.code())
                    .with_error_message(Some(StrBytes::from_string(error.to_string())))
            })
            .collect(),
    };
    CreateTopicsResponse::default().with_topics(topics)
}

fn new_topic(topic: &CreatableTopic) -> NewTopic {
    NewTopic {
        name: topic.name.to_string(),
        num_partitions: topic.num_partitions,
        replication_factor: topic.replication_factor,
        assignments: topic
            .assignments
            .iter()
            .map(|a| (a.partition_index, a.broker_ids.iter().map(|b| NodeId(b.0)).collect()))
            .collect(),
        configs: topic
            .configs
            .iter()
            .map(|c| (c.name.to_string(), c.value.as_ref().map(ToString::to_string)))
            .collect(),
    }
}

fn answer(outcome: TopicOutcome<CreatedTopic>, version: i16) -> CreatableTopicResult {
    let result = CreatableTopicResult::default().with_name(name_of(&outcome.name)).with_error_message(None);
    match outcome.result {
        Ok(created) => {
            let result = if version >= 5 {
                result
                    .with_num_partitions(created.num_partitions)
                    .with_replication_factor(created.replication_factor)
                    .with_configs(Some(created.configs.into_iter().map(config).collect()))
            } else {
                result
            };
            if version >= 7 { result.with_topic_id(created.id.0) } else { result }
        }
        Err(error) => {
            let result = result
                .with_error_code(error.kind.code())
                .with_error_message(Some(StrBytes::from_string(error.message)));
            if version >= 5 { result.with_configs(Some(Vec::new())) } else { result }
        }
    }
}

fn config(described: DescribedConfig) -> CreatableTopicConfigs {
    CreatableTopicConfigs::default()
        .with_name(StrBytes::from_string(described.name))
        .with_value(described.value.map(StrBytes::from_string))
        .with_read_only(described.read_only)
        .with_config_source(described.source as i8)
        .with_is_sensitive(described.sensitive)
}
