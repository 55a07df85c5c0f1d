//! ListPartitionReassignments (key 46), version 0 (KIP-455): with one node nothing ever moves.

use std::sync::Arc;

use kafka_protocol::messages::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};

use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a ListPartitionReassignments request.
pub async fn handle(
    _broker: &Arc<Broker>,
    _ctx: &RequestContext,
    _request: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    ListPartitionReassignmentsResponse::default().with_error_message(None)
}
