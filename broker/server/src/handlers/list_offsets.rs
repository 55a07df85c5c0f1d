//! ListOffsets (key 2), versions 1-10.
//!
//! Timestamps: -1 latest (high watermark, or last stable offset for read_committed), -2 earliest, -3 largest timestamp
//! (v7+, KIP-734), -4 earliest local (v8+), -5 latest tiered (v9+, -1: there is no tier). Any other: the first record
//! at or behind that time. A special value in an older version: UNSUPPORTED_VERSION for the partition.

use std::collections::HashSet;
use std::sync::Arc;

use highway_log::read::ReadBound;
use highway_types::{PartitionIndex, Timestamp};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use crate::broker::Broker;
use crate::context::RequestContext;
use crate::error::KafkaError;
use crate::partitions::{TopicRef, led_partition};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;

/// Answers a ListOffsets request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: ListOffsetsRequest,
) -> ListOffsetsResponse {
    let bound = if request.isolation_level == 1 { ReadBound::LastStable } else { ReadBound::HighWatermark };
    let mut seen = HashSet::new();
    let mut twice = HashSet::new();
    for topic in &request.topics {
        for p in &topic.partitions {
            if !seen.insert((topic.name.to_string(), p.partition_index)) {
                twice.insert((topic.name.to_string(), p.partition_index));
            }
        }
    }
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let mut told = HashSet::new();
            let partitions = topic
                .partitions
                .iter()
                .filter(|p| told.insert(p.partition_index))
                .map(|p| {
                    let answer = ListOffsetsPartitionResponse::default()
                        .with_partition_index(p.partition_index)
                        .with_timestamp(-1)
                        .with_offset(-1)
                        .with_leader_epoch(-1);
                    let found = if twice.contains(&(topic.name.to_string(), p.partition_index)) {
                        Err(ResponseError::InvalidRequest)
                    } else {
                        look_up(broker, ctx.version, &topic.name, p, bound)
                    };
                    match found {
                        Ok(Some((offset, timestamp, epoch))) => answer
                            .with_offset(offset)
                            .with_timestamp(timestamp)
                            .with_leader_epoch(if ctx.version >= 4 { epoch } else { -1 }),
                        Ok(None) => answer,
                        Err(code) => answer.with_error_code(code.code()),
                    }
                })
                .collect();
            ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(partitions)
        })
        .collect();
    ListOffsetsResponse::default().with_topics(topics)
}

/// Offset, timestamp, leader epoch.
type Found = Option<(i64, i64, i32)>;

fn look_up(
    broker: &Broker,
    version: i16,
    topic: &str,
    asked: &ListOffsetsPartition,
    bound: ReadBound,
) -> Result<Found, ResponseError> {
    let image = broker.image();
    let led =
        led_partition(&image, &broker.logs, TopicRef::Name(topic), PartitionIndex(asked.partition_index))?;
    led.check_epoch(asked.current_leader_epoch)?;
    let offsets = led.log.offsets();
    let code = |error| KafkaError::from(error).code;
    let needed = match asked.timestamp {
        MAX_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LATEST_TIERED => 9,
        ..=-6 => i16::MAX,
        _ => 0,
    };
    if version < needed {
        return Err(ResponseError::UnsupportedVersion);
    }
    let epoch_or = |epoch: highway_types::LeaderEpoch| if epoch.0 < 0 { led.leader_epoch.0 } else { epoch.0 };
    Ok(match asked.timestamp {
        LATEST => {
            let end = match bound {
                ReadBound::LastStable => offsets.last_stable,
                ReadBound::HighWatermark => offsets.high_watermark,
            };
            Some((end.0, -1, led.leader_epoch.0))
        }
        EARLIEST | EARLIEST_LOCAL => Some((
            offsets.log_start.0,
            -1,
            led.log.epoch_at(offsets.log_start).map_or(led.leader_epoch.0, |e| e.0),
        )),
        LATEST_TIERED => None,
        MAX_TIMESTAMP => {
            let found = led.log.max_timestamp_offset(bound).map_err(code)?;
            found.map(|f| (f.offset.0, f.timestamp.0, epoch_or(f.leader_epoch)))
        }
        target => {
            let found = led.log.offset_for_timestamp(Timestamp(target), bound).map_err(code)?;
            found.map(|f| (f.offset.0, f.timestamp.0, epoch_or(f.leader_epoch)))
        }
    })
}
