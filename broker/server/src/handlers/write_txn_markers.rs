//! WriteTxnMarkers (key 27), versions 0-1 (KIP-98): control batches in the name of a producer. Not served to connections: with no
//! transaction coordinator there is nobody out there who could have a reason. Parts of this node use it as a fence.
//!
//! A marker of a newer epoch makes the partition refuse every batch of an older one (INVALID_PRODUCER_EPOCH), also after a restart, as
//! the marker is in the log. It takes one offset, and no consumer sees it. The answer comes when it is durable, so that everything
//! the producer had appended before lies below the high watermark by then.

use std::sync::Arc;

use highway_log::batch::builder::BatchBuilder;
use highway_log::batch::validate::Origin;
use highway_log::producer_state::{EndTxnMarker, MarkerType};
use highway_types::{PartitionIndex, ProducerEpoch, ProducerId};
use kafka_protocol::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use kafka_protocol::messages::{TopicName, WriteTxnMarkersRequest, WriteTxnMarkersResponse};

use crate::broker::Broker;
use crate::context::RequestContext;
use crate::error::{KafkaError, ProduceFailure};
use crate::partitions::{LedPartition, TopicRef, led_partition};

/// No sequence: a marker is no batch of the producer.
const NO_SEQUENCE: i32 = -1;

struct Marker {
    id: ProducerId,
    epoch: ProducerEpoch,
    end: EndTxnMarker,
}

/// Answers a WriteTxnMarkers request once all its markers are durable.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: WriteTxnMarkersRequest,
) -> WriteTxnMarkersResponse {
    let mut results = Vec::with_capacity(request.markers.len());
    for asked in request.markers {
        let marker_type = if asked.transaction_result { MarkerType::Commit } else { MarkerType::Abort };
        let marker = Marker {
            id: ProducerId(asked.producer_id.0),
            epoch: ProducerEpoch(asked.producer_epoch),
            end: EndTxnMarker { marker_type, coordinator_epoch: asked.coordinator_epoch },
        };
        let mut topics = Vec::with_capacity(asked.topics.len());
        for topic in asked.topics {
            let mut partitions = Vec::with_capacity(topic.partition_indexes.len());
            for index in topic.partition_indexes {
                let code = write(broker, &marker, &topic.name, index).await.err().map_or(0, |e| e.code());
                let result = WritableTxnMarkerPartitionResult::default();
                partitions.push(result.with_partition_index(index).with_error_code(code));
            }
            let result = WritableTxnMarkerTopicResult::default();
            topics.push(result.with_name(topic.name).with_partitions(partitions));
        }
        let result = WritableTxnMarkerResult::default();
        results.push(result.with_producer_id(asked.producer_id).with_topics(topics));
    }
    WriteTxnMarkersResponse::default().with_markers(results)
}

async fn write(
    broker: &Arc<Broker>,
    marker: &Marker,
    topic: &TopicName,
    index: i32,
) -> Result<(), KafkaError> {
    let LedPartition { log, leader_epoch, .. } =
        led_partition(&broker.image(), &broker.logs, TopicRef::Name(topic), PartitionIndex(index))?;
    let mut batch = BatchBuilder::new().control().producer(marker.id, marker.epoch, NO_SEQUENCE);
    batch.push(broker.clock.now(), Some(&marker.end.key()), Some(&marker.end.value()), &[]);
    let appended = log.append(batch.build(), Origin::Coordinator, leader_epoch);
    let info = appended.map_err(|error| ProduceFailure::from(error).error)?;
    log.wait_durable(info.end()).await.map_err(KafkaError::from)
}
