//! Protocol checklist A: connections, frames, ApiVersions.

use std::time::{Duration, Instant};

use highway_tests::{Broker, Node, eventually};
use kafka_protocol::messages::*;

use crate::client::{connect, encode, text};
use crate::conn::Conn;
use crate::records::plain;
use crate::requests::{described, fetch, make, metadata, produce};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a1_a_frame_of_the_allowed_size_is_read_and_one_byte_more_closes() {
    let node = Node::builder().set("socket.request.max.bytes", "1000").start();
    let body = encode(1, 7, &metadata(&[], true)).expect("it encodes");
    let mut fits = body.to_vec();
    fits.resize(1000, 0); // bytes behind the last field are ignored
    let mut conn = Conn::to(node.bootstrap());
    crate::client::send(&mut conn.stream, &fits).expect("the node reads");
    assert_eq!(conn.receive_bytes()[..4], [0, 0, 0, 7]);
    conn.write(&1001_i32.to_be_bytes()).expect("the node reads");
    assert!(conn.closes_within(SOON));
}

#[test]
fn a2_answers_leave_in_order_whatever_they_wait_for() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "order", 1, &[]);
    let mut sent = Vec::new();
    for _ in 0..20 {
        sent.push((9, conn.send(9, &produce("order", 0, -1, plain(1, &[b"v"])))));
        sent.push((11, conn.send(11, &fetch("order", 1_000_000, 50, 1)))); // out of range: at once
        sent.push((1, conn.send(1, &metadata(&[], true))));
        sent.push((9, conn.send(9, &produce("order", 0, 1, plain(1, &[b"v"])))));
    }
    for (version, correlation) in sent {
        let got = match version {
            9 => conn.receive::<ProduceRequest>(9).0,
            11 => conn.receive::<FetchRequest>(11).0,
            _ => conn.receive::<MetadataRequest>(1).0,
        };
        assert_eq!(got, correlation);
    }
}

#[test]
fn a4_an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let node = Node::start();
    for version in [5_i16, 99, i16::MAX, -1] {
        let mut conn = Conn::to(node.bootstrap());
        let mut body = vec![0, 18];
        body.extend_from_slice(&version.to_be_bytes());
        body.extend_from_slice(&[0, 0, 0, 9, 0xff, 0xff, 0]);
        crate::client::send(&mut conn.stream, &body).expect("the node reads");
        // correlation id, error 35, one key: ApiVersions 0-4. Neither tags nor throttle time.
        assert_eq!(conn.receive_bytes()[..], [0, 0, 0, 9, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4], "{version}");
        let asked = ApiVersionsRequest::default();
        assert_eq!(
            conn.call(0, &asked).error_code,
            0,
            "the connection goes on with a version that is served"
        );
    }
}

/// A5, A6: no tagged field holds its default, and the header of the answer has no tags in any version.
#[test]
fn a5_a6_the_answer_to_api_versions_has_no_idle_tag() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    let named = ApiVersionsRequest::default()
        .with_client_software_name(text("raw"))
        .with_client_software_version(text("1"));
    for version in [3, 4] {
        conn.send(version, &named);
        let bytes = conn.receive_bytes();
        assert_eq!(bytes[4..6], [0, 0], "the error code comes right behind the correlation id");
        let keys = usize::from(bytes[6]) - 1;
        let tags = 7 + keys * 7 + 4; // key, min, max, no tags; throttle time
        let mut at = tags + 1;
        for _ in 0..bytes[tags] {
            let (number, len) = (bytes[at], usize::from(bytes[at + 1]));
            let value = &bytes[at + 2..at + 2 + len];
            let idle = match number {
                0 | 2 => value == [1],   // no features
                1 => value == [0xff; 8], // no epoch
                _ => value == [0],       // not ready
            };
            assert!(!idle, "tag {number} holds its default: {value:?}");
            at += 2 + len;
        }
        assert_eq!(at, bytes.len(), "nothing behind the tags");
    }
}

/// A11: what is not built is neither supported nor finalized, so that clients do not use it.
#[test]
fn a11_no_feature_is_finalized_that_is_not_built() {
    let node = Node::start();
    let named = ApiVersionsRequest::default()
        .with_client_software_name(text("raw"))
        .with_client_software_version(text("1"));
    let answer = Conn::to(node.bootstrap()).call(4, &named);
    let finalized: Vec<&str> = answer.finalized_features.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(finalized, ["metadata.version"]);
    assert_eq!(answer.api_keys.iter().find(|k| k.api_key == 0).map(|k| k.min_version), Some(0), "A9");
}

#[test]
fn a14_an_idle_connection_is_closed_without_a_word_and_a_busy_one_is_not() {
    let node = Node::builder().set("connections.max.idle.ms", "400").start();
    let mut busy = Conn::to(node.bootstrap());
    let mut idle = Conn::to(node.bootstrap());
    let began = Instant::now();
    let mut closed = false;
    while !closed && began.elapsed() < SOON {
        assert_eq!(busy.call(1, &metadata(&[], true)).topics.len(), 0, "a busy connection stays");
        closed = idle.closes_within(Duration::from_millis(20));
    }
    assert!(closed, "the idle connection is closed");
    assert!(began.elapsed() >= Duration::from_millis(400), "not before its time");
    // A long poll is not idle: its client waits for the answer.
    make(&mut busy, "poll", 1, &[]);
    let asked = busy.send(11, &fetch("poll", 0, 1000, 1));
    assert_eq!(busy.receive::<FetchRequest>(11).0, asked);
}

#[test]
fn connections_above_the_limit_wait_for_one_to_end() {
    let node = Node::builder().set("max.connections", "3").start();
    let mut open: Vec<Conn> = (0..3).map(|_| Conn::to(node.bootstrap())).collect();
    for conn in &mut open {
        conn.call(1, &metadata(&[], true));
    }
    let mut fourth = Conn::to(node.bootstrap());
    fourth.send(1, &metadata(&[], true));
    assert!(fourth.is_silent(Duration::from_millis(300)), "it waits");
    open[0].call(1, &metadata(&[], true));
    open.pop();
    fourth.receive::<MetadataRequest>(1);
}

#[test]
fn an_address_has_no_more_connections_than_it_may() {
    let node = Node::builder().set("max.connections.per.ip", "2").start();
    let mut open: Vec<Conn> = (0..2).map(|_| Conn::to(node.bootstrap())).collect();
    for conn in &mut open {
        conn.call(1, &metadata(&[], true));
    }
    assert!(Conn::to(node.bootstrap()).closes_within(SOON), "the third is closed");
    let port = node.bootstrap().rsplit_once(':').expect("a port").1.parse::<u16>().expect("a port");
    let other = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    assert!(std::net::TcpStream::connect(other).is_ok());
    drop(open);
    let again = eventually(SOON, || {
        let mut conn = Conn::to(node.bootstrap());
        conn.send(1, &metadata(&[], true));
        (!conn.closes_within(Duration::from_millis(200))).then_some(())
    });
    assert!(again.is_some(), "who closes may come again");
}

/// B25: each listener's clients are told that listener's address.
#[test]
fn b25_the_advertised_address_is_that_of_the_listener() {
    let node = Node::builder()
        .set("listeners", "PLAINTEXT://127.0.0.1:0,OTHER://127.0.0.1:0")
        .set("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT")
        .set("advertised.listeners", "PLAINTEXT://inside.example:1111,OTHER://outside.example:2222")
        .set("inter.broker.listener.name", "PLAINTEXT")
        .start();
    let ports = listening(node.pid());
    let mut told = Vec::new();
    for port in ports {
        let Some(answer) = try_metadata(port) else { continue };
        let mut conn = Conn::to(&format!("127.0.0.1:{port}"));
        let broker = &answer.brokers[0];
        let of_metadata = (broker.host.to_string(), broker.port);
        let found = conn.call(3, &FindCoordinatorRequest::default().with_key(text("g")));
        assert_eq!((found.host.to_string(), found.port), of_metadata);
        let cluster = conn.call(1, &DescribeClusterRequest::default());
        assert_eq!((cluster.brokers[0].host.to_string(), cluster.brokers[0].port), of_metadata);
        told.push(of_metadata);
    }
    told.sort();
    assert_eq!(told, [("inside.example".to_owned(), 1111), ("outside.example".to_owned(), 2222)]);
}

/// The admin port speaks HTTP and answers no Metadata.
fn try_metadata(port: u16) -> Option<MetadataResponse> {
    let mut stream = connect(&format!("127.0.0.1:{port}"));
    let body = encode(1, 1, &metadata(&[], true)).expect("it encodes");
    crate::client::send(&mut stream, &body).ok()?;
    let mut bytes = crate::client::receive(&mut stream).ok()?;
    let _ = bytes.split_to(4);
    kafka_protocol::protocol::Decodable::decode(&mut bytes, 1).ok()
}

/// The loopback TCP ports that a process listens on.
fn listening(pid: u32) -> Vec<u16> {
    let inodes: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("the process is there")
        .filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok())
        .filter_map(|l| Some(l.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned()))
        .collect();
    let table = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).expect("the table of sockets");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (address, state, inode) = (words.get(1)?, words.get(3)?, words.get(9)?);
            (*state == "0A" && inodes.iter().any(|i| i == inode)).then_some(())?;
            u16::from_str_radix(address.rsplit_once(':')?.1, 16).ok()
        })
        .collect()
}

/// A3: whatever a connection is closed for, requests before it were answered.
#[test]
fn a3_requests_before_a_bad_one_are_answered() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "before", 1, &[]);
    let first = conn.send(9, &produce("before", 0, -1, plain(1, &[b"v"])));
    conn.write(&[0, 0, 0, 10, 0x03, 0xe7, 0, 0, 0, 0, 0, 1, 0xff, 0xff]).expect("the node reads");
    assert_eq!(conn.receive::<ProduceRequest>(9).0, first);
    assert!(conn.closes_within(SOON));
    assert_eq!(described(&mut Conn::to(node.bootstrap()), "before").error_code, 0);
}
