//! Checklist I: classic groups with dynamic members.

use super::*;

#[test]
fn i119_partition_is_stable() {
    for id in ["g", "", "another group"] {
        assert_eq!(partition_for(id, 50), partition_for(id, 50));
    }
}

#[test]
fn i120_member_id_required() {
    let mut rig = Rig::new();
    let first = rig.join(JoinGroup { fresh_id: 7, ..join() });
    let first = rig.joined(first).unwrap();
    assert_eq!(first.error, GroupError::MemberIdRequired);
    assert_eq!(first.member_id.as_str(), "client-00000000-0000-0000-0000-000000000007");
    let second = rig.join(rejoin(&first.member_id));
    assert_eq!(rig.joined(second), None, "parked for the initial delay");
    rig.advance(secs(3));
    assert_eq!(rig.joined(second).unwrap().error, GroupError::None);
    // v0-3 join at once
    let old = rig.join(JoinGroup { api_version: 3, fresh_id: 8, ..join() });
    rig.join(rejoin(&first.member_id));
    assert_eq!(rig.joined(old).unwrap().error, GroupError::None);
}

#[test]
fn i120_pending_member_expires_and_holds_the_rebalance_up_till_then() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(1);
    let pending = rig.join(JoinGroup { fresh_id: 99, ..join() });
    assert_eq!(rig.joined(pending).unwrap().error, GroupError::MemberIdRequired);
    assert_eq!(rig.state(), GroupState::Stable, "a pending member rebalances nobody");
    let again = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(again), None, "waits for the pending member");
    assert_eq!(rig.heartbeat(&members[0], generation), GroupError::RebalanceInProgress);
    rig.advance(secs(10));
    assert_eq!(rig.joined(again).unwrap().generation.0, generation + 1);
    let late = rig.join(rejoin(&rig.joined(pending).unwrap().member_id));
    assert_eq!(rig.joined(late).unwrap().error, GroupError::UnknownMemberId);
}

#[test]
fn i121_unknown_member_id_never_makes_a_group() {
    let mut rig = Rig::new();
    let stranger = rig.join(rejoin(&MemberId::new("stranger")));
    assert_eq!(rig.joined(stranger).unwrap().error, GroupError::UnknownMemberId);
    assert_eq!(rig.shard.count_groups(None), 0);
    rig.stable(1);
    let stranger = rig.join(rejoin(&MemberId::new("stranger")));
    assert_eq!(rig.joined(stranger).unwrap().error, GroupError::UnknownMemberId);
    assert_eq!(rig.heartbeat(&MemberId::new("stranger"), 1), GroupError::UnknownMemberId);
    assert!(rig.appended.len() <= 3);
}

#[test]
fn i122_session_timeout_bounds_and_empty_group() {
    let mut rig = Rig::new();
    for (ms, error) in [
        (5999, GroupError::InvalidSessionTimeout),
        (1_800_001, GroupError::InvalidSessionTimeout),
        (-1, GroupError::InvalidSessionTimeout),
        (6000, GroupError::MemberIdRequired),
        (1_800_000, GroupError::MemberIdRequired),
    ] {
        let id = rig.join(JoinGroup { session_timeout_ms: ms, fresh_id: ms as u128, ..join() });
        assert_eq!(rig.joined(id).unwrap().error, error, "{ms}");
    }
    let id = rig.join(JoinGroup { group: GroupId::new(""), ..join() });
    assert_eq!(rig.joined(id).unwrap().error, GroupError::InvalidGroupId);
}

#[test]
fn i123_inconsistent_protocols() {
    let mut rig = Rig::new();
    rig.stable(1);
    let other_type = JoinGroup { protocol_type: Arc::from("connect"), ..join() };
    let other_name = JoinGroup { protocols: vec![protocol("sticky", b"")], ..join() };
    let no_name = JoinGroup { protocols: vec![], ..join() };
    let no_type = JoinGroup { protocol_type: Arc::from(""), ..join() };
    for request in [other_type, other_name, no_name.clone(), no_type.clone()] {
        let id = rig.join(request);
        assert_eq!(rig.joined(id).unwrap().error, GroupError::InconsistentGroupProtocol);
    }
    for request in [no_name, no_type] {
        let id = rig.join(JoinGroup { group: GroupId::new("fresh"), ..request });
        assert_eq!(rig.joined(id).unwrap().error, GroupError::InconsistentGroupProtocol);
    }
    assert_eq!(rig.shard.count_groups(None), 1);
    for kind in ["connect", "sr"] {
        let id = rig.join(JoinGroup { group: GroupId::new(kind), protocol_type: Arc::from(kind), ..join() });
        assert_eq!(rig.joined(id).unwrap().error, GroupError::MemberIdRequired);
    }
}

#[test]
fn i124_initial_delay_is_extended_up_to_the_rebalance_timeout() {
    let mut rig = Rig::new();
    let short = JoinGroup { rebalance_timeout_ms: 7000, ..join() };
    let (_, first) = rig.join_dynamic(short.clone());
    rig.advance(secs(2));
    rig.join_dynamic(short.clone());
    rig.advance(secs(2));
    assert_eq!(rig.joined(first), None, "extended at 3 s because of the second member");
    rig.join_dynamic(short);
    rig.advance(Duration::from_millis(1999));
    assert_eq!(rig.joined(first), None, "extended once more at 6 s");
    rig.advance(Duration::from_millis(1001));
    assert_eq!(rig.joined(first).unwrap().members.len(), 3, "7 s are the end");
}

#[test]
fn i124_alone_the_initial_delay_is_not_extended() {
    let mut rig = Rig::new();
    let (_, id) = rig.join_dynamic(join());
    rig.advance(Duration::from_millis(2999));
    assert_eq!(rig.joined(id), None);
    rig.advance(Duration::from_millis(1));
    assert_eq!(rig.joined(id).unwrap().generation.0, 1);
}

#[test]
fn i124_later_rebalances_end_when_all_rejoined_or_at_the_timeout() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(2);
    let (new, parked) = rig.join_dynamic(join());
    assert_eq!(rig.joined(parked), None);
    let a = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(a), None);
    let b = rig.join(rejoin(&members[1]));
    for id in [a, b, parked] {
        assert_eq!(rig.joined(id).unwrap().generation.0, generation + 1, "at once, without a delay");
    }
    for m in [&members[0], &members[1], &new] {
        rig.sync(m, generation + 1, &[]);
    }
    assert_eq!(rig.state(), GroupState::Stable);
    // now one of them stays away but keeps its session up
    let a = rig.join(rejoin(&members[0]));
    let b = rig.join(rejoin(&members[1]));
    for _ in 0..12 {
        rig.advance(secs(5));
        rig.heartbeat(&new, generation + 1);
    }
    assert_eq!(rig.joined(a).unwrap().generation.0, generation + 2);
    assert!(rig.joined(b).is_some());
    assert_eq!(rig.heartbeat(&new, generation + 2), GroupError::UnknownMemberId, "dropped");
}

#[test]
fn i125_only_the_leader_gets_members() {
    let mut rig = Rig::new();
    let (a, first) = rig.join_dynamic(join());
    let (b, second) = rig.join_dynamic(join());
    rig.advance(secs(6));
    let (first, second) = (rig.joined(first).unwrap(), rig.joined(second).unwrap());
    assert_eq!(first.leader, a, "the first member leads");
    assert_eq!(second.leader, a);
    let ids: Vec<_> = first.members.iter().map(|m| &m.member_id).collect();
    assert_eq!(ids, [&a, &b]);
    assert_eq!(first.members[1].metadata, subscription(&["t"]));
    assert!(second.members.is_empty());
    assert_eq!(first.protocol_type.as_deref(), Some("consumer"));
    assert_eq!(first.protocol_name.as_deref(), Some("range"));
}

#[test]
fn i126_protocol_is_chosen_by_vote() {
    let mut rig = Rig::new();
    let with = |names: &[&str]| JoinGroup {
        protocols: names.iter().map(|n| protocol(n, n.as_bytes())).collect(),
        ..join()
    };
    let (_, first) = rig.join_dynamic(with(&["a", "b", "c"]));
    rig.join_dynamic(with(&["c", "b", "a"]));
    rig.join_dynamic(with(&["c", "b"]));
    rig.advance(secs(10));
    let answer = rig.joined(first).unwrap();
    assert_eq!(answer.protocol_name.as_deref(), Some("c"), "two votes; a is not common");
    assert!(answer.members.iter().all(|m| m.metadata == "c"), "the metadata of the chosen one");
}

#[test]
fn i127_rejoining() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(2);
    let follower = rig.join(rejoin(&members[1]));
    let answer = rig.joined(follower).unwrap();
    assert_eq!((answer.generation.0, answer.members.len()), (generation, 0), "unchanged: no rebalance");
    assert_eq!(rig.state(), GroupState::Stable);
    // changed metadata rebalances
    let changed = vec![protocol("range", &subscription(&["t", "u"]))];
    let follower = rig.join(JoinGroup { protocols: changed, ..rejoin(&members[1]) });
    assert_eq!(rig.joined(follower), None);
    let leader = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(leader).unwrap().generation.0, generation + 1);
    assert!(rig.joined(follower).is_some());
    // in CompletingRebalance the same metadata gets the same answer, for the leader, too
    let leader = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(leader).unwrap().members.len(), 2);
    assert_eq!(rig.joined(leader).unwrap().generation.0, generation + 1);
    for m in &members {
        rig.sync(m, generation + 1, &[]);
    }
    // a leader that rejoins wants a rebalance
    let leader = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(leader), None);
    assert_eq!(rig.state(), GroupState::PreparingRebalance);
}

#[test]
fn i128_sync() {
    let mut rig = Rig::new();
    let (a, first) = rig.join_dynamic(join());
    let (b, _) = rig.join_dynamic(join());
    let (c, _) = rig.join_dynamic(join());
    let early = rig.sync(&a, 0, &[]);
    assert_eq!(rig.synced(early).unwrap().error, GroupError::RebalanceInProgress);
    rig.advance(secs(10));
    assert!(rig.joined(first).is_some());
    rig.auto = false;
    let follower = rig.sync(&b, 1, &[]);
    assert_eq!(rig.synced(follower), None, "waits for the leader");
    let wrong = rig.sync(&c, 2, &[]);
    assert_eq!(rig.synced(wrong).unwrap().error, GroupError::IllegalGeneration);
    let stranger = rig.sync(&MemberId::new("x"), 1, &[]);
    assert_eq!(rig.synced(stranger).unwrap().error, GroupError::UnknownMemberId);
    for (kind, name) in [("connect", "range"), ("consumer", "sticky")] {
        let request = SyncGroup {
            protocol_type: Some(Arc::from(kind)),
            protocol_name: Some(Arc::from(name)),
            ..sync_request(&c, 1, &[])
        };
        let id = rig.send(Command::SyncGroup(request));
        assert_eq!(rig.synced(id).unwrap().error, GroupError::InconsistentGroupProtocol);
    }
    let old = SyncGroup { protocol_type: None, protocol_name: None, ..sync_request(&c, 1, &[]) };
    let old = rig.send(Command::SyncGroup(old));
    let leader = rig.sync(&a, 1, &[(&a, "for a"), (&b, "for b")]);
    assert_eq!(rig.synced(leader), None, "not before the commit");
    rig.commit(1);
    assert_eq!(rig.synced(leader).unwrap().assignment, "for a");
    assert_eq!(rig.synced(follower).unwrap().assignment, "for b");
    assert_eq!(rig.synced(old).unwrap().assignment, "", "none given");
    assert_eq!(rig.synced(old).unwrap().error, GroupError::None);
    let again = rig.sync(&b, 1, &[]);
    assert_eq!(rig.synced(again).unwrap().assignment, "for b", "stable: the current one");
    assert_eq!(rig.synced(again).unwrap().protocol_name.as_deref(), Some("range"));
    let nowhere =
        rig.send(Command::SyncGroup(SyncGroup { group: GroupId::new("none"), ..sync_request(&a, 1, &[]) }));
    assert_eq!(rig.synced(nowhere).unwrap().error, GroupError::UnknownMemberId);
}

#[test]
fn i128_one_generation_one_assignment() {
    let mut rig = Rig::new();
    let (a, _) = rig.join_dynamic(join());
    rig.advance(secs(5));
    rig.auto = false;
    let first = rig.sync(&a, 1, &[(&a, "one")]);
    let second = rig.sync(&a, 1, &[(&a, "two")]);
    assert_eq!(rig.synced(first).unwrap().error, GroupError::RebalanceInProgress, "superseded, not lost");
    rig.commit(1);
    assert_eq!(rig.synced(second).unwrap().assignment, "one");
    assert_eq!(rig.durable, rig.appended.len(), "the second assignment is not written");
}

#[test]
fn i128_a_rebalance_overtakes_the_assignment() {
    let mut rig = Rig::new();
    let (a, _) = rig.join_dynamic(join());
    rig.advance(secs(5));
    rig.auto = false;
    let parked = rig.sync(&a, 1, &[(&a, "one")]);
    let changed = vec![protocol("range", b"changed")];
    let join = rig.join(JoinGroup { protocols: changed, ..rejoin(&a) });
    assert_eq!(rig.synced(parked).unwrap().error, GroupError::RebalanceInProgress);
    assert_eq!(rig.joined(join).unwrap().generation.0, 2);
    rig.commit(1);
    rig.auto = true;
    assert_eq!(rig.state(), GroupState::CompletingRebalance, "the old commit means nothing");
}

#[test]
fn i128_an_assignment_too_large_is_refused_and_rebalances() {
    let mut rig = Rig::with(GroupConfig { max_append_bytes: 1000, ..config() });
    let (a, _) = rig.join_dynamic(join());
    rig.advance(secs(5));
    let sync = rig.sync(&a, 1, &[(&a, &"x".repeat(1000))]);
    assert_eq!(rig.synced(sync).unwrap().error, GroupError::UnknownServerError);
    assert_eq!(rig.state(), GroupState::PreparingRebalance);
}

#[test]
fn i129_members_that_never_sync_are_removed() {
    let mut rig = Rig::new();
    let (members, _) = {
        let (a, _) = rig.join_dynamic(join());
        let (b, _) = rig.join_dynamic(join());
        rig.advance(secs(6));
        ([a, b], ())
    };
    let leader = rig.sync(&members[0], 1, &[]);
    assert!(rig.synced(leader).is_some());
    for _ in 0..11 {
        rig.advance(secs(5));
        assert_eq!(rig.heartbeat(&members[0], 1), GroupError::None);
        assert_eq!(rig.heartbeat(&members[1], 1), GroupError::None);
    }
    rig.advance(secs(5));
    assert_eq!(rig.heartbeat(&members[1], 1), GroupError::UnknownMemberId);
    assert_eq!(rig.heartbeat(&members[0], 1), GroupError::RebalanceInProgress);
}

#[test]
fn i130_heartbeat() {
    let mut rig = Rig::new();
    assert_eq!(rig.heartbeat(&MemberId::new("m"), 1), GroupError::UnknownMemberId, "no group");
    let (members, generation) = rig.stable(1);
    for _ in 0..5 {
        rig.advance(Duration::from_millis(9999));
        assert_eq!(rig.heartbeat(&members[0], generation), GroupError::None);
    }
    assert_eq!(rig.heartbeat(&members[0], generation + 1), GroupError::IllegalGeneration);
    let id = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(id).unwrap().generation.0, generation + 1);
    assert_eq!(rig.heartbeat(&members[0], generation + 1), GroupError::None, "completing counts");
    rig.advance(secs(10));
    assert_eq!(rig.state(), GroupState::Empty, "the session is over");
    assert_eq!(rig.heartbeat(&members[0], generation + 1), GroupError::UnknownMemberId);
}

#[test]
fn i130_a_waiting_join_keeps_the_session() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(2);
    let parked = rig.join(rejoin(&members[0]));
    for _ in 0..8 {
        rig.advance(secs(5));
        assert_eq!(rig.heartbeat(&members[1], generation), GroupError::RebalanceInProgress);
    }
    assert_eq!(rig.joined(parked), None, "40 s parked with a session of 10 s");
    let other = rig.join(rejoin(&members[1]));
    assert_eq!(rig.joined(parked).unwrap().members.len(), 2);
    assert!(rig.joined(other).is_some());
}

#[test]
fn i132_leave() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(3);
    let answer = rig.leave(&[(members[2].as_str(), None), ("stranger", None), ("", Some("nobody"))]);
    let errors: Vec<_> = answer.members.iter().map(|m| m.error).collect();
    assert_eq!(errors, [GroupError::None, GroupError::UnknownMemberId, GroupError::UnknownMemberId]);
    assert_eq!(rig.heartbeat(&members[0], generation), GroupError::RebalanceInProgress);
    assert_eq!(rig.leave(&[("stranger", None)]).single_error(), GroupError::UnknownMemberId);
    let last = rig.leave(&[(members[0].as_str(), None), (members[1].as_str(), None)]);
    assert_eq!(last.error, GroupError::None);
    assert_eq!(rig.state(), GroupState::Empty);
    assert_eq!(rig.shard.timers_for_test(), 1, "no deadlines of members that left");
    let other = Command::LeaveGroup(LeaveGroup {
        group: GroupId::new("none"),
        members: vec![LeavingMember { member_id: MemberId::new("m"), instance_id: None }],
    });
    match rig.call(other) {
        Response::LeaveGroup(r) => {
            assert_eq!((r.error, r.single_error()), (GroupError::None, GroupError::UnknownMemberId));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn i132_a_pending_member_can_leave() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(1);
    let pending = rig.join(JoinGroup { fresh_id: 77, ..join() });
    let pending = rig.joined(pending).unwrap().member_id;
    let again = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(again), None);
    assert_eq!(rig.leave(&[(pending.as_str(), None)]).single_error(), GroupError::None);
    assert_eq!(rig.joined(again).unwrap().generation.0, generation + 1, "nobody else to wait for");
}

#[test]
fn i133_group_max_size() {
    let mut rig = Rig::with(GroupConfig { max_size: 2, ..config() });
    let (members, generation) = rig.stable(2);
    let third = rig.join(JoinGroup { fresh_id: 55, ..join() });
    assert_eq!(rig.joined(third).unwrap().error, GroupError::GroupMaxSizeReached);
    assert_eq!(rig.joined(third).unwrap().member_id, MemberId::unknown());
    let known = rig.join(rejoin(&members[1]));
    assert_eq!(rig.joined(known).unwrap().generation.0, generation, "members are not affected");
    // a group that is too large after the setting shrank: the last to rejoin is out
    rig.config.max_size = 1;
    let mut rig = rig.reloaded();
    assert_eq!(rig.state(), GroupState::PreparingRebalance);
    let a = rig.join(rejoin(&members[1]));
    let b = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(b).unwrap().error, GroupError::GroupMaxSizeReached);
    assert_eq!(rig.joined(a).unwrap().leader, members[1]);
}

#[test]
fn i134_describe_and_list() {
    let mut rig = Rig::new();
    let unknown = rig.describe("nobody");
    assert_eq!((unknown.state.as_str(), unknown.error), ("Dead", GroupError::None));
    let request = DescribeGroups { groups: vec![GroupId::new("nobody")], api_version: 6 };
    match rig.call(Command::DescribeGroups(request)) {
        Response::DescribeGroups(groups) => {
            assert_eq!(groups[0].error, GroupError::GroupIdNotFound);
            assert_eq!(groups[0].error_message.as_deref(), Some("Group nobody not found."));
        }
        other => panic!("{other:?}"),
    }
    let (a, _) = rig.join_dynamic(join());
    let preparing = rig.describe("g");
    assert_eq!(preparing.state.as_str(), "PreparingRebalance");
    assert_eq!(preparing.members[0].metadata, "", "nothing of members before they are stable");
    rig.advance(secs(3));
    assert_eq!(rig.state().as_str(), "CompletingRebalance");
    rig.sync(&a, 1, &[(&a, "mine")]);
    let stable = rig.describe("g");
    assert_eq!((stable.state.as_str(), &*stable.protocol), ("Stable", "range"));
    assert_eq!(&*stable.protocol_type, "consumer");
    let member = &stable.members[0];
    assert_eq!((&*member.client_id, &*member.client_host), ("client", "/127.0.0.1"));
    assert_eq!(member.assignment, "mine");
    assert_eq!(member.metadata, subscription(&["t"]));
    rig.commit_offset(OffsetCommit { group: GroupId::new("simple"), ..commit("t", 1) });
    let mut list = |states: &[&str], types: &[&str]| {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        match rig.call(Command::ListGroups(ListGroups { states: own(states), types: own(types) })) {
            Response::ListGroups(r) => r
                .groups
                .iter()
                .map(|g| format!("{} {} {}", g.group, g.state, g.protocol_type))
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(list(&[], &[]), ["g Stable consumer", "simple Empty "]);
    assert_eq!(list(&["sTaBlE"], &["CLASSIC"]), ["g Stable consumer"]);
    assert_eq!(list(&["Empty", "Dead"], &[]), ["simple Empty "]);
    assert_eq!(list(&[], &["consumer"]).len(), 0);
    rig.leave(&[(a.as_str(), None)]);
    assert_eq!(rig.describe("g").state.as_str(), "Empty");
}

#[test]
fn i135_delete_groups() {
    let mut rig = Rig::new();
    assert_eq!(rig.delete("g"), GroupError::GroupIdNotFound);
    let (members, generation) = rig.stable(1);
    rig.commit_offset(member_commit(&members[0], generation, 5));
    assert_eq!(rig.delete("g"), GroupError::NonEmptyGroup);
    rig.leave(&[(members[0].as_str(), None)]);
    rig.auto = false;
    let delete = rig.send(Command::DeleteGroups(DeleteGroups { groups: vec![group()] }));
    assert_eq!(rig.answers.get(&delete), None, "not before the tombstones are committed");
    let tombstones = &rig.appended.last().unwrap().1;
    assert_eq!(tombstones.len(), 2);
    assert!(tombstones.iter().all(|r| r.value.is_none()));
    rig.commit(1);
    assert_eq!(rig.answers[&delete], Response::DeleteGroups(vec![(group(), GroupError::None)]));
    rig.auto = true;
    assert_eq!(rig.delete("g"), GroupError::GroupIdNotFound);
    assert_eq!(rig.fetched("t"), -1);
    assert_eq!(rig.reloaded().shard.count_groups(None), 0);
}

#[test]
fn i135_offset_delete() {
    let mut rig = Rig::new();
    let delete = |rig: &mut Rig, topics: &[&str]| {
        let one = || vec![OffsetDeletePartition { partition: PartitionIndex(0), refused: None }];
        let topics = topics.iter().map(|t| (TopicName::new(t), one())).collect();
        match rig.call(Command::OffsetDelete(OffsetDelete { group: group(), topics })) {
            Response::OffsetDelete(r) => (r.error, r.topics.iter().map(|t| t.1[0].1).collect::<Vec<_>>()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(delete(&mut rig, &["t"]), (GroupError::GroupIdNotFound, vec![]));
    rig.commit_offset(commit("t", 1));
    rig.commit_offset(commit("u", 2));
    let (members, _) = rig.stable(1);
    let result = delete(&mut rig, &["t", "u", "never"]);
    assert_eq!(
        result,
        (GroupError::None, vec![GroupError::GroupSubscribedToTopic, GroupError::None, GroupError::None])
    );
    assert_eq!((rig.fetched("t"), rig.fetched("u")), (1, -1));
    rig.leave(&[(members[0].as_str(), None)]);
    assert_eq!(delete(&mut rig, &["t"]), (GroupError::None, vec![GroupError::None]));
    assert_eq!(rig.fetched("t"), -1);
    // a group of another kind with members: nobody knows what it reads
    let mut rig = Rig::new();
    rig.join_dynamic(JoinGroup { protocol_type: Arc::from("connect"), ..join() });
    assert_eq!(delete(&mut rig, &["t"]), (GroupError::NonEmptyGroup, vec![]));
}

#[test]
fn a_lost_append_answers_everybody_and_closes_the_shard() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(2);
    rig.auto = false;
    let parked = rig.join(rejoin(&members[0]));
    let commit_id = rig.send(Command::OffsetCommit(member_commit(&members[1], generation, 7)));
    let fetch =
        rig.send(Command::OffsetFetch(OffsetFetch { group: group(), topics: None, require_stable: false }));
    let token = rig.appended.last().unwrap().0;
    let effects = rig.shard.failed(token);
    rig.take(effects);
    assert_eq!(rig.joined(parked).unwrap().error, GroupError::NotCoordinator);
    assert!(
        matches!(&rig.answers[&commit_id], Response::OffsetCommit(t) if t[0].1[0].1 == GroupError::NotCoordinator)
    );
    assert!(
        matches!(&rig.answers[&fetch], Response::OffsetFetch(r) if r.error == GroupError::NotCoordinator)
    );
    assert_eq!(rig.heartbeat(&members[0], generation), GroupError::NotCoordinator);
    assert_eq!(rig.shard.next_deadline(), None);
    let mut rig = rig.reloaded();
    assert_eq!(rig.state(), GroupState::Stable, "the log knows the last generation");
    assert_eq!(rig.heartbeat(&members[0], generation), GroupError::None);
}

#[test]
fn while_loading_only_heartbeats_succeed() {
    let mut shard = GroupShard::new(config());
    let beat = Heartbeat {
        group: group(),
        generation: Generation(1),
        member_id: MemberId::new("m"),
        instance_id: None,
    };
    let effects = shard.step(secs(1), Timestamp(0), RequestId(1), Command::Heartbeat(beat));
    let response = Response::Heartbeat(HeartbeatResponse { error: GroupError::None });
    assert_eq!(effects, [Effect::Reply { to: RequestId(1), response }]);
    let effects = shard.step(secs(1), Timestamp(0), RequestId(2), Command::JoinGroup(join()));
    assert!(matches!(&effects[..], [Effect::Reply { response: Response::JoinGroup(r), .. }]
        if r.error == GroupError::CoordinatorLoadInProgress));
}
