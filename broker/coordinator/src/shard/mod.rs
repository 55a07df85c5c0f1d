//! All groups of one `__consumer_offsets` partition.

mod admin;
mod commit;
mod expiry;
mod membership;
mod offsets;
mod replay;
mod validate;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use highway_types::{GroupId, Timestamp, TopicName};

use crate::config::GroupConfig;
use crate::effect::{Effect, RequestId, Token};
use crate::error::GroupError;
use crate::group::context::{Context, Continuation, Out, TimerAction, TimerKey, Timers};
use crate::group::{ClassicGroup, GroupState};
use crate::offsets::{CommittedOffset, GroupOffsets};
use crate::request::Command;
use crate::response::{HeartbeatResponse, Response};

pub use self::replay::{ReplayError, Replayed};

/// Where a shard stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Its partition is being replayed.
    Loading,
    /// It answers.
    Active,
    /// An append was lost: memory and log may differ, so nothing is answered from memory again.
    Failed,
}

/// What waits for an append.
#[derive(Debug, Default)]
struct Pending {
    replies: Vec<(RequestId, Response)>,
    then: Vec<Continuation>,
    groups: Vec<GroupId>,
}

/// The groups of one `__consumer_offsets` partition.
///
/// Life: [`new`](Self::new), [`replay`](Self::replay) for every record of the partition in order,
/// [`loaded`](Self::loaded), then [`step`](Self::step), [`tick`](Self::tick) when
/// [`next_deadline`](Self::next_deadline) has come, and [`committed`](Self::committed) or
/// [`failed`](Self::failed) for each append. After `failed` the shard refuses everything with
/// NOT_COORDINATOR: drop it and load a new one.
///
/// `now` is monotonic and decides about timeouts; `wall` is the wall clock, which is only stored in records
/// and compared for retention. Both should come from one `Clock` in all calls.
#[derive(Debug)]
pub struct GroupShard {
    config: GroupConfig,
    phase: Phase,
    groups: HashMap<GroupId, ClassicGroup>,
    offsets: HashMap<GroupId, GroupOffsets>,
    timers: Timers,
    last_token: Token,
    sequence: u64,
    pending: BTreeMap<Token, Pending>,
    /// The last append under way for a group, which reads of it wait for.
    in_flight: HashMap<GroupId, Token>,
    now: Duration,
    wall: Timestamp,
}

impl GroupShard {
    /// A shard that has yet to be loaded.
    #[must_use]
    pub fn new(config: GroupConfig) -> Self {
        Self {
            config,
            phase: Phase::Loading,
            groups: HashMap::new(),
            offsets: HashMap::new(),
            timers: Timers::new(),
            last_token: Token(0),
            sequence: 0,
            pending: BTreeMap::new(),
            in_flight: HashMap::new(),
            now: Duration::ZERO,
            wall: Timestamp(0),
        }
    }

    /// One request. Its answer comes as an effect of this call or of a later one, exactly once.
    #[must_use]
    pub fn step(&mut self, now: Duration, wall: Timestamp, from: RequestId, command: Command) -> Vec<Effect> {
        self.set_time(now, wall);
        let error = match self.phase {
            Phase::Loading => Some(GroupError::CoordinatorLoadInProgress),
            Phase::Active => validate::refusal(&self.config, &command),
            Phase::Failed => Some(GroupError::NotCoordinator),
        };
        if let Some(error) = error {
            let response = match command {
                // Members must not lose their sessions over a restart: while loading, any heartbeat will do.
                Command::Heartbeat(_) if self.phase == Phase::Loading => {
                    Response::Heartbeat(HeartbeatResponse { error: GroupError::None })
                }
                command => Response::refuse(command, error),
            };
            return vec![Effect::Reply { to: from, response }];
        }
        let mut out = Out::default();
        let gate = self.execute(from, command, &mut out);
        self.finish(out, gate)
    }

    /// Does what has come due.
    #[must_use]
    pub fn tick(&mut self, now: Duration, wall: Timestamp) -> Vec<Effect> {
        self.set_time(now, wall);
        let mut effects = Vec::new();
        while let Some((key, action)) = self.timers.pop_due(self.now) {
            let mut out = Out::default();
            self.fire(&key, action, &mut out);
            effects.extend(self.finish(out, None));
        }
        effects
    }

    /// When [`tick`](Self::tick) has something to do, in monotonic time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.next_deadline()
    }

    /// Everything committed about a partition, or under way to be.
    #[must_use]
    pub fn committed_offset(
        &self,
        group: &GroupId,
        topic: &TopicName,
        partition: highway_types::PartitionIndex,
    ) -> Option<&CommittedOffset> {
        self.offsets.get(group)?.get(topic, partition)
    }

    /// How many groups there are, and how many in `state`.
    #[must_use]
    pub fn count_groups(&self, state: Option<GroupState>) -> usize {
        self.groups.values().filter(|g| state.is_none_or(|s| g.state() == s)).count()
    }

    fn set_time(&mut self, now: Duration, wall: Timestamp) {
        self.now = self.now.max(now);
        self.wall = wall;
    }

    /// Dispatches; gives the append that the answer must wait for besides its own.
    fn execute(&mut self, from: RequestId, command: Command, out: &mut Out) -> Option<Token> {
        match command {
            Command::JoinGroup(join) => self.join_group(from, join, out),
            Command::SyncGroup(sync) => self.sync_group(from, &sync, out),
            Command::Heartbeat(heartbeat) => self.heartbeat(from, &heartbeat, out),
            Command::LeaveGroup(leave) => self.leave_group(from, leave, out),
            Command::DescribeGroups(describe) => return self.describe_groups(from, describe, out),
            Command::ListGroups(list) => return self.list_groups(from, &list, out),
            Command::DeleteGroups(delete) => return self.delete_groups(from, delete, out),
            Command::OffsetCommit(commit) => self.offset_commit(from, commit, out),
            Command::OffsetFetch(fetch) => return self.offset_fetch(from, fetch, out),
            Command::OffsetDelete(delete) => return self.offset_delete(from, delete, out),
        }
        None
    }

    fn fire(&mut self, key: &TimerKey, action: TimerAction, out: &mut Out) {
        match (key, action) {
            (TimerKey::Retention, _) => self.expire_offsets(out),
            (TimerKey::Session(group, member), _) => {
                self.with_group(group, out, |g, cx| g.session_expired(cx, member));
            }
            (TimerKey::Join(group), TimerAction::InitialJoin { delay, remaining }) => {
                self.with_group(group, out, |g, cx| g.initial_delay_over(cx, delay, remaining));
            }
            (TimerKey::Join(group), _) => {
                self.with_group(group, out, |g, cx| g.complete_join(cx));
            }
            (TimerKey::Sync(group), TimerAction::ExpireSync { generation }) => {
                self.with_group(group, out, |g, cx| g.expire_sync(cx, generation));
            }
            (TimerKey::Sync(_), _) => {}
        }
    }

    /// Lets a step work on a group, if there is one of this id.
    fn with_group<R>(
        &mut self,
        group: &GroupId,
        out: &mut Out,
        step: impl FnOnce(&mut ClassicGroup, &mut Context<'_>) -> R,
    ) -> Option<R> {
        let group = self.groups.get_mut(group)?;
        let mut cx = Context {
            config: &self.config,
            timers: &mut self.timers,
            out,
            sequence: &mut self.sequence,
            now: self.now,
            wall: self.wall,
        };
        Some(step(group, &mut cx))
    }

    /// The append under way that a read of `group` must wait for.
    fn gate_of(&self, group: &GroupId) -> Option<Token> {
        self.in_flight.get(group).copied()
    }

    #[cfg(test)]
    pub(crate) fn groups_for_test(&self) -> impl Iterator<Item = &ClassicGroup> {
        self.groups.values()
    }

    #[cfg(test)]
    pub(crate) fn timers_for_test(&self) -> usize {
        self.timers.len()
    }
}
