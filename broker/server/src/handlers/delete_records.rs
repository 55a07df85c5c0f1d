//! DeleteRecords (key 21), versions 0-2 (KIP-107): moves log start offsets. -1 is the high watermark; behind it
//! OFFSET_OUT_OF_RANGE; internal topics INVALID_TOPIC_EXCEPTION; topics without `delete` policy POLICY_VIOLATION.

use std::sync::Arc;

use highway_cluster::MetadataRecord;
use highway_types::{Offset, PartitionIndex};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use crate::broker::Broker;
use crate::context::RequestContext;
use crate::partitions::{LedPartition, TopicRef, led_partition};

/// Answers a DeleteRecords request, once the new log start offsets are durable.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: DeleteRecordsRequest,
) -> DeleteRecordsResponse {
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for p in &topic.partitions {
            let answer = DeleteRecordsPartitionResult::default().with_partition_index(p.partition_index);
            partitions.push(match delete(broker, &topic.name, p.partition_index, p.offset).await {
                Ok(low_watermark) => answer.with_low_watermark(low_watermark.0),
                Err(code) => answer.with_low_watermark(-1).with_error_code(code.code()),
            });
        }
        topics.push(DeleteRecordsTopicResult::default().with_name(topic.name).with_partitions(partitions));
    }
    DeleteRecordsResponse::default().with_topics(topics)
}

async fn delete(broker: &Arc<Broker>, topic: &str, index: i32, offset: i64) -> Result<Offset, ResponseError> {
    let partition = PartitionIndex(index);
    let LedPartition { topic, log, .. } =
        led_partition(&broker.image(), &broker.logs, TopicRef::Name(topic), partition)?;
    if topic.name.is_internal() {
        return Err(ResponseError::InvalidTopicException);
    }
    if !log.config().cleanup_policy.delete {
        return Err(ResponseError::PolicyViolation);
    }
    let offsets = log.offsets();
    let target = if offset == -1 { offsets.high_watermark } else { Offset(offset) };
    if target > offsets.high_watermark || target < Offset::ZERO {
        return Err(ResponseError::OffsetOutOfRange);
    }
    if target <= offsets.log_start {
        return Ok(offsets.log_start);
    }
    let record = MetadataRecord::LogStart { topic_id: topic.id, partition, offset: target };
    broker.controller.commit(vec![record]).await.map_err(|error| {
        tracing::error!(%error, "cannot record a log start offset");
        ResponseError::KafkaStorageError
    })?;
    Ok(log.offsets().log_start)
}
