//! What the large differential test cannot ask: brokers with other settings and several leader epochs, acks 0, and all
//! settings of a broker.

use std::collections::BTreeMap;

use highway_tests::{Broker, Node, Oracle};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult as Setting, DescribeConfigsResult as Settings,
};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::*;

use crate::client::{Side, text, versions};
use crate::compare::differences;
use crate::conn::Conn;
use crate::records::plain;
use crate::requests::{coordinated, fetch, join, metadata, produce, topic};
use crate::scenario_topics::made;

const NOW: i64 = 1_600_000_000_000;
/// Records of [`NOW`] are old: Kafka looks for such 30 s after its start.
const KEEP: (&str, &str) = ("retention.ms", "-1");
/// Settings that change answers.
const SETTINGS: [(&str, &str); 7] = [
    ("offsets.topic.num.partitions", "4"),
    ("offsets.topic.replication.factor", "1"),
    ("group.max.size", "1"),
    ("delete.topic.enable", "false"),
    ("auto.create.topics.enable", "false"),
    ("group.min.session.timeout.ms", "1000"),
    ("num.partitions", "2"),
];

/// The two epochs in which the log was written beside epoch 0; each broker has its own numbers.
struct Epochs {
    middle: i32,
    newest: i32,
}

impl Epochs {
    /// What both brokers call the same.
    fn even(&self, epoch: &mut i32) {
        if *epoch == self.newest {
            *epoch = 2;
        } else if *epoch == self.middle {
            *epoch = 1;
        }
    }
}

fn leader_epoch(side: &mut Side) -> i32 {
    let led = |a: &MetadataResponse| {
        a.topics[0].error_code == 0
            && a.topics[0].partitions[0].leader_id.0 == 1
            && !a.topics[0].partitions[0].isr_nodes.is_empty()
    };
    side.until(9, &metadata(&["epochs"], false), led).topics[0].partitions[0].leader_epoch
}

fn write(side: &mut Side, count: usize) {
    let values = vec![&b"v"[..]; count];
    let request = produce("epochs", 0, -1, plain(NOW, &values));
    side.until(9, &request, |a| a.responses[0].partition_responses[0].error_code == 0);
}

fn talk<B: Broker>(mut broker: B, restart: impl Fn(&mut B)) -> (Side, Settings) {
    let mut side = Side::new(broker.bootstrap());
    settings(&mut side);
    groups(&mut side, broker.bootstrap());
    acks_0(&mut side, broker.bootstrap());
    unknown_version(&mut side, broker.bootstrap());
    made(&mut side, "epochs", 1, &[KEEP, ("message.timestamp.before.max.ms", "9223372036854775807")]);
    write(&mut side, 2);
    let mut seen = Vec::new();
    for count in [3, 1] {
        restart(&mut broker);
        side.reconnect(broker.bootstrap());
        seen.push(leader_epoch(&mut side));
        write(&mut side, count);
    }
    epochs(&mut side, &Epochs { middle: seen[0], newest: seen[1] });
    let all = DescribeConfigsRequest::default().with_include_synonyms(true).with_resources(vec![
        DescribeConfigsResource::default()
            .with_resource_type(4)
            .with_resource_name(text("1"))
            .with_configuration_keys(None),
    ]);
    let described = Conn::to(broker.bootstrap()).call(4, &all).results.remove(0);
    (side, described)
}

fn settings(side: &mut Side) {
    made(side, "stays", 1, &[]);
    for v in versions::<DeleteTopicsRequest>() {
        let request = DeleteTopicsRequest::default().with_timeout_ms(10_000);
        let request = if v < 6 {
            request.with_topic_names(vec![topic("stays")])
        } else {
            request.with_topics(vec![DeleteTopicState::default().with_name(Some(topic("stays")))])
        };
        side.call("switched off", v, &request);
    }
    for v in versions::<MetadataRequest>() {
        side.call("no auto-creation", v, &metadata(&["never"], true));
    }
    made(side, "two", 1, &[("min.insync.replicas", "2")]);
    for v in 3..=12 {
        side.call("two replicas wanted", v, &produce("two", 0, -1, plain(NOW, &[b"v"])));
    }
}

fn groups(side: &mut Side, address: &str) {
    coordinated(&mut Conn::to(address));
    for at in 0..20 {
        let warm = DescribeGroupsRequest::default().with_groups(vec![GroupId(text(&format!("warm-{at}")))]);
        side.until(5, &warm, |a| a.groups.iter().all(|g| g.error_code == 0));
    }
    for v in versions::<JoinGroupRequest>() {
        let ask = |name: &str, member: &str| {
            let request = join(name, member, &["range"]);
            if v >= 1 { request } else { request.with_rebalance_timeout_ms(-1) }
        };
        let name = format!("full-{v}");
        let Some(mut first) = side.call("fits", v, &ask(&name, "")) else { continue };
        if first.error_code == 79 {
            first = side.call("fits, with id", v, &ask(&name, &first.member_id)).expect("it encodes");
        }
        side.call("one too many", v, &ask(&name, ""));
        side.call("the one that fits", v, &ask(&name, &first.member_id));
        side.call("short session", v, &ask("bounds", "").with_session_timeout_ms(999));
    }
}

/// Silence or the end of the connection.
fn acks_0(side: &mut Side, address: &str) {
    for v in 3..=12 {
        for (label, request) in [
            ("good", produce("stays", 0, 0, plain(i64::from(i32::MAX) * 1000, &[b"v"]))),
            ("unknown topic", produce("unknown", 0, 0, plain(NOW, &[b"v"]))),
            ("unknown partition", produce("stays", 9, 0, plain(NOW, &[b"v"]))),
            ("not a batch", produce("stays", 0, 0, bytes::Bytes::from_static(&[0; 70]))),
            ("internal", produce("__consumer_offsets", 0, 0, plain(NOW, &[b"v"]))),
        ] {
            let mut conn = Conn::to(address);
            conn.send(v, &request);
            let after = encode_metadata(99);
            let _ = crate::client::send(&mut conn.stream, &after); // it may be closed by now
            let outcome = match crate::client::receive(&mut conn.stream) {
                Ok(bytes) if bytes[..4] == 99_i32.to_be_bytes() => "silence".to_owned(),
                Ok(bytes) => format!("an answer: {bytes:?}"),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => "neither".to_owned(),
                Err(_) => "closed".to_owned(),
            };
            side.transcript.push((format!("Produce acks 0 v{v} {label}"), outcome));
        }
    }
}

fn encode_metadata(correlation: i32) -> Vec<u8> {
    crate::client::encode(1, correlation, &metadata(&[], true)).expect("it encodes").to_vec()
}

fn unknown_version(side: &mut Side, address: &str) {
    for version in [5_i16, 99, i16::MAX] {
        let mut conn = Conn::to(address);
        let mut body = vec![0, 18];
        body.extend_from_slice(&version.to_be_bytes());
        body.extend_from_slice(&[0, 0, 0, 9, 0xff, 0xff, 0, 0, 0, 0]);
        crate::client::send(&mut conn.stream, &body).expect("the broker reads");
        side.transcript.push((format!("ApiVersions v{version}"), format!("{:?}", conn.receive_bytes())));
    }
}

fn epochs(side: &mut Side, known: &Epochs) {
    let currents = [
        ("none", -1),
        ("first", 0),
        ("middle", known.middle),
        ("newest", known.newest),
        ("next", known.newest + 1),
    ];
    for v in versions::<MetadataRequest>() {
        side.ask("epochs", v, &metadata(&["epochs"], true), |a| {
            a.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| known.even(&mut p.leader_epoch));
        });
    }
    for v in versions::<FetchRequest>().filter(|v| (9..=12).contains(v) || *v >= 16) {
        let id = side.until(12, &metadata(&["epochs"], false), |_| true).topics[0].topic_id;
        let ask = |side: &mut Side, label: String, current: i32, last: i32, offset: i64| {
            let mut request = fetch("epochs", offset, 0, 0);
            let part = &mut request.topics[0].partitions[0];
            part.current_leader_epoch = current;
            part.last_fetched_epoch = last;
            if v >= 13 {
                request.topics[0].topic = TopicName::default();
                request.topics[0].topic_id = id;
            }
            side.ask(&label, v, &request, |a| {
                for p in a.responses.iter_mut().flat_map(|t| &mut t.partitions) {
                    p.records = None; // each batch has the number of its epoch
                    known.even(&mut p.current_leader.leader_epoch);
                    known.even(&mut p.diverging_epoch.epoch);
                }
            });
        };
        for (name, current) in currents {
            ask(side, format!("current {name}"), current, -1, 0);
        }
        if v >= 12 {
            for (name, last) in &currents[1..] {
                for offset in [0, 1, 2, 3, 5, 6] {
                    ask(side, format!("last {name} at {offset}"), -1, *last, offset);
                }
            }
        }
    }
    for v in versions::<ListOffsetsRequest>().filter(|v| *v >= 4) {
        for (name, current) in currents {
            for timestamp in [-1, -2, NOW] {
                let part = ListOffsetsPartition::default()
                    .with_timestamp(timestamp)
                    .with_current_leader_epoch(current);
                let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![
                    ListOffsetsTopic::default().with_name(topic("epochs")).with_partitions(vec![part]),
                ]);
                side.ask(&format!("current {name} time {timestamp}"), v, &request, |a| {
                    a.topics
                        .iter_mut()
                        .flat_map(|t| &mut t.partitions)
                        .for_each(|p| known.even(&mut p.leader_epoch));
                });
            }
        }
    }
    for v in versions::<OffsetForLeaderEpochRequest>() {
        for (name, current) in currents {
            for (wanted, epoch) in currents {
                let part = OffsetForLeaderPartition::default()
                    .with_leader_epoch(epoch)
                    .with_current_leader_epoch(current);
                let request =
                    OffsetForLeaderEpochRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![
                        OffsetForLeaderTopic::default()
                            .with_topic(topic("epochs"))
                            .with_partitions(vec![part]),
                    ]);
                side.ask(&format!("current {name} epoch {wanted}"), v, &request, |a| {
                    a.topics
                        .iter_mut()
                        .flat_map(|t| &mut t.partitions)
                        .for_each(|p| known.even(&mut p.leader_epoch));
                });
            }
        }
    }
}

/// Settings whose values are meant to differ: name, why.
const OTHER_SETTINGS: &[(&str, &str)] = &[
    ("listener.security.protocol.map", "Kafka's has its controller's listener, and can change while it runs"),
    ("listeners", "ports of their own; Kafka's can change while it runs"),
    ("advertised.listeners", "ports of their own"),
    ("log.dir", "where data goes when nothing is said: ./data"),
    ("log.dirs", "folders of their own"),
    ("min.insync.replicas", "Kafka's format tool records it as a dynamic default (KIP-966)"),
    ("process.roles", "a node needs no such setting"),
    ("queued.max.request.bytes", "Kafka has no limit unless told; Highway's is 256 MiB"),
];

fn compare_settings(kafka: &Settings, highway: &Settings) -> Vec<String> {
    let by_name = |r: &Settings| -> BTreeMap<String, String> {
        let one = |c: &Setting| {
            let synonyms: Vec<String> = c
                .synonyms
                .iter()
                .map(|s| format!("{}={:?}@{}", s.name.as_str(), s.value.as_deref(), s.source))
                .collect();
            format!(
                "value {:?} source {} type {} read-only {} sensitive {} synonyms {synonyms:?}",
                c.value.as_deref(),
                c.config_source,
                c.config_type,
                c.read_only,
                c.is_sensitive
            )
        };
        r.configs.iter().map(|c| (c.name.to_string(), one(c))).collect()
    };
    let (kafka, highway) = (by_name(kafka), by_name(highway));
    let shared = highway.keys().filter(|k| kafka.contains_key(*k)).count();
    println!("{} settings of Kafka's, {} of Highway's, {shared} of both", kafka.len(), highway.len());
    let differ = highway.iter().filter(|(name, value)| kafka.get(*name).is_some_and(|k| k != *value));
    differ
        .filter(|(name, _)| !OTHER_SETTINGS.iter().any(|(other, _)| other == name))
        .map(|(name, value)| format!("{name}\n    kafka   {}\n    highway {value}", kafka[name]))
        .collect()
}

#[test]
fn other_settings_several_epochs_and_acks_0_are_answered_as_by_kafka() {
    let (kafka, highway) = std::thread::scope(|scope| {
        let kafka = scope.spawn(|| talk(Oracle::start_with(&SETTINGS), Oracle::restart));
        let highway = scope.spawn(|| {
            // A page-cache log may have lost its end in a crash: its epoch goes up, as Kafka's does with a new leader.
            let node = Node::builder().set("node.id", "1").set("highway.durability", "page-cache");
            let node = SETTINGS.iter().fold(node, |node, (key, value)| node.set(key, value)).start();
            talk(node, |node| {
                node.kill();
                node.restart();
            })
        });
        (kafka.join().expect("Kafka's side ends"), highway.join().expect("Highway's side ends"))
    });
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((label, of_kafka), (other, of_highway)) in kafka.0.transcript.iter().zip(&highway.0.transcript) {
        assert_eq!(label, other, "both sides were asked the same");
        for line in differences(of_kafka, of_highway) {
            found.entry(line).or_default().push(label.clone());
        }
    }
    println!("{} requests compared", kafka.0.transcript.len());
    for (line, labels) in &found {
        println!(
            "DIFFERENCE {line}\n    {} times, in {}",
            labels.len(),
            labels[..labels.len().min(4)].join("; ")
        );
    }
    assert_eq!(kafka.0.transcript.len(), highway.0.transcript.len());
    let settings = compare_settings(&kafka.1, &highway.1);
    for difference in &settings {
        println!("SETTING {difference}");
    }
    assert!(
        found.is_empty() && settings.is_empty(),
        "{} differences, {} of settings",
        found.len(),
        settings.len()
    );
}
