//! The task behind a producer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use highway_types::NodeId;
use highway_types::Offset;
use highway_types::limits::CLIENT_MAX_IN_FLIGHT;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProduceRequest, ProducerId};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Shared;
use super::config::Acks;
use super::delivery::Place;
use super::queue::{Batch, Body, Due};
use super::{fence, request};
use crate::cluster::typed;
use crate::error::{ClientError, ErrorCode};
use crate::records::SealedBatch;
use crate::transport::{Call, Endpoint, Lane};

/// A pause after a failure.
const BACKOFF: Duration = Duration::from_millis(100);
/// Nothing to wait for.
const IDLE: Duration = Duration::from_secs(3600);

/// What came back.
pub(super) enum Landed {
    /// Batches of one request.
    Batches { node: NodeId, batches: Vec<(Batch, Result<Place, ClientError>)> },
    /// The marker of a fence.
    Fence(fence::Marked),
}

struct Sender {
    shared: Arc<Shared>,
    /// The id that partitions begin with, once it is known.
    identity: Option<i64>,
    in_flight: BTreeMap<NodeId, usize>,
    landed: mpsc::Sender<Landed>,
}

/// Runs until it is aborted, or fails for good.
pub(super) async fn run(shared: Arc<Shared>) {
    let (landed, mut landings) = mpsc::channel(64);
    let mut sender = Sender { shared, identity: None, in_flight: BTreeMap::new(), landed };
    loop {
        let next = sender.round().await;
        let shared = sender.shared.clone();
        tokio::select! {
            () = shared.wake.notified() => {}
            Some(back) = landings.recv() => sender.settle(back),
            () = tokio::time::sleep_until(next) => {}
        }
        while let Ok(back) = landings.try_recv() {
            sender.settle(back);
        }
    }
}

impl Sender {
    /// Sends all that is due; when to look again.
    async fn round(&mut self) -> Instant {
        let idempotent = self.shared.config.idempotent && self.shared.config.acks == Acks::All;
        self.end_epochs();
        let mut next = Instant::now() + IDLE;
        loop {
            let (due, later) = self.collect();
            next = next.min(later);
            if due.is_empty() {
                return next;
            }
            if idempotent && self.identity.is_none() {
                match self.identify().await {
                    Ok(identity) => self.identity = Some(identity),
                    Err(error) => {
                        self.all_back(due.into_values().flat_map(|(_, batches)| batches), &error);
                        return Instant::now() + BACKOFF;
                    }
                }
            }
            for (node, (endpoint, batches)) in due {
                self.send(node, endpoint, batches).await;
            }
        }
    }

    /// Takes batches that are due, by leader.
    fn collect(&mut self) -> (BTreeMap<NodeId, (Endpoint, Vec<Batch>)>, Instant) {
        let now = Instant::now();
        let mut next = now + IDLE;
        let mut due: BTreeMap<NodeId, (Endpoint, Vec<Batch>)> = BTreeMap::new();
        let mut sizes: BTreeMap<NodeId, usize> = BTreeMap::new();
        let mut expired = Vec::new();
        let shared = self.shared.clone();
        let config = &shared.config;
        let mut unknown = Vec::new();
        let mut state = shared.state();
        let flushing = state.flushing > 0;
        for (topic, queues) in &mut state.topics {
            for (index, queue) in (0i32..).zip(&mut queues.partitions) {
                while let Some(old) = queue.ready.front()
                    && old.created + config.delivery_timeout <= now
                    && queue.in_flight == 0
                    && let Some(old) = queue.ready.pop_front()
                {
                    expired.push(old);
                }
                match queue.due(now, config, flushing) {
                    Due::Never => continue,
                    Due::At(at) => {
                        next = next.min(at);
                        continue;
                    }
                    Due::Now => {}
                }
                let Some(leader) = shared.client.cached_leader(topic, index) else {
                    queue.hold = Some(now + BACKOFF);
                    next = next.min(now + BACKOFF);
                    unknown.push(topic.clone());
                    continue;
                };
                if self.in_flight.get(&leader.id).copied().unwrap_or(0) >= CLIENT_MAX_IN_FLIGHT {
                    continue;
                }
                let size = sizes.entry(leader.id).or_default();
                let len = queue.ready.front().or(queue.open.as_ref()).map_or(0, Batch::wire_len);
                if *size > 0 && *size + len > config.request_bytes {
                    continue;
                }
                if let Some(batch) = queue.take() {
                    *size += len;
                    due.entry(leader.id).or_insert_with(|| (leader.endpoint, Vec::new())).1.push(batch);
                }
            }
        }
        drop(state);
        unknown.dedup();
        for topic in unknown {
            // Asked for beside this task, so that other brokers' batches go on.
            let shared = shared.clone();
            tokio::spawn(async move {
                shared.client.refresh(Some(&[topic]), false).await.ok();
                shared.wake.notify_one();
            });
        }
        let mut renew = false;
        for batch in expired {
            let what = format!("partition {}-{}", batch.topic, batch.partition);
            let error = ClientError::NotWritten { what, after: config.delivery_timeout };
            renew |= self.give_up(batch, error);
        }
        if renew {
            self.end_epochs();
            next = now;
        }
        (due, next)
    }

    /// Begins new epochs where that is wanted and nothing is under way, and fences where somebody waits for it. Batches of which
    /// nobody knows whether they are written fail: under a new epoch they could be written twice.
    fn end_epochs(&mut self) {
        let shared = self.shared.clone();
        let (mut uncertain, mut fences) = (Vec::new(), Vec::new());
        let mut state = shared.state();
        for (topic, queues) in &mut state.topics {
            for (index, queue) in (0i32..).zip(&mut queues.partitions) {
                let wanted = queue.renew || !queue.fences.is_empty();
                if !wanted || queue.in_flight > 0 || queue.fencing {
                    continue;
                }
                uncertain.extend(queue.start_over());
                // Its partitions keep an id to their end; a new one is for those that need one.
                self.identity = self.identity.filter(|id| Some(*id) != queue.retired);
                fences.extend(fence::begin(topic, index, queue));
            }
        }
        drop(state);
        for batch in uncertain {
            let error = "a batch before it failed, or what was sent was ended";
            let error =
                ClientError::Closed(format!("partition {}-{}: {error}", batch.topic, batch.partition));
            self.give_up(batch, error);
        }
        for fence in fences {
            fence.carry_out(shared.client.clone(), self.landed.clone());
        }
    }

    async fn identify(&self) -> Result<i64, ClientError> {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(60_000)
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1);
        let answer: InitProducerIdResponse = self.shared.client.call_any(request, 2..=5).await?;
        match ErrorCode::of(answer.error_code) {
            Some(code) => Err(ClientError::broker("producer id", code, None)),
            None => Ok(answer.producer_id.0),
        }
    }

    async fn send(&mut self, node: NodeId, endpoint: Endpoint, batches: Vec<Batch>) {
        let batches: Vec<_> = batches.into_iter().filter_map(|batch| self.stamp(batch)).collect();
        if batches.is_empty() {
            return;
        }
        *self.in_flight.entry(node).or_default() += 1;
        let client = &self.shared.client;
        let acks = self.shared.config.acks;
        let timeout = client.config().request_timeout;
        let body = request::build(&batches, acks, client.timeout_ms());
        let mut call = Call::new(body, 7..=12, Lane::Produce, timeout);
        call.answered = acks != Acks::None;
        // Its place in the queue of the connection is taken here: order is kept.
        let pending = client.start(&endpoint, call).await;
        let landed = self.landed.clone();
        tokio::spawn(async move {
            let answer = match pending {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            };
            let answer = answer.and_then(|a| match a.body {
                None => Ok(None),
                Some(_) => typed::<ProduceRequest>(&endpoint, a).map(Some),
            });
            let batches = batches.into_iter().map(|batch| {
                let place = match &answer {
                    Ok(Some(answer)) => request::outcome(&batch, answer),
                    Ok(None) => Ok(Place { base: Offset::NONE, append_time: None }),
                    Err(error) => Err(error.clone()),
                };
                (batch, place)
            });
            let back = Landed::Batches { node, batches: batches.collect() };
            // Only a producer that is gone does not take it.
            let _ = landed.send(back).await;
        });
    }

    /// Compresses and numbers a batch that goes out for the first time.
    fn stamp(&mut self, mut batch: Batch) -> Option<Batch> {
        batch.attempts += 1;
        let sealed = match std::mem::replace(&mut batch.body, Body::Stamped(Bytes::new())) {
            Body::Stamped(bytes) => {
                batch.body = Body::Stamped(bytes);
                return Some(batch);
            }
            Body::Again(bytes) => Ok(SealedBatch::again(&bytes, batch.count)),
            Body::Open(builder) => builder.seal(self.shared.config.compression),
        };
        match sealed {
            Ok(sealed) => {
                let (id, epoch, sequence) = self.number(&batch);
                batch.sequence = Some(sequence).filter(|s| *s >= 0);
                batch.body = Body::Stamped(sealed.stamp(id, epoch, sequence));
                Some(batch)
            }
            Err(source) => {
                self.landing(&batch);
                let subject = format!("partition {}-{}", batch.topic, batch.partition);
                self.finish(batch, Err(ClientError::Records { subject, source }));
                None
            }
        }
    }

    /// Id, epoch and first sequence number.
    fn number(&self, batch: &Batch) -> (i64, i16, i32) {
        let mut state = self.shared.state();
        let (Some(id), Some(queue)) = (self.identity, state.queue(batch)) else { return (-1, -1, -1) };
        let (id, epoch) = *queue.identity.get_or_insert((id, 0));
        let sequence = queue.next_sequence;
        // After the largest number comes 0 again.
        queue.next_sequence = sequence.wrapping_add(batch.count) & i32::MAX;
        (id, epoch, sequence)
    }

    fn landing(&self, batch: &Batch) {
        let mut state = self.shared.state();
        if let Some(queue) = state.queue(batch) {
            queue.landed(batch.id);
        }
    }

    /// What came back is done, or goes again.
    fn settle(&mut self, back: Landed) {
        let (node, batches) = match back {
            Landed::Batches { node, batches } => (node, batches),
            Landed::Fence(marked) => return marked.tell(&mut self.shared.state()),
        };
        if let Some(n) = self.in_flight.get_mut(&node) {
            *n = n.saturating_sub(1);
        }
        for (mut batch, place) in batches {
            let error = match place {
                Ok(place) => {
                    self.landing(&batch);
                    self.finish(batch, Ok(place));
                    continue;
                }
                Err(error) => error,
            };
            let stale = error.is_connection() || error.code().is_some_and(ErrorCode::is_stale_metadata);
            if stale {
                self.shared.client.forget(&batch.topic);
            }
            batch.uncertain |= error.is_doubtful();
            let young = batch.created.elapsed() < self.shared.config.delivery_timeout;
            let mut state = self.shared.state();
            let Some(queue) = state.queue(&batch) else { continue };
            queue.landed(batch.id);
            // One before it failed: it goes again, or was given up and all others get new numbers. This one follows.
            let behind = error.code() == Some(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
                && (queue.renew || queue.has_earlier(batch.id));
            if young && (behind || error.is_retriable()) {
                tracing::debug!(%error, topic = %batch.topic, partition = batch.partition, "sending a batch again");
                if !queue.renew {
                    queue.hold = Some(Instant::now() + BACKOFF);
                }
                queue.put_back(batch);
                continue;
            }
            drop(state);
            if batch.count > 1 && !batch.uncertain && self.splits(&error) {
                self.split(batch, error);
            } else {
                self.give_up(batch, error);
            }
        }
    }

    /// Whether one record of a batch may be the reason.
    fn splits(&self, error: &ClientError) -> bool {
        match error.code() {
            Some(ErrorCode::MESSAGE_TOO_LARGE) => true,
            Some(ErrorCode::INVALID_RECORD | ErrorCode::INVALID_TIMESTAMP) => {
                self.shared.config.split_refused
            }
            _ => false,
        }
    }

    /// Sends the two halves of a batch that was refused as a whole.
    fn split(&mut self, batch: Batch, error: ClientError) {
        let (id, numbered) = (batch.id, batch.sequence.is_some());
        match batch.split() {
            Ok((first, second)) => {
                let mut state = self.shared.state();
                state.unfinished.insert(id, first.outcome.clone());
                state.unfinished.insert(second.id, second.outcome.clone());
                if let Some(queue) = state.queue(&first) {
                    queue.renew |= numbered;
                    queue.put_back(first);
                    queue.put_back(second);
                }
            }
            Err(unsplit) => {
                let (batch, fault) = *unsplit;
                tracing::error!(%fault, topic = %batch.topic, "a batch cannot be split");
                self.give_up(batch, error);
            }
        }
    }

    /// Ends a batch without success; true if its partition needs a new epoch. If it was sent without a clear answer before, the last
    /// answer says nothing about that try.
    fn give_up(&mut self, batch: Batch, error: ClientError) -> bool {
        let renew = batch.sequence.is_some();
        if let Some(queue) = self.shared.state().queue(&batch) {
            queue.renew |= renew;
        }
        let error = if batch.uncertain && !error.is_doubtful() {
            ClientError::Closed(format!(
                "{error}; an earlier try was not answered: it may or may not be written"
            ))
        } else {
            error
        };
        self.finish(batch, Err(error));
        renew
    }

    /// Nothing of this could be sent.
    fn all_back(&mut self, batches: impl Iterator<Item = Batch>, error: &ClientError) {
        let until = Instant::now() + BACKOFF;
        for batch in batches {
            let young = batch.created.elapsed() < self.shared.config.delivery_timeout;
            self.landing(&batch);
            if young && error.is_retriable() {
                let mut state = self.shared.state();
                if let Some(queue) = state.queue(&batch) {
                    queue.hold = Some(until);
                    queue.put_back(batch);
                }
            } else {
                self.finish(batch, Err(error.clone()));
            }
        }
    }

    fn finish(&mut self, batch: Batch, result: Result<Place, ClientError>) {
        let wire = batch.wire_len();
        let mut state = self.shared.state();
        state.unfinished.remove(&batch.id);
        match &result {
            Ok(_) => {
                let count = u64::try_from(batch.count).unwrap_or(0);
                if let Some(queue) = state.queue(&batch) {
                    queue.acknowledged += count;
                }
                self.shared.records.fetch_add(count, Ordering::Relaxed);
                self.shared.bytes.fetch_add(wire as u64, Ordering::Relaxed);
            }
            Err(error) => {
                state.first_failure.get_or_insert_with(|| error.clone());
            }
        }
        drop(state);
        self.shared.room.add_permits(batch.held);
        batch.outcome.set(result);
    }
}
