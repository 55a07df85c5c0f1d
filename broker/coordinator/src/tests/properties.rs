//! Random histories with random commit delays.
//!
//! Held: counters fit the members (checked after every effect by the rig); a request has one answer, and
//! every request has one in the end; one generation has one assignment; what replay of the committed
//! records gives is what the live shard has.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Action {
    Join { client: usize, protocols: u8, old_version: bool },
    Sync { client: usize },
    Heartbeat { client: usize },
    Leave { client: usize },
    Forget { client: usize },
    CommitOffset { client: usize, topic: u8, offset: i64 },
    Fetch,
    DeleteGroup,
    DeleteTopic { topic: u8 },
    Append { count: usize },
    Wait { ms: u64 },
}

const CLIENTS: usize = 5;

fn action() -> impl Strategy<Value = Action> {
    let client = 0..CLIENTS;
    prop_oneof![
        6 => (client.clone(), 1_u8..4, any::<bool>())
            .prop_map(|(client, protocols, old_version)| Action::Join { client, protocols, old_version }),
        6 => client.clone().prop_map(|client| Action::Sync { client }),
        3 => client.clone().prop_map(|client| Action::Heartbeat { client }),
        1 => client.clone().prop_map(|client| Action::Leave { client }),
        1 => client.clone().prop_map(|client| Action::Forget { client }),
        4 => (client, 0_u8..3, 0_i64..1000)
            .prop_map(|(client, topic, offset)| Action::CommitOffset { client, topic, offset }),
        1 => Just(Action::Fetch),
        1 => Just(Action::DeleteGroup),
        1 => (0_u8..3).prop_map(|topic| Action::DeleteTopic { topic }),
        6 => (1_usize..4).prop_map(|count| Action::Append { count }),
        4 => (0_u64..8000).prop_map(|ms| Action::Wait { ms }),
    ]
}

/// A client: the last of them are static members.
#[derive(Clone, Debug, Default)]
struct Client {
    member: String,
    generation: i32,
    leads: bool,
    members: Vec<MemberId>,
    join: Option<RequestId>,
}

struct World {
    rig: Rig,
    clients: Vec<Client>,
    /// What each SyncGroup asked for.
    syncs: HashMap<RequestId, (MemberId, i32)>,
    salt: u64,
}

impl World {
    fn new() -> Self {
        let mut rig = Rig::with(GroupConfig { max_size: 4, ..config() });
        rig.auto = false;
        Self { rig, clients: vec![Client::default(); CLIENTS], syncs: HashMap::new(), salt: 0 }
    }

    fn instance(client: usize) -> Option<InstanceId> {
        (client >= 3).then(|| InstanceId::new(&format!("static-{client}")))
    }

    /// Clients read their JoinGroup answers.
    fn learn(&mut self) {
        for client in &mut self.clients {
            let Some(answer) = client.join.and_then(|id| self.rig.joined(id)) else { continue };
            client.join = None;
            match answer.error {
                GroupError::None => {
                    client.member = answer.member_id.as_str().to_owned();
                    client.generation = answer.generation.0;
                    client.leads = answer.leader == answer.member_id;
                    assert!(client.leads || answer.members.is_empty());
                    client.members = answer.members.into_iter().map(|m| m.member_id).collect();
                    assert!(!client.leads || client.members.contains(&answer.member_id));
                    assert!(answer.protocol_name.is_some());
                }
                GroupError::MemberIdRequired => client.member = answer.member_id.as_str().to_owned(),
                _ => *client = Client::default(),
            }
        }
    }

    fn act(&mut self, action: Action) {
        self.learn();
        self.salt += 1;
        match action {
            Action::Join { client, protocols, old_version } => {
                let names = ["a", "b"].iter().enumerate().filter(|(bit, _)| protocols >> bit & 1 == 1);
                let request = JoinGroup {
                    member_id: MemberId::new(&self.clients[client].member),
                    instance_id: Self::instance(client),
                    protocols: names.map(|(_, n)| protocol(n, &subscription(&["t0"]))).collect(),
                    api_version: if old_version { 3 } else { 9 },
                    fresh_id: u128::from(self.salt),
                    ..join()
                };
                let id = self.rig.join(request);
                self.clients[client].join = Some(id);
            }
            Action::Sync { client } => {
                let c = self.clients[client].clone();
                // A leader gives everybody something that names this very request.
                let text: Vec<(MemberId, String)> =
                    c.members.iter().map(|m| (m.clone(), format!("{}@{}", m, self.salt))).collect();
                let given: Vec<(&MemberId, &str)> = text.iter().map(|(m, t)| (m, t.as_str())).collect();
                let member = MemberId::new(&c.member);
                let request = SyncGroup {
                    instance_id: Self::instance(client),
                    protocol_name: None,
                    ..sync_request(&member, c.generation, &given)
                };
                let id = self.rig.send(Command::SyncGroup(request));
                self.syncs.insert(id, (member, c.generation));
            }
            Action::Heartbeat { client } => {
                let c = self.clients[client].clone();
                self.rig.heartbeat(&MemberId::new(&c.member), c.generation);
            }
            Action::Leave { client } => {
                let c = std::mem::take(&mut self.clients[client]);
                let member = LeavingMember {
                    member_id: MemberId::new(&c.member),
                    instance_id: Self::instance(client),
                };
                self.rig.send(Command::LeaveGroup(LeaveGroup { group: group(), members: vec![member] }));
            }
            Action::Forget { client } => self.clients[client] = Client::default(),
            Action::CommitOffset { client, topic, offset } => {
                let c = self.clients[client].clone();
                let topics =
                    vec![(TopicName::new(&format!("t{topic}")), vec![part(0, offset), part(1, offset)])];
                let by_member = member_commit(&MemberId::new(&c.member), c.generation, offset);
                let request = if c.member.is_empty() { commit("t", offset) } else { by_member };
                self.rig.send(Command::OffsetCommit(OffsetCommit { topics, ..request }));
            }
            Action::Fetch => {
                let request = OffsetFetch { group: group(), topics: None, require_stable: true };
                self.rig.send(Command::OffsetFetch(request));
            }
            Action::DeleteGroup => {
                self.rig.send(Command::DeleteGroups(DeleteGroups { groups: vec![group()] }));
            }
            Action::DeleteTopic { topic } => self.rig.topics_deleted(&format!("t{topic}")),
            Action::Append { count } => {
                let count = count.min(self.rig.appended.len() - self.rig.durable);
                if count > 0 {
                    self.rig.commit(count);
                }
            }
            Action::Wait { ms } => self.rig.advance(Duration::from_millis(ms)),
        }
    }

    /// All members of a generation were given what one SyncGroup of the leader said.
    fn check_assignments(&self) {
        // A group that is deleted starts again at generation 0, so a generation is told by its leader's ids.
        let mut by_member: BTreeMap<(String, i32), String> = BTreeMap::new();
        for (id, (member, generation)) in &self.syncs {
            let Some(answer) = self.rig.synced(*id).filter(|a| a.error.is_none()) else { continue };
            let text = String::from_utf8(answer.assignment.to_vec()).unwrap();
            // Static members that replaced their id keep what the old id was given.
            let salt = text.rsplit('@').next().unwrap_or("").to_owned();
            let key = (member.as_str().to_owned(), *generation);
            let before = by_member.insert(key, salt.clone());
            assert!(
                before.is_none_or(|b| b == salt),
                "two assignments for {member} in generation {generation}"
            );
        }
    }

    /// Commits everything; then replay and live agree.
    fn check_replay(&mut self) {
        let left = self.rig.appended.len() - self.rig.durable;
        if left > 0 {
            self.rig.commit(left);
        }
        self.rig.auto = true;
        let mut after = self.rig.reloaded();
        assert_eq!(after.fetch("g", None), self.rig.fetch("g", None));
        let (live, loaded) = (self.rig.describe("g"), after.describe("g"));
        match live.state {
            GroupState::Stable => assert_eq!(loaded, live),
            GroupState::Empty | GroupState::Dead => {
                assert_eq!((loaded.state, loaded.members), (live.state, live.members));
            }
            // The log knows the last generation that was complete.
            GroupState::PreparingRebalance | GroupState::CompletingRebalance => {
                assert!(matches!(loaded.state, GroupState::Stable | GroupState::Empty), "{}", loaded.state);
            }
        }
    }

    /// Long after the last request, everything is answered and everybody is gone.
    fn check_answers(&mut self) {
        self.rig.auto = true;
        self.rig.advance(secs(3600));
        for id in 0..self.rig.next_request {
            assert!(self.rig.answers.contains_key(&RequestId(id)), "request {id} is not answered");
        }
        assert!(matches!(self.rig.state(), GroupState::Empty | GroupState::Dead), "sessions end");
        assert_eq!(self.rig.shard.timers_for_test(), 1, "only the search for expired offsets is left");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn random_histories(actions in proptest::collection::vec(action(), 1..120)) {
        let mut world = World::new();
        for action in actions {
            world.act(action);
        }
        world.check_replay();
        world.check_assignments();
        world.check_answers();
    }

    #[test]
    fn a_failure_at_any_time_answers_everybody(actions in proptest::collection::vec(action(), 1..60)) {
        let mut world = World::new();
        for action in actions {
            world.act(action);
        }
        let rig = &mut world.rig;
        let effects = rig.shard.failed(Token(u64::MAX));
        rig.take(effects);
        for id in 0..rig.next_request {
            prop_assert!(rig.answers.contains_key(&RequestId(id)), "request {} is not answered", id);
        }
        // acknowledged commits are in the log
        let mut after = rig.reloaded();
        prop_assert!(after.state() != GroupState::CompletingRebalance);
    }
}
