//! The lanes of a node: made when they are needed, closed when nothing needs them.
//!
//! A lane that was closed costs nothing but a reading of the log: the next one of the same partition has the same window. It is closed
//! once it has been idle for as long as its window reaches, when there is nothing in the window any more, or when
//! there are too many lanes. Only a lane that holds no group can be closed, so what is in flight is always known to exactly one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use highway_types::limits::{DEDUP_MAX_IDS_LIMIT, INGEST_LANE_QUEUE, INGEST_LANES_MAX};
use highway_types::{TopicId, TopicName};
use tokio::sync::{mpsc, oneshot};

use super::lane::{self, Group, Lane};
use super::live::Live;
use super::service::Ingest;
use crate::dedup::Bounds;
use crate::outcome::Outcome;
use crate::record::Record;

/// How often it is looked for idle lanes.
const SWEEP: Duration = Duration::from_secs(10);
/// The least and the most that a lane is idle before it is closed.
const IDLE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// Endpoint, topic and partition. The id is there because a topic that was made anew has another log under the same name.
type LaneId = (String, TopicName, TopicId, i32);

struct Entry {
    groups: mpsc::Sender<Group>,
    busy: Arc<()>,
    used: Duration,
    idle: Duration,
}

/// See the module.
#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<LaneId, Entry>>);

/// Closes what is idle, from time to time, as long as there is an [`Ingest`].
pub(super) fn close_idle(ingest: Weak<Ingest>) {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SWEEP).await;
            let Some(ingest) = ingest.upgrade() else { return };
            let now = ingest.clock.monotonic();
            close(&mut ingest.lanes.locked(), |entry| entry.idle, now);
        }
    });
}

/// Nobody can hand a group to a lane while the map is locked, except who holds a copy of its sender already.
fn close(lanes: &mut HashMap<LaneId, Entry>, idle: impl Fn(&Entry) -> Duration, now: Duration) {
    lanes.retain(|_, entry| {
        let busy = entry.groups.strong_count() > 1 || Arc::strong_count(&entry.busy) > 1;
        busy || now.saturating_sub(entry.used) < idle(entry)
    });
}

impl Lanes {
    fn locked(&self) -> MutexGuard<'_, HashMap<LaneId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.locked().len()
    }
}

impl Ingest {
    /// Hands each partition's records to its lane and waits for the outcomes.
    pub(super) async fn through_lanes(
        &self,
        live: &Live,
        topic: TopicId,
        groups: BTreeMap<i32, Vec<(usize, Record)>>,
        outcomes: &mut [Outcome],
    ) {
        let mut waiting = Vec::with_capacity(groups.len());
        for (partition, records) in groups {
            let places: Vec<usize> = records.iter().map(|(at, _)| *at).collect();
            let (reply, outcome) = oneshot::channel();
            let handed_in = match self.lane(live, topic, partition) {
                Some((lane, busy)) => lane.send(Group { records, reply, busy }).await.is_ok(),
                None => false,
            };
            if handed_in {
                waiting.push(outcome);
            } else {
                let reason = format!("the node has {INGEST_LANES_MAX} lanes, all of them busy; try again");
                places.into_iter().for_each(|at| outcomes[at] = Outcome::Failed { reason: reason.clone() });
            }
        }
        for outcome in waiting {
            for (at, outcome) in outcome.await.unwrap_or_default() {
                outcomes[at] = outcome;
            }
        }
    }

    fn lane(&self, live: &Live, topic: TopicId, partition: i32) -> Option<(mpsc::Sender<Group>, Arc<()>)> {
        let id = (live.name.clone(), live.topic.clone(), topic, partition);
        let now = self.clock.monotonic();
        let mut lanes = self.lanes.locked();
        if let Some(entry) = lanes.get_mut(&id).filter(|entry| !entry.groups.is_closed()) {
            entry.used = now;
            return Some((entry.groups.clone(), Arc::clone(&entry.busy)));
        }
        if lanes.len() >= INGEST_LANES_MAX {
            close(&mut lanes, |_| Duration::ZERO, now);
        }
        if lanes.len() >= INGEST_LANES_MAX {
            return None;
        }
        let dedup = &live.definition.dedup;
        let lane = Lane {
            client: self.client.clone(),
            producer: Arc::clone(&self.producer),
            clock: Arc::clone(&self.clock),
            endpoint: live.name.clone(),
            topic: live.topic.clone(),
            partition,
            bounds: Bounds {
                max_ids: dedup.max_ids.min(DEDUP_MAX_IDS_LIMIT),
                max_age_ms: i64::try_from(dedup.window_ms).unwrap_or(i64::MAX),
            },
        };
        let (groups, received) = mpsc::channel(INGEST_LANE_QUEUE);
        tokio::spawn(lane::run(Arc::new(lane), received));
        let idle = Duration::from_millis(dedup.window_ms).clamp(IDLE.0, IDLE.1);
        let entry = Entry { groups: groups.clone(), busy: Arc::default(), used: now, idle };
        let busy = Arc::clone(&entry.busy);
        lanes.insert(id, entry);
        Some((groups, busy))
    }
}
