//! Appends and their fate.

use std::time::Duration;

use highway_types::Timestamp;

use super::{GroupShard, Phase};
use crate::effect::{Effect, RequestId, Token};
use crate::error::GroupError;
use crate::group::context::{Continuation, Out};
use crate::response::{JoinGroupResponse, Response, SyncGroupResponse};

impl GroupShard {
    /// The append of `token` is committed, and with it all before it.
    #[must_use]
    pub fn committed(&mut self, now: Duration, wall: Timestamp, token: Token) -> Vec<Effect> {
        self.set_time(now, wall);
        let mut effects = Vec::new();
        while let Some(entry) = self.pending.first_entry() {
            if *entry.key() > token {
                break;
            }
            let (done, pending) = entry.remove_entry();
            for group in pending.groups {
                if self.in_flight.get(&group) == Some(&done) {
                    self.in_flight.remove(&group);
                }
            }
            effects.extend(pending.replies.into_iter().map(|(to, response)| Effect::Reply { to, response }));
            for continuation in pending.then {
                let mut out = Out::default();
                self.resume(&continuation, &mut out);
                effects.extend(self.finish(out, None));
            }
        }
        effects
    }

    /// The append of `token` is lost. Memory is ahead of the log now, so the shard gives up: everything
    /// that waits, and every later request, is answered with NOT_COORDINATOR. Drop it and load a new one.
    #[must_use]
    pub fn failed(&mut self, _token: Token) -> Vec<Effect> {
        self.close()
    }

    /// Gives the shard up, as when its partition goes elsewhere: every request that waits is answered with
    /// NOT_COORDINATOR.
    #[must_use]
    pub fn close(&mut self) -> Vec<Effect> {
        let error = GroupError::NotCoordinator;
        self.phase = Phase::Failed;
        let mut replies: Vec<(RequestId, Response)> = Vec::new();
        for pending in std::mem::take(&mut self.pending).into_values() {
            replies.extend(pending.replies.into_iter().map(|(to, response)| (to, response.lost(error))));
        }
        for group in std::mem::take(&mut self.groups).into_values() {
            for (id, member) in group.members {
                if let Some(to) = member.awaiting_join {
                    replies.push((to, Response::JoinGroup(JoinGroupResponse::error(error, id))));
                }
                if let Some(to) = member.awaiting_sync {
                    replies.push((to, Response::SyncGroup(SyncGroupResponse::error(error))));
                }
            }
        }
        self.offsets.clear();
        self.in_flight.clear();
        self.timers = crate::group::context::Timers::new();
        replies.into_iter().map(|(to, response)| Effect::Reply { to, response }).collect()
    }

    fn resume(&mut self, continuation: &Continuation, out: &mut Out) {
        match continuation {
            Continuation::AssignmentStored { group, sync, assignments } => {
                self.with_group(group, out, |g, cx| g.assignment_stored(cx, *sync, assignments));
            }
            Continuation::StaticMemberStored { group, .. } => {
                self.with_group(group, out, |g, cx| g.static_member_stored(cx, continuation));
            }
        }
    }

    /// Turns what a step gave out into effects: records become appends, and answers wait for the last of
    /// them, or for `gate` if there are none.
    pub(super) fn finish(&mut self, out: Out, gate: Option<Token>) -> Vec<Effect> {
        let Out { records, replies, then } = out;
        let mut effects = Vec::new();
        let mut batch = Vec::new();
        let mut size = 0;
        let mut groups = Vec::new();
        let mut wait_for = gate.filter(|token| self.pending.contains_key(token));
        for (group, record) in records {
            if !batch.is_empty() && size + record.size() > self.config.max_append_bytes {
                let append = self.append(std::mem::take(&mut batch), std::mem::take(&mut groups));
                effects.push(append);
                size = 0;
            }
            size += record.size();
            batch.push(record);
            if groups.last() != Some(&group) {
                groups.push(group);
            }
        }
        if !batch.is_empty() {
            let append = self.append(batch, groups);
            effects.push(append);
            wait_for = Some(self.last_token);
        }
        match wait_for.and_then(|token| self.pending.get_mut(&token)) {
            Some(pending) => {
                pending.replies.extend(replies);
                pending.then.extend(then);
            }
            None => {
                assert!(then.is_empty(), "a continuation comes with its record");
                effects.extend(replies.into_iter().map(|(to, response)| Effect::Reply { to, response }));
            }
        }
        effects
    }

    fn append(&mut self, records: Vec<crate::Record>, groups: Vec<highway_types::GroupId>) -> Effect {
        self.last_token = Token(self.last_token.0 + 1);
        for group in &groups {
            self.in_flight.insert(group.clone(), self.last_token);
        }
        self.pending.insert(self.last_token, super::Pending { groups, ..Default::default() });
        Effect::Append { records, then: self.last_token }
    }
}
