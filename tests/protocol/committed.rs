//! Protocol checklist J and L: committed offsets over time, retention.

use std::time::Duration;

use highway_tests::{Broker, Node, eventually};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::*;

use crate::client::text;
use crate::conn::Conn;
use crate::records::{now, plain};
use crate::requests::{coordinated, fetched, listed, make, produced, topic};

const SOON: Duration = Duration::from_secs(30);
const NOW: i64 = 1_600_000_000_000;
const OLD: (&str, &str) = ("message.timestamp.before.max.ms", "9223372036854775807");

fn commit(group: &str, name: &str, offset: i64, metadata: Option<&str>) -> OffsetCommitRequest {
    let part = OffsetCommitRequestPartition::default()
        .with_committed_offset(offset)
        .with_committed_metadata(metadata.map(text));
    OffsetCommitRequest::default().with_group_id(GroupId(text(group))).with_topics(vec![
        OffsetCommitRequestTopic::default().with_name(topic(name)).with_partitions(vec![part]),
    ])
}

fn code(answer: &OffsetCommitResponse) -> i16 {
    answer.topics[0].partitions[0].error_code
}

/// Committed offset and metadata of partition 0.
fn committed(conn: &mut Conn, group: &str, name: &str) -> (i64, String) {
    let request = OffsetFetchRequest::default().with_group_id(GroupId(text(group))).with_topics(Some(vec![
        OffsetFetchRequestTopic::default().with_name(topic(name)).with_partition_indexes(vec![0]),
    ]));
    let answer = conn.call(5, &request);
    let part = &answer.topics[0].partitions[0];
    assert_eq!(part.error_code, 0, "J139: never an error");
    (part.committed_offset, part.metadata.as_deref().unwrap_or_default().to_owned())
}

#[test]
fn j136_j143_what_is_acknowledged_survives_kill_and_stop() {
    let mut node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "kept", 1, &[]);
    coordinated(&mut conn);
    for round in 0..4 {
        let note = format!("note {round} ä");
        assert_eq!(code(&conn.call(7, &commit("g", "kept", round, Some(&note)))), 0);
        if round % 2 == 0 {
            node.kill()
        } else {
            node.stop()
        }
        node.restart();
        conn = Conn::to(node.bootstrap());
        coordinated(&mut conn);
        let found = eventually(SOON, || Some(committed(&mut conn, "g", "kept")).filter(|c| c.0 >= 0));
        assert_eq!(found, Some((round, note)));
    }
}

#[test]
fn j141_offsets_expire_by_the_time_of_the_request_and_of_the_node() {
    let node = Node::builder()
        .set("offsets.retention.check.interval.ms", "50")
        .set("offsets.retention.minutes", "1000")
        .start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "expires", 1, &[]);
    coordinated(&mut conn);
    assert_eq!(code(&conn.call(7, &commit("long", "expires", 1, None))), 0);
    for version in 2..=4 {
        let group = format!("short-{version}");
        let request = commit(&group, "expires", 1, None).with_retention_time_ms(300);
        assert_eq!(code(&conn.call(version, &request)), 0);
        let gone = eventually(SOON, || (committed(&mut conn, &group, "expires").0 == -1).then_some(()));
        assert!(gone.is_some(), "version {version}: it expires");
    }
    assert_eq!(committed(&mut conn, "long", "expires").0, 1, "others stay");
}

#[test]
fn j142_a_deleted_topic_takes_its_offsets_along() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "gone", 1, &[]);
    make(&mut conn, "stays", 1, &[]);
    coordinated(&mut conn);
    for name in ["gone", "stays"] {
        assert_eq!(code(&conn.call(7, &commit("g", name, 5, None))), 0);
    }
    let delete = DeleteTopicsRequest::default()
        .with_timeout_ms(30_000)
        .with_topics(vec![DeleteTopicState::default().with_name(Some(topic("gone")))]);
    assert_eq!(conn.call(6, &delete).responses[0].error_code, 0);
    make(&mut conn, "gone", 1, &[]);
    let forgotten = eventually(SOON, || (committed(&mut conn, "g", "gone").0 == -1).then_some(()));
    assert!(forgotten.is_some(), "the new topic of that name has no offsets");
    assert_eq!(committed(&mut conn, "g", "stays").0, 5);
}

/// Waits until the log starts at `offset`.
fn starts_at(conn: &mut Conn, name: &str, offset: i64) {
    let there = eventually(SOON, || (listed(conn, name, -2).1 == offset).then_some(()));
    assert!(there.is_some(), "{name} starts at {}, not {offset}", listed(conn, name, -2).1);
}

#[test]
fn l152_retention_by_size_takes_whole_inactive_segments() {
    let mut node = Node::builder().set("log.retention.check.interval.ms", "50").start();
    let mut conn = Conn::to(node.bootstrap());
    let settings =
        [("segment.bytes", "1048576"), ("retention.bytes", "1500000"), OLD, ("retention.ms", "-1")];
    make(&mut conn, "size", 1, &settings);
    let large = vec![b'x'; 600_000];
    for at in 0..6 {
        // One batch a segment: two do not fit.
        assert_eq!(produced(&mut conn, "size", plain(NOW, &[&large])).base_offset, at);
    }
    // 6 x 0.6 MB; three segments are above 1.5 MB, two are not: what is over goes.
    starts_at(&mut conn, "size", 3);
    assert_eq!(fetched(&mut conn, "size", 2).error_code, 1, "G109");
    assert_eq!(fetched(&mut conn, "size", 3).error_code, 0);
    node.kill();
    node.restart();
    let mut conn = Conn::to(node.bootstrap());
    assert_eq!(listed(&mut conn, "size", -2), (0, 3, -1), "the start does not go back");
}

#[test]
fn l152_retention_by_time_rolls_the_active_segment_when_all_of_it_is_old() {
    let node = Node::builder().set("log.retention.check.interval.ms", "50").start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "old", 1, &[OLD, ("retention.ms", "-1")]);
    make(&mut conn, "young", 1, &[("retention.ms", "3600000")]);
    let now = now();
    produced(&mut conn, "old", plain(NOW, &[b"a", b"b"]));
    produced(&mut conn, "young", plain(now - 7_200_000, &[b"old"]));
    produced(&mut conn, "young", plain(now, &[b"new"]));
    make(&mut conn, "probe", 1, &[OLD, ("retention.ms", "1000")]);
    produced(&mut conn, "probe", plain(NOW, &[b"a"]));
    starts_at(&mut conn, "probe", 1); // several rounds of retention have passed
    assert_eq!(listed(&mut conn, "old", -2).1, 0, "retention.ms=-1 keeps everything");
    assert_eq!(listed(&mut conn, "young", -2).1, 0, "one young record keeps the active segment");
    assert_eq!(produced(&mut conn, "probe", plain(now, &[b"b"])).base_offset, 1, "offsets go on");
}

#[test]
fn l151_records_of_internal_topics_are_not_deleted() {
    use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    coordinated(&mut conn);
    let delete = DeleteRecordsRequest::default().with_timeout_ms(30_000).with_topics(vec![
        DeleteRecordsTopic::default()
            .with_name(topic("__consumer_offsets"))
            .with_partitions(vec![DeleteRecordsPartition::default().with_offset(-1)]),
    ]);
    assert_eq!(conn.call(2, &delete).topics[0].partitions[0].error_code, 17);
}
