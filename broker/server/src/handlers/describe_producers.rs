//! DescribeProducers (key 61), version 0 (KIP-664): the producers that a partition knows.

use std::sync::Arc;

use highway_types::PartitionIndex;
use kafka_protocol::messages::describe_producers_response::{
    PartitionResponse, ProducerState, TopicResponse,
};
use kafka_protocol::messages::{DescribeProducersRequest, DescribeProducersResponse, ProducerId};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::context::RequestContext;
use crate::partitions::{TopicRef, led_partition};

fn unknown() -> StrBytes {
    StrBytes::from_static_str("This server does not host this topic-partition.")
}

/// Answers a DescribeProducers request.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: DescribeProducersRequest,
) -> DescribeProducersResponse {
    let image = broker.image();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let known = image.topic(&topic.name).is_some();
            let partitions = topic
                .partition_indexes
                .iter()
                .map(|index| {
                    let answer = PartitionResponse::default().with_partition_index(*index);
                    let found = led_partition(
                        &image,
                        &broker.logs,
                        TopicRef::Name(&topic.name),
                        PartitionIndex(*index),
                    );
                    match found {
                        Ok(led) => answer.with_active_producers(producers(&led.log)),
                        Err(code) => {
                            let answer = answer.with_error_code(code.code());
                            if known { answer } else { answer.with_error_message(Some(unknown())) }
                        }
                    }
                })
                .collect();
            TopicResponse::default().with_name(topic.name).with_partitions(partitions)
        })
        .collect();
    DescribeProducersResponse::default().with_topics(topics)
}

fn producers(log: &highway_log::log::Log) -> Vec<ProducerState> {
    log.with_producers(|map| {
        map.iter()
            .map(|(id, entry)| {
                ProducerState::default()
                    .with_producer_id(ProducerId(id.0))
                    .with_producer_epoch(i32::from(entry.epoch().0))
                    .with_last_sequence(entry.last_sequence())
                    .with_last_timestamp(entry.last_timestamp().0)
                    .with_coordinator_epoch(entry.coordinator_epoch())
                    .with_current_txn_start_offset(entry.current_txn_first_offset().map_or(-1, |o| o.0))
            })
            .collect()
    })
}
