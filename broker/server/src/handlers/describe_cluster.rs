//! DescribeCluster (key 60), versions 0-2 (KIP-700).
//!
//! v1 `endpoint_type`: 1 brokers; 2 controllers is MISMATCHED_ENDPOINT_TYPE here, anything else UNSUPPORTED_ENDPOINT_TYPE.

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{BrokerId, DescribeClusterRequest, DescribeClusterResponse};
use kafka_protocol::protocol::StrBytes;

use super::metadata::{CLUSTER_OPERATIONS, NO_OPERATIONS};
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a DescribeCluster request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
    let answer = DescribeClusterResponse::default()
        .with_endpoint_type(1)
        .with_cluster_id(StrBytes::from_string(broker.cluster_id.to_string()))
        .with_controller_id(BrokerId(broker.node_id.0));
    if ctx.version >= 1 && request.endpoint_type != 1 {
        let (code, message) = if request.endpoint_type == 2 {
            let message = "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER";
            (ResponseError::MismatchedEndpointType, message.to_owned())
        } else {
            let message = format!("Unsupported endpoint type {}", request.endpoint_type);
            (ResponseError::UnsupportedEndpointType, message)
        };
        return answer
            .with_error_code(code.code())
            .with_error_message(Some(StrBytes::from_string(message)))
            .with_controller_id(BrokerId(-1))
            .with_cluster_authorized_operations(NO_OPERATIONS);
    }
    let (host, port) = broker.advertised(ctx.connection.listener);
    let node = DescribeClusterBroker::default()
        .with_broker_id(BrokerId(broker.node_id.0))
        .with_host(StrBytes::from_string(host))
        .with_port(i32::from(port));
    let operations =
        if request.include_cluster_authorized_operations { CLUSTER_OPERATIONS } else { NO_OPERATIONS };
    answer.with_brokers(vec![node]).with_cluster_authorized_operations(operations)
}
