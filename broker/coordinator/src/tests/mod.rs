//! Tests by the numbers of the protocol checklist, and properties of random histories.

mod formats;
mod groups;
mod offsets;
mod properties;
mod statics;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use highway_types::{GroupId, LeaderEpoch, Offset, PartitionIndex, Timestamp, TopicName};

use crate::*;

/// A shard, its log and its clients, in one hand.
pub(super) struct Rig {
    pub(super) shard: GroupShard,
    pub(super) config: GroupConfig,
    pub(super) now: Duration,
    pub(super) wall: Timestamp,
    /// Appended, in order; the records of each token.
    pub(super) appended: Vec<(Token, Vec<Record>)>,
    /// How many of `appended` are committed.
    pub(super) durable: usize,
    pub(super) answers: HashMap<RequestId, Response>,
    pub(super) next_request: u64,
    /// Commit every append at once.
    pub(super) auto: bool,
}

pub(super) fn config() -> GroupConfig {
    GroupConfig { initial_rebalance_delay: Duration::from_secs(3), ..GroupConfig::default() }
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(config())
    }

    pub(super) fn with(config: GroupConfig) -> Self {
        let mut rig = Self {
            shard: GroupShard::new(config.clone()),
            config,
            now: Duration::from_secs(1),
            wall: Timestamp(1_700_000_000_000),
            appended: Vec::new(),
            durable: 0,
            answers: HashMap::new(),
            next_request: 0,
            auto: true,
        };
        let effects = rig.shard.loaded(rig.now, rig.wall);
        rig.take(effects);
        rig
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Append { records, then } => {
                    assert!(!records.is_empty(), "an append has records");
                    assert!(self.appended.last().is_none_or(|(last, _)| *last < then), "tokens grow");
                    self.appended.push((then, records));
                }
                Effect::Reply { to, response } => {
                    assert!(to.0 < self.next_request, "an answer to nobody: {to:?}");
                    let before = self.answers.insert(to, response);
                    assert_eq!(before, None, "two answers to {to:?}");
                }
            }
        }
        for group in self.shard.groups_for_test() {
            group.check();
        }
        if self.auto && self.durable < self.appended.len() {
            self.commit(self.appended.len() - self.durable);
        }
    }

    /// Lets the next `count` appends commit.
    pub(super) fn commit(&mut self, count: usize) {
        self.durable += count;
        let token = self.appended[self.durable - 1].0;
        let effects = self.shard.committed(self.now, self.wall, token);
        self.take(effects);
    }

    pub(super) fn send(&mut self, command: Command) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        let effects = self.shard.step(self.now, self.wall, id, command);
        self.take(effects);
        id
    }

    pub(super) fn call(&mut self, command: Command) -> Response {
        let id = self.send(command);
        self.answers.get(&id).cloned().expect("an answer at once")
    }

    pub(super) fn topics_deleted(&mut self, topic: &str) {
        let effects = self.shard.topics_deleted(self.now, self.wall, &[TopicName::new(topic)]);
        self.take(effects);
    }

    /// Moves time, firing each deadline when it is due.
    pub(super) fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(at) = self.shard.next_deadline().filter(|at| *at <= end) {
            self.pass(at.saturating_sub(self.now));
            let effects = self.shard.tick(self.now, self.wall);
            self.take(effects);
        }
        self.pass(end - self.now);
    }

    fn pass(&mut self, by: Duration) {
        self.now += by;
        self.wall.0 += i64::try_from(by.as_millis()).unwrap();
    }

    /// The answer to a join, if it has come.
    pub(super) fn joined(&self, id: RequestId) -> Option<JoinGroupResponse> {
        match self.answers.get(&id)? {
            Response::JoinGroup(r) => Some(r.clone()),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn synced(&self, id: RequestId) -> Option<SyncGroupResponse> {
        match self.answers.get(&id)? {
            Response::SyncGroup(r) => Some(r.clone()),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn join(&mut self, join: JoinGroup) -> RequestId {
        self.send(Command::JoinGroup(join))
    }

    /// Gets an id for a dynamic member and joins with it.
    pub(super) fn join_dynamic(&mut self, mut request: JoinGroup) -> (MemberId, RequestId) {
        request.fresh_id = u128::from(self.next_request) + 1;
        let id = self.join(request.clone());
        let first = self.joined(id).expect("an id at once");
        assert_eq!(first.error, GroupError::MemberIdRequired);
        request.member_id = first.member_id.clone();
        (first.member_id, self.join(request))
    }

    pub(super) fn sync(
        &mut self,
        member: &MemberId,
        generation: i32,
        given: &[(&MemberId, &str)],
    ) -> RequestId {
        self.send(Command::SyncGroup(sync_request(member, generation, given)))
    }

    pub(super) fn heartbeat(&mut self, member: &MemberId, generation: i32) -> GroupError {
        let request = Heartbeat {
            group: group(),
            generation: Generation(generation),
            member_id: member.clone(),
            instance_id: None,
        };
        match self.call(Command::Heartbeat(request)) {
            Response::Heartbeat(r) => r.error,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn leave(&mut self, members: &[(&str, Option<&str>)]) -> LeaveGroupResponse {
        let members = members
            .iter()
            .map(|(m, i)| LeavingMember { member_id: MemberId::new(m), instance_id: i.map(InstanceId::new) })
            .collect();
        match self.call(Command::LeaveGroup(LeaveGroup { group: group(), members })) {
            Response::LeaveGroup(r) => r,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn describe(&mut self, id: &str) -> DescribedGroup {
        let request = DescribeGroups { groups: vec![GroupId::new(id)], api_version: 5 };
        match self.call(Command::DescribeGroups(request)) {
            Response::DescribeGroups(mut groups) => groups.remove(0),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn state(&mut self) -> GroupState {
        self.describe("g").state
    }

    pub(super) fn delete(&mut self, id: &str) -> GroupError {
        match self.call(Command::DeleteGroups(DeleteGroups { groups: vec![GroupId::new(id)] })) {
            Response::DeleteGroups(groups) => groups[0].1,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn commit_offset(&mut self, request: OffsetCommit) -> GroupError {
        match self.call(Command::OffsetCommit(request)) {
            Response::OffsetCommit(topics) => topics[0].1[0].1,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn fetch(&mut self, id: &str, topics: Option<&[(&str, i32)]>) -> OffsetFetchResponse {
        let topics = topics.map(|list| {
            list.iter().map(|(t, p)| (TopicName::new(t), vec![PartitionIndex(*p)])).collect::<Vec<_>>()
        });
        let request = OffsetFetch { group: GroupId::new(id), topics, require_stable: true };
        match self.call(Command::OffsetFetch(request)) {
            Response::OffsetFetch(r) => r,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn fetched(&mut self, topic: &str) -> i64 {
        self.fetch("g", Some(&[(topic, 0)])).topics[0].1[0].offset.0
    }

    /// A shard loaded from the committed records alone, as after a crash.
    pub(super) fn reloaded(&self) -> Self {
        let mut shard = GroupShard::new(self.config.clone());
        let records = self.appended[..self.durable].iter().flat_map(|(_, records)| records);
        for (at, record) in records.enumerate() {
            let offset = Offset(i64::try_from(at).unwrap());
            let done = shard.replay(&record.key, record.value.as_deref(), offset);
            assert_eq!(done, Ok(Replayed::Applied));
        }
        let mut rig = Self {
            shard,
            config: self.config.clone(),
            now: Duration::from_secs(5),
            wall: self.wall,
            appended: Vec::new(),
            durable: 0,
            answers: HashMap::new(),
            next_request: 1_000_000,
            auto: true,
        };
        let effects = rig.shard.loaded(rig.now, rig.wall);
        rig.take(effects);
        rig
    }

    /// A stable group of `count` dynamic members; the first leads.
    pub(super) fn stable(&mut self, count: usize) -> (Vec<MemberId>, i32) {
        let joins: Vec<_> = (0..count).map(|_| self.join_dynamic(join())).collect();
        self.advance(Duration::from_secs(10));
        let first = self.joined(joins[0].1).expect("joined");
        let mut members: Vec<MemberId> = joins.into_iter().map(|(m, _)| m).collect();
        members.sort_by_key(|m| *m != first.leader);
        let generation = first.generation.0;
        let given: Vec<_> = members.iter().map(|m| (m, m.as_str())).collect();
        for member in members.iter().skip(1) {
            self.sync(member, generation, &[]);
        }
        self.sync(&members[0], generation, &given);
        assert_eq!(self.state(), GroupState::Stable);
        (members, generation)
    }
}

pub(super) fn group() -> GroupId {
    GroupId::new("g")
}

pub(super) fn protocol(name: &str, metadata: &[u8]) -> Protocol {
    Protocol { name: Arc::from(name), metadata: Bytes::copy_from_slice(metadata) }
}

/// A consumer's subscription, version 1, without user data and owned partitions.
pub(super) fn subscription(topics: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0, 1];
    bytes.extend(i32::try_from(topics.len()).unwrap().to_be_bytes());
    for topic in topics {
        bytes.extend(i16::try_from(topic.len()).unwrap().to_be_bytes());
        bytes.extend(topic.as_bytes());
    }
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    bytes
}

pub(super) fn join() -> JoinGroup {
    JoinGroup {
        group: group(),
        member_id: MemberId::unknown(),
        instance_id: None,
        client_id: Arc::from("client"),
        client_host: Arc::from("/127.0.0.1"),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        protocol_type: Arc::from("consumer"),
        protocols: vec![protocol("range", &subscription(&["t"]))],
        api_version: 9,
        fresh_id: 0,
    }
}

pub(super) fn rejoin(member: &MemberId) -> JoinGroup {
    JoinGroup { member_id: member.clone(), ..join() }
}

pub(super) fn sync_request(member: &MemberId, generation: i32, given: &[(&MemberId, &str)]) -> SyncGroup {
    SyncGroup {
        group: group(),
        generation: Generation(generation),
        member_id: member.clone(),
        instance_id: None,
        protocol_type: Some(Arc::from("consumer")),
        protocol_name: Some(Arc::from("range")),
        assignments: given
            .iter()
            .map(|(m, a)| MemberAssignment {
                member_id: (*m).clone(),
                assignment: Bytes::copy_from_slice(a.as_bytes()),
            })
            .collect(),
    }
}

pub(super) fn part(partition: i32, offset: i64) -> OffsetCommitPartition {
    OffsetCommitPartition {
        partition: PartitionIndex(partition),
        offset: Offset(offset),
        leader_epoch: LeaderEpoch::NONE,
        metadata: None,
        refused: None,
    }
}

/// A commit by nobody in particular.
pub(super) fn commit(topic: &str, offset: i64) -> OffsetCommit {
    OffsetCommit {
        group: group(),
        generation: Generation::NONE,
        member_id: MemberId::unknown(),
        instance_id: None,
        retention_time_ms: -1,
        topics: vec![(TopicName::new(topic), vec![part(0, offset)])],
        api_version: 8,
    }
}

/// A commit by a member.
pub(super) fn member_commit(member: &MemberId, generation: i32, offset: i64) -> OffsetCommit {
    OffsetCommit { generation: Generation(generation), member_id: member.clone(), ..commit("t", offset) }
}

pub(super) const fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}
