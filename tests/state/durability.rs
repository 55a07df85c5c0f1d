//! `highway.durability=page-cache`: what an unclean end means for readers.

use highway_tests::{Broker, Node};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;

use crate::batches::{NOBODY, batch};
use crate::client::{Side, text};

fn epoch(node: &Node, topic: &str) -> i32 {
    let mut side = Side::new(node.bootstrap());
    let answer = side.call("", 12, &MetadataRequest::default().with_topics(None)).expect("an answer");
    let topic = answer.topics.iter().find(|t| t.name.as_ref().is_some_and(|n| n.0 == text(topic)));
    topic.expect("the topic is there").partitions[0].leader_epoch
}

fn produce(node: &Node, topic: &str) {
    let records = batch(NOBODY, &[(None, 1_700_000_000_000)]);
    let data = PartitionProduceData::default().with_index(0).with_records(Some(records.freeze()));
    let data = TopicProduceData::default().with_name(TopicName(text(topic))).with_partition_data(vec![data]);
    let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(5000).with_topic_data(vec![data]);
    let answer = Side::new(node.bootstrap()).call("", 9, &request).expect("an answer");
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
}

#[test]
fn an_unclean_end_raises_the_epoch_of_what_may_be_lost() {
    let mut node = Node::builder().set("highway.durability", "page-cache").start();
    let mut side = Side::new(node.bootstrap());
    let topic = |name: &str| {
        CreatableTopic::default()
            .with_name(TopicName(text(name)))
            .with_num_partitions(1)
            .with_replication_factor(1)
    };
    let flushed = create_topics_request::CreatableTopicConfig::default()
        .with_name(text("flush.messages"))
        .with_value(Some(text("1")));
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic("cached"), topic("flushed").with_configs(vec![flushed])])
        .with_timeout_ms(5000);
    side.call("", 7, &request).expect("an answer");
    for topic in ["cached", "flushed"] {
        produce(&node, topic);
    }
    let epochs = |node: &Node| (epoch(node, "cached"), epoch(node, "flushed"));
    assert_eq!(epochs(&node), (0, 0));
    node.stop();
    node.restart();
    assert_eq!(epochs(&node), (0, 0), "a graceful stop loses nothing");
    node.kill();
    node.restart();
    assert_eq!(epochs(&node), (1, 0), "flush.messages makes a topic journaled whatever the node's default");
    node.kill();
    node.restart();
    assert_eq!(epochs(&node), (2, 0), "it never goes back");
}
