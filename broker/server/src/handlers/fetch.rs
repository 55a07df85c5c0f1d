//! Fetch (key 1), versions 4-18.
//!
//! - Answers whole batches, the first of which holds the offset that was asked for (it may start below it).
//! - The first partition with data gives one batch whatever its size (KIP-74); the rest shares `max_bytes`.
//! - Waits up to `max_wait_ms` for `min_bytes` below the bound; an error, or an offset in an older segment than the
//!   high watermark's, answers at once.
//! - v7 sessions (KIP-227); v9 leader epochs (KIP-320); v12 diverging epochs; v13 topic ids; v16 tells who leads, and
//!   where, with FENCED_LEADER_EPOCH (KIP-951). Preferred read replicas are not offered.

use std::sync::Arc;
use std::time::Duration;

use highway_log::error::ReadError;
use highway_log::read::{AbortedTxn, FetchedRecords, ReadBound, ReadResult};
use highway_log::slice::LogSlice;
use highway_types::limits::FETCH_MAX_BYTES;
use highway_types::{LeaderEpoch, Offset, PartitionIndex, TopicId, TopicName};
use highway_wire::fetch_frame::{FetchPartitionParts, FetchResponseParts, FetchTopicParts};
use highway_wire::piece::{Piece, RecordSource};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_response::{AbortedTransaction, NodeEndpoint};
use kafka_protocol::messages::{BrokerId, FetchRequest};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::broker::Broker;
use crate::context::RequestContext;
use crate::fetch::session::{
    Answered, FINAL_EPOCH, FetchPlan, PartitionRequest, SessionError, SessionPartition, SessionRequest,
};
use crate::partitions::{LedPartition, TopicRef, led_partition};

/// Answers a Fetch request, when there is enough or the client's patience ends.
pub async fn handle(broker: &Arc<Broker>, ctx: &RequestContext, request: FetchRequest) -> FetchResponseParts {
    let uses_ids = ctx.version >= 13;
    let max_wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let min_bytes = usize::try_from(request.min_bytes).unwrap_or(0);
    let max_bytes = usize::try_from(request.max_bytes).unwrap_or(0).min(FETCH_MAX_BYTES);
    let bound = if request.isolation_level == 1 { ReadBound::LastStable } else { ReadBound::HighWatermark };
    let (id, epoch) =
        if ctx.version >= 7 { (request.session_id, request.session_epoch) } else { (0, FINAL_EPOCH) };
    let plan = match broker.sessions.plan(
        session_request(request, id, epoch, uses_ids),
        broker.clock.monotonic(),
        rand::random(),
    ) {
        Ok(plan) => plan,
        Err(error) => {
            return FetchResponseParts {
                error_code: session_code(error).code(),
                ..FetchResponseParts::default()
            };
        }
    };

    // More than all partitions together may give is not worth waiting for.
    let most = plan.partitions.iter().map(|(_, p)| usize::try_from(p.max_bytes).unwrap_or(0));
    let min_bytes = min_bytes.min(most.fold(0, usize::saturating_add).max(1));
    let deadline = Instant::now() + max_wait;
    let mut answers = read_all(broker, &plan, bound, max_bytes, uses_ids);
    if !enough(&answers, min_bytes) && !max_wait.is_zero() && !plan.partitions.is_empty() {
        let ring = Arc::new(Notify::new());
        loop {
            // Register before looking, so that what comes in between rings.
            for answer in &answers {
                if let Some(led) = &answer.led {
                    led.log.watch(&ring);
                }
            }
            if readable(broker, &plan, bound, uses_ids) >= min_bytes.max(1) {
                break;
            }
            if timeout_at(deadline, ring.notified()).await.is_err() {
                break;
            }
        }
        answers = read_all(broker, &plan, bound, max_bytes, uses_ids);
    }
    broker.metrics.fetched(answers.iter().map(PartitionAnswer::bytes).sum());
    respond(broker, ctx, &plan, answers, bound)
}

struct PartitionAnswer {
    partition: SessionPartition,
    led: Option<LedPartition>,
    error: Option<ResponseError>,
    diverging: Option<(LeaderEpoch, Offset)>,
    result: Option<ReadResult<FetchedRecords>>,
}

impl PartitionAnswer {
    fn bytes(&self) -> usize {
        self.result.as_ref().map_or(0, |r| r.records.len())
    }
}

fn session_request(request: FetchRequest, id: i32, epoch: i32, uses_ids: bool) -> SessionRequest {
    let key = |name: &str, id: uuid::Uuid, index: i32| SessionPartition {
        topic_id: if uses_ids { TopicId(id) } else { TopicId::ZERO },
        topic: if uses_ids { TopicName::new("") } else { TopicName::new(name) },
        partition: PartitionIndex(index),
    };
    let mut partitions = Vec::new();
    for topic in &request.topics {
        // One copy of the name for all partitions of the topic.
        let named = key(&topic.topic, topic.topic_id, 0);
        for p in &topic.partitions {
            let partition = SessionPartition { partition: PartitionIndex(p.partition), ..named.clone() };
            let asked = PartitionRequest {
                fetch_offset: p.fetch_offset,
                max_bytes: p.partition_max_bytes,
                current_leader_epoch: p.current_leader_epoch,
                last_fetched_epoch: p.last_fetched_epoch,
            };
            partitions.push((partition, asked));
        }
    }
    let forgotten = request
        .forgotten_topics_data
        .iter()
        .flat_map(|t| t.partitions.iter().map(move |p| key(&t.topic, t.topic_id, *p)))
        .collect();
    SessionRequest { id, epoch, uses_ids, partitions, forgotten }
}

fn session_code(error: SessionError) -> ResponseError {
    match error {
        SessionError::NotFound => ResponseError::FetchSessionIdNotFound,
        SessionError::InvalidEpoch => ResponseError::InvalidFetchSessionEpoch,
        SessionError::TopicIdError => ResponseError::FetchSessionTopicIdError,
    }
}

fn find(
    broker: &Broker,
    partition: &SessionPartition,
    asked: &PartitionRequest,
    uses_ids: bool,
) -> Result<LedPartition, ResponseError> {
    let reference =
        if uses_ids { TopicRef::Id(partition.topic_id) } else { TopicRef::Name(partition.topic.as_str()) };
    let led = led_partition(&broker.image(), &broker.logs, reference, partition.partition)?;
    led.check_epoch(asked.current_leader_epoch)?;
    Ok(led)
}

fn read_all(
    broker: &Broker,
    plan: &FetchPlan,
    bound: ReadBound,
    max_bytes: usize,
    uses_ids: bool,
) -> Vec<PartitionAnswer> {
    let mut left = max_bytes;
    let mut nothing_yet = true;
    let mut answers = Vec::with_capacity(plan.partitions.len());
    for (partition, asked) in &plan.partitions {
        let mut answer = PartitionAnswer {
            partition: partition.clone(),
            led: None,
            error: None,
            diverging: None,
            result: None,
        };
        match find(broker, partition, asked, uses_ids) {
            Err(code) => answer.error = Some(code),
            Ok(led) => {
                match diverging(&led, asked) {
                    Ok(diverging) => answer.diverging = diverging,
                    Err(code) => answer.error = Some(code),
                }
                if answer.diverging.is_none() && answer.error.is_none() {
                    let limit = left.min(usize::try_from(asked.max_bytes).unwrap_or(0));
                    match led.log.fetch(Offset(asked.fetch_offset), bound, limit, nothing_yet) {
                        Ok(result) => {
                            left = left.saturating_sub(result.records.len());
                            nothing_yet &= result.records.is_empty();
                            answer.result = Some(result);
                        }
                        Err(error) => answer.error = Some(read_code(broker, error)),
                    }
                }
                answer.led = Some(led);
            }
        }
        answers.push(answer);
    }
    answers
}

/// A slice of a log as the wire wants it.
#[derive(Debug)]
struct SliceSource(LogSlice);

impl RecordSource for SliceSource {
    fn remaining(&self) -> usize {
        self.0.remaining()
    }

    fn read_cached(&mut self, into: &mut [u8]) -> std::io::Result<Option<usize>> {
        self.0.read_cached(into)
    }

    fn read_blocking(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

fn piece(records: FetchedRecords) -> Piece {
    match records {
        FetchedRecords::Read(bytes) => Piece::Bytes(bytes),
        FetchedRecords::Later(slice) => Piece::Source(Box::new(SliceSource(slice))),
    }
}

fn read_code(broker: &Broker, error: ReadError) -> ResponseError {
    if !matches!(error, ReadError::OutOfRange { .. })
        && let Some(untold) = broker.fetch_errors.pass(broker.clock.monotonic())
    {
        tracing::error!(%error, untold, "a fetch could not be served");
    }
    crate::error::KafkaError::from(error).code
}

/// Null for readers of everything; empty also for a partition that was not found, as in Kafka.
fn aborted(answer: &PartitionAnswer, bound: ReadBound) -> Option<Vec<AbortedTransaction>> {
    let wrong_epoch =
        matches!(answer.error, Some(ResponseError::FencedLeaderEpoch | ResponseError::UnknownLeaderEpoch));
    if wrong_epoch || (bound == ReadBound::HighWatermark && answer.led.is_some()) {
        return None;
    }
    let entry = |t: &AbortedTxn| {
        AbortedTransaction::default()
            .with_producer_id(t.producer_id.0.into())
            .with_first_offset(t.first_offset.0)
    };
    Some(answer.result.iter().flat_map(|r| &r.aborted).map(entry).collect())
}

/// The client's last batch against our epochs (KIP-595 truncation detection).
///
/// # Errors
/// OFFSET_OUT_OF_RANGE for an epoch that this log knows nothing of.
fn diverging(
    led: &LedPartition,
    asked: &PartitionRequest,
) -> Result<Option<(LeaderEpoch, Offset)>, ResponseError> {
    if asked.last_fetched_epoch < 0 {
        return Ok(None);
    }
    let (epoch, end) = led.epoch_end(LeaderEpoch(asked.last_fetched_epoch));
    if epoch == LeaderEpoch::NONE || end == Offset::NONE {
        return Err(ResponseError::OffsetOutOfRange);
    }
    Ok((epoch.0 < asked.last_fetched_epoch || end.0 < asked.fetch_offset).then_some((epoch, end)))
}

fn enough(answers: &[PartitionAnswer], min_bytes: usize) -> bool {
    answers.iter().any(|a| a.error.is_some() || a.diverging.is_some())
        || answers.iter().map(PartitionAnswer::bytes).sum::<usize>() >= min_bytes.max(1)
        || min_bytes == 0
}

/// Bytes that a read would find now; "plenty" for an error, which must be told at once.
fn readable(broker: &Broker, plan: &FetchPlan, bound: ReadBound, uses_ids: bool) -> usize {
    let mut sum = 0usize;
    for (partition, asked) in &plan.partitions {
        let cap = usize::try_from(asked.max_bytes).unwrap_or(0);
        let found = find(broker, partition, asked, uses_ids)
            .ok()
            .and_then(|led| led.log.readable_bytes(Offset(asked.fetch_offset), bound, cap).ok());
        match found {
            Some(bytes) => sum = sum.saturating_add(bytes),
            None => return usize::MAX,
        }
    }
    sum
}

/// Leader and epoch for who came with an old one; Kafka tells from version 16 on.
fn current_leader(broker: &Broker, answer: &PartitionAnswer, version: i16) -> Option<(i32, i32)> {
    if version < 16 || answer.error != Some(ResponseError::FencedLeaderEpoch) {
        return None;
    }
    let image = broker.image();
    let topic = TopicRef::Id(answer.partition.topic_id).find(&image).ok()?;
    let partition = topic.partition(answer.partition.partition)?;
    Some((partition.leader().map_or(-1, |n| n.0), partition.leader_epoch.0))
}

/// This node, as clients of the request's listener reach it.
fn endpoint(broker: &Broker, ctx: &RequestContext) -> NodeEndpoint {
    let (host, port) = broker.advertised(ctx.connection.listener);
    NodeEndpoint::default()
        .with_node_id(BrokerId(broker.node_id.0))
        .with_host(StrBytes::from_string(host))
        .with_port(i32::from(port))
}

fn respond(
    broker: &Broker,
    ctx: &RequestContext,
    plan: &FetchPlan,
    answers: Vec<PartitionAnswer>,
    bound: ReadBound,
) -> FetchResponseParts {
    let mut node_endpoints = Vec::new();
    let mut topics: Vec<FetchTopicParts> = Vec::new();
    for answer in answers {
        let (high_watermark, last_stable, log_start) = match &answer.result {
            Some(result) => {
                let o = result.offsets;
                (o.high_watermark.0, o.last_stable.0, o.log_start.0)
            }
            None => match (&answer.led, answer.diverging) {
                (Some(led), Some(_)) => {
                    let o = led.log.offsets();
                    (o.high_watermark.0, o.last_stable.0, o.log_start.0)
                }
                _ => (-1, -1, -1),
            },
        };
        let answered = Answered {
            has_data: answer.bytes() > 0,
            has_error: answer.error.is_some(),
            diverges: answer.diverging.is_some(),
            high_watermark,
            log_start,
        };
        if !plan.answer(&answer.partition, answered) {
            continue;
        }
        let aborted = aborted(&answer, bound);
        let current_leader = current_leader(broker, &answer, ctx.version);
        if current_leader.is_some() && node_endpoints.is_empty() {
            node_endpoints.push(endpoint(broker, ctx));
        }
        // Old clients do not know the storage error.
        let error_code = match answer.error {
            Some(ResponseError::KafkaStorageError) if ctx.version <= 5 => {
                ResponseError::NotLeaderOrFollower.code()
            }
            Some(code) => code.code(),
            None => 0,
        };
        let parts = FetchPartitionParts {
            partition_index: answer.partition.partition.0,
            error_code,
            high_watermark,
            last_stable_offset: last_stable,
            log_start_offset: log_start,
            diverging_epoch: answer.diverging.map(|(epoch, end)| (epoch.0, end.0)),
            current_leader,
            aborted_transactions: aborted,
            preferred_read_replica: -1,
            records: answer.result.map(|r| piece(r.records)),
        };
        let SessionPartition { topic_id, topic, .. } = answer.partition;
        match topics.last_mut() {
            Some(last) if last.topic_id == topic_id.0 && last.topic == topic.as_str() => {
                last.partitions.push(parts)
            }
            _ => topics.push(FetchTopicParts {
                topic: topic.as_str().to_owned(),
                topic_id: topic_id.0,
                partitions: vec![parts],
            }),
        }
    }
    FetchResponseParts {
        session_id: plan.session_id(),
        topics,
        node_endpoints,
        ..FetchResponseParts::default()
    }
}
