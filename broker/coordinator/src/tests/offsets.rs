//! Checklist J: committed offsets.

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn j136_metadata_is_kept() {
    let mut rig = Rig::new();
    let with = |metadata: Option<String>| {
        let mut request = commit("t", 3);
        request.topics[0].1[0].metadata = metadata;
        request
    };
    let stored = |rig: &mut Rig| rig.fetch("g", Some(&[("t", 0)])).topics[0].1[0].metadata.to_string();
    assert_eq!(rig.commit_offset(with(Some("note".into()))), GroupError::None);
    assert_eq!(stored(&mut rig), "note");
    assert_eq!(stored(&mut rig.reloaded()), "note");
    assert_eq!(rig.commit_offset(with(Some("x".repeat(4097)))), GroupError::OffsetMetadataTooLarge);
    assert_eq!(stored(&mut rig), "note");
    assert_eq!(rig.commit_offset(with(Some("x".repeat(4096)))), GroupError::None);
    assert_eq!(rig.commit_offset(with(None)), GroupError::None);
    assert_eq!(stored(&mut rig), "");
}

#[test]
fn j136_nothing_stored_makes_no_group() {
    let mut rig = Rig::new();
    let mut request = commit("t", 3);
    request.topics[0].1[0].metadata = Some("x".repeat(5000));
    assert_eq!(rig.commit_offset(request), GroupError::OffsetMetadataTooLarge);
    assert_eq!(rig.shard.count_groups(None), 0);
}

#[test]
fn j137_who_may_commit() {
    let mut rig = Rig::new();
    let stranger = MemberId::new("stranger");
    assert_eq!(rig.commit_offset(member_commit(&stranger, 1, 1)), GroupError::IllegalGeneration, "no group");
    let newer = OffsetCommit { api_version: 9, ..member_commit(&stranger, 1, 1) };
    assert_eq!(rig.commit_offset(newer), GroupError::GroupIdNotFound, "v9");
    assert_eq!(rig.commit_offset(commit("t", 1)), GroupError::None, "makes a simple group");
    assert_eq!(rig.commit_offset(member_commit(&stranger, 1, 1)), GroupError::UnknownMemberId);
    let (members, generation) = rig.stable(1);
    assert_eq!(rig.commit_offset(commit("t", 1)), GroupError::UnknownMemberId, "not Empty any more");
    assert_eq!(rig.commit_offset(member_commit(&members[0], generation, 5)), GroupError::None);
    let wrong = member_commit(&members[0], generation + 1, 6);
    assert_eq!(rig.commit_offset(wrong), GroupError::IllegalGeneration);
    assert_eq!(rig.commit_offset(member_commit(&stranger, generation, 6)), GroupError::UnknownMemberId);
    let id = rig.join(rejoin(&members[0]));
    assert_eq!(rig.joined(id).unwrap().generation.0, generation + 1);
    let completing = member_commit(&members[0], generation + 1, 7);
    assert_eq!(rig.commit_offset(completing), GroupError::RebalanceInProgress);
    assert_eq!(rig.fetched("t"), 5);
    rig.leave(&[(members[0].as_str(), None)]);
    assert_eq!(rig.commit_offset(commit("t", 9)), GroupError::None, "Empty again");
}

#[test]
fn j137_preparing_rebalance_takes_commits_and_they_count_as_heartbeats() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(2);
    rig.join(rejoin(&members[0]));
    assert_eq!(rig.state(), GroupState::PreparingRebalance);
    for offset in 0..5 {
        rig.advance(secs(9));
        let request = member_commit(&members[1], generation, offset);
        assert_eq!(rig.commit_offset(request), GroupError::None);
    }
    assert_eq!(rig.fetched("t"), 4);
}

#[test]
fn j138_unknown_partitions_are_refused_alone_and_in_place() {
    let mut rig = Rig::new();
    let unknown = OffsetCommitPartition { refused: Some(GroupError::UnknownTopicOrPartition), ..part(7, 1) };
    let mut request = commit("t", 3);
    request.topics[0].1 = vec![unknown, part(1, 11)];
    request.topics.push((TopicName::new("u"), vec![part(0, 12)]));
    let answer = rig.call(Command::OffsetCommit(request));
    let expected = vec![
        (
            TopicName::new("t"),
            vec![
                (PartitionIndex(7), GroupError::UnknownTopicOrPartition),
                (PartitionIndex(1), GroupError::None),
            ],
        ),
        (TopicName::new("u"), vec![(PartitionIndex(0), GroupError::None)]),
    ];
    assert_eq!(answer, Response::OffsetCommit(expected));
    assert_eq!(rig.appended.last().unwrap().1.len(), 2);
}

#[test]
fn j139_nothing_committed_is_no_error() {
    let mut rig = Rig::new();
    let answer = rig.fetch("nobody", Some(&[("t", 0)]));
    assert_eq!(answer.error, GroupError::None);
    let one = &answer.topics[0].1[0];
    assert_eq!((one.offset.0, one.leader_epoch.0, &*one.metadata, one.error), (-1, -1, "", GroupError::None));
    assert_eq!(rig.fetch("nobody", None).topics, vec![]);
    rig.commit_offset(commit("b", 2));
    rig.commit_offset(commit("a", 1));
    let all = rig.fetch("g", None).topics;
    let all: Vec<_> = all.iter().map(|(t, p)| (t.as_str(), p[0].offset.0)).collect();
    assert_eq!(all, [("a", 1), ("b", 2)], "null asks for all");
    assert_eq!(rig.fetch("g", Some(&[])).topics, vec![], "an empty list asks for none");
}

#[test]
fn j139_a_fetch_waits_for_the_commit_it_sees() {
    let mut rig = Rig::new();
    rig.commit_offset(commit("t", 1));
    rig.auto = false;
    let write = rig.send(Command::OffsetCommit(commit("t", 2)));
    let ask = |id: &str| {
        let topics = Some(vec![(TopicName::new("t"), vec![PartitionIndex(0)])]);
        Command::OffsetFetch(OffsetFetch { group: GroupId::new(id), topics, require_stable: false })
    };
    let read = rig.send(ask("g"));
    let other = rig.send(ask("other"));
    assert!(!rig.answers.contains_key(&write) && !rig.answers.contains_key(&read));
    assert!(rig.answers.contains_key(&other), "other groups do not wait");
    rig.commit(1);
    assert!(rig.answers.contains_key(&write));
    assert!(matches!(&rig.answers[&read], Response::OffsetFetch(r) if r.topics[0].1[0].offset.0 == 2));
    let read = rig.send(ask("g"));
    assert!(rig.answers.contains_key(&read), "nothing pending: at once");
}

#[test]
fn j140_leader_epoch_is_kept() {
    let mut rig = Rig::new();
    let mut request = commit("t", 3);
    request.topics[0].1[0].leader_epoch = LeaderEpoch(17);
    rig.commit_offset(request);
    for rig in [&mut rig.reloaded(), &mut rig] {
        assert_eq!(rig.fetch("g", Some(&[("t", 0)])).topics[0].1[0].leader_epoch, LeaderEpoch(17));
    }
}

#[test]
fn j141_empty_groups_lose_everything_seven_days_after_becoming_empty() {
    let mut rig = Rig::new();
    let (members, generation) = rig.stable(1);
    rig.commit_offset(member_commit(&members[0], generation, 5));
    for _ in 0..(8 * 86_400 / 9) {
        rig.advance(secs(9));
        assert_eq!(rig.heartbeat(&members[0], generation), GroupError::None);
    }
    assert_eq!(rig.fetched("t"), 5, "subscribed: kept, however old");
    rig.leave(&[(members[0].as_str(), None)]);
    rig.advance(DAY * 7 - secs(1));
    assert_eq!(rig.fetched("t"), 5);
    rig.advance(secs(601));
    assert_eq!(rig.fetched("t"), -1);
    assert_eq!(rig.describe("g").state, GroupState::Dead, "the group goes with its last offset");
    assert_eq!(rig.reloaded().shard.count_groups(None), 0);
}

#[test]
fn j141_stable_consumers_lose_topics_they_no_longer_read() {
    let mut rig = Rig::new();
    rig.commit_offset(commit("t", 1));
    rig.commit_offset(commit("u", 2));
    let slow = |request: JoinGroup| JoinGroup { session_timeout_ms: 1_800_000, ..request };
    let (a, _) = rig.join_dynamic(slow(join()));
    rig.advance(secs(3));
    rig.sync(&a, 1, &[]);
    for _ in 0..(7 * 48 + 2) {
        rig.advance(secs(1799));
        assert_eq!(rig.heartbeat(&a, 1), GroupError::None);
    }
    assert_eq!((rig.fetched("t"), rig.fetched("u")), (1, -1));
}

#[test]
fn j141_simple_groups_by_commit_time() {
    let mut rig = Rig::new();
    rig.commit_offset(commit("t", 1));
    rig.advance(DAY);
    rig.commit_offset(commit("u", 2));
    rig.advance(DAY * 6 + secs(600));
    assert_eq!((rig.fetched("t"), rig.fetched("u")), (-1, 2));
    let mut after = rig.reloaded();
    assert_eq!((after.fetched("t"), after.fetched("u")), (-1, 2));
    after.advance(DAY + secs(600));
    assert_eq!(after.fetched("u"), -1, "commit times are in the records");
}

#[test]
fn j141_other_protocols_with_members_lose_nothing() {
    let mut rig = Rig::new();
    rig.commit_offset(commit("u", 2));
    let request = JoinGroup { protocol_type: Arc::from("connect"), session_timeout_ms: 1_800_000, ..join() };
    let (a, _) = rig.join_dynamic(request);
    rig.advance(secs(3));
    let sync = SyncGroup { protocol_type: None, ..sync_request(&a, 1, &[]) };
    rig.send(Command::SyncGroup(sync));
    for _ in 0..(8 * 48) {
        rig.advance(secs(1799));
        assert_eq!(rig.heartbeat(&a, 1), GroupError::None);
    }
    assert_eq!(rig.fetched("u"), 2);
}

#[test]
fn j141_retention_of_the_request() {
    let mut rig = Rig::new();
    rig.commit_offset(OffsetCommit { retention_time_ms: 3_600_000, api_version: 4, ..commit("t", 1) });
    rig.advance(secs(3599));
    assert_eq!(rig.fetched("t"), 1);
    let mut after = rig.reloaded();
    for rig in [&mut rig, &mut after] {
        rig.advance(secs(601));
        assert_eq!(rig.fetched("t"), -1);
    }
}

#[test]
fn j142_deleting_a_topic_removes_its_offsets() {
    let mut rig = Rig::new();
    rig.commit_offset(commit("t", 1));
    rig.commit_offset(commit("u", 2));
    rig.commit_offset(OffsetCommit { group: GroupId::new("h"), ..commit("t", 3) });
    let names = rig.shard.committed_topics();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), [TopicName::new("t"), TopicName::new("u")]);
    rig.topics_deleted("t");
    for rig in [&mut rig.reloaded(), &mut rig] {
        assert_eq!((rig.fetched("t"), rig.fetched("u")), (-1, 2));
        assert_eq!(rig.fetch("h", None).topics, vec![]);
    }
}

#[test]
fn j143_an_acknowledged_commit_is_in_the_log() {
    let mut rig = Rig::new();
    rig.auto = false;
    let first = rig.send(Command::OffsetCommit(commit("t", 1)));
    let second = rig.send(Command::OffsetCommit(commit("t", 2)));
    assert_eq!(rig.answers.len(), 0, "nothing is acknowledged before its commit");
    rig.commit(1);
    assert!(rig.answers.contains_key(&first) && !rig.answers.contains_key(&second));
    assert_eq!(rig.reloaded().fetched("t"), 1, "killed here");
    rig.commit(1);
    assert!(rig.answers.contains_key(&second));
    assert_eq!(rig.reloaded().fetched("t"), 2);
}

#[test]
fn large_commits_are_split_and_answered_after_the_last_append() {
    let mut rig = Rig::with(GroupConfig { max_append_bytes: 500, ..config() });
    rig.auto = false;
    let mut request = commit("t", 1);
    request.topics[0].1 = (0..50).map(|p| part(p, i64::from(p))).collect();
    let id = rig.send(Command::OffsetCommit(request));
    let appends = rig.appended.len();
    assert!(appends > 3, "{appends} appends");
    for (_, records) in &rig.appended {
        assert!(records.iter().map(Record::size).sum::<usize>() <= 500);
    }
    rig.commit(appends - 1);
    assert!(!rig.answers.contains_key(&id));
    rig.commit(1);
    assert!(rig.answers.contains_key(&id));
    assert_eq!(rig.reloaded().fetch("g", None).topics[0].1.len(), 50);
}
