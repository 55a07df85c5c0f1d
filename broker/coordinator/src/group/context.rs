//! What a group's steps may touch besides the group.

use std::time::Duration;

use bytes::Bytes;
use highway_types::{GroupId, Timestamp};

use crate::config::GroupConfig;
use crate::effect::{Record, RequestId};
use crate::error::GroupError;
use crate::ids::{Generation, MemberId};
use crate::response::{JoinGroupResponse, Response, SyncGroupResponse};
use crate::timer::TimerQueue;

/// What has a deadline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TimerKey {
    /// A member's session.
    Session(GroupId, MemberId),
    /// The joining phase.
    Join(GroupId),
    /// The wait for every member's SyncGroup.
    Sync(GroupId),
    /// The search for expired offsets.
    Retention,
}

/// What happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimerAction {
    ExpireSession,
    /// The first rebalance of an empty group: wait on if somebody came meanwhile.
    InitialJoin {
        delay: Duration,
        remaining: Duration,
    },
    CompleteJoin,
    ExpireSync {
        generation: Generation,
    },
    Retention,
}

pub(crate) type Timers = TimerQueue<TimerKey, TimerAction>;

/// What is left to do once records are committed.
#[derive(Clone, Debug)]
pub(crate) enum Continuation {
    /// The leader's assignment is stored: hand it out.
    AssignmentStored { group: GroupId, sync: u64, assignments: Vec<(MemberId, Bytes)> },
    /// A static member's new id is stored: answer its JoinGroup if no rebalance began meanwhile.
    StaticMemberStored {
        group: GroupId,
        member: MemberId,
        generation: Generation,
        request: RequestId,
        old_leader: Option<MemberId>,
        skip_assignment: bool,
    },
}

/// What one step gives out.
#[derive(Debug, Default)]
pub(crate) struct Out {
    /// Each with its group.
    pub(crate) records: Vec<(GroupId, Record)>,
    pub(crate) replies: Vec<(RequestId, Response)>,
    pub(crate) then: Vec<Continuation>,
}

impl Out {
    pub(crate) fn reply(&mut self, to: RequestId, response: Response) {
        self.replies.push((to, response));
    }

    pub(crate) fn join_error(&mut self, to: RequestId, error: GroupError, member: MemberId) {
        self.reply(to, Response::JoinGroup(JoinGroupResponse::error(error, member)));
    }

    pub(crate) fn sync_error(&mut self, to: RequestId, error: GroupError) {
        self.reply(to, Response::SyncGroup(SyncGroupResponse::error(error)));
    }
}

/// The surroundings of one step.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a GroupConfig,
    pub(crate) timers: &'a mut Timers,
    pub(crate) out: &'a mut Out,
    pub(crate) sequence: &'a mut u64,
    pub(crate) now: Duration,
    pub(crate) wall: Timestamp,
}

impl Context<'_> {
    pub(crate) fn next_sequence(&mut self) -> u64 {
        *self.sequence += 1;
        *self.sequence
    }

    pub(crate) fn set_timer(&mut self, key: TimerKey, after: Duration, action: TimerAction) {
        self.timers.set(key, self.now.saturating_add(after), action);
    }
}

/// Milliseconds of a request; negative ones count as none.
pub(crate) fn millis(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
