//! Incremental fetch sessions (KIP-227): the broker remembers which partitions a client reads, and answers only what
//! changed.
//!
//! Rules that clients rely on: an incremental fetch without partitions polls the whole session; a full fetch that
//! names a session closes it; partitions that returned data move to the end, so that no partition starves.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use highway_types::limits::FETCH_SESSION_SLOTS;
use highway_types::{PartitionIndex, TopicId, TopicName};
use parking_lot::Mutex;

/// The epoch of a full fetch that opens a session.
pub const INITIAL_EPOCH: i32 = 0;
/// The epoch of a fetch without session, or of one that closes its session.
pub const FINAL_EPOCH: i32 = -1;
/// A session that was not used for this long may be evicted.
const EVICTION_AGE: Duration = Duration::from_secs(120);

/// A partition within a session: by id from version 13 on, by name before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionPartition {
    /// `ZERO` when the client uses names.
    pub topic_id: TopicId,
    /// Empty when the client uses ids.
    pub topic: TopicName,
    /// The partition.
    pub partition: PartitionIndex,
}

/// What a client asks of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionRequest {
    /// Where to read from.
    pub fetch_offset: i64,
    /// Bytes at the most.
    pub max_bytes: i32,
    /// The leader epoch that the client knows, -1 for none.
    pub current_leader_epoch: i32,
    /// The epoch of the last batch that the client has, -1 for none.
    pub last_fetched_epoch: i32,
}

/// What the client was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    high_watermark: i64,
    log_start: i64,
}

#[derive(Debug)]
struct Cached {
    order: u64,
    request: PartitionRequest,
    told: Option<Told>,
}

/// What an answer says of a partition, as far as sessions care.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// It carries records.
    pub has_data: bool,
    /// It carries an error.
    pub has_error: bool,
    /// It says that the client's log diverges.
    pub diverges: bool,
    /// The high watermark in it.
    pub high_watermark: i64,
    /// The log start offset in it.
    pub log_start: i64,
}

/// One client's session.
#[derive(Debug)]
pub struct FetchSession {
    id: i32,
    epoch: i32,
    uses_ids: bool,
    next_order: u64,
    partitions: HashMap<SessionPartition, Cached>,
    order: BTreeMap<u64, SessionPartition>,
    last_used: Duration,
}

/// Why a session cannot go on; the answer carries no partitions then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// FETCH_SESSION_ID_NOT_FOUND
    NotFound,
    /// INVALID_FETCH_SESSION_EPOCH
    InvalidEpoch,
    /// FETCH_SESSION_TOPIC_ID_ERROR: the client changed between names and ids.
    TopicIdError,
}

/// What to read, and how to answer.
#[derive(Debug)]
pub struct FetchPlan {
    /// The partitions, in the order in which they may use the bytes.
    pub partitions: Vec<(SessionPartition, PartitionRequest)>,
    session: Option<Arc<Mutex<FetchSession>>>,
    incremental: bool,
}

impl FetchPlan {
    /// The session id for the answer, 0 for none.
    #[must_use]
    pub fn session_id(&self) -> i32 {
        self.session.as_ref().map_or(0, |s| s.lock().id)
    }

    /// True if the answer carries only what changed.
    #[must_use]
    pub fn is_incremental(&self) -> bool {
        self.incremental
    }

    /// Notes what is answered; true for each partition that belongs into the answer.
    #[must_use]
    pub fn answer(&self, partition: &SessionPartition, answered: Answered) -> bool {
        let Some(session) = &self.session else { return true };
        let changed = session.lock().answered(partition, answered);
        changed || !self.incremental
    }
}

impl FetchSession {
    fn put(&mut self, partition: SessionPartition, request: PartitionRequest) {
        if let Some(cached) = self.partitions.get_mut(&partition) {
            cached.request = request;
            return;
        }
        let order = self.next_order;
        self.next_order += 1;
        self.order.insert(order, partition.clone());
        self.partitions.insert(partition, Cached { order, request, told: None });
    }

    fn forget(&mut self, partition: &SessionPartition) {
        if let Some(cached) = self.partitions.remove(partition) {
            self.order.remove(&cached.order);
        }
    }

    fn list(&self) -> Vec<(SessionPartition, PartitionRequest)> {
        self.order.values().filter_map(|p| Some((p.clone(), self.partitions.get(p)?.request))).collect()
    }

    fn answered(&mut self, partition: &SessionPartition, answered: Answered) -> bool {
        let Some(cached) = self.partitions.get_mut(partition) else { return true };
        let told = Told { high_watermark: answered.high_watermark, log_start: answered.log_start };
        let changed =
            answered.has_data || answered.has_error || answered.diverges || cached.told != Some(told);
        // After an error the client must be told again once the partition is back.
        cached.told = (!answered.has_error).then_some(told);
        if answered.has_data {
            self.order.remove(&cached.order);
            cached.order = self.next_order;
            self.next_order += 1;
            self.order.insert(cached.order, partition.clone());
        }
        changed
    }
}

/// All sessions of a node.
#[derive(Debug, Default)]
pub struct FetchSessionCache {
    sessions: Mutex<HashMap<i32, Arc<Mutex<FetchSession>>>>,
}

/// What a Fetch request says about its session.
#[derive(Clone, Debug)]
pub struct SessionRequest {
    /// 0 for none.
    pub id: i32,
    /// See the constants.
    pub epoch: i32,
    /// Version 13 or later.
    pub uses_ids: bool,
    /// Partitions to add or change.
    pub partitions: Vec<(SessionPartition, PartitionRequest)>,
    /// Partitions to forget.
    pub forgotten: Vec<SessionPartition>,
}

impl FetchSessionCache {
    /// Sessions that are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.lock().len()
    }

    /// True if none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds or opens the session of a request and says what to read.
    ///
    /// `random_id` is for a new session; any number.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn plan(
        &self,
        request: SessionRequest,
        now: Duration,
        random_id: i32,
    ) -> Result<FetchPlan, SessionError> {
        if request.epoch == FINAL_EPOCH || request.epoch == INITIAL_EPOCH {
            if request.id != 0 {
                self.sessions.lock().remove(&request.id);
            }
            let session = if request.epoch == INITIAL_EPOCH && !request.partitions.is_empty() {
                self.open(&request, now, random_id)
            } else {
                None
            };
            return Ok(FetchPlan { partitions: request.partitions, session, incremental: false });
        }
        let session = self.sessions.lock().get(&request.id).cloned().ok_or(SessionError::NotFound)?;
        let mut open = session.lock();
        if open.epoch != request.epoch {
            return Err(SessionError::InvalidEpoch);
        }
        if open.uses_ids != request.uses_ids
            && !(request.partitions.is_empty() && request.forgotten.is_empty())
        {
            return Err(SessionError::TopicIdError);
        }
        for (partition, asked) in request.partitions {
            open.put(partition, asked);
        }
        for partition in &request.forgotten {
            open.forget(partition);
        }
        open.last_used = now;
        if open.partitions.is_empty() {
            self.sessions.lock().remove(&request.id);
            return Ok(FetchPlan { partitions: Vec::new(), session: None, incremental: false });
        }
        open.epoch = if open.epoch == i32::MAX { 1 } else { open.epoch + 1 };
        let partitions = open.list();
        drop(open);
        Ok(FetchPlan { partitions, session: Some(session), incremental: true })
    }

    fn open(
        &self,
        request: &SessionRequest,
        now: Duration,
        random_id: i32,
    ) -> Option<Arc<Mutex<FetchSession>>> {
        let mut sessions = self.sessions.lock();
        if sessions.len() >= FETCH_SESSION_SLOTS {
            let oldest = sessions.iter().map(|(id, s)| (s.lock().last_used, *id)).min()?;
            if now.saturating_sub(oldest.0) < EVICTION_AGE {
                return None;
            }
            sessions.remove(&oldest.1);
        }
        let mut id = (random_id & i32::MAX).max(1);
        while sessions.contains_key(&id) {
            id = if id == i32::MAX { 1 } else { id + 1 };
        }
        let mut session = FetchSession {
            id,
            epoch: 1,
            uses_ids: request.uses_ids,
            next_order: 0,
            partitions: HashMap::new(),
            order: BTreeMap::new(),
            last_used: now,
        };
        for (partition, asked) in &request.partitions {
            session.put(partition.clone(), *asked);
        }
        let session = Arc::new(Mutex::new(session));
        sessions.insert(id, Arc::clone(&session));
        Some(session)
    }
}

#[cfg(test)]
#[path = "session_test.rs"]
mod tests;
