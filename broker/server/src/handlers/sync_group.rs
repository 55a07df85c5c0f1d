//! SyncGroup (key 14), versions 0-5: the leader's assignment to every member. v3 static members, v5 protocol checks.

use std::sync::Arc;

use bytes::Bytes;
use highway_coordinator::{Command, Generation, MemberAssignment, Response, SyncGroup};
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};

use super::groups::{group_id, instance_id, member_id, optional};
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a SyncGroup request, when the leader has sent its assignment.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: SyncGroupRequest,
) -> SyncGroupResponse {
    let group = group_id(&request.group_id);
    let command = Command::SyncGroup(SyncGroup {
        group: group.clone(),
        generation: Generation(request.generation_id),
        member_id: member_id(&request.member_id),
        instance_id: instance_id(request.group_instance_id.as_ref()),
        protocol_type: request.protocol_type.as_ref().map(|t| Arc::from(t.as_str())),
        protocol_name: request.protocol_name.as_ref().map(|t| Arc::from(t.as_str())),
        assignments: request
            .assignments
            .iter()
            .map(|a| MemberAssignment {
                member_id: member_id(&a.member_id),
                assignment: Bytes::copy_from_slice(&a.assignment),
            })
            .collect(),
    });
    let Response::SyncGroup(synced) = broker.groups.call(&broker.image(), &group, command).await else {
        return SyncGroupResponse::default().with_error_code(-1);
    };
    SyncGroupResponse::default()
        .with_error_code(synced.error.code())
        .with_protocol_type(optional(synced.protocol_type.as_ref()).filter(|_| ctx.version >= 5))
        .with_protocol_name(optional(synced.protocol_name.as_ref()).filter(|_| ctx.version >= 5))
        .with_assignment(synced.assignment)
}
