//! SyncGroup and Heartbeat.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::context::{Context, Continuation, TimerKey};
use super::{ClassicGroup, GroupState, Member};
use crate::effect::RequestId;
use crate::error::GroupError;
use crate::ids::{Generation, InstanceId, MemberId};
use crate::records;
use crate::request::{MemberAssignment, SyncGroup};
use crate::response::{Response, SyncGroupResponse};

impl ClassicGroup {
    pub(crate) fn sync(&mut self, cx: &mut Context<'_>, to: RequestId, request: &SyncGroup) {
        if let Err(error) = self.validate_sync(request) {
            cx.out.sync_error(to, error);
            return;
        }
        let id = &request.member_id;
        match self.state {
            GroupState::PreparingRebalance => cx.out.sync_error(to, GroupError::RebalanceInProgress),
            GroupState::CompletingRebalance => {
                self.synced(cx, id);
                if let Some(first) = self.members.get_mut(id).and_then(|m| m.awaiting_sync.replace(to)) {
                    cx.out.sync_error(first, GroupError::RebalanceInProgress);
                }
                // The first assignment of a generation is the one: a leader that asks again waits for it.
                if self.is_leader(id) && self.sync_in_flight.is_none() {
                    self.store_assignment(cx, &request.assignments);
                }
            }
            GroupState::Stable => {
                self.synced(cx, id);
                let assignment = self.members.get(id).map(|m| m.assignment.clone()).unwrap_or_default();
                cx.out.reply(to, Response::SyncGroup(self.sync_response(assignment)));
                self.renew_session(cx, id);
            }
            GroupState::Empty | GroupState::Dead => cx.out.sync_error(to, GroupError::UnknownMemberId),
        }
    }

    fn validate_sync(&self, request: &SyncGroup) -> Result<(), GroupError> {
        self.validate_member(&request.member_id, request.instance_id.as_ref())?;
        if request.generation != self.generation {
            return Err(GroupError::IllegalGeneration);
        }
        let differ = |theirs: &Option<Arc<str>>, ours: &Option<Arc<str>>| matches!((theirs, ours), (Some(theirs), Some(ours)) if theirs != ours);
        if differ(&request.protocol_type, &self.protocol_type)
            || differ(&request.protocol_name, &self.protocol_name)
        {
            return Err(GroupError::InconsistentGroupProtocol);
        }
        Ok(())
    }

    /// The member has asked for its assignment; with the last one the deadline goes.
    fn synced(&mut self, cx: &mut Context<'_>, id: &MemberId) {
        self.pending_sync.remove(id);
        if self.pending_sync.is_empty() {
            cx.timers.cancel(&TimerKey::Sync(self.id.clone()));
        }
    }

    fn store_assignment(&mut self, cx: &mut Context<'_>, given: &[MemberAssignment]) {
        let by_member: HashMap<&MemberId, &Bytes> =
            given.iter().map(|a| (&a.member_id, &a.assignment)).collect();
        let of = |m: &Member| by_member.get(&m.id).map(|a| Bytes::copy_from_slice(a)).unwrap_or_default();
        let record = records::group_metadata(&self.id, &self.to_value(of));
        if record.size() > cx.config.max_append_bytes {
            self.assignment_refused(cx, GroupError::UnknownServerError);
            return;
        }
        let assignments = self.members.values().map(|m| (m.id.clone(), of(m))).collect();
        let sync = cx.next_sequence();
        self.sync_in_flight = Some(sync);
        cx.out.records.push((self.id.clone(), record));
        cx.out.then.push(Continuation::AssignmentStored { group: self.id.clone(), sync, assignments });
    }

    /// Hands the stored assignment out, unless a rebalance began meanwhile.
    pub(crate) fn assignment_stored(
        &mut self,
        cx: &mut Context<'_>,
        sync: u64,
        assignments: &[(MemberId, Bytes)],
    ) {
        if self.sync_in_flight != Some(sync) {
            return;
        }
        self.sync_in_flight = None;
        self.transition(GroupState::Stable, cx.wall);
        for (id, assignment) in assignments {
            let Some(member) = self.members.get_mut(id) else { continue };
            member.assignment = assignment.clone();
            if let Some(to) = member.awaiting_sync.take() {
                cx.out.reply(to, Response::SyncGroup(self.sync_response(assignment.clone())));
                self.renew_session(cx, id);
            }
        }
    }

    fn sync_response(&self, assignment: Bytes) -> SyncGroupResponse {
        SyncGroupResponse {
            error: GroupError::None,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            assignment,
        }
    }

    /// Heartbeats of members that still wait for their assignment count like any other.
    pub(crate) fn heartbeat(
        &self,
        cx: &mut Context<'_>,
        member: &MemberId,
        instance: Option<&InstanceId>,
        generation: Generation,
    ) -> Result<(), GroupError> {
        self.validate_member(member, instance)?;
        if generation != self.generation {
            return Err(GroupError::IllegalGeneration);
        }
        self.renew_session(cx, member);
        match self.state {
            GroupState::PreparingRebalance => Err(GroupError::RebalanceInProgress),
            GroupState::CompletingRebalance | GroupState::Stable => Ok(()),
            GroupState::Empty | GroupState::Dead => Err(GroupError::UnknownMemberId),
        }
    }
}
