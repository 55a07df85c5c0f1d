//! OffsetFetch (key 9), versions 1-9. v2 null topics = all; v8+ several groups (KIP-709). No commit is offset -1 and
//! no error.

use std::sync::Arc;

use highway_coordinator::{Command, OffsetFetch, OffsetFetchResponse as Fetched, Response};
use highway_types::{GroupId, PartitionIndex, TopicName};
use kafka_protocol::messages as m;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};

use super::groups::{group_id, text};
use super::metadata::name_of;
use crate::broker::Broker;
use crate::context::RequestContext;

type Wanted = Option<Vec<(TopicName, Vec<PartitionIndex>)>>;

/// Answers an OffsetFetch request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: OffsetFetchRequest,
) -> OffsetFetchResponse {
    let stable = request.require_stable;
    if ctx.version < 8 {
        let wanted: Wanted = request.topics.map(|topics| {
            topics.iter().map(|t| (TopicName::new(&t.name), indexes(&t.partition_indexes))).collect()
        });
        return match fetch(broker, group_id(&request.group_id), wanted, stable).await {
            Some(fetched) => single(&fetched, ctx.version),
            None => OffsetFetchResponse::default().with_error_code(-1),
        };
    }
    let mut groups = Vec::with_capacity(request.groups.len());
    for group in &request.groups {
        let wanted: Wanted = group.topics.as_ref().map(|topics| {
            topics.iter().map(|t| (TopicName::new(&t.name), indexes(&t.partition_indexes))).collect()
        });
        if let Some(fetched) = fetch(broker, group_id(&group.group_id), wanted, stable).await {
            groups.push(several(&fetched));
        }
    }
    OffsetFetchResponse::default().with_groups(groups)
}

fn indexes(raw: &[i32]) -> Vec<PartitionIndex> {
    raw.iter().map(|i| PartitionIndex(*i)).collect()
}

async fn fetch(broker: &Broker, group: GroupId, topics: Wanted, require_stable: bool) -> Option<Fetched> {
    let command = Command::OffsetFetch(OffsetFetch { group: group.clone(), topics, require_stable });
    match broker.groups.call(&broker.image(), &group, command).await {
        Response::OffsetFetch(fetched) => Some(fetched),
        _ => None,
    }
}

fn single(fetched: &Fetched, version: i16) -> OffsetFetchResponse {
    let topics = fetched
        .topics
        .iter()
        .map(|(topic, partitions)| {
            let partitions = partitions
                .iter()
                .map(|p| {
                    // Version 1 has no error for the group: each partition carries it.
                    let error = if version < 2 && !fetched.error.is_none() { fetched.error } else { p.error };
                    OffsetFetchResponsePartition::default()
                        .with_partition_index(p.partition.0)
                        .with_committed_offset(p.offset.0)
                        .with_committed_leader_epoch(if version >= 5 { p.leader_epoch.0 } else { -1 })
                        .with_metadata(Some(text(&p.metadata)))
                        .with_error_code(error.code())
                })
                .collect();
            OffsetFetchResponseTopic::default().with_name(name_of(topic.as_str())).with_partitions(partitions)
        })
        .collect();
    let answer = OffsetFetchResponse::default().with_topics(topics);
    if version >= 2 { answer.with_error_code(fetched.error.code()) } else { answer }
}

fn several(fetched: &Fetched) -> OffsetFetchResponseGroup {
    let topics = fetched
        .topics
        .iter()
        .map(|(topic, partitions)| {
            let partitions = partitions
                .iter()
                .map(|p| {
                    OffsetFetchResponsePartitions::default()
                        .with_partition_index(p.partition.0)
                        .with_committed_offset(p.offset.0)
                        .with_committed_leader_epoch(p.leader_epoch.0)
                        .with_metadata(Some(text(&p.metadata)))
                        .with_error_code(p.error.code())
                })
                .collect();
            OffsetFetchResponseTopics::default()
                .with_name(name_of(topic.as_str()))
                .with_partitions(partitions)
        })
        .collect();
    OffsetFetchResponseGroup::default()
        .with_group_id(m::GroupId(text(fetched.group.as_str())))
        .with_topics(topics)
        .with_error_code(fetched.error.code())
}
