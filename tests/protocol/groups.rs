//! Protocol checklist I: two members and the clock. What one request shows is in the differential test, every rule by
//! its number in the coordinator's own tests.

use std::time::{Duration, Instant};

use bytes::Bytes;
use highway_tests::{Broker, Node};
use kafka_protocol::messages::join_group_response::JoinGroupResponse;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::*;

use crate::client::text;
use crate::conn::Conn;
use crate::requests::{coordinated, join};

fn group(name: &str) -> GroupId {
    GroupId(text(name))
}

fn node() -> Node {
    Node::builder().set("group.min.session.timeout.ms", "200").start()
}

/// A connection on which a new dynamic member has asked to join; its member id.
fn joining(node: &Node, name: &str, protocols: &[&str]) -> (Conn, String) {
    let mut conn = Conn::to(node.bootstrap());
    coordinated(&mut conn);
    let first = conn.call(5, &join(name, "", protocols));
    assert_eq!(first.error_code, 79, "I120: a dynamic member is given an id first");
    let member = first.member_id.to_string();
    conn.send(5, &join(name, &member, protocols));
    (conn, member)
}

fn joined(conn: &mut Conn) -> JoinGroupResponse {
    let answer = conn.receive::<JoinGroupRequest>(5).1;
    assert_eq!(answer.error_code, 0);
    answer
}

fn sync(name: &str, generation: i32, member: &str, given: &[&str]) -> SyncGroupRequest {
    let given = given
        .iter()
        .map(|m| {
            SyncGroupRequestAssignment::default()
                .with_member_id(text(m))
                .with_assignment(Bytes::from(format!("for {m}")))
        })
        .collect();
    SyncGroupRequest::default()
        .with_group_id(group(name))
        .with_generation_id(generation)
        .with_member_id(text(member))
        .with_assignments(given)
}

fn beat(conn: &mut Conn, name: &str, generation: i32, member: &str) -> i16 {
    let request = HeartbeatRequest::default()
        .with_group_id(group(name))
        .with_generation_id(generation)
        .with_member_id(text(member));
    conn.call(3, &request).error_code
}

#[test]
fn i124_i128_a_second_member_rebalances_and_both_are_assigned() {
    let node = node();
    let (mut a, first) = joining(&node, "two", &["range"]);
    let one = joined(&mut a);
    assert_eq!((one.leader.as_str(), one.members.len()), (first.as_str(), 1));
    a.call(3, &sync("two", one.generation_id, &first, &[&first]));
    let (mut b, second) = joining(&node, "two", &["range"]);
    assert!(b.is_silent(Duration::from_millis(100)), "the rebalance waits for the first member");
    assert_eq!(beat(&mut a, "two", one.generation_id, &first), 27, "I130: who beats is told to rejoin");
    let began = Instant::now();
    a.send(5, &join("two", &first, &["range"]));
    let (of_a, of_b) = (joined(&mut a), joined(&mut b));
    assert!(began.elapsed() < Duration::from_secs(5), "complete as soon as all rejoined, not at the timeout");
    assert_eq!(of_a.generation_id, of_b.generation_id);
    assert_eq!((of_a.members.len(), of_b.members.len()), (2, 0), "I125: only the leader is told the members");
    // A follower waits for the leader's assignment.
    b.send(3, &sync("two", of_b.generation_id, &second, &[]));
    assert!(b.is_silent(Duration::from_millis(100)));
    let mine = a.call(3, &sync("two", of_a.generation_id, &first, &[&first, &second]));
    assert_eq!(mine.assignment, format!("for {first}"));
    assert_eq!(b.receive::<SyncGroupRequest>(3).1.assignment, format!("for {second}"));
    assert_eq!(beat(&mut b, "two", of_b.generation_id, &second), 0);
    // I127: a follower that rejoins unchanged gets the same generation.
    assert_eq!(b.call(5, &join("two", &second, &["range"])).generation_id, of_b.generation_id);
    // I132: who leaves makes the other rejoin.
    let leave = LeaveGroupRequest::default()
        .with_group_id(group("two"))
        .with_members(vec![MemberIdentity::default().with_member_id(text(&second))]);
    assert_eq!(b.call(4, &leave).error_code, 0);
    assert_eq!(beat(&mut a, "two", of_a.generation_id, &first), 27);
}

#[test]
fn i124_a_new_group_waits_for_members_to_come() {
    let node = Node::builder().set("group.initial.rebalance.delay.ms", "400").start();
    let began = Instant::now();
    let (mut a, _) = joining(&node, "new", &["range"]);
    let (mut b, _) = joining(&node, "new", &["range"]);
    let (of_a, of_b) = (joined(&mut a), joined(&mut b));
    assert!(began.elapsed() >= Duration::from_millis(400));
    assert_eq!((of_a.generation_id, of_b.generation_id), (1, 1), "both are in the first generation");
}

#[test]
fn i126_the_protocol_that_all_know_is_chosen() {
    let node = Node::builder().set("group.initial.rebalance.delay.ms", "300").start();
    let (mut a, _) = joining(&node, "vote", &["sticky", "range"]);
    let (mut b, _) = joining(&node, "vote", &["range", "roundrobin"]);
    assert_eq!(joined(&mut a).protocol_name.as_deref(), Some("range"));
    assert_eq!(joined(&mut b).protocol_name.as_deref(), Some("range"));
}

#[test]
fn i120_i130_who_is_silent_for_its_session_is_out() {
    let node = node();
    let mut conn = Conn::to(node.bootstrap());
    coordinated(&mut conn);
    let short = |member: &str| join("silent", member, &["range"]).with_session_timeout_ms(300);
    let member = conn.call(5, &short("")).member_id.to_string();
    let one = conn.call(5, &short(&member));
    conn.call(3, &sync("silent", one.generation_id, &member, &[&member]));
    // Heartbeats keep it.
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(700) {
        assert_eq!(beat(&mut conn, "silent", one.generation_id, &member), 0);
        std::thread::sleep(Duration::from_millis(50)); // the pace of a client, not a wait for something
    }
    let out = highway_tests::eventually(Duration::from_secs(10), || {
        // Asking for the group's state does not count as a sign of life.
        let answer = conn.call(5, &DescribeGroupsRequest::default().with_groups(vec![group("silent")]));
        (answer.groups[0].group_state.as_str() == "Empty").then_some(())
    });
    assert!(out.is_some(), "its session ends");
    assert_eq!(beat(&mut conn, "silent", one.generation_id, &member), 25);
    // A member id that was given out and never used ends with the session, too.
    let pending = conn.call(5, &short("")).member_id.to_string();
    let gone = highway_tests::eventually(Duration::from_secs(10), || {
        std::thread::sleep(Duration::from_millis(400)); // longer than the session, else each try renews nothing
        (conn.call(5, &short(&pending)).error_code == 25).then_some(())
    });
    assert!(gone.is_some(), "a pending id is forgotten");
}

#[test]
fn i131_a_static_member_comes_back_without_a_rebalance() {
    let node = node();
    let mut a = Conn::to(node.bootstrap());
    coordinated(&mut a);
    let as_static =
        |instance: &str| join("static", "", &["range"]).with_group_instance_id(Some(text(instance)));
    let one = a.call(5, &as_static("i"));
    assert_eq!(one.error_code, 0, "I120: a static member is never told to ask again");
    let old = one.member_id.to_string();
    a.call(3, &sync("static", one.generation_id, &old, &[&old]));
    drop(a); // a static member does not leave
    let mut again = Conn::to(node.bootstrap());
    let two = again.call(5, &as_static("i"));
    assert_eq!((two.error_code, two.generation_id), (0, one.generation_id), "no rebalance");
    assert_ne!(two.member_id.as_str(), old);
    let mine = again.call(3, &sync("static", two.generation_id, &two.member_id, &[]));
    assert_eq!(mine.assignment, format!("for {old}"), "it keeps its assignment");
    let fenced = HeartbeatRequest::default()
        .with_group_id(group("static"))
        .with_generation_id(one.generation_id)
        .with_member_id(text(&old))
        .with_group_instance_id(Some(text("i")));
    assert_eq!(again.call(3, &fenced).error_code, 82);
}

#[test]
fn i133_a_group_has_no_more_members_than_it_may() {
    let node = Node::builder().set("group.max.size", "1").start();
    let (mut a, first) = joining(&node, "full", &["range"]);
    joined(&mut a);
    let mut b = Conn::to(node.bootstrap());
    assert_eq!(b.call(5, &join("full", "", &["range"])).error_code, 81);
    assert_eq!(a.call(5, &join("full", &first, &["range"])).error_code, 0, "who is in stays in");
}

/// I122: the bounds of the session are settings.
#[test]
fn i122_session_bounds_are_settings() {
    let node = Node::builder()
        .set("group.min.session.timeout.ms", "1000")
        .set("group.max.session.timeout.ms", "2000")
        .start();
    let mut conn = Conn::to(node.bootstrap());
    coordinated(&mut conn);
    for (timeout, code) in [(999, 26), (1000, 79), (2000, 79), (2001, 26)] {
        let asked = join("bounds", "", &["range"]).with_session_timeout_ms(timeout);
        assert_eq!(conn.call(5, &asked).error_code, code, "{timeout}");
    }
}
