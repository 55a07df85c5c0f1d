//! Data directories of format 1 open for ever. `HIGHWAY_GOLDEN=DIR` makes a new one there instead of a comparison: only
//! for a new format, the old ones stay.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use highway_tests::{Broker, Node, repository};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;

use crate::batches::{NOBODY, Producer, batch};
use crate::client::{Side, text};

const RECORDS: i64 = 12;

fn archive() -> PathBuf {
    repository().join("tests/state/golden-1.tar.gz")
}

fn produce(side: &mut Side, topic: &str, by: Producer) {
    let records = batch(by, &[(Some("k"), 1_700_000_000_000), (None, 1_700_000_000_001)]);
    let data = PartitionProduceData::default().with_index(0).with_records(Some(records.freeze()));
    let data = TopicProduceData::default().with_name(TopicName(text(topic))).with_partition_data(vec![data]);
    let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(5000).with_topic_data(vec![data]);
    let answer = side.call("", 9, &request).expect("an answer");
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
}

/// The first request for a coordinator makes `__consumer_offsets`.
fn coordinator(side: &mut Side) {
    let find = FindCoordinatorRequest::default().with_key_type(0).with_coordinator_keys(vec![text("a")]);
    side.until(4, &find, |a| a.coordinators.iter().all(|c| c.error_code == 0));
}

fn fill(node: &Node) {
    let mut side = Side::new(node.bootstrap());
    let topics = ["flights", "scans"].map(|name| {
        CreatableTopic::default()
            .with_name(TopicName(text(name)))
            .with_num_partitions(2)
            .with_replication_factor(1)
    });
    let request = CreateTopicsRequest::default().with_topics(topics.to_vec()).with_timeout_ms(5000);
    side.call("", 7, &request).expect("an answer");
    for _ in 0..RECORDS / 2 {
        produce(&mut side, "flights", NOBODY);
    }
    produce(&mut side, "scans", Producer { id: 1234, epoch: 0, sequence: 0 });
    let partition = OffsetCommitRequestPartition::default().with_partition_index(0).with_committed_offset(5);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(TopicName(text("flights")))
        .with_partitions(vec![partition]);
    let commit =
        OffsetCommitRequest::default().with_group_id(GroupId(text("readers"))).with_topics(vec![topic]);
    coordinator(&mut side);
    side.until(8, &commit, |a| a.topics[0].partitions[0].error_code == 0);
}

fn check(node: &Node, topic: &str) {
    let mut side = Side::new(node.bootstrap());
    let one = FetchPartition::default().with_partition(0).with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic(TopicName(text(topic))).with_partitions(vec![one]);
    let fetch =
        FetchRequest::default().with_max_wait_ms(100).with_max_bytes(1 << 20).with_topics(vec![topic]);
    let answer = side.call("", 11, &fetch).expect("an answer");
    let data = &answer.responses[0].partitions[0];
    assert_eq!((data.error_code, data.high_watermark), (0, RECORDS));
    let bytes = data.records.as_ref().expect("records");
    assert_eq!(bytes.windows(5).filter(|w| w == b"value").count() as i64, RECORDS);
    let group = OffsetFetchRequestGroup::default().with_group_id(GroupId(text("readers"))).with_topics(None);
    let fetch = OffsetFetchRequest::default().with_groups(vec![group]);
    coordinator(&mut side);
    let answer = side.until(8, &fetch, |a| a.groups[0].error_code == 0);
    assert_eq!(answer.groups[0].topics[0].partitions[0].committed_offset, 5);
    // The producer's sequence is known: the same batch again is the batch from before.
    produce(&mut side, "scans", Producer { id: 1234, epoch: 0, sequence: 0 });
    let offsets =
        list_offsets_request::ListOffsetsPartition::default().with_partition_index(0).with_timestamp(-1);
    let topic = list_offsets_request::ListOffsetsTopic::default()
        .with_name(TopicName(text("scans")))
        .with_partitions(vec![offsets]);
    let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
    let answer = side.call("", 7, &request).expect("an answer");
    assert_eq!(answer.topics[0].partitions[0].offset, 2);
}

/// A node that the archive's directories were given to: one that was stopped, one that was killed.
fn unpack(which: &str, to: &Path) -> Node {
    let unpacked = Command::new("tar").arg("-xzf").arg(archive()).arg("-C").arg(to).arg(which).status();
    assert!(unpacked.expect("tar can be run").success());
    let directory = to.join(which);
    builder().directory(&directory).start()
}

fn builder() -> highway_tests::NodeBuilder {
    // A small archive: its zeros are holes.
    Node::builder().set("offsets.topic.num.partitions", "1")
}

#[test]
fn format_1_opens_for_ever() {
    if let Some(to) = std::env::var_os("HIGHWAY_GOLDEN") {
        for (which, graceful) in [("stopped", true), ("killed", false)] {
            let directory = Path::new(&to).join(which);
            let mut node = builder().directory(&directory).start();
            fill(&node);
            if graceful { node.stop() } else { node.kill() }
        }
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for which in ["stopped", "killed"] {
        let mut node = unpack(which, folder.path());
        check(&node, "flights");
        node.stop();
        node.restart();
        check(&node, "flights");
    }
}

#[test]
fn a_newer_format_is_refused_by_name_and_untouched() {
    let mut node = Node::start();
    fill(&node);
    node.stop();
    let data = node.data();
    let newer = |bytes: &mut Vec<u8>, at: usize| bytes[at] = 9;
    // Directory, checkpoint: each named in the error.
    for file in ["highway-format", "highway-checkpoint"] {
        let path = data.join(file);
        let good = fs::read(&path).expect("the file is there");
        let mut bad = good.clone();
        if file == "highway-format" {
            bad = b"version=9\n".to_vec();
        } else {
            newer(&mut bad, 7);
            let body = bad.len() - 4;
            let sum = crc32(&bad[..body]).to_be_bytes();
            bad[body..].copy_from_slice(&sum);
        }
        fs::write(&path, &bad).expect("writable");
        let failure = node.try_restart().expect_err("a newer format");
        assert!(failure.log.contains(file) && failure.log.contains("has format 9"), "{file}: {failure}");
        assert!(failure.log.contains("newer release"), "{failure}");
        assert_eq!(fs::read(&path).expect("the file is there"), bad, "untouched");
        fs::write(&path, &good).expect("writable");
    }
    node.restart();
    check(&node, "flights");
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
