//! LeaveGroup (key 13), versions 0-5. v3+ several members at once, by member or instance id (KIP-345).

use std::sync::Arc;

use highway_coordinator::{Command, LeaveGroup, LeavingMember, Response};
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};

use super::groups::{group_id, instance_id, member_id, text};
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a LeaveGroup request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: LeaveGroupRequest,
) -> LeaveGroupResponse {
    let group = group_id(&request.group_id);
    let members = if ctx.version >= 3 {
        request
            .members
            .iter()
            .map(|m| LeavingMember {
                member_id: member_id(&m.member_id),
                instance_id: instance_id(m.group_instance_id.as_ref()),
            })
            .collect()
    } else {
        vec![LeavingMember { member_id: member_id(&request.member_id), instance_id: None }]
    };
    let command = Command::LeaveGroup(LeaveGroup { group: group.clone(), members });
    let Response::LeaveGroup(left) = broker.groups.call(&broker.image(), &group, command).await else {
        return LeaveGroupResponse::default().with_error_code(-1);
    };
    if ctx.version < 3 {
        return LeaveGroupResponse::default().with_error_code(left.single_error().code());
    }
    let members = left
        .members
        .iter()
        .map(|m| {
            MemberResponse::default()
                .with_member_id(text(m.member_id.as_str()))
                .with_group_instance_id(m.instance_id.as_ref().map(|id| text(id.as_str())))
                .with_error_code(m.error.code())
        })
        .collect();
    LeaveGroupResponse::default().with_error_code(left.error.code()).with_members(members)
}
