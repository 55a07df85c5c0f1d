//! A lane: the events of one endpoint for one partition, decided and appended in one order by one task.
//!
//! The lane decides the ids of a group and hands what is new to the producer before it looks at the next group; a second task, the
//! settler, waits for what came of it, in the same order. What a sender that went away had handed in is carried through all the same.
//!
//! # When nobody knows whether an append was carried out
//!
//! The producer repeats a batch under the same sequence number until the broker answers clearly, and the broker's producer state makes
//! that one append. What remains is a batch that was given up (its time was over), or refused after an earlier try had no answer. Its
//! ids are *open*: in flight, so that a repeat waits and is answered 504, until the settler has closed them:
//!
//! 1. [`Producer::fence`]: the partition's producer epoch is raised by a marker in the log, and the marker is durable. From then on no
//!    append of before can come, and each that was carried out is below the high watermark.
//! 2. The log is read from the window's end to the high watermark. An open id that is found has its offset and is a duplicate from
//!    now on; one that is not found is not in the log and never will be: its next try is new.
//!
//! Without the fence step 2 would prove nothing: an append that waits for the disk is in the log but not yet below the high watermark,
//! and one on a slow connection may come later than the reading. If the fence or the reading fails, the ids stay open and the
//! next group tries again. If the node dies, so does its producer; what it had appended is in the log at the next start or gone for
//! good, and [`restore`] reads it.
//!
//! Nothing of this depends on a clock: neither a wait, nor the order of two machines' times.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highway_client::{Client, ClientError, Delivery, Producer};
use highway_types::{Clock, Offset, TopicName};
use tokio::sync::{mpsc, oneshot};

use super::produce::{not_stored, send};
use super::restore;
use crate::dedup::{Bounds, EventId, Sequencer, Ticket, Verdict};
use crate::outcome::Outcome;
use crate::record::{Record, header};

/// Groups between lane and settler.
const UNSETTLED_GROUPS: usize = 256;

/// Events of one request for one partition.
pub(super) struct Group {
    /// Each with its place in the request.
    pub records: Vec<(usize, Record)>,
    /// Where the outcomes go.
    pub reply: oneshot::Sender<Vec<(usize, Outcome)>>,
    /// Held until the group is settled: a lane that is busy is not closed.
    pub busy: Arc<()>,
}

/// What a lane works with.
pub(super) struct Lane {
    pub client: Client,
    pub producer: Arc<Producer>,
    pub clock: Arc<dyn Clock>,
    pub endpoint: String,
    pub topic: TopicName,
    pub partition: i32,
    pub bounds: Bounds,
}

enum Step {
    Sent {
        ticket: Ticket,
        id: EventId,
        delivery: Delivery,
    },
    Known(Outcome),
    /// The same id is before this one in the order.
    Behind(EventId),
}

struct Settling {
    steps: Vec<(usize, Step)>,
    reply: oneshot::Sender<Vec<(usize, Outcome)>>,
    busy: Arc<()>,
}

type Shared = Arc<Mutex<Sequencer>>;

fn locked(sequencer: &Shared) -> MutexGuard<'_, Sequencer> {
    sequencer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What deduplication goes by: the header that the log keeps, so that a restart finds the same.
fn identity(record: &Record) -> EventId {
    record.header(header::EVENT_ID).map_or_else(|| EventId::of(&record.id), |id| EventId::of_bytes(id))
}

/// Runs until nobody can hand anything in any more.
pub(super) async fn run(lane: Arc<Lane>, mut groups: mpsc::Receiver<Group>) {
    let mut started: Option<(Shared, mpsc::Sender<Settling>)> = None;
    let mut fence_first = false;
    while let Some(group) = groups.recv().await {
        let (sequencer, settler) = match &started {
            Some(started) => started,
            None => match lane.restore(fence_first).await {
                Ok(window) => {
                    let sequencer = Arc::new(Mutex::new(Sequencer::new(window)));
                    let (settler, settlings) = mpsc::channel(UNSETTLED_GROUPS);
                    tokio::spawn(settle(Arc::clone(&lane), Arc::clone(&sequencer), settlings));
                    started.insert((sequencer, settler))
                }
                Err(error) => {
                    tracing::warn!(endpoint = lane.endpoint, topic = %lane.topic, partition = lane.partition, %error,
                        "the deduplication window cannot be read");
                    let failed = |(at, _)| (at, Outcome::Failed { reason: error.to_string() });
                    // Who asked may be gone.
                    let _ = group.reply.send(group.records.into_iter().map(failed).collect());
                    continue;
                }
            },
        };
        let now = lane.clock.now();
        let verdicts: Vec<(EventId, Verdict)> = {
            let mut sequencer = locked(sequencer);
            let decide = |(_, record): &(usize, Record)| {
                let id = identity(record);
                (id, sequencer.decide(id, now))
            };
            group.records.iter().map(decide).collect()
        };
        let mut steps = Vec::with_capacity(verdicts.len());
        for ((at, record), (id, verdict)) in group.records.into_iter().zip(verdicts) {
            let step = match verdict {
                Verdict::Duplicate(offset) => {
                    Step::Known(Outcome::Stored { partition: lane.partition, offset, duplicate: true })
                }
                Verdict::InFlight(_) => Step::Behind(id),
                Verdict::Fresh(ticket) => {
                    match send(&lane.producer, &lane.topic, Some(lane.partition), &record, now).await {
                        Ok(delivery) => Step::Sent { ticket, id, delivery },
                        Err(error) => {
                            // It was not taken in, whatever the reason.
                            locked(sequencer).failed(ticket);
                            Step::Known(not_stored(&error))
                        }
                    }
                }
            };
            steps.push((at, step));
        }
        if settler.send(Settling { steps, reply: group.reply, busy: group.busy }).await.is_err() {
            // The settler panicked: what is in flight is not known any more. It is ended, and the window read anew.
            started = None;
            fence_first = true;
        }
    }
}

async fn settle(lane: Arc<Lane>, sequencer: Shared, mut settlings: mpsc::Receiver<Settling>) {
    let mut open: Vec<(Ticket, EventId)> = Vec::new();
    let mut open_is_busy = None;
    while let Some(Settling { steps, reply, busy }) = settlings.recv().await {
        if !open.is_empty() {
            lane.resolve(&sequencer, &mut open).await;
        }
        let mut outcomes = Vec::with_capacity(steps.len());
        let mut doubtful = Vec::new();
        for (at, step) in steps {
            let outcome = match step {
                Step::Known(outcome) => outcome,
                Step::Sent { ticket, id, delivery } => match delivery.wait().await {
                    Ok(place) if place.offset != Offset::NONE => {
                        locked(&sequencer).committed(ticket, place.offset.0, lane.clock.now());
                        Outcome::Stored {
                            partition: lane.partition,
                            offset: place.offset.0,
                            duplicate: false,
                        }
                    }
                    Ok(_) => {
                        doubtful.push((outcomes.len(), id));
                        open.push((ticket, id));
                        Outcome::Unknown
                    }
                    Err(error) if !error.is_doubtful() => {
                        locked(&sequencer).failed(ticket);
                        not_stored(&error)
                    }
                    Err(error) => {
                        tracing::warn!(endpoint = lane.endpoint, topic = %lane.topic, partition = lane.partition,
                            %error, "not known whether events are stored");
                        doubtful.push((outcomes.len(), id));
                        open.push((ticket, id));
                        Outcome::Unknown
                    }
                },
                Step::Behind(id) => lane.found(&sequencer, id, true),
            };
            outcomes.push((at, outcome));
        }
        if !open.is_empty() {
            lane.resolve(&sequencer, &mut open).await;
            if open.is_empty() {
                for (at, id) in doubtful {
                    outcomes[at].1 = match lane.found(&sequencer, id, false) {
                        Outcome::Unknown => Outcome::Failed { reason: "the log does not have it".to_owned() },
                        found => found,
                    };
                }
            }
        }
        open_is_busy = if open.is_empty() { None } else { Some(busy) };
        // Who asked may be gone.
        let _ = reply.send(outcomes);
    }
    drop(open_is_busy);
}

impl Lane {
    async fn restore(&self, fence_first: bool) -> Result<crate::dedup::Window, ClientError> {
        if fence_first {
            self.producer.fence(&self.topic, self.partition).await?;
        }
        let now = self.clock.now();
        restore::window(&self.client, &self.topic, self.partition, &self.endpoint, self.bounds, now).await
    }

    fn found(&self, sequencer: &Shared, id: EventId, duplicate: bool) -> Outcome {
        match locked(sequencer).window().seen(id) {
            Some(offset) => Outcome::Stored { partition: self.partition, offset, duplicate },
            // The try before it failed, or nobody knows: sent again, it is decided anew.
            None => Outcome::Unknown,
        }
    }

    /// Fences what is open and reads the log to its end (see the module). If that fails, all stays open.
    async fn resolve(&self, sequencer: &Shared, open: &mut Vec<(Ticket, EventId)>) {
        let from = locked(sequencer).window().end();
        let read = async {
            self.producer.fence(&self.topic, self.partition).await?;
            let (start, end) = restore::ends(&self.client, &self.topic, self.partition).await?;
            let range = from.max(start)..end;
            restore::read(&self.client, &self.topic, self.partition, range, |record| {
                if let Some(seen) = restore::seen(record, &self.endpoint) {
                    locked(sequencer).observe(seen.offset, seen.id, seen.received);
                }
            })
            .await
        };
        match read.await {
            Ok(()) => {
                let found =
                    locked(sequencer).resolve(open).iter().filter(|(_, offset)| offset.is_some()).count();
                tracing::info!(endpoint = self.endpoint, topic = %self.topic, partition = self.partition,
                    open = open.len(), found, "events whose outcome was not known are decided");
                open.clear();
            }
            Err(error) => {
                tracing::warn!(endpoint = self.endpoint, topic = %self.topic, partition = self.partition, %error,
                    "the log cannot be fenced and read; ids stay undecided");
            }
        }
    }
}
