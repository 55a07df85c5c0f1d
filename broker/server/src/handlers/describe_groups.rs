//! DescribeGroups (key 15), versions 0-6. An unknown group is "Dead" up to v5, GROUP_ID_NOT_FOUND from v6 (KIP-1043).

use std::sync::Arc;

use highway_coordinator::{Command, DescribeGroups, DescribedGroup, Response};
use kafka_protocol::messages as m;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup as Answer, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse};

use super::groups::{group_id, text};
use crate::broker::Broker;
use crate::context::RequestContext;

/// READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS as bits: what Kafka has for groups.
const GROUP_OPERATIONS: i32 = 0b1101_0100_1000;

/// Answers a DescribeGroups request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: DescribeGroupsRequest,
) -> DescribeGroupsResponse {
    let image = broker.image();
    let operations =
        if request.include_authorized_operations { GROUP_OPERATIONS } else { super::metadata::NO_OPERATIONS };
    let mut groups = Vec::with_capacity(request.groups.len());
    for id in &request.groups {
        let group = group_id(id);
        let command =
            Command::DescribeGroups(DescribeGroups { groups: vec![group.clone()], api_version: ctx.version });
        if let Response::DescribeGroups(described) = broker.groups.call(&image, &group, command).await {
            groups.extend(described.iter().map(|g| answer(g, ctx.version, operations)));
        }
    }
    DescribeGroupsResponse::default().with_groups(groups)
}

fn answer(group: &DescribedGroup, version: i16, operations: i32) -> Answer {
    let state = if group.error.is_none() || group.error.code() == 69 { group.state.as_str() } else { "" };
    let members = group
        .members
        .iter()
        .map(|member| {
            DescribedGroupMember::default()
                .with_member_id(text(member.member_id.as_str()))
                .with_group_instance_id(
                    member.instance_id.as_ref().filter(|_| version >= 4).map(|id| text(id.as_str())),
                )
                .with_client_id(text(&member.client_id))
                .with_client_host(text(&member.client_host))
                .with_member_metadata(member.metadata.clone())
                .with_member_assignment(member.assignment.clone())
        })
        .collect();
    Answer::default()
        .with_error_code(group.error.code())
        .with_error_message(group.error_message.as_deref().filter(|_| version >= 6).map(text))
        .with_group_id(m::GroupId(text(group.group.as_str())))
        .with_group_state(text(state))
        .with_protocol_type(text(&group.protocol_type))
        .with_protocol_data(text(&group.protocol))
        .with_members(members)
        .with_authorized_operations(if version >= 3 && group.error.is_none() {
            operations
        } else {
            super::metadata::NO_OPERATIONS
        })
}
