//! Members that go: LeaveGroup and expired sessions.

use super::context::{Context, TimerKey};
use super::{ClassicGroup, GroupState};
use crate::error::GroupError;
use crate::ids::MemberId;
use crate::request::LeavingMember;
use crate::response::LeftMember;

impl ClassicGroup {
    pub(crate) fn leave(&mut self, cx: &mut Context<'_>, leaving: Vec<LeavingMember>) -> Vec<LeftMember> {
        let mut left = Vec::with_capacity(leaving.len());
        for LeavingMember { member_id, instance_id } in leaving {
            let error = match self.find_leaving(&member_id, instance_id.as_ref()) {
                Ok(id) => {
                    self.remove_member(cx, &id);
                    GroupError::None
                }
                Err(error) => error,
            };
            left.push(LeftMember { member_id, instance_id, error });
        }
        if left.iter().any(|m| m.error.is_none()) {
            match self.state {
                GroupState::Stable | GroupState::CompletingRebalance => self.prepare_rebalance(cx),
                GroupState::PreparingRebalance => self.maybe_complete_join(cx),
                GroupState::Empty | GroupState::Dead => {}
            }
        }
        left
    }

    /// An administrator may name a static member by its instance id alone.
    fn find_leaving(
        &self,
        member: &MemberId,
        instance: Option<&crate::ids::InstanceId>,
    ) -> Result<MemberId, GroupError> {
        if member.is_empty() {
            let by_instance = instance.and_then(|i| self.static_members.get(i));
            return by_instance.cloned().ok_or(GroupError::UnknownMemberId);
        }
        if !self.pending_join.contains(member) {
            self.validate_member(member, instance)?;
        }
        Ok(member.clone())
    }

    /// Takes a member out and answers what it waits for: it joins again if it is still alive.
    pub(super) fn remove_member(&mut self, cx: &mut Context<'_>, id: &MemberId) {
        cx.timers.cancel(&TimerKey::Session(self.id.clone(), id.clone()));
        let Some(member) = self.take(id) else { return };
        if let Some(to) = member.awaiting_join {
            cx.out.join_error(to, GroupError::UnknownMemberId, MemberId::unknown());
        }
        if let Some(to) = member.awaiting_sync {
            cx.out.sync_error(to, GroupError::UnknownMemberId);
        }
    }

    /// A session has ended. Waiting for a rebalance or an assignment stands for heartbeats, except for
    /// members that are new: their deadline ends the wait.
    pub(crate) fn session_expired(&mut self, cx: &mut Context<'_>, id: &MemberId) {
        if self.pending_join.remove(id) {
            self.maybe_complete_join(cx);
            return;
        }
        let Some(member) = self.members.get(id) else { return };
        if member.is_alive_by_waiting() {
            return;
        }
        self.remove_member(cx, id);
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => self.prepare_rebalance(cx),
            GroupState::PreparingRebalance => self.maybe_complete_join(cx),
            GroupState::Empty | GroupState::Dead => {}
        }
    }
}
