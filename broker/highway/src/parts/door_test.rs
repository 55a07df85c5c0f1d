//! The door beside a connection to the same node: what one writes the other reads, and both are told the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use highway_client::admin::{ConfigResource, NewTopic, OffsetSpec};
use highway_client::consumer::{GroupConfig, partition_of};
use highway_client::{
    Acks, Client, ClientConfig, Consumer, ConsumerConfig, ConsumerEvent, Producer, ProducerConfig,
    ProducerRecord,
};
use highway_server::broker::Broker;
use highway_server::config::{LoadedConfig, Origin};
use highway_server::node::{self, NodeHandle};
use highway_types::{GroupId, Offset, TopicName};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::client;

const PATIENCE: Duration = Duration::from_secs(60);

/// A node in this process, and a client by each way.
pub(in crate::parts) struct Rig {
    stop: CancellationToken,
    node: tokio::task::JoinHandle<Result<(), node::NodeError>>,
    pub(in crate::parts) broker: Arc<Broker>,
    pub(in crate::parts) inside: Client,
    outside: Client,
}

impl Rig {
    pub(in crate::parts) async fn start(data: &Path) -> Self {
        let mut loaded = LoadedConfig::default();
        for (key, value) in [
            ("log.dirs", data.to_str().expect("a path in UTF-8")),
            ("listeners", "PLAINTEXT://127.0.0.1:0"),
            ("highway.admin.listener", "off"),
            ("group.initial.rebalance.delay.ms", "0"),
        ] {
            loaded.set(key, value, Origin::Flag);
        }
        let config = loaded.check().expect("a good configuration");
        let stop = CancellationToken::new();
        let (handed, handle) = oneshot::channel();
        let (told, address) = oneshot::channel();
        let run = node::run(
            config,
            stop.clone(),
            async move |node: NodeHandle| {
                let _ = handed.send(node);
                Ok(Vec::new())
            },
            move |at| drop(told.send(at.listeners[0].1.clone())),
        );
        let node = tokio::spawn(run);
        let address = address.await.expect("the node starts");
        let config = ClientConfig::new(vec![address.parse().expect("an address")]);
        let outside = Client::connect(config).await.expect("the node answers");
        let broker = handle.await.expect("a handle").broker;
        let inside = client(&broker, "test");
        Self { stop, node, broker, inside, outside }
    }

    pub(in crate::parts) async fn end(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.node).await.expect("the node stops");
        ended.expect("no panic").expect("a stop in order");
    }
}

pub(in crate::parts) fn on_a_node<F: Future<Output = ()>>(test: impl FnOnce(std::path::PathBuf) -> F) {
    let data = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let bounded = async { tokio::time::timeout(PATIENCE * 2, test(data.path().to_owned())).await };
    runtime.expect("a runtime").block_on(bounded).expect("in time");
}

async fn write(client: &Client, topic: &TopicName, acks: Acks, values: &[String]) -> Vec<i64> {
    let producer = Producer::new(
        client.clone(),
        ProducerConfig { acks, idempotent: acks == Acks::All, ..Default::default() },
    );
    let mut deliveries = Vec::new();
    for value in values {
        let record = ProducerRecord { partition: Some(0), ..ProducerRecord::new(topic, value.as_bytes()) };
        deliveries.push(producer.send(&record).await.expect("taken in"));
    }
    let mut offsets = Vec::new();
    producer.flush().await.expect("acknowledged");
    for delivery in deliveries {
        offsets.push(delivery.wait().await.expect("acknowledged").offset.0);
    }
    offsets
}

pub(in crate::parts) async fn read(client: &Client, topic: &TopicName, count: usize) -> Vec<String> {
    let from = BTreeMap::from([(partition_of(topic, 0), Offset(0))]);
    let mut consumer = Consumer::assign(client.clone(), ConsumerConfig::default(), from);
    let mut values = Vec::new();
    while values.len() < count {
        if let ConsumerEvent::Records { records, .. } = consumer.poll().await.expect("records") {
            for record in records {
                values.push(String::from_utf8_lossy(&record.value.unwrap_or_default()).into_owned());
            }
        }
    }
    consumer.close().await;
    values
}

fn values(count: usize, of: &str) -> Vec<String> {
    (0..count).map(|n| format!("{of} {n} {}", "x".repeat(n % 500))).collect()
}

#[test]
fn what_is_written_by_either_way_is_read_by_both() {
    on_a_node(async |data| {
        let rig = Rig::start(&data).await;
        let topic = TopicName::new("both");
        rig.inside.create_topic(&new_topic(&topic), false).await.expect("a topic");
        let (first, second, third) = (values(3000, "inside"), values(500, "outside"), values(7, "quick"));
        let offsets = write(&rig.inside, &topic, Acks::All, &first).await;
        assert_eq!(offsets, (0..3000).collect::<Vec<_>>());
        let offsets = write(&rig.outside, &topic, Acks::All, &second).await;
        assert_eq!(offsets, (3000..3500).collect::<Vec<_>>());
        write(&rig.inside, &topic, Acks::None, &third).await;
        let all = [first, second, third].concat();
        assert_eq!(read(&rig.inside, &topic, all.len()).await, all);
        assert_eq!(read(&rig.outside, &topic, all.len()).await, all);
        rig.end().await;
    });
}

pub(in crate::parts) fn new_topic(topic: &TopicName) -> NewTopic {
    NewTopic { name: topic.clone(), partitions: Some(1), replication: None, configs: Vec::new() }
}

/// Everything that a client can ask for, as text.
async fn asked(client: &Client, topic: &TopicName, group: &GroupId) -> Vec<String> {
    let (unknown, end) = (TopicName::new("unknown"), [(0, OffsetSpec::Latest), (1, OffsetSpec::Earliest)]);
    let about = ConfigResource::Topic(topic.clone());
    let cluster = client.refresh(None, false).await.expect("a cluster");
    let node = cluster.nodes.values().next().expect("a node").clone();
    vec![
        format!("{cluster:?}"),
        format!("{:?}", client.describe_configs(&about, None, true).await),
        format!("{:?}", client.list_offsets(topic, &end[..1]).await),
        format!("{:?}", client.list_offsets(topic, &end).await),
        format!("{:?}", client.topic(&unknown, false).await),
        format!("{:?}", client.create_topic(&new_topic(topic), false).await),
        format!("{:?}", client.create_topic(&new_topic(&TopicName::new("not/legal")), true).await),
        format!("{:?}", client.delete_topic(&unknown).await),
        format!("{:?}", client.list_groups().await),
        format!("{:?}", client.describe_group(group).await),
        format!("{:?}", client.committed(group).await),
        format!("{:?}", client.delete_group(&GroupId::new("nobody")).await),
        format!("{:?}", client.api_versions(&node).await),
    ]
}

#[test]
fn both_ways_are_told_the_same() {
    on_a_node(async |data| {
        let rig = Rig::start(&data).await;
        let (topic, group) = (TopicName::new("same"), GroupId::new("g"));
        rig.outside.create_topic(&new_topic(&topic), false).await.expect("a topic");
        write(&rig.inside, &topic, Acks::Leader, &values(10, "x")).await;
        // A group of one member of each kind, one after the other.
        for client in [&rig.inside, &rig.outside] {
            let topics = vec![topic.clone()];
            let mut member = Consumer::subscribe(
                client.clone(),
                ConsumerConfig::default(),
                group.clone(),
                GroupConfig::default(),
                topics,
            );
            loop {
                if let ConsumerEvent::Assigned(partitions) =
                    member.poll().await.expect("a place in the group")
                {
                    assert_eq!(partitions, [partition_of(&topic, 0)]);
                    break;
                }
            }
            member
                .commit_to(&BTreeMap::from([(partition_of(&topic, 0), Offset(7))]))
                .await
                .expect("committed");
            member.close().await;
        }
        let (inside, outside) =
            (asked(&rig.inside, &topic, &group).await, asked(&rig.outside, &topic, &group).await);
        for (inside, outside) in inside.iter().zip(&outside) {
            assert_eq!(inside, outside);
        }
        assert!(inside[10].contains("Offset(7)"), "{}", inside[10]);
        rig.end().await;
    });
}
