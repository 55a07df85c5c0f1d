//! `/metrics` as Prometheus reads it, `/livez`, `/readyz`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use highway_tests::{Broker, Node, wait_until};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::*;

use crate::client::text;
use crate::conn::Conn;
use crate::records::plain;
use crate::requests::{coordinated, make, produce, topic};

/// Status and body.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the admin listener listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket takes a timeout");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// A sample: name with its labels in order of their names.
type Samples = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// The text format, strictly: HELP and TYPE once before the samples of a family, families in one piece, valid names,
/// labels that are quoted and escaped, no sample twice, a line break at the end.
fn parse(text: &str) -> Samples {
    let name_ok = |n: &str| {
        !n.is_empty()
            && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
            && !n.as_bytes()[0].is_ascii_digit()
    };
    assert!(text.ends_with('\n'), "the text ends with a line break");
    let mut samples = Samples::new();
    let mut seen = BTreeSet::new();
    let (mut family, mut helped) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            helped = rest.split_once(' ').expect("a help text").0.to_owned();
            continue;
        }
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(["gauge", "counter", "histogram"].contains(&kind), "{line}");
            assert!(kind != "counter" || name.ends_with("_total"), "counters end in _total: {line}");
            assert_eq!(name, helped, "the type follows the help");
            assert!(seen.insert(name.to_owned()), "family {name} comes twice");
            family = name.to_owned();
            continue;
        }
        let (left, value) = line.rsplit_once(' ').expect("a value");
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        let (name, labels) = match left.split_once('{') {
            None => (left, BTreeMap::new()),
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').expect("a closing brace"))),
        };
        assert!(name_ok(name) && labels.keys().all(|l| name_ok(l)), "{line}");
        let of_histogram =
            ["_bucket", "_sum", "_count"].iter().any(|end| name.strip_suffix(end) == Some(&family));
        assert!(name == family || of_histogram, "a sample stands with its family: {line}");
        assert!(samples.insert((name.to_owned(), labels), value).is_none(), "twice: {line}");
    }
    samples
}

fn labels(mut text: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a quoted value");
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next().expect("a closing quote") {
                (_, '\\') => match chars.next().expect("something escaped").1 {
                    'n' => value.push('\n'),
                    c @ ('\\' | '"') => value.push(c),
                    c => panic!("\\{c} is no escape"),
                },
                (at, '"') => break at,
                (_, c) => value.push(c),
            }
        };
        assert!(out.insert(name.to_owned(), value).is_none(), "label {name} twice");
        text = rest[end + 1..].strip_prefix(',').unwrap_or(&rest[end + 1..]);
    }
    out
}

/// A metric without labels, now.
pub fn now(node: &Node, name: &str) -> f64 {
    value(&parse(&get(node.admin(), "/metrics").1), name, &[])
}

fn value(samples: &Samples, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels: BTreeMap<String, String> =
        labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    *samples.get(&(name.to_owned(), labels.clone())).unwrap_or_else(|| panic!("no sample {name} {labels:?}"))
}

#[test]
fn a_scrape_tells_topics_and_groups_as_kafka_exporter_does() {
    let node = Node::builder().set("node.id", "5").start();
    let admin = node.admin().to_owned();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "counted", 2, &[]);
    coordinated(&mut conn);
    for (partition, count) in [(0, 5), (1, 2)] {
        let values = vec![&b"v"[..]; count];
        let answer = conn.call(9, &produce("counted", partition, -1, plain(crate::records::now(), &values)));
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
    }
    let group = "odd \"group\"\\ of\nlines"; // a group may have any name
    let parts = [(0, 3), (1, 2)].map(|(at, offset)| {
        OffsetCommitRequestPartition::default()
            .with_partition_index(at)
            .with_committed_offset(offset)
            .with_committed_metadata(None)
    });
    let commit = OffsetCommitRequest::default().with_group_id(GroupId(text(group))).with_topics(vec![
        OffsetCommitRequestTopic::default().with_name(topic("counted")).with_partitions(parts.to_vec()),
    ]);
    assert_eq!(conn.call(7, &commit).topics[0].partitions[0].error_code, 0);

    let (status, body) = get(&admin, "/metrics");
    assert_eq!(status, 200);
    let samples = parse(&body);
    let at = |p| [("topic", "counted"), ("partition", p)];
    let of = |p| [("consumergroup", group), ("topic", "counted"), ("partition", p)];
    let sum = [("consumergroup", group), ("topic", "counted")];
    assert_eq!(value(&samples, "kafka_brokers", &[]), 1.0);
    assert_eq!(value(&samples, "kafka_broker_info", &[("address", node.bootstrap()), ("id", "5")]), 1.0);
    assert_eq!(value(&samples, "kafka_topic_partitions", &[("topic", "counted")]), 2.0);
    for (partition, end) in [("0", 5.0), ("1", 2.0)] {
        for (name, expected) in [
            ("kafka_topic_partition_current_offset", end),
            ("kafka_topic_partition_oldest_offset", 0.0),
            ("kafka_topic_partition_leader", 5.0),
            ("kafka_topic_partition_leader_is_preferred", 1.0),
            ("kafka_topic_partition_replicas", 1.0),
            ("kafka_topic_partition_in_sync_replica", 1.0),
            ("kafka_topic_partition_under_replicated_partition", 0.0),
        ] {
            assert_eq!(value(&samples, name, &at(partition)), expected, "{name} {partition}");
        }
    }
    assert_eq!(value(&samples, "kafka_consumergroup_members", &[("consumergroup", group)]), 0.0);
    for (partition, offset, lag) in [("0", 3.0, 2.0), ("1", 2.0, 0.0)] {
        assert_eq!(value(&samples, "kafka_consumergroup_current_offset", &of(partition)), offset);
        assert_eq!(value(&samples, "kafka_consumergroup_lag", &of(partition)), lag);
    }
    assert_eq!(value(&samples, "kafka_consumergroup_current_offset_sum", &sum), 5.0);
    assert_eq!(value(&samples, "kafka_consumergroup_lag_sum", &sum), 2.0);
    assert!(value(&samples, "highway_requests_total", &[]) >= 5.0);
    assert_eq!(value(&samples, "highway_produced_records_total", &[]), 7.0);
    assert_eq!(value(&samples, "highway_connections", &[]), 1.0);
    assert_eq!(value(&samples, "highway_request_memory_bytes", &[]), 0.0);
    assert_eq!(value(&samples, "highway_journal_healthy", &[]), 1.0);
    drop(conn);
    wait_until("the connection is gone", Duration::from_secs(10), || {
        value(&parse(&get(&admin, "/metrics").1), "highway_connections", &[]) == 0.0
    });
}

#[test]
fn a_node_that_serves_is_live_and_ready_and_one_that_stopped_is_neither() {
    let mut node = Node::start();
    let admin = node.admin().to_owned();
    assert_eq!(get(&admin, "/livez"), (200, "ok\n".to_owned()));
    assert_eq!(get(&admin, "/readyz"), (200, "ok\n".to_owned()));
    assert_eq!(get(&admin, "/nonsense").0, 404);
    node.stop();
    assert!(TcpStream::connect(&admin).is_err());
}
