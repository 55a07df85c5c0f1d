//! AlterConfigs (key 33), versions 0-2: replaces all settings of a resource; effective at once.

use std::sync::Arc;

use highway_cluster::controller::{AlterOp, AlterResource, ConfigChange, Resource, alter_configs};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{AlterConfigsRequest, AlterConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers an AlterConfigs request.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: AlterConfigsRequest,
) -> AlterConfigsResponse {
    let wanted: Vec<AlterResource> = request
        .resources
        .iter()
        .map(|r| AlterResource {
            resource: Resource::new(r.resource_type, &r.resource_name),
            changes: r
                .configs
                .iter()
                .map(|c| ConfigChange {
                    name: c.name.to_string(),
                    op: Some(AlterOp::Set),
                    value: c.value.as_ref().map(ToString::to_string),
                })
                .collect(),
        })
        .collect();
    let validate_only = request.validate_only;
    let outcome = broker
        .controller
        .change(|image| {
            let (records, results) = alter_configs(&broker.broker_settings(image), &wanted);
            (if validate_only { Vec::new() } else { records }, results)
        })
        .await;
    let results = outcome.unwrap_or_else(|error| {
        tracing::error!(%error, "cannot record settings");
        Vec::new()
    });
    let responses = request
        .resources
        .into_iter()
        .enumerate()
        .map(|(index, resource)| {
            let answer = AlterConfigsResourceResponse::default()
                .with_error_message(None)
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name);
            match results.get(index) {
                Some(Ok(())) => answer,
                Some(Err(error)) => answer
                    .with_error_code(error.kind.code())
                    .with_error_message(Some(StrBytes::from_string(error.message.clone()))),
                None => answer.with_error_code(ResponseError::KafkaStorageError.code()),
            }
        })
        .collect();
    AlterConfigsResponse::default().with_responses(responses)
}
