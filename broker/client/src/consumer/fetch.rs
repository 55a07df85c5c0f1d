//! The task that fetches ahead: one request to each leader at a time, as long as there is room.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use highway_types::limits::CLIENT_FETCH_AHEAD_BYTES;
use highway_types::{NodeId, Offset, PartitionIndex, TopicName, TopicPartition};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse};
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::config::{ConsumerConfig, Position, Reset};
use super::resolve::resolve_positions;
use crate::cluster::{Client, topic_name};
use crate::error::{ClientError, ErrorCode};
use crate::records;
use crate::transport::{Endpoint, Lane, LaneId};

/// A pause after a failure.
const BACKOFF: Duration = Duration::from_millis(200);
/// A partition without a readable answer for so long is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a fetch.
#[derive(Debug)]
pub(super) enum Fetched {
    Records {
        partition: TopicPartition,
        from: Offset,
        high_watermark: Offset,
        bytes: Bytes,
    },
    End {
        partition: TopicPartition,
        offset: Offset,
    },
    Reset {
        partition: TopicPartition,
        from: Offset,
        to: Offset,
    },
    /// This partition is given up; the error names it.
    Failed(ClientError),
}

#[derive(Debug, Clone)]
struct Reading {
    next: Offset,
    end_told: bool,
    hold: Option<Instant>,
    /// Since when it fails.
    failing: Option<Instant>,
}

#[derive(Debug, Default)]
struct Plan {
    /// Changes with each assignment; what was fetched for an older one is dropped.
    round: u64,
    partitions: BTreeMap<TopicPartition, Reading>,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    lane: Lane,
    config: ConsumerConfig,
    plan: Mutex<Plan>,
    wake: Notify,
    /// Bytes fetched and not handed out.
    ahead: AtomicUsize,
}

impl Shared {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The consumer's side of it.
#[derive(Debug)]
pub(super) struct Fetcher {
    shared: Arc<Shared>,
    fetched: mpsc::Receiver<(u64, Fetched)>,
    task: JoinHandle<()>,
}

impl Fetcher {
    pub(super) fn start(client: Client, config: &ConsumerConfig) -> Self {
        let shared = Arc::new(Shared {
            client,
            lane: Lane::Fetch(LaneId::fresh()),
            config: config.clone(),
            plan: Mutex::default(),
            wake: Notify::new(),
            ahead: AtomicUsize::new(0),
        });
        let (out, fetched) = mpsc::channel(256);
        let task = tokio::spawn(run(shared.clone(), out));
        Self { shared, fetched, task }
    }

    /// Reads these from now on, and nothing else.
    pub(super) fn assign(&mut self, positions: BTreeMap<TopicPartition, Offset>) {
        let mut plan = self.shared.plan();
        plan.round += 1;
        let reading = |next| Reading { next, end_told: false, hold: None, failing: None };
        plan.partitions = positions.into_iter().map(|(p, next)| (p, reading(next))).collect();
        drop(plan);
        self.shared.wake.notify_one();
    }

    /// May be cancelled.
    pub(super) async fn next(&mut self) -> Result<Fetched, ClientError> {
        loop {
            let (round, fetched) = self
                .fetched
                .recv()
                .await
                .ok_or_else(|| ClientError::Closed("the fetching task has ended".to_owned()))?;
            if let Fetched::Records { bytes, .. } = &fetched {
                self.shared.ahead.fetch_sub(bytes.len(), Ordering::AcqRel);
                self.shared.wake.notify_one();
            }
            if round == self.shared.plan().round {
                return Ok(fetched);
            }
        }
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        self.task.abort();
        self.shared.client.retire(self.shared.lane);
    }
}

/// A request that came back.
struct Back {
    node: NodeId,
    round: u64,
    asked: Vec<(TopicPartition, Offset)>,
    answer: Result<FetchResponse, ClientError>,
}

async fn run(shared: Arc<Shared>, out: mpsc::Sender<(u64, Fetched)>) {
    let mut busy: BTreeMap<NodeId, ()> = BTreeMap::new();
    let mut requests = JoinSet::new();
    loop {
        let mut next = Instant::now() + Duration::from_secs(3600);
        if shared.ahead.load(Ordering::Acquire) < CLIENT_FETCH_AHEAD_BYTES {
            let (due, later) = collect(&shared, &busy).await;
            next = later;
            for (node, (endpoint, round, asked)) in due {
                busy.insert(node, ());
                requests.spawn(fetch(shared.clone(), node, endpoint, round, asked));
            }
        }
        tokio::select! {
            Some(back) = requests.join_next() => {
                // A request's task does not panic; if it did, nothing would be known of it.
                let Ok(back) = back else { continue };
                busy.remove(&back.node);
                for (round, fetched) in digest(&shared, back).await {
                    if let Fetched::Records { bytes, .. } = &fetched {
                        shared.ahead.fetch_add(bytes.len(), Ordering::AcqRel);
                    }
                    if out.send((round, fetched)).await.is_err() {
                        return;
                    }
                }
            }
            () = shared.wake.notified() => {}
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

type Due = BTreeMap<NodeId, (Endpoint, u64, Vec<(TopicPartition, Offset)>)>;

/// What can be asked for now, by leader.
async fn collect(shared: &Shared, busy: &BTreeMap<NodeId, ()>) -> (Due, Instant) {
    let now = Instant::now();
    let mut next = now + Duration::from_secs(3600);
    let mut due = Due::new();
    let mut lost: Vec<TopicName> = Vec::new();
    {
        let mut plan = shared.plan();
        let round = plan.round;
        for (partition, reading) in &mut plan.partitions {
            if let Some(hold) = reading.hold.filter(|h| *h > now) {
                next = next.min(hold);
                continue;
            }
            let Some(leader) = shared.client.cached_leader(&partition.topic, partition.partition.0) else {
                reading.hold = Some(now + BACKOFF);
                next = next.min(now + BACKOFF);
                lost.push(partition.topic.clone());
                continue;
            };
            if busy.contains_key(&leader.id) {
                continue;
            }
            let (_, _, asked) = due.entry(leader.id).or_insert_with(|| (leader.endpoint, round, Vec::new()));
            asked.push((partition.clone(), reading.next));
        }
    }
    lost.dedup();
    if !lost.is_empty() {
        let known = shared.client.refresh(Some(&lost), false).await.is_ok();
        if known {
            // Looked at again at once; those without a leader stay on hold.
            let mut plan = shared.plan();
            for (partition, reading) in &mut plan.partitions {
                if shared.client.cached_leader(&partition.topic, partition.partition.0).is_some()
                    && reading.failing.is_none()
                {
                    reading.hold = None;
                    next = now;
                }
            }
        }
    }
    (due, next)
}

async fn fetch(
    shared: Arc<Shared>,
    node: NodeId,
    endpoint: Endpoint,
    round: u64,
    asked: Vec<(TopicPartition, Offset)>,
) -> Back {
    let config = &shared.config;
    let mut topics: Vec<FetchTopic> = Vec::new();
    for (partition, offset) in &asked {
        let row = FetchPartition::default()
            .with_partition(partition.partition.0)
            .with_current_leader_epoch(-1)
            .with_fetch_offset(offset.0)
            .with_log_start_offset(-1)
            .with_partition_max_bytes(config.partition_bytes);
        match topics.last_mut().filter(|t| t.topic.as_str() == partition.topic.as_str()) {
            Some(topic) => topic.partitions.push(row),
            None => topics.push(
                FetchTopic::default().with_topic(topic_name(&partition.topic)).with_partitions(vec![row]),
            ),
        }
    }
    let request = FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_wait_ms(i32::try_from(config.max_wait.as_millis()).unwrap_or(i32::MAX))
        .with_min_bytes(config.min_bytes)
        .with_max_bytes(config.fetch_bytes)
        .with_session_id(0)
        .with_session_epoch(-1)
        .with_topics(topics);
    let answer = shared.client.call(&endpoint, request, 7..=12, shared.lane).await;
    Back { node, round, asked, answer }
}

/// Moves positions on and says what is to be handed out.
async fn digest(shared: &Shared, back: Back) -> Vec<(u64, Fetched)> {
    let mut out = Vec::new();
    let mut outside = Vec::new();
    let answer = back.answer.and_then(|answer| match ErrorCode::of(answer.error_code) {
        Some(code) => Err(ClientError::broker("fetch", code, None)),
        None => Ok(answer),
    });
    {
        let mut plan = shared.plan();
        if plan.round != back.round {
            return out;
        }
        match answer {
            Err(error) => {
                for (partition, _) in back.asked {
                    shared.client.forget(&partition.topic);
                    fail(&mut plan, partition, error.clone(), back.round, &mut out);
                }
            }
            Ok(answer) => {
                for topic in answer.responses {
                    let name = TopicName::new(topic.topic.as_str());
                    for data in topic.partitions {
                        let index = PartitionIndex(data.partition_index);
                        let partition = TopicPartition { topic: name.clone(), partition: index };
                        match ErrorCode::of(data.error_code) {
                            None => take(&mut plan, partition, data, back.round, &mut out),
                            Some(ErrorCode::OFFSET_OUT_OF_RANGE) => outside.push(partition),
                            Some(code) => {
                                if code.is_stale_metadata() {
                                    shared.client.forget(&name);
                                }
                                let error =
                                    ClientError::broker(format_args!("partition {partition}"), code, None);
                                fail(&mut plan, partition, error, back.round, &mut out);
                            }
                        }
                    }
                }
            }
        }
    }
    for partition in outside {
        if let Some(event) = reset(shared, partition, back.round).await {
            out.push((back.round, event));
        }
    }
    // Positions last, so that the end of a partition is said behind its records.
    out.sort_by_key(|(_, f)| matches!(f, Fetched::End { .. }));
    out
}

fn take(
    plan: &mut Plan,
    partition: TopicPartition,
    data: PartitionData,
    round: u64,
    out: &mut Vec<(u64, Fetched)>,
) {
    let Some(reading) = plan.partitions.get_mut(&partition) else { return };
    (reading.hold, reading.failing) = (None, None);
    let high_watermark = Offset(data.high_watermark);
    let bytes = data.records.unwrap_or_default();
    if let Some(end) = records::end_of(&bytes).filter(|end| *end > reading.next) {
        let from = reading.next;
        reading.next = end;
        reading.end_told = false;
        out.push((round, Fetched::Records { partition: partition.clone(), from, high_watermark, bytes }));
    }
    if reading.next >= high_watermark && !reading.end_told {
        reading.end_told = true;
        out.push((round, Fetched::End { partition, offset: reading.next }));
    }
}

fn fail(
    plan: &mut Plan,
    partition: TopicPartition,
    error: ClientError,
    round: u64,
    out: &mut Vec<(u64, Fetched)>,
) {
    let Some(reading) = plan.partitions.get_mut(&partition) else { return };
    let now = Instant::now();
    reading.hold = Some(now + BACKOFF);
    let since = *reading.failing.get_or_insert(now);
    if !error.is_retriable() || since.elapsed() > PATIENCE {
        plan.partitions.remove(&partition);
        out.push((round, Fetched::Failed(error)));
    }
}

async fn reset(shared: &Shared, partition: TopicPartition, round: u64) -> Option<Fetched> {
    let from = shared.plan().partitions.get(&partition)?.next;
    let position = match shared.config.reset {
        Reset::Earliest => Position::Earliest,
        Reset::Latest => Position::Latest,
        Reset::Fail => {
            shared.plan().partitions.remove(&partition);
            let code = ErrorCode::OFFSET_OUT_OF_RANGE;
            let error =
                ClientError::broker(format_args!("partition {partition} at offset {from}"), code, None);
            return Some(Fetched::Failed(error));
        }
    };
    let found = resolve_positions(&shared.client, &[(partition.clone(), position)]).await;
    let mut plan = shared.plan();
    if plan.round != round {
        return None;
    }
    match found {
        Ok(found) => {
            let to = found.get(&partition).copied()?;
            let reading = plan.partitions.get_mut(&partition)?;
            (reading.next, reading.end_told) = (to, false);
            Some(Fetched::Reset { partition, from, to })
        }
        Err(error) => {
            let mut out = Vec::new();
            fail(&mut plan, partition, error, round, &mut out);
            out.pop().map(|(_, f)| f)
        }
    }
}
