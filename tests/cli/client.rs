//! The client library where the tools do not reach: order and once-only through a crash, groups that share, pipelining.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use highway_client::admin::NewTopic;
use highway_client::consumer::{GroupConfig, Position, partition_of, resolve_positions};
use highway_client::{
    Client, ClientConfig, Consumer, ConsumerConfig, ConsumerEvent, Endpoint, Producer, ProducerConfig,
    ProducerRecord,
};
use highway_tests::{Broker, Node, Oracle};
use highway_types::{GroupId, TopicName, TopicPartition};

const LIMIT: Duration = Duration::from_secs(90);

fn on_runtime(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let limited = async { tokio::time::timeout(LIMIT, work).await.expect("not done in time") };
    runtime.expect("a runtime").block_on(limited);
}

async fn client(broker: &str) -> Client {
    let mut config = ClientConfig::new(vec![broker.parse::<Endpoint>().expect("an address")]);
    config.request_timeout = Duration::from_secs(10);
    Client::connect(config).await.expect("the broker answers")
}

async fn topic(client: &Client, name: &str, partitions: i32) -> TopicName {
    let topic = NewTopic {
        name: TopicName::new(name),
        partitions: Some(partitions),
        replication: None,
        configs: Vec::new(),
    };
    client.create_topic(&topic, false).await.expect("the topic can be made");
    topic.name
}

/// All records of a topic, as numbers by partition, in order.
async fn read_all(client: &Client, topic: &TopicName, partitions: i32) -> BTreeMap<i32, Vec<u64>> {
    let all: Vec<_> = (0..partitions).map(|p| partition_of(topic, p)).collect();
    let wanted: Vec<_> = all.iter().map(|p| (p.clone(), Position::Earliest)).collect();
    let positions = resolve_positions(client, &wanted).await.expect("positions");
    let mut consumer = Consumer::assign(client.clone(), ConsumerConfig::default(), positions);
    let mut left: BTreeSet<TopicPartition> = all.into_iter().collect();
    let mut seen: BTreeMap<i32, Vec<u64>> = BTreeMap::new();
    while !left.is_empty() {
        match consumer.poll().await.expect("records can be read") {
            ConsumerEvent::Records { partition, records, .. } => {
                let number =
                    |v: &[u8]| std::str::from_utf8(v).expect("text").parse::<u64>().expect("a number");
                let numbers = records.iter().map(|r| number(r.value.as_deref().expect("a value")));
                seen.entry(partition.partition.0).or_default().extend(numbers);
            }
            ConsumerEvent::End { partition, .. } => drop(left.remove(&partition)),
            other => panic!("{other:?}"),
        }
    }
    seen
}

/// Small batches, so that five of each partition are on their way when the broker dies.
#[test]
fn a_crash_neither_loses_nor_repeats_nor_reorders() {
    let mut node = Node::start();
    let address = node.bootstrap().to_owned();
    on_runtime(async {
        let client = client(&address).await;
        let topic = topic(&client, "crash", 2).await;
        let config = ProducerConfig { batch_bytes: 500, linger: Duration::ZERO, ..ProducerConfig::default() };
        let producer = Producer::new(client.clone(), config);
        let total = 30_000_u64;
        for n in 0..total {
            let text = n.to_string();
            let partition = Some((n % 2) as i32);
            let record = ProducerRecord { partition, ..ProducerRecord::new(&topic, text.as_bytes()) };
            drop(producer.send(&record).await.expect("the record is taken in"));
            if n == 10_000 || n == 20_000 {
                node.kill();
                node.restart();
            }
        }
        producer.flush().await.expect("everything is acknowledged");
        assert_eq!(producer.acknowledged(), total);
        let seen = read_all(&client, &topic, 2).await;
        for p in 0..2 {
            let expected: Vec<u64> = (0..total).filter(|n| n % 2 == p).collect();
            assert!(
                seen[&(p as i32)] == expected,
                "partition {p}: {} of {}",
                seen[&(p as i32)].len(),
                expected.len()
            );
        }
    });
}

fn deliveries(broker: &dyn Broker) {
    let address = broker.bootstrap().to_owned();
    on_runtime(async {
        let client = client(&address).await;
        let topic = topic(&client, "deliveries", 1).await;
        let producer = Producer::new(client.clone(), ProducerConfig::default());
        let mut waiting = Vec::new();
        for n in 0..1000u64 {
            let text = n.to_string();
            waiting
                .push(producer.send(&ProducerRecord::new(&topic, text.as_bytes())).await.expect("taken in"));
        }
        for (n, delivery) in (0i64..).zip(waiting) {
            assert_eq!(delivery.wait().await.expect("acknowledged").offset.0, n);
        }
        producer.close().await.expect("nothing failed");
    });
}

#[test]
fn each_delivery_tells_its_offset_on_highway() {
    deliveries(&Node::start());
}

#[test]
fn each_delivery_tells_its_offset_on_kafka() {
    deliveries(&Oracle::start());
}

/// Reads until `enough`, then leaves; who got what is told by `seen`.
async fn member(
    client: Client,
    topic: TopicName,
    seen: tokio::sync::mpsc::Sender<(usize, Vec<u64>)>,
    me: usize,
    enough: tokio_util::sync::CancellationToken,
) {
    let config =
        ConsumerConfig { auto_commit: Some(Duration::from_millis(200)), ..ConsumerConfig::default() };
    let settings = GroupConfig { heartbeat_interval: Duration::from_millis(200), ..GroupConfig::default() };
    let mut consumer = Consumer::subscribe(client, config, GroupId::new("team"), settings, vec![topic]);
    loop {
        let event = tokio::select! {
            event = consumer.poll() => event.expect("records can be read"),
            () = enough.cancelled() => break,
        };
        if let ConsumerEvent::Records { records, .. } = event {
            let number = |v: &[u8]| std::str::from_utf8(v).expect("text").parse::<u64>().expect("a number");
            let numbers = records.iter().map(|r| number(r.value.as_deref().expect("a value"))).collect();
            seen.send((me, numbers)).await.expect("the test listens");
        }
    }
    consumer.commit().await.expect("what was read can be committed");
    consumer.close().await;
}

/// One member, then a second one, then the first leaves: each record is read, and both had their share.
fn rebalance(broker: &dyn Broker) {
    let address = broker.bootstrap().to_owned();
    on_runtime(async {
        let client = client(&address).await;
        let topic = topic(&client, "shared", 4).await;
        let producer = Producer::new(client.clone(), ProducerConfig::default());
        let (out, mut seen) = tokio::sync::mpsc::channel(1000);
        let tokens: Vec<_> = (0..2).map(|_| tokio_util::sync::CancellationToken::new()).collect();
        let start = |me: usize| {
            let (client, topic, out) = (client.clone(), topic.clone(), out.clone());
            tokio::spawn(member(client, topic, out, me, tokens[me].clone()))
        };
        let mut next = 0u64;
        let mut got: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
        let first = start(0);
        let mut second = None;
        // Rounds of 40 records over all partitions, until the round was shared as the phase demands.
        for phase in 0..3 {
            if phase == 1 {
                second = Some(start(1));
            }
            if phase == 2 {
                tokens[0].cancel();
            }
            loop {
                let round = next..next + 40;
                next += 40;
                for n in round.clone() {
                    let text = n.to_string();
                    let partition = Some((n % 4) as i32);
                    let record = ProducerRecord { partition, ..ProducerRecord::new(&topic, text.as_bytes()) };
                    drop(producer.send(&record).await.expect("taken in"));
                }
                producer.flush().await.expect("acknowledged");
                while !round.clone().all(|n| got.contains_key(&n)) {
                    let (me, numbers) = seen.recv().await.expect("members read");
                    for n in numbers {
                        got.entry(n).or_default().insert(me);
                    }
                }
                let readers: BTreeSet<usize> = round.flat_map(|n| got[&n].clone()).collect();
                let wanted: BTreeSet<usize> = [&[0][..], &[0, 1], &[1]][phase].iter().copied().collect();
                if readers == wanted {
                    break;
                }
            }
        }
        tokens[1].cancel();
        first.await.expect("the first member ends");
        if let Some(second) = second {
            second.await.expect("the second member ends");
        }
        let group = client.describe_group(&GroupId::new("team")).await.expect("the group");
        assert!(group.members.is_empty(), "both have left: {group:?}");
        let committed = client.committed(&GroupId::new("team")).await.expect("offsets");
        let total: i64 = committed.values().map(|c| c.offset.0).sum();
        assert_eq!(u64::try_from(total), Ok(next));
    });
}

#[test]
fn a_group_shares_and_hands_over_on_highway() {
    rebalance(&Node::start());
}

#[test]
fn a_group_shares_and_hands_over_on_kafka() {
    let settings = [("group.initial.rebalance.delay.ms", "0"), ("offsets.topic.num.partitions", "3")];
    rebalance(&Oracle::start_with(&settings));
}
