//! OffsetCommit (key 8), versions 2-9. Answered once the offsets are durable. An unknown partition is refused alone.

use std::sync::Arc;

use highway_coordinator::{Command, Generation, GroupError, OffsetCommit, OffsetCommitPartition, Response};
use highway_types::{LeaderEpoch, Offset, PartitionIndex, TopicName};
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};

use super::groups::{group_id, instance_id, member_id};
use super::metadata::name_of;
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers an OffsetCommit request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: OffsetCommitRequest,
) -> OffsetCommitResponse {
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
                    OffsetCommitPartition {
                        partition,
                        offset: Offset(p.committed_offset),
                        leader_epoch: LeaderEpoch(if ctx.version >= 6 {
                            p.committed_leader_epoch
                        } else {
                            -1
                        }),
                        metadata: p.committed_metadata.as_ref().map(ToString::to_string),
                        refused: (!known).then_some(GroupError::UnknownTopicOrPartition),
                    }
                })
                .collect();
            (TopicName::new(&topic.name), partitions)
        })
        .collect();
    let command = Command::OffsetCommit(OffsetCommit {
        group: group.clone(),
        generation: Generation(request.generation_id_or_member_epoch),
        member_id: member_id(&request.member_id),
        instance_id: instance_id(request.group_instance_id.as_ref()),
        retention_time_ms: if ctx.version <= 4 { request.retention_time_ms } else { -1 },
        topics,
        api_version: ctx.version,
    });
    let Response::OffsetCommit(committed) = broker.groups.call(&image, &group, command).await else {
        return OffsetCommitResponse::default();
    };
    let topics = committed
        .iter()
        .map(|(topic, partitions)| {
            let partitions = partitions
                .iter()
                .map(|(partition, error)| {
                    OffsetCommitResponsePartition::default()
                        .with_partition_index(partition.0)
                        .with_error_code(error.code())
                })
                .collect();
            OffsetCommitResponseTopic::default()
                .with_name(name_of(topic.as_str()))
                .with_partitions(partitions)
        })
        .collect();
    OffsetCommitResponse::default().with_topics(topics)
}
