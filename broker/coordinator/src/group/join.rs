//! JoinGroup.

use std::collections::HashSet;

use bytes::Bytes;

use super::context::{Context, Continuation, TimerAction, TimerKey, millis};
use super::{ClassicGroup, GroupState, Member};
use crate::effect::RequestId;
use crate::error::GroupError;
use crate::ids::{InstanceId, MemberId};
use crate::records;
use crate::request::{JoinGroup, Protocol};
use crate::response::Response;

/// From this version on a dynamic member learns its id before it joins (KIP-394).
const MEMBER_ID_REQUIRED_FROM: i16 = 4;
/// From this version on the leader can be told not to assign (KIP-814).
const SKIP_ASSIGNMENT_FROM: i16 = 9;
/// Bytes of a client's id that go into its member's id; ids are stored as strings of at most 32,767 bytes.
const ID_PREFIX_MAX: usize = 1024;

impl ClassicGroup {
    pub(crate) fn join(&mut self, cx: &mut Context<'_>, to: RequestId, request: JoinGroup) {
        let known = !request.member_id.is_empty();
        if !self.has_room_for(&request.member_id, cx.config.max_size) {
            self.remove_member(cx, &request.member_id);
            cx.out.join_error(to, GroupError::GroupMaxSizeReached, MemberId::unknown());
            self.maybe_complete_join(cx);
        } else if !self.supports(&request.protocol_type, &request.protocols) {
            cx.out.join_error(to, GroupError::InconsistentGroupProtocol, request.member_id);
        } else if known {
            self.join_known(cx, to, request);
        } else {
            self.join_new(cx, to, request);
        }
    }

    /// While members join, those that have joined count, so that the last to rejoin are the ones left out.
    fn has_room_for(&self, member: &MemberId, max: usize) -> bool {
        match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                self.members.get(member).is_some_and(|m| m.awaiting_join.is_some())
                    || self.awaiting_join < max
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.members.contains_key(member) || self.members.len() < max
            }
        }
    }

    fn join_new(&mut self, cx: &mut Context<'_>, to: RequestId, request: JoinGroup) {
        let prefix = request.instance_id.as_ref().map_or(&*request.client_id, InstanceId::as_str);
        let id = fresh_member_id(prefix, request.fresh_id);
        if let Some(instance) = &request.instance_id {
            match self.static_members.get(instance).cloned() {
                Some(old) => self.replace_static(cx, to, &request, &old, id),
                None => self.add_joining(cx, to, &request, id),
            }
        } else if request.api_version >= MEMBER_ID_REQUIRED_FROM {
            self.pending_join.insert(id.clone());
            let key = TimerKey::Session(self.id.clone(), id.clone());
            cx.set_timer(key, millis(request.session_timeout_ms), TimerAction::ExpireSession);
            cx.out.join_error(to, GroupError::MemberIdRequired, id);
        } else {
            self.add_joining(cx, to, &request, id);
        }
    }

    fn join_known(&mut self, cx: &mut Context<'_>, to: RequestId, request: JoinGroup) {
        let id = request.member_id.clone();
        if request.instance_id.is_none() && self.pending_join.contains(&id) {
            self.add_joining(cx, to, &request, id);
            return;
        }
        if let Err(error) = self.validate_member(&id, request.instance_id.as_ref()) {
            cx.out.join_error(to, error, id);
            return;
        }
        let unchanged = self.members.get(&id).is_some_and(|m| m.protocols == request.protocols);
        let current = match self.state {
            // It may not have got the first answer.
            GroupState::CompletingRebalance => unchanged,
            // A leader that joins again wants a rebalance: topics may have changed.
            GroupState::Stable => unchanged && !self.is_leader(&id),
            GroupState::PreparingRebalance | GroupState::Empty | GroupState::Dead => false,
        };
        if current {
            let response = self.current_join_response(&id);
            cx.out.reply(to, Response::JoinGroup(response));
        } else {
            self.update_joining(cx, to, &request, &id);
            self.rebalance_or_complete(cx);
        }
    }

    fn add_joining(&mut self, cx: &mut Context<'_>, to: RequestId, request: &JoinGroup, id: MemberId) {
        if self.state == GroupState::PreparingRebalance && self.previous_state == GroupState::Empty {
            self.new_member_added = true;
        }
        let member = Member {
            id: id.clone(),
            instance_id: request.instance_id.clone(),
            client_id: request.client_id.clone(),
            client_host: request.client_host.clone(),
            session_timeout_ms: request.session_timeout_ms,
            rebalance_timeout_ms: rebalance_timeout(request),
            protocols: own(&request.protocols),
            assignment: Bytes::new(),
            awaiting_join: Some(to),
            awaiting_sync: None,
            is_new: true,
        };
        self.add(member, &request.protocol_type);
        // A new member has no id to send heartbeats with, and its connection is not read while the request
        // is parked: a client that gives up and joins again would leave members behind for ever.
        let key = TimerKey::Session(self.id.clone(), id);
        cx.set_timer(key, cx.config.new_member_join_timeout, TimerAction::ExpireSession);
        self.rebalance_or_complete(cx);
    }

    /// Takes over what a member says when it joins again and parks the request.
    fn update_joining(&mut self, cx: &mut Context<'_>, to: RequestId, request: &JoinGroup, id: &MemberId) {
        let Some(member) = self.members.get_mut(id) else { return };
        let old = std::mem::replace(&mut member.protocols, own(&request.protocols));
        let new = member.protocols.clone();
        member.session_timeout_ms = request.session_timeout_ms;
        member.rebalance_timeout_ms = rebalance_timeout(request);
        member.client_id = request.client_id.clone();
        member.client_host = request.client_host.clone();
        match member.awaiting_join.replace(to) {
            // The client gave up on its first request; nobody must wait for ever all the same.
            Some(first) => cx.out.join_error(first, GroupError::RebalanceInProgress, id.clone()),
            None => self.awaiting_join += 1,
        }
        self.count_protocols(&old, false);
        self.count_protocols(&new, true);
    }

    /// A static member came back without its id: it gets a new one, the old one is fenced.
    fn replace_static(
        &mut self,
        cx: &mut Context<'_>,
        to: RequestId,
        request: &JoinGroup,
        old: &MemberId,
        new: MemberId,
    ) {
        let old_leader = self.leader.clone();
        let Some(mut member) = self.take(old) else { return };
        if let Some(first) = member.awaiting_join.take() {
            cx.out.join_error(first, GroupError::FencedInstanceId, old.clone());
        }
        if let Some(first) = member.awaiting_sync.take() {
            cx.out.sync_error(first, GroupError::FencedInstanceId);
        }
        cx.timers.cancel(&TimerKey::Session(self.id.clone(), old.clone()));
        member.id = new.clone();
        let protocol_type = self.protocol_type.clone().unwrap_or_else(|| request.protocol_type.clone());
        self.add(member, &protocol_type);
        if old_leader.as_ref() == Some(old) {
            self.leader = Some(new.clone());
        }
        self.update_joining(cx, to, request, &new);
        self.renew_session(cx, &new);
        match self.state {
            GroupState::Stable if self.select_protocol() == self.protocol_name => {
                self.refresh_subscription();
                self.store_static(cx, to, request, new, old_leader);
            }
            GroupState::Stable => self.rebalance_or_complete(cx),
            // The leader may have assigned to the old id already (KAFKA-9801).
            GroupState::CompletingRebalance => self.prepare_rebalance(cx),
            GroupState::PreparingRebalance | GroupState::Empty | GroupState::Dead => {
                self.maybe_complete_join(cx)
            }
        }
    }

    /// The generation stays: only the new id is stored, and the answer waits for that.
    fn store_static(
        &mut self,
        cx: &mut Context<'_>,
        to: RequestId,
        request: &JoinGroup,
        member: MemberId,
        old_leader: Option<MemberId>,
    ) {
        let record = records::group_metadata(&self.id, &self.to_value(|m| m.assignment.clone()));
        if record.size() > cx.config.max_append_bytes {
            self.rebalance_or_complete(cx);
            return;
        }
        cx.out.records.push((self.id.clone(), record));
        cx.out.then.push(Continuation::StaticMemberStored {
            group: self.id.clone(),
            member,
            generation: self.generation,
            request: to,
            old_leader,
            skip_assignment: request.api_version >= SKIP_ASSIGNMENT_FROM,
        });
    }

    /// Answers a static member whose new id is stored, unless a rebalance began meanwhile: that one answers.
    pub(crate) fn static_member_stored(&mut self, cx: &mut Context<'_>, stored: &Continuation) {
        let Continuation::StaticMemberStored {
            member, generation, request, old_leader, skip_assignment, ..
        } = stored
        else {
            return;
        };
        let waits = self.members.get(member).is_some_and(|m| m.awaiting_join == Some(*request));
        if self.state != GroupState::Stable || self.generation != *generation || !waits {
            return;
        }
        let mut response = self.current_join_response(member);
        if *skip_assignment {
            response.skip_assignment = self.is_leader(member);
        } else {
            // Told that another member leads, it only asks for its assignment.
            response.members.clear();
            response.leader = old_leader.clone().unwrap_or_else(MemberId::unknown);
        }
        self.answer_join(cx, member, response);
        self.renew_session(cx, member);
    }
}

fn rebalance_timeout(request: &JoinGroup) -> i32 {
    if request.api_version == 0 { request.session_timeout_ms } else { request.rebalance_timeout_ms }
}

/// Copies, so that the request's frame is not kept alive; of protocols named twice the first counts.
fn own(protocols: &[Protocol]) -> Vec<Protocol> {
    let mut names = HashSet::new();
    protocols
        .iter()
        .filter(|p| names.insert(&p.name))
        .map(|p| Protocol { name: p.name.clone(), metadata: Bytes::copy_from_slice(&p.metadata) })
        .collect()
}

/// `<client or instance id>-<uuid>`, as Kafka makes them.
fn fresh_member_id(prefix: &str, uuid: u128) -> MemberId {
    let mut end = prefix.len().min(ID_PREFIX_MAX);
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    let hex = format!("{uuid:032x}");
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    MemberId::new(&format!("{}-{a}-{b}-{c}-{d}-{e}", &prefix[..end]))
}
