//! Produce (key 0), versions 3-13; 0-2 are advertised and refused by closing (KAFKA-18659).
//!
//! - acks 0 answers nothing, and an error closes the connection; 1 answers when the batch would survive the process;
//!   -1 when it is durable. Any other value: INVALID_REQUIRED_ACKS for each partition.
//! - Never creates topics. Internal topics: INVALID_TOPIC_EXCEPTION unless client.id is `__admin_client`.
//! - v7 zstd; v8 record errors (KIP-467); v10 leader tags (KIP-951, not needed with one node); v13 topic ids (KIP-516).
//! - Topics that ask for it have their records checked against the schema registry ([`crate::schemas`]): INVALID_RECORD.
//! - Transactional batches are refused with INVALID_TXN_STATE: there is no transaction coordinator yet.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use highway_log::append::AppendInfo;
use highway_log::batch::compression::Compression;
use highway_log::batch::header::{BatchHeader, HEADER_LEN};
use highway_log::batch::validate::Origin;
use highway_log::log::Log;
use highway_types::{PartitionIndex, Timestamp};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::context::RequestContext;
use crate::error::{KafkaError, ProduceFailure};
use crate::partitions::{TopicRef, led_partition};

/// A partition's part of the answer: final, or once its records have come far enough.
enum Slot {
    Final(PartitionProduceResponse),
    Waiting(PartitionProduceResponse, Arc<Log>, AppendInfo),
}

/// Appended records that are not acknowledged yet.
pub struct Pending {
    topics: Vec<(TopicProduceResponse, Vec<Slot>)>,
    acks: i16,
    timeout: Duration,
    broker: Arc<Broker>,
}

/// Appends everything, in the order of the request. What the client waits for is in [`Pending`], so that the next
/// request of the same connection can be appended meanwhile.
pub async fn append(broker: &Arc<Broker>, ctx: &RequestContext, request: ProduceRequest) -> Pending {
    let bytes: usize = request
        .topic_data
        .iter()
        .flat_map(|t| &t.partition_data)
        .map(|p| p.records.as_ref().map_or(0, Bytes::len))
        .sum();
    // Back-pressure comes before any lock: a journal that is behind holds its producers here.
    let permit = broker.logs.commit_log().admit(bytes).await;
    let image = broker.image();
    let uses_ids = ctx.version >= 13;
    let mut topics = Vec::with_capacity(request.topic_data.len());
    for topic in request.topic_data {
        let reference = TopicRef::of(uses_ids, &topic.name, topic.topic_id);
        let internal =
            reference.find(&image).is_ok_and(|t| t.name.is_internal()) && ctx.client_id() != "__admin_client";
        let mut slots = Vec::with_capacity(topic.partition_data.len());
        for partition in topic.partition_data {
            let index = partition.index;
            let refused = |code: ResponseError| Slot::Final(failed(index, &KafkaError::from(code), &[]));
            if !matches!(request.acks, -1..=1) {
                slots.push(refused(ResponseError::InvalidRequiredAcks));
                continue;
            }
            if internal {
                slots.push(refused(ResponseError::InvalidTopicException));
                continue;
            }
            let led = match led_partition(&image, &broker.logs, reference, PartitionIndex(index)) {
                Ok(led) => led,
                Err(code) => {
                    slots.push(refused(code));
                    continue;
                }
            };
            let records = partition.records.unwrap_or_default();
            if let Some(code) = refuse_by_request(&records, ctx.version, request.transactional_id.is_some()) {
                slots.push(refused(code));
                continue;
            }
            let rules = led.log.schema_rules();
            let appended = if rules.any() {
                match broker.schemas.check(&led.topic.name, rules) {
                    Ok(check) => {
                        led.log.append_checked(records, Origin::Client, led.leader_epoch, Some(&*check))
                    }
                    Err(error) => {
                        slots.push(Slot::Final(failed(index, &error, &[])));
                        continue;
                    }
                }
            } else {
                led.log.append(records, Origin::Client, led.leader_epoch)
            };
            match appended {
                Ok(info) => {
                    broker.metrics.produced(&led.topic.name, info.last_offset - info.base_offset + 1);
                    slots.push(Slot::Waiting(succeeded(index, &info), led.log, info));
                }
                Err(error) => {
                    let failure = ProduceFailure::from(error);
                    let mut answer = failed(index, &failure.error, &failure.records);
                    if failure.tells_log_start {
                        answer.log_start_offset = led.log.offsets().log_start.0;
                    }
                    slots.push(Slot::Final(answer));
                }
            }
        }
        let answer = TopicProduceResponse::default().with_name(topic.name).with_topic_id(topic.topic_id);
        topics.push((answer, slots));
    }
    drop(permit);
    let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0).max(1));
    Pending { topics, acks: request.acks, timeout, broker: Arc::clone(broker) }
}

impl Pending {
    /// Waits as far as `acks` asks, and answers. `None` for acks 0: nothing is sent; `Err` then closes the connection.
    ///
    /// # Errors
    /// The code that an acks 0 producer gets told by a closed connection.
    pub async fn finish(self) -> Result<Option<ProduceResponse>, i16> {
        let acks = self.acks;
        let deadline = self.timeout;
        let topics = self.topics.into_iter().map(|(answer, slots)| async move {
            let partitions = join_all(slots.into_iter().map(|slot| wait(slot, acks, deadline))).await;
            answer.with_partition_responses(partitions)
        });
        let topics: Vec<TopicProduceResponse> = join_all(topics).await;
        if acks == 0 {
            let first = topics.iter().flat_map(|t| &t.partition_responses).find(|p| p.error_code != 0);
            return first.map_or(Ok(None), |p| Err(p.error_code));
        }
        drop(self.broker);
        Ok(Some(ProduceResponse::default().with_responses(topics)))
    }
}

async fn wait(slot: Slot, acks: i16, timeout: Duration) -> PartitionProduceResponse {
    let (answer, log, info) = match slot {
        Slot::Final(answer) => return answer,
        Slot::Waiting(answer, ..) if acks == 0 => return answer,
        Slot::Waiting(answer, log, info) => (answer, log, info),
    };
    let outcome = if acks == 1 {
        tokio::time::timeout(timeout, log.wait_written(info.end())).await
    } else {
        tokio::time::timeout(timeout, log.wait_durable(info.end())).await
    };
    match outcome {
        Ok(Ok(())) => answer,
        Ok(Err(error)) => failed(answer.index, &KafkaError::from(error), &[]),
        Err(_) => failed(answer.index, &KafkaError::from(ResponseError::RequestTimedOut), &[]),
    }
}

/// What depends on the version of the request or on what is not built yet.
fn refuse_by_request(records: &[u8], version: i16, transactional: bool) -> Option<ResponseError> {
    if records.len() < HEADER_LEN {
        return None; // the log words that better
    }
    let header = BatchHeader::parse(records).ok()?;
    if version < 7 && header.attributes.compression() == Some(Compression::Zstd) {
        return Some(ResponseError::UnsupportedCompressionType);
    }
    match (header.attributes.is_transactional(), transactional) {
        (false, _) => None,
        (true, false) => Some(ResponseError::TransactionalIdAuthorizationFailed),
        (true, true) => Some(ResponseError::InvalidTxnState),
    }
}

fn succeeded(index: i32, info: &AppendInfo) -> PartitionProduceResponse {
    PartitionProduceResponse::default()
        .with_index(index)
        .with_base_offset(info.base_offset.0)
        .with_log_append_time_ms(if info.log_append_time == Timestamp::NONE {
            -1
        } else {
            info.log_append_time.0
        })
        .with_log_start_offset(info.log_start_offset.0)
}

fn failed(
    index: i32,
    error: &KafkaError,
    records: &[highway_log::batch::validate::RecordFault],
) -> PartitionProduceResponse {
    let record_errors = records
        .iter()
        .map(|fault| {
            BatchIndexAndErrorMessage::default()
                .with_batch_index(fault.batch_index)
                .with_batch_index_error_message(Some(StrBytes::from_string(fault.message.clone())))
        })
        .collect();
    PartitionProduceResponse::default()
        .with_index(index)
        .with_error_code(error.code())
        .with_base_offset(-1)
        .with_log_append_time_ms(-1)
        .with_log_start_offset(-1)
        .with_record_errors(record_errors)
        .with_error_message(error.message.clone().map(StrBytes::from_string))
}
