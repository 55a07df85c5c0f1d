//! DeleteGroups (key 42), versions 0-2: NON_EMPTY_GROUP while it has members, GROUP_ID_NOT_FOUND if there is none.

use std::sync::Arc;

use highway_coordinator::{Command, DeleteGroups, Response};
use kafka_protocol::messages as m;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse};

use super::groups::{group_id, text};
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a DeleteGroups request.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: DeleteGroupsRequest,
) -> DeleteGroupsResponse {
    let image = broker.image();
    let mut results = Vec::with_capacity(request.groups_names.len());
    for id in &request.groups_names {
        let group = group_id(id);
        let command = Command::DeleteGroups(DeleteGroups { groups: vec![group.clone()] });
        if let Response::DeleteGroups(deleted) = broker.groups.call(&image, &group, command).await {
            results.extend(deleted.iter().map(|(group, error)| {
                DeletableGroupResult::default()
                    .with_group_id(m::GroupId(text(group.as_str())))
                    .with_error_code(error.code())
            }));
        }
    }
    DeleteGroupsResponse::default().with_results(results)
}
