//! RocksDB holds nothing that is not in the logs: deleted, damaged, of another cluster or of another format, the node
//! starts and knows everything.

use std::fs;
use std::path::{Path, PathBuf};

use highway_tests::{Broker, Node};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::*;

use crate::client::{Side, text};

const ASIDE: &str = "is set aside and built again";
const FROM_STORE: &str = "metadata came from the store";

fn node() -> Node {
    Node::builder()
        .set("highway.checkpoint.interval.ms", "100")
        .set("offsets.topic.num.partitions", "3")
        .env("HIGHWAY_LOG", "info,highway_server::derived=debug")
        .start()
}

fn store(node: &Node) -> PathBuf {
    node.data().join("highway-store")
}

fn create(side: &mut Side, name: &str, partitions: i32) {
    let topic = CreatableTopic::default()
        .with_name(TopicName(text(name)))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
        .with_configs(vec![
            CreatableTopicConfig::default()
                .with_name(text("retention.ms"))
                .with_value(Some(text("123456789"))),
        ]);
    let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(5000);
    let answer = side.call("create", 7, &request).expect("an answer");
    assert_eq!(answer.topics[0].error_code, 0, "{name}");
}

/// The first request for a coordinator makes `__consumer_offsets`.
fn coordinator(side: &mut Side) {
    let find = FindCoordinatorRequest::default().with_key_type(0).with_coordinator_keys(vec![text("a")]);
    side.until(4, &find, |a| a.coordinators.iter().all(|c| c.error_code == 0));
}

fn commit(side: &mut Side, group: &str, offset: i64) {
    let partition =
        OffsetCommitRequestPartition::default().with_partition_index(0).with_committed_offset(offset);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(TopicName(text("kept")))
        .with_partitions(vec![partition]);
    let request = OffsetCommitRequest::default().with_group_id(GroupId(text(group))).with_topics(vec![topic]);
    coordinator(side);
    side.until(8, &request, |a| a.topics[0].partitions[0].error_code == 0);
}

/// Control records of more bytes than are read without the store.
fn much_metadata(side: &mut Side) {
    for round in 0..45 {
        let value = vec![format!("{round}:1"); 6000].join(",");
        let config = AlterableConfig::default()
            .with_name(text("leader.replication.throttled.replicas"))
            .with_config_operation(0)
            .with_value(Some(text(&value)));
        let resource = AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text("kept"))
            .with_configs(vec![config]);
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        let answer = side.call("alter", 1, &request).expect("an answer");
        assert_eq!(answer.responses[0].error_code, 0);
    }
}

/// All that a client sees of what is derived.
fn picture(node: &Node) -> String {
    let mut side = Side::new(node.bootstrap());
    let metadata = side.call("", 12, &MetadataRequest::default().with_topics(None)).expect("an answer");
    let mut seen = format!("{:?}", metadata.cluster_id);
    for topic in &metadata.topics {
        seen += &format!("\n{:?} {} {}", topic.name, topic.topic_id, topic.partitions.len());
    }
    coordinator(&mut side);
    for group in ["a", "b", "gone"] {
        let one = OffsetFetchRequestGroup::default().with_group_id(GroupId(text(group))).with_topics(None);
        let request = OffsetFetchRequest::default().with_groups(vec![one]);
        let answer = side.until(8, &request, |a| a.groups[0].error_code == 0);
        seen += &format!("\n{group}: {:?}", answer.groups[0].topics);
    }
    seen
}

fn lines(node: &Node, of: &str) -> usize {
    let log = fs::read_to_string(node.directory().join("node.log")).expect("the node logs");
    log.lines().filter(|line| line.contains(of)).count()
}

fn largest_table(dir: &Path) -> PathBuf {
    let tables = fs::read_dir(dir).expect("the store is there").map(|e| e.expect("an entry").path());
    let tables = tables.filter(|p| p.extension().is_some_and(|e| e == "sst"));
    tables.max_by_key(|p| fs::metadata(p).map_or(0, |m| m.len())).expect("the store was flushed")
}

#[test]
fn the_store_may_vanish_break_or_belong_to_others() {
    let mut node = node();
    let mut side = Side::new(node.bootstrap());
    create(&mut side, "kept", 3);
    create(&mut side, "dropped", 2);
    for offset in 0..50 {
        commit(&mut side, "a", offset);
    }
    commit(&mut side, "b", 7);
    much_metadata(&mut side);
    let dropped = DeleteTopicsRequest::default()
        .with_topics(vec![
            delete_topics_request::DeleteTopicState::default().with_name(Some(TopicName(text("dropped")))),
        ])
        .with_timeout_ms(5000);
    side.call("delete", 6, &dropped).expect("an answer");
    let before = picture(&node);
    assert!(
        before.contains("\"kept\"") && !before.contains("dropped") && before.contains("committed_offset: 49"),
        "{before}"
    );

    // As it is: most of it is read from the store, after a stop and after a kill.
    node.stop();
    node.restart();
    assert_eq!(picture(&node), before);
    assert_eq!((lines(&node, FROM_STORE), lines(&node, ASIDE)), (1, 0));
    commit(&mut Side::new(node.bootstrap()), "a", 49);
    node.kill();
    node.restart();
    assert_eq!(picture(&node), before);
    assert_eq!((lines(&node, FROM_STORE), lines(&node, ASIDE)), (2, 0));

    // Deleted.
    node.kill();
    fs::remove_dir_all(store(&node)).expect("the store can be deleted");
    node.restart();
    assert_eq!(picture(&node), before);
    assert_eq!((lines(&node, FROM_STORE), lines(&node, ASIDE)), (2, 0));
    node.stop();
    node.restart();
    assert_eq!(picture(&node), before);
    assert_eq!(lines(&node, FROM_STORE), 3, "it was built again");

    // Damaged: its head, and a table.
    node.stop();
    fs::write(store(&node).join("CURRENT"), "nonsense\n").expect("writable");
    node.restart();
    assert_eq!(picture(&node), before);
    assert_eq!(lines(&node, ASIDE), 1, "one line");
    node.stop();
    let table = largest_table(&store(&node));
    let mut bytes = fs::read(&table).expect("readable");
    bytes[..200].iter_mut().for_each(|b| *b ^= 0x55);
    fs::write(&table, bytes).expect("writable");
    node.restart();
    assert_eq!(picture(&node), before);
    assert_eq!(lines(&node, ASIDE), 2, "one line");
    node.stop();
    assert!(node.data().join("highway-store.aside").is_dir());

    // Of another cluster.
    let mut other = self::node();
    let mut side = Side::new(other.bootstrap());
    create(&mut side, "kept", 1);
    commit(&mut side, "a", 1);
    other.stop();
    fs::remove_dir_all(store(&node)).expect("the store can be deleted");
    fs::rename(store(&other), store(&node)).expect("on one file system");
    node.restart();
    assert_eq!(picture(&node), before);
    node.stop();
    assert_eq!(lines(&node, ASIDE), 3, "one line");
    assert_eq!(lines(&node, "it is of cluster"), 1);

    // Ahead of logs that are older: a copy of the data from before.
    node.restart();
    assert_eq!(picture(&node), before);
    node.stop();
    let old = node.directory().join("old");
    let copied = std::process::Command::new("cp").arg("-a").arg(node.data()).arg(&old).status();
    assert!(copied.expect("cp can be run").success());
    node.restart();
    let mut side = Side::new(node.bootstrap());
    create(&mut side, "later", 1);
    commit(&mut side, "a", 99);
    node.stop();
    fs::remove_dir_all(old.join("highway-store")).expect("the store can be deleted");
    fs::rename(store(&node), old.join("highway-store")).expect("on one file system");
    fs::remove_dir_all(node.data()).expect("the data can be deleted");
    fs::rename(&old, node.data()).expect("on one file system");
    node.restart();
    assert_eq!(picture(&node), before, "the logs count");
}

#[test]
fn kills_while_the_store_is_written_lose_nothing() {
    let mut node = Node::builder()
        .set("highway.checkpoint.interval.ms", "1")
        .set("offsets.topic.num.partitions", "2")
        .start();
    let mut side = Side::new(node.bootstrap());
    create(&mut side, "kept", 1);
    for round in 0..6 {
        let mut side = Side::new(node.bootstrap());
        for step in 0..40 {
            commit(&mut side, "a", round * 100 + step);
            if step % 10 == 0 {
                create(&mut side, &format!("t-{round}-{step}"), 1);
            }
        }
        let before = picture(&node);
        node.kill();
        node.restart();
        assert_eq!(picture(&node), before, "round {round}");
    }
    assert_eq!(lines(&node, ASIDE), 0);
}
