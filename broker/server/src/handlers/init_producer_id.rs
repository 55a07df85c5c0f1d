//! InitProducerId (key 22), versions 0-5, for idempotent producers.
//!
//! A fresh id with epoch 0, never given out before, also not before a restart. With a transactional id the answer is
//! TRANSACTIONAL_ID_AUTHORIZATION_FAILED, which clients take as final: there is no transaction coordinator yet.

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers an InitProducerId request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: InitProducerIdRequest,
) -> InitProducerIdResponse {
    let failed = |code: ResponseError| {
        InitProducerIdResponse::default()
            .with_error_code(code.code())
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1)
    };
    if ctx.version >= 3 && (request.producer_id.0 == -1) != (request.producer_epoch == -1) {
        return failed(ResponseError::InvalidRequest);
    }
    match request.transactional_id {
        Some(id) if id.is_empty() => return failed(ResponseError::InvalidRequest),
        Some(_) => return failed(ResponseError::TransactionalIdAuthorizationFailed),
        None => {}
    }
    match broker.controller.next_producer_id().await {
        Ok(id) => InitProducerIdResponse::default().with_producer_id(ProducerId(id.0)).with_producer_epoch(0),
        Err(error) => {
            tracing::error!(%error, "cannot give out producer ids");
            failed(ResponseError::CoordinatorNotAvailable)
        }
    }
}
