//! A lane: the events of one endpoint for one partition, decided and appended in one order by one task.
//!
//! The lane decides the ids of a group and hands what is new to the producer before it looks at the next group; a second task, the
//! settler, waits for what came of it, in the same order. What a sender that went away had handed in is carried through all the same.
//! An append of which nobody knows what became of it holds the settler until the log was read to its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use highway_client::{Client, Delivery, Producer};
use highway_types::{Clock, Offset, TopicName};
use tokio::sync::{mpsc, oneshot};

use super::produce::{send, surely_not_stored};
use super::restore;
use crate::dedup::{Bounds, EventId, Sequencer, Ticket, Verdict};
use crate::outcome::Outcome;
use crate::record::{Record, header};

/// What may still be on its way to the log arrives within this time.
const RESOLVE_AFTER: Duration = Duration::from_secs(2);
/// Groups between lane and settler.
const UNSETTLED_GROUPS: usize = 256;

/// Events of one request for one partition.
pub(super) struct Group {
    /// Each with its place in the request.
    pub records: Vec<(usize, Record)>,
    /// Where the outcomes go.
    pub reply: oneshot::Sender<Vec<(usize, Outcome)>>,
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
    while let Some(group) = groups.recv().await {
        let (sequencer, settler) = match &started {
            Some(started) => started,
            None => match lane.restore().await {
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
                            locked(sequencer).failed(ticket);
                            Step::Known(Outcome::Failed { reason: error.to_string() })
                        }
                    }
                }
            };
            steps.push((at, step));
        }
        if settler.send(Settling { steps, reply: group.reply }).await.is_err() {
            // The settler panicked: what is in flight is not known any more, so the window is read anew.
            started = None;
        }
    }
}

async fn settle(lane: Arc<Lane>, sequencer: Shared, mut settlings: mpsc::Receiver<Settling>) {
    let mut open: Vec<(Ticket, EventId)> = Vec::new();
    while let Some(Settling { steps, reply }) = settlings.recv().await {
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
                    Err(error) if surely_not_stored(&error) => {
                        locked(&sequencer).failed(ticket);
                        Outcome::Failed { reason: error.to_string() }
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
            tokio::time::sleep(RESOLVE_AFTER).await;
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
        // Who asked may be gone.
        let _ = reply.send(outcomes);
    }
}

impl Lane {
    async fn restore(&self) -> Result<crate::dedup::Window, highway_client::ClientError> {
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

    /// Reads the log to its end; what is not there by then is not stored. If it cannot be read, all stays open.
    async fn resolve(&self, sequencer: &Shared, open: &mut Vec<(Ticket, EventId)>) {
        let from = locked(sequencer).window().end();
        let read = async {
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
                locked(sequencer).resolve(open);
                open.clear();
            }
            Err(error) => {
                tracing::warn!(endpoint = self.endpoint, topic = %self.topic, partition = self.partition, %error,
                    "the log cannot be read; ids stay undecided");
            }
        }
    }
}
