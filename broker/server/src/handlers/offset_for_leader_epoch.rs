//! OffsetForLeaderEpoch (key 23), versions 2-4 (KIP-320): where the largest epoch not above the asked one ends.

use std::sync::Arc;

use highway_types::{LeaderEpoch, PartitionIndex};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_for_leader_epoch_request::OffsetForLeaderPartition;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use crate::broker::Broker;
use crate::context::RequestContext;
use crate::partitions::{TopicRef, led_partition};

/// Answers an OffsetForLeaderEpoch request.
pub async fn handle(
    broker: &Arc<Broker>,
    _ctx: &RequestContext,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic.partitions.iter().map(|p| one(broker, &topic.topic, p)).collect();
            OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(partitions)
        })
        .collect();
    OffsetForLeaderEpochResponse::default().with_topics(topics)
}

fn one(broker: &Broker, topic: &str, asked: &OffsetForLeaderPartition) -> EpochEndOffset {
    let answer =
        EpochEndOffset::default().with_partition(asked.partition).with_leader_epoch(-1).with_end_offset(-1);
    let find = || -> Result<(i32, i64), ResponseError> {
        let image = broker.image();
        let led =
            led_partition(&image, &broker.logs, TopicRef::Name(topic), PartitionIndex(asked.partition))?;
        led.check_epoch(asked.current_leader_epoch)?;
        let (epoch, end) = led.epoch_end(LeaderEpoch(asked.leader_epoch));
        Ok((epoch.0, end.0))
    };
    match find() {
        Ok((epoch, end)) => answer.with_leader_epoch(epoch).with_end_offset(end),
        Err(code) => answer.with_error_code(code.code()),
    }
}
