//! DeleteTopics (key 20), versions 1-6. v6 by topic id as well (KIP-516).

use std::sync::Arc;

use highway_cluster::controller::{DeleteTopic, ErrorKind, delete_topics};
use highway_types::TopicId;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use kafka_protocol::protocol::StrBytes;

use super::metadata::name_of;
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a DeleteTopics request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: DeleteTopicsRequest,
) -> DeleteTopicsResponse {
    let wanted: Vec<DeleteTopic> = if ctx.version >= 6 {
        request
            .topics
            .iter()
            .map(|t| DeleteTopic { name: t.name.as_ref().map(|n| n.to_string()), id: TopicId(t.topic_id) })
            .collect()
    } else {
        request
            .topic_names
            .iter()
            .map(|n| DeleteTopic { name: Some(n.to_string()), id: TopicId::ZERO })
            .collect()
    };
    let outcome =
        broker.controller.change(|image| delete_topics(&broker.broker_settings(image), &wanted)).await;
    let responses = match outcome {
        Ok(deleted) => deleted
            .into_iter()
            .map(|topic| {
                let answer = DeletableTopicResult::default().with_name(topic.name.as_deref().map(name_of));
                let answer = if ctx.version >= 6 { answer.with_topic_id(topic.id.0) } else { answer };
                match topic.result {
                    Ok(()) => answer,
                    // Switched off: no words, and versions before KIP-322 have no code for it.
                    Err(error) if error.kind == ErrorKind::TopicDeletionDisabled => {
                        let code = if ctx.version < 3 {
                            ResponseError::InvalidRequest.code()
                        } else {
                            error.kind.code()
                        };
                        answer.with_error_code(code)
                    }
                    Err(error) => {
                        let answer = answer.with_error_code(error.kind.code());
                        if ctx.version >= 5 {
                            answer.with_error_message(Some(StrBytes::from_string(error.message)))
                        } else {
                            answer
                        }
                    }
                }
            })
            .collect(),
        Err(error) => {
            tracing::error!(%error, "cannot delete topics");
            wanted
                .iter()
                .map(|t| {
                    DeletableTopicResult::default()
                        .with_name(t.name.as_deref().map(name_of))
                        .with_error_code(ResponseError::KafkaStorageError.code())
                })
                .collect()
        }
    };
    DeleteTopicsResponse::default().with_responses(responses)
}
