//! JoinGroup (key 11), versions 0-9: the classic protocol. v4 MEMBER_ID_REQUIRED (KIP-394), v5 static members
//! (KIP-345), v7 protocol type, v9 `skip_assignment` (KIP-814).

use std::sync::Arc;

use bytes::Bytes;
use highway_coordinator::{Command, JoinGroup, Protocol, Response};
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};
use kafka_protocol::protocol::StrBytes;

use super::groups::{group_id, instance_id, member_id, optional, text};
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a JoinGroup request, when the rebalance is complete.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: JoinGroupRequest,
) -> JoinGroupResponse {
    let group = group_id(&request.group_id);
    let command = Command::JoinGroup(JoinGroup {
        group: group.clone(),
        member_id: member_id(&request.member_id),
        instance_id: instance_id(request.group_instance_id.as_ref()),
        client_id: Arc::from(ctx.client_id()),
        client_host: Arc::from(ctx.client_host()),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms: request.rebalance_timeout_ms,
        protocol_type: Arc::from(request.protocol_type.as_str()),
        protocols: request
            .protocols
            .iter()
            .map(|p| Protocol {
                name: Arc::from(p.name.as_str()),
                metadata: Bytes::copy_from_slice(&p.metadata),
            })
            .collect(),
        api_version: ctx.version,
        fresh_id: uuid::Uuid::new_v4().as_u128(),
    });
    let Response::JoinGroup(joined) = broker.groups.call(&broker.image(), &group, command).await else {
        return JoinGroupResponse::default().with_error_code(-1);
    };
    let members = joined
        .members
        .iter()
        .map(|member| {
            JoinGroupResponseMember::default()
                .with_member_id(text(member.member_id.as_str()))
                .with_group_instance_id(
                    member.instance_id.as_ref().filter(|_| ctx.version >= 5).map(|id| text(id.as_str())),
                )
                .with_metadata(member.metadata.clone())
        })
        .collect();
    let protocol_name = match optional(joined.protocol_name.as_ref()) {
        None if ctx.version < 7 => Some(StrBytes::default()),
        name => name,
    };
    JoinGroupResponse::default()
        .with_error_code(joined.error.code())
        .with_generation_id(joined.generation.0)
        .with_protocol_type(optional(joined.protocol_type.as_ref()).filter(|_| ctx.version >= 7))
        .with_protocol_name(protocol_name)
        .with_leader(text(joined.leader.as_str()))
        .with_skip_assignment(joined.skip_assignment && ctx.version >= 9)
        .with_member_id(text(joined.member_id.as_str()))
        .with_members(members)
}
