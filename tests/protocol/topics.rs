//! Protocol checklist B and C: topics over time, as one client sees them.

use std::time::Duration;

use highway_tests::{Broker, Node, wait_until};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use uuid::Uuid;

use crate::client::encode;
use crate::conn::Conn;
use crate::records::plain;
use crate::requests::{described, fetched, make, metadata, produce, produced, topic};

const SOON: Duration = Duration::from_secs(20);

fn delete(conn: &mut Conn, name: &str) -> i16 {
    let request = DeleteTopicsRequest::default()
        .with_timeout_ms(30_000)
        .with_topics(vec![DeleteTopicState::default().with_name(Some(topic(name)))]);
    conn.call(6, &request).responses[0].error_code
}

#[test]
fn b17_b18_only_metadata_creates_topics_and_only_when_allowed() {
    let node = Node::builder().set("num.partitions", "3").start();
    let mut conn = Conn::to(node.bootstrap());
    // Produce never creates.
    assert_eq!(produced(&mut conn, "by-produce", plain(1, &[b"v"])).error_code, 3);
    // Metadata that may not create does not, from version 4 on.
    assert_eq!(conn.call(4, &metadata(&["by-metadata"], false)).topics[0].error_code, 3);
    assert_eq!(conn.call(12, &metadata(&["by-metadata"], false)).topics[0].error_code, 3);
    // The first answer is an error still, and the client asks again.
    assert_eq!(conn.call(4, &metadata(&["by-metadata"], true)).topics[0].error_code, 3);
    wait_until("the topic is made", SOON, || described(&mut conn, "by-metadata").error_code == 0);
    assert_eq!(described(&mut conn, "by-metadata").partitions.len(), 3, "num.partitions");
    // Before version 4 there is no such field: always allowed.
    let old = metadata(&["by-old-metadata"], true);
    conn.call(1, &old);
    wait_until("the topic is made", SOON, || described(&mut conn, "by-old-metadata").error_code == 0);
    assert_eq!(described(&mut conn, "by-produce").error_code, 3, "nobody asked for that one");

    let node = Node::builder().set("auto.create.topics.enable", "false").start();
    let mut conn = Conn::to(node.bootstrap());
    for _ in 0..3 {
        assert_eq!(conn.call(1, &metadata(&["never"], true)).topics[0].error_code, 3);
    }
}

#[test]
fn b19_internal_topics_are_marked_and_refuse_clients() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    crate::requests::coordinated(&mut conn);
    wait_until("the offsets topic is there", SOON, || {
        described(&mut conn, "__consumer_offsets").error_code == 0
    });
    assert!(described(&mut conn, "__consumer_offsets").is_internal);
    assert_eq!(produced(&mut conn, "__consumer_offsets", plain(1, &[b"v"])).error_code, 17);
}

#[test]
fn b20_b22_ids_are_stable_over_growth_and_restarts_and_new_after_a_delete() {
    let mut node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    let id = make(&mut conn, "stays", 1, &[]);
    assert_ne!(id, Uuid::nil());
    let cluster = |conn: &mut Conn| {
        let answer = conn.call(12, &metadata(&[], false));
        assert!(answer.brokers.iter().any(|b| b.node_id == answer.controller_id), "the controller is listed");
        answer.cluster_id.expect("a cluster id").to_string()
    };
    let before = cluster(&mut conn);
    assert_eq!(before.len(), 22, "a UUID in base64, as Kafka's");
    let grow = CreatePartitionsRequest::default().with_timeout_ms(30_000).with_topics(vec![
        CreatePartitionsTopic::default().with_name(topic("stays")).with_count(4).with_assignments(None),
    ]);
    assert_eq!(conn.call(3, &grow).results[0].error_code, 0);
    assert_eq!(described(&mut conn, "stays").topic_id, id);
    for kill in [false, true] {
        if kill {
            node.kill()
        } else {
            node.stop()
        }
        node.restart();
        conn = Conn::to(node.bootstrap());
        let topic = described(&mut conn, "stays");
        assert_eq!((topic.topic_id, topic.partitions.len()), (id, 4));
        assert_eq!(cluster(&mut conn), before);
    }
    assert_eq!(delete(&mut conn, "stays"), 0);
    assert_ne!(make(&mut conn, "stays", 1, &[]), id, "another topic of the same name");
}

#[test]
fn b21_leader_epochs_never_go_back() {
    // A page-cache log may lose its end in a crash: its epoch goes up with each one.
    let mut node = Node::builder().set("highway.durability", "page-cache").start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "epochs", 1, &[]);
    let epoch = |conn: &mut Conn| described(conn, "epochs").partitions[0].leader_epoch;
    let mut last = epoch(&mut conn);
    for round in 0..4 {
        assert_eq!(produced(&mut conn, "epochs", plain(1, &[b"v"])).error_code, 0);
        if round % 2 == 0 {
            node.kill()
        } else {
            node.stop()
        }
        node.restart();
        conn = Conn::to(node.bootstrap());
        let now = epoch(&mut conn);
        assert!(now >= last, "{last} became {now}");
        last = now;
    }
}

#[test]
fn b23_the_id_of_a_deleted_topic_is_unknown() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    let id = make(&mut conn, "gone", 1, &[]);
    let by_id = |id| {
        let data = TopicProduceData::default()
            .with_topic_id(id)
            .with_partition_data(vec![PartitionProduceData::default().with_records(Some(plain(1, &[b"v"])))]);
        ProduceRequest::default().with_acks(-1).with_timeout_ms(10_000).with_topic_data(vec![data])
    };
    let read = |id| {
        FetchRequest::default().with_max_wait_ms(0).with_max_bytes(1000).with_topics(vec![
            FetchTopic::default()
                .with_topic_id(id)
                .with_partitions(vec![FetchPartition::default().with_partition_max_bytes(1000)]),
        ])
    };
    let produced = |conn: &mut Conn, id| {
        let answer = conn.call(13, &by_id(id));
        answer.responses[0].partition_responses[0].error_code
    };
    let fetched = |conn: &mut Conn, id| conn.call(13, &read(id)).responses[0].partitions[0].error_code;
    assert_eq!((produced(&mut conn, id), fetched(&mut conn, id)), (0, 0));
    assert_eq!(delete(&mut conn, "gone"), 0);
    assert_eq!((produced(&mut conn, id), fetched(&mut conn, id)), (100, 100));
    let again = make(&mut conn, "gone", 1, &[]);
    assert_eq!((produced(&mut conn, id), fetched(&mut conn, id)), (100, 100), "also when the name is back");
    assert_eq!((produced(&mut conn, again), fetched(&mut conn, again)), (0, 0));
}

#[test]
fn b26_c34_a_topic_can_be_used_as_soon_as_it_is_answered() {
    let node = Node::start();
    let (mut maker, mut other) = (Conn::to(node.bootstrap()), Conn::to(node.bootstrap()));
    for at in 0..50 {
        let name = format!("fresh-{at}");
        make(&mut maker, &name, 2, &[]);
        let seen = described(&mut other, &name);
        assert_eq!((seen.error_code, seen.partitions.len()), (0, 2), "{name}");
        assert!(seen.partitions.iter().all(|p| p.leader_id.0 >= 0));
        assert_eq!(produced(&mut other, &name, plain(1, &[b"v"])).error_code, 0);
    }
    let grow = CreatePartitionsRequest::default().with_timeout_ms(30_000).with_topics(vec![
        CreatePartitionsTopic::default().with_name(topic("fresh-0")).with_count(3).with_assignments(None),
    ]);
    assert_eq!(maker.call(3, &grow).results[0].error_code, 0);
    let answer = other.call(9, &produce("fresh-0", 2, -1, plain(1, &[b"v"])));
    assert_eq!(
        answer.responses[0].partition_responses[0].error_code, 0,
        "a new partition takes records at once"
    );
}

#[test]
fn c35_deletion_can_be_switched_off_and_what_is_deleted_is_unknown() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "gone", 1, &[]);
    assert_eq!(delete(&mut conn, "gone"), 0);
    assert_eq!(produced(&mut conn, "gone", plain(1, &[b"v"])).error_code, 3);
    assert_eq!(fetched(&mut conn, "gone", 0).error_code, 3);

    let node = Node::builder().set("delete.topic.enable", "false").start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "stays", 1, &[]);
    assert_eq!(delete(&mut conn, "stays"), 73);
    assert_eq!(described(&mut conn, "stays").error_code, 0);
}

/// C36, C38: a dynamic setting is in effect when the change is answered.
#[test]
fn c38_a_changed_setting_is_in_effect_at_once() {
    use kafka_protocol::messages::incremental_alter_configs_request::{
        AlterConfigsResource, AlterableConfig,
    };
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "changed", 1, &[]);
    let large = vec![b'x'; 5000];
    let records = || plain(1, &[&large]);
    assert_eq!(produced(&mut conn, "changed", records()).error_code, 0);
    let mut set = |kind: i8, name: &str, operation, value: Option<&str>| {
        let config = AlterableConfig::default()
            .with_name(crate::client::text(if kind == 2 { "max.message.bytes" } else { "message.max.bytes" }))
            .with_config_operation(operation)
            .with_value(value.map(crate::client::text));
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![
            AlterConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(crate::client::text(name))
                .with_configs(vec![config]),
        ]);
        assert_eq!(conn.call(1, &request).responses[0].error_code, 0);
        produced(&mut conn, "changed", records()).error_code
    };
    assert_eq!(set(2, "changed", 0, Some("1000")), 10, "the topic's own");
    assert_eq!(set(2, "changed", 1, None), 0, "back to the default");
    assert_eq!(set(4, "", 0, Some("1000")), 10, "the cluster's default");
    assert_eq!(set(4, "", 1, None), 0);
}

/// A request that the codec writes is in the checklist's own bytes, too: Metadata v0 with no topics is all topics.
#[test]
fn b15_version_0_has_no_null() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "one", 1, &[]);
    let none = MetadataRequest::default().with_topics(Some(vec![]));
    assert!(encode(0, 1, &none).is_ok());
    assert_eq!(conn.call(0, &none).topics.len(), 1, "empty is all in version 0");
    assert_eq!(conn.call(1, &none).topics.len(), 0, "empty is none from version 1 on");
    let all = MetadataRequest::default().with_topics(None);
    assert_eq!(conn.call(1, &all).topics.len(), 1, "null is all");
}
