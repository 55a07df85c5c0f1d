//! Checklist I 131, 132: static members.

use super::*;

fn static_join(instance: &str, fresh: u128) -> JoinGroup {
    JoinGroup { instance_id: Some(InstanceId::new(instance)), fresh_id: fresh, ..join() }
}

/// A stable group of static members `a` (leader) and `b`.
fn stable_pair(rig: &mut Rig) -> (MemberId, MemberId) {
    let a = rig.join(static_join("a", 1));
    let b = rig.join(static_join("b", 2));
    assert_eq!(rig.joined(a), None, "no MEMBER_ID_REQUIRED for static members");
    rig.advance(secs(6));
    let (a, b) = (rig.joined(a).unwrap().member_id, rig.joined(b).unwrap().member_id);
    assert_eq!(a.as_str(), "a-00000000-0000-0000-0000-000000000001");
    rig.sync(&b, 1, &[]);
    rig.sync(&a, 1, &[(&a, "A"), (&b, "B")]);
    assert_eq!(rig.state(), GroupState::Stable);
    (a, b)
}

#[test]
fn i131_static_rejoin_keeps_generation_and_assignment() {
    let mut rig = Rig::new();
    let (old, b) = stable_pair(&mut rig);
    rig.auto = false;
    let id = rig.join(JoinGroup {
        session_timeout_ms: 20_000,
        client_id: Arc::from("client-2"),
        ..static_join("a", 3)
    });
    assert_eq!(rig.joined(id), None, "the new id is stored first");
    rig.commit(1);
    rig.auto = true;
    let answer = rig.joined(id).unwrap();
    assert_eq!(answer.generation.0, 1);
    assert!(answer.skip_assignment, "v9: it leads, but shall not assign");
    assert_eq!((answer.leader.clone(), answer.members.len()), (answer.member_id.clone(), 2));
    assert_eq!(rig.state(), GroupState::Stable);
    let new = answer.member_id;
    let sync = rig.sync(&new, 1, &[]);
    assert_eq!(rig.synced(sync).unwrap().assignment, "A");
    // the old id is fenced everywhere
    let instance = Some(InstanceId::new("a"));
    let fenced = GroupError::FencedInstanceId;
    let join = rig.join(JoinGroup { member_id: old.clone(), ..static_join("a", 4) });
    assert_eq!(rig.joined(join).unwrap().error, fenced);
    let request = SyncGroup { instance_id: instance.clone(), ..sync_request(&old, 1, &[]) };
    let sync = rig.send(Command::SyncGroup(request));
    assert_eq!(rig.synced(sync).unwrap().error, fenced);
    let beat = Heartbeat {
        group: group(),
        generation: Generation(1),
        member_id: old.clone(),
        instance_id: instance.clone(),
    };
    assert_eq!(rig.call(Command::Heartbeat(beat)), Response::Heartbeat(HeartbeatResponse { error: fenced }));
    let request = OffsetCommit { instance_id: instance, ..member_commit(&old, 1, 1) };
    assert_eq!(rig.commit_offset(request), fenced);
    assert_eq!(rig.leave(&[(old.as_str(), Some("a"))]).single_error(), fenced);
    assert_eq!(rig.heartbeat(&old, 1), GroupError::UnknownMemberId, "without an instance id");
    // timeouts and client id are the new ones
    let described = rig.describe("g");
    let member = described.members.iter().find(|m| m.member_id == new).unwrap();
    assert_eq!(&*member.client_id, "client-2");
    for _ in 0..2 {
        rig.advance(Duration::from_millis(9900));
        rig.heartbeat(&b, 1);
    }
    assert_eq!(rig.heartbeat(&new, 1), GroupError::None, "a session of 20 s");
    // and all of it survives a restart
    let mut after = rig.reloaded();
    assert_eq!(after.heartbeat(&new, 1), GroupError::None);
    let sync = after.sync(&new, 1, &[]);
    assert_eq!(after.synced(sync).unwrap().assignment, "A");
}

#[test]
fn i131_before_v9_the_old_leader_is_named() {
    let mut rig = Rig::new();
    let (old, _) = stable_pair(&mut rig);
    let id = rig.join(JoinGroup { api_version: 8, ..static_join("a", 3) });
    let answer = rig.joined(id).unwrap();
    assert_eq!((answer.leader, answer.members.len(), answer.skip_assignment), (old, 0, false));
    let id = rig.join(static_join("b", 5));
    let answer = rig.joined(id).unwrap();
    assert_eq!((answer.members.len(), answer.skip_assignment), (0, false), "a follower");
    assert_eq!(answer.error, GroupError::None);
}

#[test]
fn i131_a_static_rejoin_that_changes_the_protocol_rebalances() {
    let mut rig = Rig::new();
    let two = |instance, fresh| JoinGroup {
        protocols: vec![protocol("range", b""), protocol("sticky", b"")],
        ..static_join(instance, fresh)
    };
    let a = rig.join(two("a", 1));
    rig.advance(secs(3));
    let a = rig.joined(a).unwrap().member_id;
    rig.sync(&a, 1, &[]);
    let id = rig.join(JoinGroup { protocols: vec![protocol("sticky", b"")], ..static_join("a", 2) });
    let answer = rig.joined(id).unwrap();
    assert_eq!((answer.generation.0, answer.protocol_name.as_deref()), (2, Some("sticky")));
}

#[test]
fn i131_in_completing_rebalance_a_static_rejoin_rebalances() {
    let mut rig = Rig::new();
    let a = rig.join(static_join("a", 1));
    let b = rig.join(static_join("b", 2));
    rig.advance(secs(6));
    let (a, b) = (rig.joined(a).unwrap().member_id, rig.joined(b).unwrap().member_id);
    let waiting = rig.sync(&b, 1, &[]);
    let id = rig.join(static_join("a", 3));
    assert_eq!(rig.synced(waiting).unwrap().error, GroupError::RebalanceInProgress);
    assert_eq!(rig.heartbeat(&b, 1), GroupError::RebalanceInProgress);
    assert_eq!(rig.heartbeat(&a, 1), GroupError::UnknownMemberId);
    let other = rig.join(JoinGroup { member_id: b, ..static_join("b", 0) });
    assert_eq!(rig.joined(id).unwrap().generation.0, 2);
    assert!(rig.joined(other).is_some());
}

#[test]
fn i131_a_parked_join_of_the_old_id_is_fenced() {
    let mut rig = Rig::new();
    let first = rig.join(static_join("a", 1));
    let second = rig.join(static_join("a", 2));
    assert_eq!(rig.joined(first).unwrap().error, GroupError::FencedInstanceId);
    rig.advance(secs(6));
    assert_eq!(rig.joined(second).unwrap().error, GroupError::None);
    assert_eq!(rig.describe("g").members.len(), 1);
}

#[test]
fn i131_a_rebalance_meanwhile_answers_the_static_rejoin() {
    let mut rig = Rig::new();
    let (_, b) = stable_pair(&mut rig);
    rig.auto = false;
    let id = rig.join(static_join("a", 3));
    let changed = vec![protocol("range", b"new")];
    let other = rig.join(JoinGroup { member_id: b, protocols: changed, ..static_join("b", 0) });
    assert_eq!(rig.joined(other).unwrap().generation.0, 2, "both have joined");
    assert_eq!(rig.joined(id).unwrap().generation.0, 2);
    rig.commit(1);
    assert_eq!(rig.joined(id).unwrap().generation.0, 2, "one answer");
}

#[test]
fn i124_static_members_stay_when_they_do_not_rejoin_in_time() {
    let mut rig = Rig::new();
    let (a, _b) = stable_pair(&mut rig);
    let long = |request: JoinGroup| JoinGroup { session_timeout_ms: 600_000, ..request };
    let b = rig.join(long(static_join("b", 9)));
    assert!(rig.joined(b).is_some());
    let parked = rig.join(JoinGroup { member_id: a, ..long(static_join("a", 0)) });
    rig.advance(secs(60));
    let answer = rig.joined(parked).unwrap();
    assert_eq!((answer.generation.0, answer.members.len()), (2, 2), "b is still a member");
}

#[test]
fn i132_static_members_are_removed_by_instance_id() {
    let mut rig = Rig::new();
    let (a, b) = stable_pair(&mut rig);
    let answer = rig.leave(&[("", Some("b")), ("", Some("c"))]);
    let errors: Vec<_> = answer.members.iter().map(|m| m.error).collect();
    assert_eq!(errors, [GroupError::None, GroupError::UnknownMemberId]);
    assert_eq!(rig.heartbeat(&b, 1), GroupError::UnknownMemberId);
    assert_eq!(rig.heartbeat(&a, 1), GroupError::RebalanceInProgress);
    assert_eq!(rig.leave(&[(a.as_str(), Some("a"))]).single_error(), GroupError::None);
    assert_eq!(rig.state(), GroupState::Empty);
}

#[test]
fn i131_a_stored_id_does_not_answer_a_join_that_a_rebalance_took_over() {
    let mut rig = Rig::new();
    let (_, b) = stable_pair(&mut rig);
    rig.auto = false;
    let id = rig.join(static_join("a", 3));
    rig.join_dynamic(join());
    assert_eq!(rig.heartbeat(&b, 1), GroupError::RebalanceInProgress);
    rig.commit(1);
    assert_eq!(rig.joined(id), None, "generation 1 is over");
    let other = rig.join(JoinGroup { member_id: b, ..static_join("b", 0) });
    assert_eq!(rig.joined(id).unwrap().generation.0, 2);
    assert_eq!(rig.joined(other).unwrap().leader, rig.joined(id).unwrap().member_id);
}
