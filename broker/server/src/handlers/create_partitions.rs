//! CreatePartitions (key 37), versions 0-3 (KIP-195): more partitions, never fewer.

use std::sync::Arc;

use highway_cluster::controller::{ErrorKind, NewPartitions, create_partitions};
use highway_types::NodeId;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};
use kafka_protocol::protocol::StrBytes;

use super::metadata::name_of;
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a CreatePartitions request.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let wanted: Vec<NewPartitions> = request
        .topics
        .iter()
        .map(|t| NewPartitions {
            name: t.name.to_string(),
            count: t.count,
            assignments: t
                .assignments
                .as_ref()
                .map(|all| all.iter().map(|a| a.broker_ids.iter().map(|b| NodeId(b.0)).collect()).collect()),
        })
        .collect();
    let validate_only = request.validate_only;
    let outcome = broker
        .controller
        .change(|image| {
            let (records, outcomes) = create_partitions(image, &[broker.node_id], &wanted);
            (if validate_only { Vec::new() } else { records }, outcomes)
        })
        .await;
    let results = match outcome {
        Ok(outcomes) => outcomes
            .into_iter()
            .map(|outcome| {
                let answer = CreatePartitionsTopicResult::default().with_name(name_of(&outcome.name));
                match outcome.result {
                    Ok(()) => answer,
                    // Kafka has no words for a topic that is not there.
                    Err(error) if error.kind == ErrorKind::UnknownTopicOrPartition => {
                        answer.with_error_code(error.kind.code()).with_error_message(None)
                    }
                    Err(error) => answer
                        .with_error_code(error.kind.code())
                        .with_error_message(Some(StrBytes::from_string(error.message))),
                }
            })
            .collect(),
        Err(error) => wanted
            .iter()
            .map(|t| {
                CreatePartitionsTopicResult::default()
                    .with_name(name_of(&t.name))
                    .with_error_code(ResponseError::KafkaStorageError.code())
                    .with_error_message(Some(StrBytes::from_string(error.to_string())))
            })
            .collect(),
    };
    CreatePartitionsResponse::default().with_results(results)
}
