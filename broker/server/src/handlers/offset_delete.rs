//! OffsetDelete (key 47), version 0 (KIP-496): GROUP_SUBSCRIBED_TO_TOPIC while a member reads the topic.

use std::sync::Arc;

use highway_coordinator::{Command, GroupError, OffsetDelete, OffsetDeletePartition, Response};
use highway_types::{PartitionIndex, TopicName};
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse};

use super::groups::group_id;
use super::metadata::name_of;
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers an OffsetDelete request.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: OffsetDeleteRequest,
) -> OffsetDeleteResponse {
    let image = broker.image();
    let group = group_id(&request.group_id);
    let topics = request
        .topics
        .iter()
        .map(|topic| {
            let partitions = topic
                .partitions
                .iter()
                .map(|p| {
                    let partition = PartitionIndex(p.partition_index);
                    let known = image.partition(&topic.name, partition).is_some();
                    let refused = (!known).then_some(GroupError::UnknownTopicOrPartition);
                    OffsetDeletePartition { partition, refused }
                })
                .collect();
            (TopicName::new(&topic.name), partitions)
        })
        .collect();
    let command = Command::OffsetDelete(OffsetDelete { group: group.clone(), topics });
    let Response::OffsetDelete(deleted) = broker.groups.call(&image, &group, command).await else {
        return OffsetDeleteResponse::default().with_error_code(-1);
    };
    let topics = deleted
        .topics
        .iter()
        .map(|(topic, partitions)| {
            let partitions = partitions
                .iter()
                .map(|(partition, error)| {
                    OffsetDeleteResponsePartition::default()
                        .with_partition_index(partition.0)
                        .with_error_code(error.code())
                })
                .collect();
            OffsetDeleteResponseTopic::default()
                .with_name(name_of(topic.as_str()))
                .with_partitions(partitions)
        })
        .collect();
    OffsetDeleteResponse::default().with_error_code(deleted.error.code()).with_topics(topics)
}
