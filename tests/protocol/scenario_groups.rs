//! Coordinators, groups, committed offsets.

use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::*;

use crate::client::{Side, text, versions};
use crate::scenario_topics::made;

fn group(name: &str) -> GroupId {
    GroupId(text(name))
}

pub fn run(side: &mut Side) {
    made(side, "groups", 2, &[]);
    for v in versions::<FindCoordinatorRequest>() {
        let of = |key: &str, kind| {
            let request = FindCoordinatorRequest::default().with_key_type(kind);
            if v < 4 { request.with_key(text(key)) } else { request.with_coordinator_keys(vec![text(key)]) }
        };
        side.until(v, &of("g", 0), |a| a.error_code == 0 && a.coordinators.iter().all(|c| c.error_code == 0));
        side.call("group", v, &of("g", 0));
        side.call("empty", v, &of("", 0));
        if v >= 1 {
            side.call("unknown kind", v, &of("g", 9));
        }
    }
    // Kafka loads its coordinator's partitions after it names it.
    for at in 0..20 {
        side.until(
            5,
            &DescribeGroupsRequest::default().with_groups(vec![group(&format!("warm-{at}"))]),
            |a| a.groups.iter().all(|g| g.error_code == 0),
        );
    }
    for v in versions::<JoinGroupRequest>() {
        members(side, v);
    }
    commits(side);
    admin(side);
}

fn join(v: i16, name: &str, member: &str) -> JoinGroupRequest {
    let request = JoinGroupRequest::default()
        .with_group_id(group(name))
        .with_member_id(text(member))
        .with_session_timeout_ms(30_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![
            JoinGroupRequestProtocol::default()
                .with_name(text("range"))
                .with_metadata(Bytes::from_static(b"\0\0\0\0\0\x01\0\x06groups\xff\xff\xff\xff")),
        ]);
    if v >= 1 { request.with_rebalance_timeout_ms(30_000) } else { request }
}

fn members(side: &mut Side, v: i16) {
    let name = format!("join-{v}");
    side.call("empty group", v, &join(v, "", ""));
    side.call("unknown member", v, &join(v, &name, "nobody"));
    side.call("short session", v, &join(v, &name, "").with_session_timeout_ms(10));
    side.call("long session", v, &join(v, &name, "").with_session_timeout_ms(i32::MAX));
    side.call("no protocols", v, &join(v, &name, "").with_protocols(vec![]));
    side.call("no protocol type", v, &join(v, &name, "").with_protocol_type(text("")));
    let first = side.call("first", v, &join(v, &name, ""));
    let Some(mut joined) = first else { return };
    if joined.error_code == 79 {
        let Some(again) = side.call("with the id", v, &join(v, &name, &joined.member_id)) else { return };
        joined = again;
    }
    let (member, generation) = (joined.member_id.clone(), joined.generation_id);
    side.call("other protocol type", v, &join(v, &name, "").with_protocol_type(text("connect")));
    let other = vec![JoinGroupRequestProtocol::default().with_name(text("other"))];
    side.call("other protocol", v, &join(v, &name, "").with_protocols(other));
    let sync_v = v.min(5);
    let sync = |generation, member: &str| {
        let assignments = vec![
            SyncGroupRequestAssignment::default()
                .with_member_id(text(member))
                .with_assignment(Bytes::from_static(b"mine")),
        ];
        let request = SyncGroupRequest::default()
            .with_group_id(group(&name))
            .with_generation_id(generation)
            .with_member_id(text(member))
            .with_assignments(assignments);
        if sync_v >= 5 {
            request.with_protocol_type(Some(text("consumer"))).with_protocol_name(Some(text("range")))
        } else {
            request
        }
    };
    let beat_v = v.min(4);
    let beat = |generation, member: &str| {
        HeartbeatRequest::default()
            .with_group_id(group(&name))
            .with_generation_id(generation)
            .with_member_id(text(member))
    };
    side.call("wrong generation", sync_v, &sync(generation + 7, &member));
    side.call("unknown member", sync_v, &sync(generation, "nobody"));
    if sync_v >= 5 {
        side.call(
            "wrong protocol",
            sync_v,
            &sync(generation, &member).with_protocol_name(Some(text("other"))),
        );
        side.call("wrong type", sync_v, &sync(generation, &member).with_protocol_type(Some(text("connect"))));
    }
    describe(side, "completing", &name);
    side.call("before the sync", beat_v, &beat(generation, &member));
    side.call("good", sync_v, &sync(generation, &member));
    side.call("again", sync_v, &sync(generation, &member));
    side.call("good", beat_v, &beat(generation, &member));
    side.call("wrong generation", beat_v, &beat(generation + 1, &member));
    side.call("unknown member", beat_v, &beat(generation, "nobody"));
    side.call("unknown group", beat_v, &beat(generation, &member).with_group_id(group("unknown")));
    side.call("empty group", beat_v, &beat(generation, &member).with_group_id(group("")));
    describe(side, "stable", &name);
    let commit = |generation, member: &str| {
        commit_to(2.max(v.min(9)), &name, "groups", 0, 5, Some("kept"))
            .with_generation_id_or_member_epoch(generation)
            .with_member_id(text(member))
    };
    let commit_v = 2.max(v.min(9));
    side.call("member", commit_v, &commit(generation, &member));
    side.call("wrong generation", commit_v, &commit(generation + 1, &member));
    side.call("unknown member", commit_v, &commit(generation, "nobody"));
    side.call("no member in a stable group", commit_v, &commit(-1, ""));
    let forget = OffsetDeleteRequest::default().with_group_id(group(&name)).with_topics(vec![
        OffsetDeleteRequestTopic::default()
            .with_name(TopicName(text("groups")))
            .with_partitions(vec![OffsetDeleteRequestPartition::default()]),
    ]);
    side.call("subscribed", 0, &forget);
    side.call("not empty", v.min(2), &DeleteGroupsRequest::default().with_groups_names(vec![group(&name)]));
    let leave_v = v.min(5);
    let leave = |name: &str, member: &str| {
        let request = LeaveGroupRequest::default().with_group_id(group(name));
        if leave_v < 3 {
            request.with_member_id(text(member))
        } else {
            request.with_members(vec![
                MemberIdentity::default().with_member_id(text(member)).with_group_instance_id(None),
            ])
        }
    };
    side.call("unknown member", leave_v, &leave(&name, "nobody"));
    side.call("unknown group", leave_v, &leave("unknown", "nobody"));
    side.call("empty group", leave_v, &leave("", "nobody"));
    side.call("good", leave_v, &leave(&name, &member));
    side.call("after", beat_v, &beat(generation, &member));
    describe(side, "empty", &name);
    if v >= 5 {
        static_member(side, v);
    }
}

fn static_member(side: &mut Side, v: i16) {
    let name = format!("static-{v}");
    let request = join(v, &name, "").with_group_instance_id(Some(text("i1")));
    let Some(first) = side.call("static", v, &request) else { return };
    let sync = SyncGroupRequest::default()
        .with_group_id(group(&name))
        .with_generation_id(first.generation_id)
        .with_member_id(first.member_id.clone())
        .with_group_instance_id(Some(text("i1")));
    let sync = sync.with_assignments(vec![
        SyncGroupRequestAssignment::default()
            .with_member_id(first.member_id.clone())
            .with_assignment(Bytes::from_static(b"mine")),
    ]);
    side.call("static", 4, &sync);
    let second = side.call("static again", v, &request);
    side.call(
        "fenced",
        4,
        &HeartbeatRequest::default()
            .with_group_id(group(&name))
            .with_generation_id(first.generation_id)
            .with_member_id(first.member_id.clone())
            .with_group_instance_id(Some(text("i1"))),
    );
    side.call("fenced", 4, &sync);
    side.call("fenced", v, &request.clone().with_member_id(first.member_id));
    if let Some(second) = second {
        side.call(
            "static now",
            4,
            &HeartbeatRequest::default()
                .with_group_id(group(&name))
                .with_generation_id(second.generation_id)
                .with_member_id(second.member_id)
                .with_group_instance_id(Some(text("i1"))),
        );
    }
    describe(side, "static", &name);
    let leave = |instance: &str| {
        LeaveGroupRequest::default()
            .with_group_id(group(&name))
            .with_members(vec![MemberIdentity::default().with_group_instance_id(Some(text(instance)))])
    };
    side.call("unknown instance", 5, &leave("nobody"));
    side.call("instance", 5, &leave("i1"));
}

fn describe(side: &mut Side, label: &str, name: &str) {
    for v in versions::<DescribeGroupsRequest>() {
        let request = DescribeGroupsRequest::default().with_groups(vec![group(name), group("unknown")]);
        side.call(label, v, &request);
        if v >= 3 {
            side.call(&format!("{label}, operations"), v, &request.with_include_authorized_operations(true));
        }
    }
}

fn commit_to(
    v: i16,
    name: &str,
    topic: &str,
    at: i32,
    offset: i64,
    metadata: Option<&str>,
) -> OffsetCommitRequest {
    let part = OffsetCommitRequestPartition::default()
        .with_partition_index(at)
        .with_committed_offset(offset)
        .with_committed_metadata(metadata.map(text));
    let part = if v >= 6 { part.with_committed_leader_epoch(0) } else { part };
    OffsetCommitRequest::default().with_group_id(group(name)).with_topics(vec![
        OffsetCommitRequestTopic::default().with_name(TopicName(text(topic))).with_partitions(vec![part]),
    ])
}

fn commits(side: &mut Side) {
    for v in versions::<OffsetCommitRequest>() {
        let name = format!("simple-{v}");
        side.call("good", v, &commit_to(v, &name, "groups", 0, 7, Some("note")));
        side.call("null metadata", v, &commit_to(v, &name, "groups", 1, 8, None));
        side.call("unknown partition", v, &commit_to(v, &name, "groups", 9, 8, None));
        side.call("unknown topic", v, &commit_to(v, &name, "unknown", 0, 8, None));
        side.call("large metadata", v, &commit_to(v, &name, "groups", 0, 8, Some(&"x".repeat(4097))));
        side.call("negative offset", v, &commit_to(v, &name, "groups", 0, -1, None));
        side.call("empty group", v, &commit_to(v, "", "groups", 0, 8, None));
        side.call(
            "unknown group, member",
            v,
            &commit_to(v, "unknown", "groups", 0, 8, None)
                .with_generation_id_or_member_epoch(3)
                .with_member_id(text("x")),
        );
        for fetch_v in versions::<OffsetFetchRequest>() {
            let sort = |a: &mut OffsetFetchResponse| {
                a.topics.sort_by(|a, b| a.name.cmp(&b.name));
                a.topics.iter_mut().for_each(|t| t.partitions.sort_by_key(|p| p.partition_index));
                for t in a.groups.iter_mut().flat_map(|g| &mut g.topics) {
                    t.partitions.sort_by_key(|p| p.partition_index);
                }
            };
            for (label, name) in [("known", name.as_str()), ("no such", "unknown"), ("empty", "")] {
                side.ask(
                    label,
                    fetch_v,
                    &fetched(fetch_v, name, Some(&[("groups", &[0, 1, 5]), ("unknown", &[0])])),
                    sort,
                );
                if fetch_v >= 2 {
                    side.ask(&format!("{label}, all"), fetch_v, &fetched(fetch_v, name, None), sort);
                }
            }
        }
    }
}

fn fetched(v: i16, name: &str, topics: Option<&[(&str, &[i32])]>) -> OffsetFetchRequest {
    if v < 8 {
        let topics = topics.map(|t| {
            t.iter()
                .map(|(n, p)| {
                    OffsetFetchRequestTopic::default()
                        .with_name(TopicName(text(n)))
                        .with_partition_indexes(p.to_vec())
                })
                .collect()
        });
        return OffsetFetchRequest::default().with_group_id(group(name)).with_topics(topics);
    }
    let topics = topics.map(|t| {
        t.iter()
            .map(|(n, p)| {
                OffsetFetchRequestTopics::default()
                    .with_name(TopicName(text(n)))
                    .with_partition_indexes(p.to_vec())
            })
            .collect()
    });
    OffsetFetchRequest::default()
        .with_groups(vec![OffsetFetchRequestGroup::default().with_group_id(group(name)).with_topics(topics)])
}

fn admin(side: &mut Side) {
    let sort = |a: &mut ListGroupsResponse| a.groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
    for v in versions::<ListGroupsRequest>() {
        side.ask("all", v, &ListGroupsRequest::default(), sort);
        if v >= 4 {
            for state in ["Empty", "empty", "Stable", "Nonsense"] {
                side.ask(state, v, &ListGroupsRequest::default().with_states_filter(vec![text(state)]), sort);
            }
        }
        if v >= 5 {
            for kind in ["classic", "Classic", "consumer", "nonsense"] {
                side.ask(kind, v, &ListGroupsRequest::default().with_types_filter(vec![text(kind)]), sort);
            }
        }
    }
    let forget = |name: &str, topic: &str, at: i32| {
        OffsetDeleteRequest::default().with_group_id(group(name)).with_topics(vec![
            OffsetDeleteRequestTopic::default()
                .with_name(TopicName(text(topic)))
                .with_partitions(vec![OffsetDeleteRequestPartition::default().with_partition_index(at)]),
        ])
    };
    for (name, topic, at) in [
        ("simple-5", "groups", 0),
        ("simple-5", "groups", 9),
        ("simple-5", "unknown", 0),
        ("unknown", "groups", 0),
        ("", "groups", 0),
    ] {
        side.call(&format!("{name:?} {topic}-{at}"), 0, &forget(name, topic, at));
    }
    for v in versions::<DeleteGroupsRequest>() {
        for name in [format!("simple-{}", v + 2), "unknown".to_owned(), String::new()] {
            side.call(
                &format!("{name:?}"),
                v,
                &DeleteGroupsRequest::default().with_groups_names(vec![group(&name)]),
            );
        }
    }
}
