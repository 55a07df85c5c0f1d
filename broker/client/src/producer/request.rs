//! Produce requests from batches, and what their answers say of each.

use std::collections::BTreeMap;

use highway_types::{Offset, Timestamp, TopicName};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

use super::config::Acks;
use super::delivery::Place;
use super::queue::{Batch, Body};
use crate::cluster::topic_name;
use crate::error::{ClientError, ErrorCode};

/// A request with one batch of each partition.
pub(super) fn build(batches: &[Batch], acks: Acks, timeout_ms: i32) -> ProduceRequest {
    let mut topics: BTreeMap<&TopicName, Vec<PartitionProduceData>> = BTreeMap::new();
    for batch in batches {
        let Body::Stamped(bytes) = &batch.body else { continue };
        let data =
            PartitionProduceData::default().with_index(batch.partition).with_records(Some(bytes.clone()));
        topics.entry(&batch.topic).or_default().push(data);
    }
    let topics = topics.into_iter().map(|(topic, partitions)| {
        TopicProduceData::default().with_name(topic_name(topic)).with_partition_data(partitions)
    });
    ProduceRequest::default()
        .with_acks(acks.wire())
        .with_timeout_ms(timeout_ms)
        .with_topic_data(topics.collect())
}

/// What the answer says of one batch.
pub(super) fn outcome(batch: &Batch, answer: &ProduceResponse) -> Result<Place, ClientError> {
    let subject = || format!("partition {}-{}", batch.topic, batch.partition);
    let row = answer
        .responses
        .iter()
        .filter(|t| t.name.as_str() == batch.topic.as_str())
        .flat_map(|t| &t.partition_responses)
        .find(|p| p.index == batch.partition)
        .ok_or_else(|| {
            ClientError::Closed(format!("{}: the broker's answer does not mention it", subject()))
        })?;
    match ErrorCode::of(row.error_code) {
        None => {
            let append_time = (row.log_append_time_ms >= 0).then_some(Timestamp(row.log_append_time_ms));
            Ok(Place { base: Offset(row.base_offset), append_time })
        }
        // It was written before; the offset is not known any more.
        Some(ErrorCode::DUPLICATE_SEQUENCE_NUMBER) => Ok(Place { base: Offset::NONE, append_time: None }),
        Some(code) => {
            let words = row.record_errors.first().and_then(|r| r.batch_index_error_message.as_ref());
            let words = row.error_message.as_ref().or(words).map(|m| m.as_str());
            Err(ClientError::broker(subject(), code, words))
        }
    }
}
