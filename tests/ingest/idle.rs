//! Thousands of connections that say nothing, and some that say it slowly: the node goes on, and its memory stays small.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use highway_tests::{Broker, Node, wait_until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{PATIENCE, counted, endpoint, post, value, wait_for_records};

const IDLE: usize = 5000;

/// Both processes need as many descriptors; the node is started with what this one has.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(20_000, |most| most.min(20_000));
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).expect("within the hard limit");
    assert!(wanted > 2 * IDLE as u64, "the hard limit of open files is {wanted}");
}

/// Resident memory in MiB.
pub fn resident(node: &Node) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", node.pid())).expect("the process is there");
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

#[test]
fn idle_connections_cost_little_and_stop_nobody() {
    raise_limit();
    let node = Node::builder()
        .set("highway.syslog.tcp.listener", "127.0.0.1:0")
        .set("highway.syslog.relp.listener", "127.0.0.1:0")
        .start();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","event_name":"x"}"#).status, 201);
    let before = resident(&node);
    let idle = |name: &str, count: usize| -> Vec<TcpStream> {
        let at = node.part(name);
        (0..count).map(|_| TcpStream::connect(&at).expect("a connection")).collect()
    };
    let mut http = idle("ingest", IDLE);
    // Half a head is worth no more than nothing.
    http.iter_mut().step_by(2).for_each(|s| s.write_all(b"POST /v1/events/e HT").expect("it takes it"));
    assert_eq!(post(&node, "/v1/events/e", "application/json", r#"{"payload":{}}"#).status, 200);
    let with_http = resident(&node);
    let mut syslog = idle("syslog-tcp", IDLE - 1);
    let connections = || counted(&node)["syslog"]["connections"].as_u64().expect("a count");
    wait_until("all are accepted", PATIENCE, || connections() == IDLE as u64 - 1);
    // One is left.
    let mut last = idle("syslog-tcp", 1);
    last[0].write_all(b"<13>the last one that fits\n").expect("a line");
    wait_for_records(&node, "syslog", 1);
    let mut beyond = idle("syslog-tcp", 1);
    beyond[0].set_read_timeout(Some(PATIENCE)).expect("a timeout");
    assert!(matches!(beyond[0].read(&mut [0]), Ok(0) | Err(_)), "one too many is closed");
    assert_eq!(counted(&node)["syslog"]["connections_refused"], 1);
    let after = resident(&node);
    println!("resident: {before} MiB, with {IDLE} idle on HTTP {with_http}, and on syslog {after}");
    assert!(after - before < 400, "{before} MiB became {after}");
    // A place that is free again is used.
    syslog.truncate(10);
    wait_until("a place is free", PATIENCE, || {
        let mut again = idle("syslog-tcp", 1);
        again[0].write_all(b"<13>room again\n").expect("a line");
        again[0].set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        matches!(again[0].read(&mut [0]), Err(e) if e.kind() == ErrorKind::WouldBlock)
    });
    assert!(value(&wait_for_records(&node, "syslog", 2)[1]).contains("room again"));
}

#[test]
fn a_body_that_comes_slowly_holds_up_nobody_and_is_given_up() {
    let node = Node::start();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","event_name":"x"}"#).status, 201);
    let mut slow = TcpStream::connect(node.part("ingest")).expect("a connection");
    slow.write_all(b"POST /v1/events/e HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{\"payl")
        .expect("half a body");
    for _ in 0..20 {
        assert_eq!(post(&node, "/v1/events/e", "application/json", r#"{"payload":{}}"#).status, 200);
    }
    assert!(counted(&node)["http"]["requests_in_flight"].as_u64().is_some_and(|n| n >= 1));
    // The pause within a body is bounded; an answer or an end comes without the rest.
    slow.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut said = String::new();
    let ended = slow.read_to_string(&mut said);
    assert!(ended.is_ok() || said.is_empty(), "{ended:?} {said}");
    assert!(
        said.is_empty() || said.starts_with("HTTP/1.1 408") || said.starts_with("HTTP/1.1 400"),
        "{said}"
    );
    wait_until("its memory is given back", PATIENCE, || counted(&node)["http"]["requests_in_flight"] == 0);
}

#[test]
fn a_node_without_memory_says_so_before_it_reads() {
    const DECLARED: usize = 8_000_000;
    let node = Node::start();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","event_name":"x"}"#).status, 201);
    let at = node.part("ingest");
    // Bodies that are announced and do not come: 256 MiB are given out.
    let hold = || {
        let mut stream = TcpStream::connect(&at).expect("a connection");
        let head = format!("POST /v1/events/e HTTP/1.1\r\nhost: x\r\ncontent-length: {DECLARED}\r\n\r\n{{");
        stream.write_all(head.as_bytes()).expect("a head");
        stream
    };
    let mut held: Vec<TcpStream> = (0..33).map(|_| hold()).collect();
    wait_until("the memory is given out", PATIENCE, || counted(&node)["http"]["requests_in_flight"] == 33);
    let mut refused = hold();
    refused.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut said = [0; 1024];
    let length = refused.read(&mut said).expect("an answer before the body");
    let said = String::from_utf8_lossy(&said[..length]).to_ascii_lowercase();
    assert!(said.starts_with("http/1.1 503") && said.contains("retry-after: 1"), "{said}");
    // Small ones still fit, and all is given back.
    assert_eq!(post(&node, "/v1/events/e", "application/json", r#"{"payload":{}}"#).status, 200);
    held.clear();
    wait_until("it is given back", PATIENCE, || counted(&node)["http"]["memory_bytes"] == 0);
}
