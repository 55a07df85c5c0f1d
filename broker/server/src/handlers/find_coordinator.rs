//! FindCoordinator (key 10), versions 0-6. v4+ several keys at once (KIP-699).
//!
//! Groups (type 0): this node; `__consumer_offsets` is created at the first question. Transactions (type 1): there is no
//! coordinator yet; TRANSACTIONAL_ID_AUTHORIZATION_FAILED, which clients take as final instead of asking for ever.

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::context::RequestContext;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

/// Answers a FindCoordinator request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    let keys = if ctx.version >= 4 { request.coordinator_keys } else { vec![request.key] };
    let mut coordinators = Vec::with_capacity(keys.len());
    for key in keys {
        coordinators.push(find(broker, ctx, request.key_type, key).await);
    }
    if ctx.version >= 4 {
        return FindCoordinatorResponse::default().with_coordinators(coordinators);
    }
    let one = coordinators.pop().unwrap_or_default();
    FindCoordinatorResponse::default()
        .with_error_code(one.error_code)
        .with_error_message(if ctx.version >= 1 { one.error_message } else { None })
        .with_node_id(one.node_id)
        .with_host(one.host)
        .with_port(one.port)
}

async fn find(broker: &Arc<Broker>, ctx: &RequestContext, key_type: i8, key: StrBytes) -> Coordinator {
    let failed = |key: StrBytes, code: ResponseError, message: &'static str| {
        Coordinator::default()
            .with_key(key)
            .with_node_id(BrokerId(-1))
            .with_port(-1)
            .with_error_code(code.code())
            .with_error_message(Some(StrBytes::from_static_str(message)))
    };
    match key_type {
        GROUP => {
            if let Err(error) = broker.ensure_offsets_topic().await {
                tracing::error!(%error, "cannot create __consumer_offsets");
                return failed(
                    key,
                    ResponseError::CoordinatorNotAvailable,
                    "the offsets topic is not available",
                );
            }
            let (host, port) = broker.advertised(ctx.connection.listener);
            Coordinator::default()
                .with_key(key)
                .with_node_id(BrokerId(broker.node_id.0))
                .with_host(StrBytes::from_string(host))
                .with_port(i32::from(port))
                // What Kafka writes beside "no error".
                .with_error_message(Some(StrBytes::from_static_str(if ctx.version >= 4 {
                    ""
                } else {
                    "NONE"
                })))
        }
        TRANSACTION => failed(
            key,
            ResponseError::TransactionalIdAuthorizationFailed,
            "transactions are not available in this release",
        ),
        _ => failed(key, ResponseError::InvalidRequest, "unknown coordinator type"),
    }
}
