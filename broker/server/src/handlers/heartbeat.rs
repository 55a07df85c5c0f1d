//! Heartbeat (key 12), versions 0-4. v3 static members.

use std::sync::Arc;

use highway_coordinator::{Command, Generation, Heartbeat, Response};
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};

use super::groups::{group_id, instance_id, member_id};
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a Heartbeat request.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: HeartbeatRequest,
) -> HeartbeatResponse {
    let group = group_id(&request.group_id);
    let command = Command::Heartbeat(Heartbeat {
        group: group.clone(),
        generation: Generation(request.generation_id),
        member_id: member_id(&request.member_id),
        instance_id: instance_id(request.group_instance_id.as_ref()),
    });
    match broker.groups.call(&broker.image(), &group, command).await {
        Response::Heartbeat(answer) => HeartbeatResponse::default().with_error_code(answer.error.code()),
        _ => HeartbeatResponse::default().with_error_code(-1),
    }
}
