//! What happens to the process beside its disk: too few open files, a long pause, a clock that jumps, a graceful end.

use std::net::TcpStream;
use std::time::Duration;

use highway_tests::wire::{Conn, text};
use highway_tests::{Broker, Node, eventually, wait_until};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, MetadataRequest, SyncGroupRequest,
};
use rustix::process::Signal;

use crate::history::{Fault, Notes};
use crate::kill::{times, topics};
use crate::load::{Load, Topic};
use crate::shim::{Shim, Switch};
use crate::verify::{Depth, PATIENCE, Verifier, find_coordinator};

fn loaded(node: &Node, topics: &[Topic]) -> (Verifier, Load) {
    let mut verifier = Verifier::default();
    let made = topics.iter().map(|topic| topic.create(node.bootstrap())).collect();
    verifier.history.merge(made, Fault::Process);
    (verifier, Load::everybody(topics))
}

fn refusals(notes: &[Notes]) -> Vec<(i16, u64)> {
    notes.iter().flat_map(|n| n.refusals.iter().map(|(&code, &count)| (code, count))).collect()
}

/// A group of one member on a connection of its own.
struct Member {
    conn: Conn,
    id: String,
    generation: i32,
}

impl Member {
    fn join(node: &Node, session_ms: i32) -> Member {
        let mut conn = Conn::open(node.bootstrap(), PATIENCE).expect("the node listens");
        wait_until("the coordinator is there", PATIENCE, || {
            find_coordinator(&mut conn, "paused").expect("an answer") == 0
        });
        let mut id = String::new();
        let joined = eventually(PATIENCE, || {
            let protocol = JoinGroupRequestProtocol::default().with_name(text("p"));
            let request = JoinGroupRequest::default()
                .with_group_id(GroupId(text("paused")))
                .with_session_timeout_ms(session_ms)
                .with_rebalance_timeout_ms(session_ms)
                .with_member_id(text(&id))
                .with_protocol_type(text("consumer"))
                .with_protocols(vec![protocol]);
            let answer = conn.call(5, &request).expect("an answer");
            id = answer.member_id.to_string();
            (answer.error_code == 0).then_some(answer.generation_id)
        });
        let generation = joined.expect("the member joins");
        let assignment = SyncGroupRequestAssignment::default().with_member_id(text(&id));
        let request = SyncGroupRequest::default()
            .with_group_id(GroupId(text("paused")))
            .with_generation_id(generation)
            .with_member_id(text(&id))
            .with_assignments(vec![assignment]);
        assert_eq!(conn.call(3, &request).expect("an answer").error_code, 0, "the member syncs");
        Member { conn, id, generation }
    }

    fn heartbeat(&mut self) -> i16 {
        let request = HeartbeatRequest::default()
            .with_group_id(GroupId(text("paused")))
            .with_generation_id(self.generation)
            .with_member_id(text(&self.id));
        self.conn.call(3, &request).expect("an answer").error_code
    }
}

#[test]
fn a_long_pause_loses_nothing_and_fences_who_was_silent_too_long() {
    let pause = Duration::from_secs(times("HIGHWAY_PAUSE_SECONDS", 8).into());
    let mut node = Node::builder().set("group.min.session.timeout.ms", "1000").start();
    let (mut verifier, load) = loaded(&node, &[Topic::named("paused", 2)]);
    let mut member = Member::join(&node, 3000);
    assert_eq!(member.heartbeat(), 0);
    let running = load.start(node.bootstrap()).for_time(Duration::from_millis(200));
    node.process().signal(Signal::STOP);
    std::thread::sleep(pause);
    node.process().signal(Signal::CONT);
    // Its session of 3 s ended while nobody could see it.
    let fenced = eventually(PATIENCE, || match member.heartbeat() {
        0 => None,
        code => Some(code),
    });
    assert_eq!(fenced, Some(25), "UNKNOWN_MEMBER_ID for the silent member");
    let (_, notes) = running.for_time(Duration::from_millis(300)).stop();
    assert!(notes.iter().any(|n| !n.acks.is_empty()));
    verifier.history.merge(notes, Fault::Process);
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "a pause");
    node.kill();
    node.restart();
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "a pause and a kill");
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_expires_nobody() {
    let shim = Shim::new();
    // Kafka's limit of an hour would refuse our records while the node's clock is behind.
    let node = shim
        .node()
        .set("log.retention.check.interval.ms", "50")
        .set("log.message.timestamp.after.max.ms", "9223372036854775807")
        .start();
    let (mut verifier, mut load) = loaded(&node, &[Topic::named("timed", 2)]);
    let mut member = Member::join(&node, 30_000);
    const DAY: i64 = 86_400;
    // A day either way is within the retention of seven days.
    for offset in [0, DAY, -DAY, 2 * DAY, -30 * DAY, -3650 * DAY, 0] {
        shim.set(Switch::Clock, &offset.to_string());
        let (rested, notes) = load.start(node.bootstrap()).for_time(Duration::from_millis(250)).stop();
        load = rested;
        assert_eq!(refusals(&notes), [], "the clock is off by {offset} s");
        assert!(notes.iter().any(|n| !n.acks.is_empty()));
        verifier.history.merge(notes, Fault::Process);
        assert_eq!(member.heartbeat(), 0, "the member stays with the clock off by {offset} s");
        verifier.expect_sound(
            node.bootstrap(),
            Depth::Everything,
            &format!("the clock jumped by {offset} s"),
        );
    }
    let log = node.log_tail();
    assert!(!log.contains("retention moved"), "retention by a clock that jumped:\n{log}");
}

#[test]
fn a_graceful_end_under_load_leaves_nothing_to_recover() {
    let mut node = Node::start();
    let (mut verifier, mut load) = loaded(&node, &topics());
    for _ in 0..3 {
        let running = load.start(node.bootstrap()).for_time(Duration::from_millis(300));
        node.stop();
        let (rested, notes) = running.stop();
        load = rested;
        verifier.history.merge(notes, Fault::Process);
        node.restart();
        let log = node.log_tail();
        let line = log.lines().rfind(|line| line.contains("logs recovered")).unwrap_or_default();
        assert!(
            line.contains("clean=true found=0 rewritten=0 cut_bytes=0 offline=0"),
            "the start after a graceful end says: {line}"
        );
        verifier.expect_sound(node.bootstrap(), Depth::Everything, "a graceful end");
    }
}

#[test]
fn too_few_open_files_refuse_the_new_and_keep_the_old() {
    let limit = 160;
    let mut node = Node::builder().wrapper(&["prlimit", &format!("--nofile={limit}:{limit}")]).start();
    let (mut verifier, load) = loaded(&node, &[Topic::named("files", 1)]);
    let mut old = Conn::open(node.bootstrap(), PATIENCE).expect("the node listens");
    let metadata = MetadataRequest::default().with_topics(Some(vec![]));
    old.call(9, &metadata).expect("an answer");
    let (load, notes) = load.start(node.bootstrap()).for_time(Duration::from_millis(300)).stop();
    verifier.history.merge(notes, Fault::Process);
    let held: Vec<TcpStream> =
        (0..limit + 50).filter_map(|_| TcpStream::connect(node.bootstrap()).ok()).collect();
    let files = format!("/proc/{}/fd", node.pid());
    let open = || std::fs::read_dir(&files).map_or(0, Iterator::count);
    wait_until("all of its files are in use", PATIENCE, || open() + 1 >= limit);
    for _ in 0..20 {
        old.call(9, &metadata).expect("the old connection is served");
    }
    let cpu = cpu_ticks(node.pid());
    std::thread::sleep(Duration::from_secs(1));
    let burnt = cpu_ticks(node.pid()) - cpu;
    assert!(burnt < 50, "{burnt} hundredths of a second of CPU in a second of waiting for files");
    drop(held);
    wait_until("new connections are served again", PATIENCE, || {
        let conn = Conn::open(node.bootstrap(), Duration::from_secs(1));
        conn.and_then(|mut conn| conn.call(9, &metadata)).is_ok()
    });
    wait_until("connections that are gone are closed", PATIENCE, || open() < limit / 2);
    assert!(node.is_running());
    let (_, notes) = load.start(node.bootstrap()).for_time(Duration::from_secs(1)).stop();
    assert!(notes.iter().any(|n| !n.acks.is_empty()), "nothing was acknowledged afterwards");
    verifier.history.merge(notes, Fault::Process);
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "too few open files");
    node.kill();
    node.restart();
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "a kill after too few open files");
}

/// CPU time of a process in hundredths of a second.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}
