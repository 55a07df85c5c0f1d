//! From one generation to the next.

use super::context::{Context, TimerAction, TimerKey, millis};
use super::{ClassicGroup, GroupState};
use crate::error::GroupError;
use crate::ids::{Generation, MemberId};
use crate::records;
use crate::response::{JoinGroupResponse, JoinedMember, Response};
use bytes::Bytes;

impl ClassicGroup {
    /// Begins a rebalance if none is being prepared; otherwise ends the joining phase if that was the last
    /// member missing.
    pub(crate) fn rebalance_or_complete(&mut self, cx: &mut Context<'_>) {
        if GroupState::PreparingRebalance.may_follow(self.state) {
            self.prepare_rebalance(cx);
        } else {
            self.maybe_complete_join(cx);
        }
    }

    pub(crate) fn prepare_rebalance(&mut self, cx: &mut Context<'_>) {
        if self.state == GroupState::CompletingRebalance {
            self.drop_assignments(cx, GroupError::RebalanceInProgress);
        }
        self.sync_in_flight = None;
        self.pending_sync.clear();
        cx.timers.cancel(&TimerKey::Sync(self.id.clone()));
        let initial = self.state == GroupState::Empty;
        self.transition(GroupState::PreparingRebalance, cx.wall);
        if initial {
            // The group is new: give more members the time to come, so that not each of them rebalances.
            self.new_member_added = false;
            let delay = cx.config.initial_rebalance_delay;
            let remaining = millis(self.rebalance_timeout_ms()).saturating_sub(delay);
            cx.set_timer(
                TimerKey::Join(self.id.clone()),
                delay,
                TimerAction::InitialJoin { delay, remaining },
            );
        } else if self.all_members_joined() {
            self.complete_join(cx);
        } else {
            self.set_join_deadline(cx);
        }
    }

    fn set_join_deadline(&self, cx: &mut Context<'_>) {
        let timeout = millis(self.rebalance_timeout_ms());
        cx.set_timer(TimerKey::Join(self.id.clone()), timeout, TimerAction::CompleteJoin);
    }

    /// The initial delay is over: wait on if somebody came meanwhile and there is time left.
    pub(crate) fn initial_delay_over(
        &mut self,
        cx: &mut Context<'_>,
        delay: std::time::Duration,
        remaining: std::time::Duration,
    ) {
        if self.new_member_added && !remaining.is_zero() {
            self.new_member_added = false;
            let next = TimerAction::InitialJoin {
                delay: cx.config.initial_rebalance_delay.min(remaining),
                remaining: remaining.saturating_sub(delay),
            };
            let wait = cx.config.initial_rebalance_delay.min(remaining);
            cx.set_timer(TimerKey::Join(self.id.clone()), wait, next);
        } else {
            self.complete_join(cx);
        }
    }

    /// Ends the joining phase if everybody is there. The first rebalance always waits for its delay.
    pub(crate) fn maybe_complete_join(&mut self, cx: &mut Context<'_>) {
        if self.state == GroupState::PreparingRebalance
            && self.previous_state != GroupState::Empty
            && self.all_members_joined()
        {
            self.complete_join(cx);
        }
    }

    /// Ends the joining phase: dynamic members that did not come are out, static ones stay (KIP-345).
    pub(crate) fn complete_join(&mut self, cx: &mut Context<'_>) {
        if self.state != GroupState::PreparingRebalance {
            return;
        }
        cx.timers.cancel(&TimerKey::Join(self.id.clone()));
        let missing: Vec<MemberId> = self
            .members
            .values()
            .filter(|m| m.awaiting_join.is_none() && m.instance_id.is_none())
            .map(|m| m.id.clone())
            .collect();
        for member in missing {
            self.remove_member(cx, &member);
        }
        if self.members.is_empty() {
            self.become_empty(cx);
        } else if self.elect_joined_leader() {
            self.begin_generation(cx);
        } else {
            // Only static members are left and none of them came: wait until their sessions end.
            self.set_join_deadline(cx);
        }
    }

    /// The leader must be somebody who gets the answer. False if nobody has joined.
    fn elect_joined_leader(&mut self) -> bool {
        let joined = |id: &MemberId| self.members.get(id).is_some_and(|m| m.awaiting_join.is_some());
        if self.leader.as_ref().is_some_and(joined) {
            return true;
        }
        let elected = self.members.values().find(|m| m.awaiting_join.is_some()).map(|m| m.id.clone());
        match elected {
            Some(leader) => {
                self.leader = Some(leader);
                true
            }
            None => false,
        }
    }

    fn become_empty(&mut self, cx: &mut Context<'_>) {
        self.generation = self.generation.next();
        self.protocol_name = None;
        self.leader = None;
        self.refresh_subscription();
        self.transition(GroupState::Empty, cx.wall);
        let record = records::group_metadata(&self.id, &self.to_value(|m| m.assignment.clone()));
        cx.out.records.push((self.id.clone(), record));
    }

    fn begin_generation(&mut self, cx: &mut Context<'_>) {
        self.generation = self.generation.next();
        self.protocol_name = self.select_protocol();
        self.refresh_subscription();
        self.transition(GroupState::CompletingRebalance, cx.wall);
        self.pending_sync = self.members.keys().cloned().collect();
        let ids: Vec<MemberId> = self.members.keys().cloned().collect();
        for id in ids {
            let response = self.current_join_response(&id);
            self.answer_join(cx, &id, response);
            if let Some(member) = self.members.get_mut(&id) {
                member.is_new = false;
            }
            self.renew_session(cx, &id);
        }
        let timeout = millis(self.rebalance_timeout_ms());
        let action = TimerAction::ExpireSync { generation: self.generation };
        cx.set_timer(TimerKey::Sync(self.id.clone()), timeout, action);
    }

    /// What a member of this generation is told: the leader gets the members.
    pub(crate) fn current_join_response(&self, member: &MemberId) -> JoinGroupResponse {
        let protocol = self.protocol_name.as_deref().unwrap_or("");
        let members = if self.is_leader(member) {
            let joined = |m: &super::Member| JoinedMember {
                member_id: m.id.clone(),
                instance_id: m.instance_id.clone(),
                metadata: m.metadata(protocol),
            };
            self.members.values().map(joined).collect()
        } else {
            Vec::new()
        };
        JoinGroupResponse {
            error: GroupError::None,
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            leader: self.leader.clone().unwrap_or_else(MemberId::unknown),
            skip_assignment: false,
            member_id: member.clone(),
            members,
        }
    }

    /// Answers the member's parked JoinGroup, if there is one.
    pub(crate) fn answer_join(&mut self, cx: &mut Context<'_>, id: &MemberId, response: JoinGroupResponse) {
        if let Some(to) = self.members.get_mut(id).and_then(|m| m.awaiting_join.take()) {
            self.awaiting_join -= 1;
            cx.out.reply(to, Response::JoinGroup(response));
        }
    }

    /// Members that did not send SyncGroup in time are out (KAFKA-12890).
    pub(crate) fn expire_sync(&mut self, cx: &mut Context<'_>, generation: Generation) {
        let waits = matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable);
        if generation != self.generation || !waits || self.pending_sync.is_empty() {
            return;
        }
        for member in std::mem::take(&mut self.pending_sync) {
            self.remove_member(cx, &member);
        }
        self.prepare_rebalance(cx);
    }

    /// Starts the member's session timeout anew.
    pub(crate) fn renew_session(&self, cx: &mut Context<'_>, id: &MemberId) {
        if let Some(member) = self.members.get(id) {
            let key = TimerKey::Session(self.id.clone(), id.clone());
            cx.set_timer(key, millis(member.session_timeout_ms), TimerAction::ExpireSession);
        }
    }

    /// Forgets the assignments of a generation that does not come about.
    fn drop_assignments(&mut self, cx: &mut Context<'_>, error: GroupError) {
        let ids: Vec<MemberId> = self.members.keys().cloned().collect();
        for id in ids {
            let Some(member) = self.members.get_mut(&id) else { continue };
            member.assignment = Bytes::new();
            if let Some(to) = member.awaiting_sync.take() {
                cx.out.sync_error(to, error);
                self.renew_session(cx, &id);
            }
        }
    }

    /// The record of this generation cannot be written: tell everybody and rebalance.
    pub(crate) fn assignment_refused(&mut self, cx: &mut Context<'_>, error: GroupError) {
        self.drop_assignments(cx, error);
        self.prepare_rebalance(cx);
    }
}
