//! JoinGroup, SyncGroup, Heartbeat, LeaveGroup: finding the group and answering if there is none.

use super::GroupShard;
use crate::effect::RequestId;
use crate::error::GroupError;
use crate::group::ClassicGroup;
use crate::group::context::Out;
use crate::ids::MemberId;
use crate::records;
use crate::request::{Heartbeat, JoinGroup, LeaveGroup, SyncGroup};
use crate::response::{HeartbeatResponse, LeaveGroupResponse, LeftMember, Response};

impl GroupShard {
    pub(super) fn join_group(&mut self, from: RequestId, join: JoinGroup, out: &mut Out) {
        let group = join.group.clone();
        let is_new = !self.groups.contains_key(&group);
        if is_new {
            // A member id that nobody gave out never makes a group.
            if !join.member_id.is_empty() {
                out.join_error(from, GroupError::UnknownMemberId, join.member_id);
                return;
            }
            if join.protocol_type.is_empty() || join.protocols.is_empty() {
                out.join_error(from, GroupError::InconsistentGroupProtocol, MemberId::unknown());
                return;
            }
            self.groups.insert(group.clone(), ClassicGroup::new(group.clone(), self.wall));
        }
        self.with_group(&group, out, |g, cx| g.join(cx, from, join));
        // The group is stored as it was created, without the member that is only joining.
        if is_new && out.records.is_empty() {
            let value = ClassicGroup::new(group.clone(), self.wall).to_value(|m| m.assignment.clone());
            out.records.push((group.clone(), records::group_metadata(&group, &value)));
        }
    }

    pub(super) fn sync_group(&mut self, from: RequestId, sync: &SyncGroup, out: &mut Out) {
        if self.with_group(&sync.group, out, |g, cx| g.sync(cx, from, sync)).is_none() {
            out.sync_error(from, GroupError::UnknownMemberId);
        }
    }

    pub(super) fn heartbeat(&mut self, from: RequestId, heartbeat: &Heartbeat, out: &mut Out) {
        let Heartbeat { group, generation, member_id, instance_id } = heartbeat;
        let result = self
            .with_group(group, out, |g, cx| g.heartbeat(cx, member_id, instance_id.as_ref(), *generation))
            .unwrap_or(Err(GroupError::UnknownMemberId));
        let error = result.err().unwrap_or(GroupError::None);
        out.reply(from, Response::Heartbeat(HeartbeatResponse { error }));
    }

    pub(super) fn leave_group(&mut self, from: RequestId, leave: LeaveGroup, out: &mut Out) {
        let members = if self.groups.contains_key(&leave.group) {
            self.with_group(&leave.group, out, |g, cx| g.leave(cx, leave.members)).unwrap_or_default()
        } else {
            let unknown = |m: crate::LeavingMember| LeftMember {
                member_id: m.member_id,
                instance_id: m.instance_id,
                error: GroupError::UnknownMemberId,
            };
            leave.members.into_iter().map(unknown).collect()
        };
        out.reply(from, Response::LeaveGroup(LeaveGroupResponse { error: GroupError::None, members }));
    }
}
