//! ListGroups (key 16), versions 0-5. v4 filter by state (KIP-518), v5 by type (KIP-848).

use std::sync::Arc;

use highway_coordinator::{Command, ListGroups, Response};
use kafka_protocol::messages as m;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse};

use super::groups::text;
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a ListGroups request from all shards.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: ListGroupsRequest,
) -> ListGroupsResponse {
    let owned =
        |filter: &[kafka_protocol::protocol::StrBytes]| filter.iter().map(ToString::to_string).collect();
    let query = ListGroups { states: owned(&request.states_filter), types: owned(&request.types_filter) };
    let mut groups = Vec::new();
    for partition in broker.groups.partitions() {
        let answer = broker.groups.call_partition(partition, Command::ListGroups(query.clone())).await;
        if let Response::ListGroups(listed) = answer {
            groups.extend(listed.groups.into_iter().map(|group| {
                let entry = ListedGroup::default()
                    .with_group_id(m::GroupId(text(group.group.as_str())))
                    .with_protocol_type(text(&group.protocol_type));
                let entry =
                    if ctx.version >= 4 { entry.with_group_state(text(group.state.as_str())) } else { entry };
                if ctx.version >= 5 { entry.with_group_type(text(group.group_type)) } else { entry }
            }));
        }
    }
    ListGroupsResponse::default().with_groups(groups)
}
