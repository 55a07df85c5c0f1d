//! A classic group: members, generation, and the state machine that rebalances them.

pub(crate) mod context;
mod join;
mod leave;
mod member;
mod rebalance;
mod record;
mod state;
mod sync;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use highway_types::{GroupId, Timestamp, TopicName};

pub(crate) use self::member::Member;
pub use self::state::GroupState;
use crate::consumer_protocol::{CONSUMER, subscribed_topics};
use crate::error::GroupError;
use crate::ids::{Generation, InstanceId, MemberId};
use crate::request::Protocol;

/// One classic group.
#[derive(Clone, Debug)]
pub(crate) struct ClassicGroup {
    pub(crate) id: GroupId,
    state: GroupState,
    previous_state: GroupState,
    /// When the group came into its state; unknown for groups read from old records.
    pub(crate) state_timestamp: Option<Timestamp>,
    pub(crate) generation: Generation,
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) protocol_name: Option<Arc<str>>,
    pub(crate) leader: Option<MemberId>,
    /// Sorted, so that the same commands give the same effects.
    pub(crate) members: BTreeMap<MemberId, Member>,
    static_members: HashMap<InstanceId, MemberId>,
    /// Ids given out with MEMBER_ID_REQUIRED and not yet used.
    pending_join: BTreeSet<MemberId>,
    /// Members of this generation that have not sent SyncGroup yet.
    pending_sync: BTreeSet<MemberId>,
    /// How many members wait for the answer to a JoinGroup.
    awaiting_join: usize,
    /// How many members support each protocol.
    supported: HashMap<Arc<str>, usize>,
    /// What the group reads, as far as that is known.
    subscribed: Option<HashSet<TopicName>>,
    /// A member came while the first rebalance of an empty group waited.
    new_member_added: bool,
    /// Names the append of this generation's assignment while it is under way.
    sync_in_flight: Option<u64>,
}

impl ClassicGroup {
    /// An empty group.
    pub(crate) fn new(id: GroupId, now: Timestamp) -> Self {
        Self {
            id,
            state: GroupState::Empty,
            previous_state: GroupState::Dead,
            state_timestamp: Some(now),
            generation: Generation::ZERO,
            protocol_type: None,
            protocol_name: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: HashMap::new(),
            pending_join: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            awaiting_join: 0,
            supported: HashMap::new(),
            subscribed: None,
            new_member_added: false,
            sync_in_flight: None,
        }
    }

    pub(crate) fn state(&self) -> GroupState {
        self.state
    }

    fn transition(&mut self, to: GroupState, now: Timestamp) {
        assert!(to.may_follow(self.state), "group {} cannot go from {} to {to}", self.id, self.state);
        self.previous_state = self.state;
        self.state = to;
        self.state_timestamp = Some(now);
    }

    pub(crate) fn is_consumer(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    pub(crate) fn is_leader(&self, member: &MemberId) -> bool {
        self.leader.as_ref() == Some(member)
    }

    pub(crate) fn has_pending_members(&self) -> bool {
        !self.pending_join.is_empty()
    }

    /// Whether offsets of `topic` belong to what the group reads. A consumer group whose subscriptions
    /// cannot be read counts as reading everything.
    pub(crate) fn is_subscribed_to(&self, topic: &TopicName) -> bool {
        self.subscribed.as_ref().map_or(self.is_consumer(), |topics| topics.contains(topic))
    }

    pub(crate) fn knows_subscription(&self) -> bool {
        self.subscribed.is_some()
    }

    /// The rule for every request of a known member: an instance id must be mapped to this member id, and
    /// the member must be in the group.
    pub(crate) fn validate_member(
        &self,
        member: &MemberId,
        instance: Option<&InstanceId>,
    ) -> Result<(), GroupError> {
        if let Some(instance) = instance {
            match self.static_members.get(instance) {
                None => return Err(GroupError::UnknownMemberId),
                Some(owner) if owner != member => return Err(GroupError::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member) { Ok(()) } else { Err(GroupError::UnknownMemberId) }
    }

    /// The longest rebalance timeout of all members, in milliseconds.
    fn rebalance_timeout_ms(&self) -> i32 {
        self.members.values().map(|m| m.rebalance_timeout_ms).max().unwrap_or(0).max(0)
    }

    fn all_members_joined(&self) -> bool {
        self.members.len() == self.awaiting_join && self.pending_join.is_empty()
    }

    /// Whether a member with these protocols can be in the group.
    fn supports(&self, protocol_type: &str, protocols: &[Protocol]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols
                .iter()
                .any(|p| self.supported.get(&p.name).copied().unwrap_or(0) == self.members.len())
    }

    fn count_protocols(&mut self, protocols: &[Protocol], up: bool) {
        for protocol in protocols {
            if up {
                *self.supported.entry(protocol.name.clone()).or_default() += 1;
            } else if let Some(count) = self.supported.get_mut(&protocol.name) {
                *count -= 1;
                if *count == 0 {
                    self.supported.remove(&protocol.name);
                }
            }
        }
    }

    /// Adds a member; the first one gives the group its protocol type and leads it.
    pub(crate) fn add(&mut self, member: Member, protocol_type: &Arc<str>) {
        let id = member.id.clone();
        if let Some(instance) = &member.instance_id {
            let before = self.static_members.insert(instance.clone(), id.clone());
            assert!(before.is_none(), "instance {instance} is in group {} already", self.id);
        }
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.clone());
        }
        if self.leader.is_none() {
            self.leader = Some(id.clone());
        }
        self.count_protocols(&member.protocols, true);
        self.awaiting_join += usize::from(member.awaiting_join.is_some());
        self.pending_join.remove(&id);
        let before = self.members.insert(id, member);
        assert!(before.is_none(), "a member is added once");
    }

    /// Takes a member out, if it is there; another one leads if it led.
    fn take(&mut self, id: &MemberId) -> Option<Member> {
        self.pending_join.remove(id);
        self.pending_sync.remove(id);
        let member = self.members.remove(id)?;
        self.count_protocols(&member.protocols, false);
        self.awaiting_join -= usize::from(member.awaiting_join.is_some());
        if let Some(instance) = &member.instance_id {
            self.static_members.remove(instance);
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
        Some(member)
    }

    /// The protocol with the most votes among those that all members support. Each member votes for the
    /// first of its list; of equals, the one that the leader likes best.
    fn select_protocol(&self) -> Option<Arc<str>> {
        let common = |name: &Arc<str>| self.supported.get(name).copied() == Some(self.members.len());
        let mut votes: HashMap<&Arc<str>, usize> = HashMap::new();
        for member in self.members.values() {
            if let Some(vote) = member.protocols.iter().map(|p| &p.name).find(|name| common(name)) {
                *votes.entry(vote).or_default() += 1;
            }
        }
        let leader = self.leader.as_ref().and_then(|id| self.members.get(id))?;
        let candidates = leader.protocols.iter().map(|p| &p.name).filter(|name| common(name));
        let mut best: Option<(&Arc<str>, usize)> = None;
        for name in candidates {
            let count = votes.get(name).copied().unwrap_or(0);
            if best.is_none_or(|(_, most)| count > most) {
                best = Some((name, count));
            }
        }
        best.map(|(name, _)| name.clone())
    }

    /// Reads the members' subscriptions again. Kafka's rule: unknown for groups other than consumers and
    /// when one member's cannot be read.
    pub(crate) fn refresh_subscription(&mut self) {
        self.subscribed = None;
        if !self.is_consumer() {
            return;
        }
        if self.members.is_empty() {
            self.subscribed = Some(HashSet::new());
            return;
        }
        let Some(protocol) = &self.protocol_name else { return };
        let mut all = HashSet::new();
        for member in self.members.values() {
            match subscribed_topics(&member.metadata(protocol)) {
                Ok(topics) => all.extend(topics),
                Err(_) => return,
            }
        }
        self.subscribed = Some(all);
    }

    /// Panics if the counters do not fit the members.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        let waiting = self.members.values().filter(|m| m.awaiting_join.is_some()).count();
        assert_eq!(waiting, self.awaiting_join, "awaiting_join of {}", self.id);
        for member in self.members.values() {
            for protocol in &member.protocols {
                assert!(self.supported.contains_key(&protocol.name), "uncounted protocol");
            }
        }
        let statics = self.members.values().filter(|m| m.instance_id.is_some()).count();
        assert_eq!(statics, self.static_members.len(), "static members of {}", self.id);
        assert_eq!(self.leader.is_some(), !self.members.is_empty(), "leader of {}", self.id);
        if let Some(leader) = &self.leader {
            assert!(self.members.contains_key(leader), "the leader is a member");
        }
        for id in &self.pending_sync {
            assert!(self.members.contains_key(id), "pending sync of a stranger");
        }
        if self.state == GroupState::Empty {
            assert!(self.members.is_empty(), "members in the empty group {}", self.id);
        }
        if matches!(self.state, GroupState::Stable | GroupState::CompletingRebalance) {
            assert!(!self.members.is_empty(), "no members in group {} in state {}", self.id, self.state);
            let protocol = self.protocol_name.as_ref().expect("a generation has a protocol");
            assert!(self.members.values().all(|m| m.protocols.iter().any(|p| p.name == *protocol)));
        }
    }
}
