//! Appends that come late, or whose answer is lost, against a real log; batches that are refused for one of their records.

use std::sync::atomic::{AtomicU8, Ordering};

use highway_client::admin::{NewTopic, OffsetSpec};
use highway_client::transport::Transport;
use highway_client::{ErrorCode, Producer, ProducerConfig, ProducerRecord};
use highway_types::TopicName;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::messages::ProduceResponse;

use super::tests::{Rig, new_topic, on_a_node, read};
use super::*;
use std::time::Duration;

pub(in crate::parts) const PASS: u8 = 0;
/// Produce requests are kept back; the sender hears nothing.
pub(in crate::parts) const WITHHOLD: u8 = 1;
/// They are carried out; the sender hears nothing.
pub(in crate::parts) const LOSE_ANSWERS: u8 = 2;

/// The door, with faults.
#[derive(Debug)]
pub(in crate::parts) struct Faulty {
    inner: InProcess,
    mode: AtomicU8,
    withheld: Mutex<Vec<Call>>,
}

impl Faulty {
    pub(in crate::parts) fn new(broker: &Arc<Broker>) -> Arc<Self> {
        let inner = InProcess::new(Arc::clone(broker), "faulty");
        Arc::new(Self { inner, mode: AtomicU8::new(PASS), withheld: Mutex::default() })
    }

    pub(in crate::parts) fn set(&self, mode: u8) {
        self.mode.store(mode, Ordering::Relaxed);
    }

    /// Carries out what was kept back; the error codes of the answers.
    pub(in crate::parts) async fn deliver(&self, to: &Endpoint) -> Vec<i16> {
        let withheld = std::mem::take(&mut *self.withheld.lock().expect("no panic"));
        let mut codes = Vec::new();
        for call in withheld {
            let answer = self.inner.send(to, call).await.expect("sent").await.expect("an answer");
            let answer = answer.body.expect("a body").downcast::<ProduceResponse>().expect("its type");
            codes.push(answer.responses[0].partition_responses[0].error_code);
        }
        codes
    }
}

impl Transport for Faulty {
    fn send<'a>(&'a self, to: &'a Endpoint, call: Call) -> BoxFuture<'a, Result<Pending, ClientError>> {
        let mode = if call.api == ApiKey::Produce { self.mode.load(Ordering::Relaxed) } else { PASS };
        let silence = || {
            let late = ClientError::TimedOut { what: "a test".to_owned(), after: Duration::ZERO };
            std::future::ready(Err(late)).boxed()
        };
        match mode {
            WITHHOLD => {
                self.withheld.lock().expect("no panic").push(call);
                std::future::ready(Ok(silence())).boxed()
            }
            LOSE_ANSWERS => async move {
                let _lost = self.inner.send(to, call).await?.await;
                Ok(silence())
            }
            .boxed(),
            _ => self.inner.send(to, call),
        }
    }

    fn retire(&self, lane: Lane) {
        self.inner.retire(lane);
    }
}

struct Bench {
    rig: Rig,
    faulty: Arc<Faulty>,
    client: Client,
    producer: Producer,
    topic: TopicName,
}

impl Bench {
    async fn start(data: &std::path::Path, topic: NewTopic) -> Self {
        let rig = Rig::start(data).await;
        rig.inside.create_topic(&topic, false).await.expect("a topic");
        let faulty = Faulty::new(&rig.broker);
        let client = Client::over(Arc::clone(&faulty) as _, rig.inside.config().clone());
        let config = ProducerConfig {
            delivery_timeout: Duration::from_millis(400),
            split_refused: true,
            max_record_bytes: 8 << 20,
            ..ProducerConfig::default()
        };
        let producer = Producer::new(client.clone(), config);
        Self { rig, faulty, client, producer, topic: topic.name }
    }

    /// The offset, or why there is none.
    async fn write(&self, value: &str) -> Result<i64, ClientError> {
        let record =
            ProducerRecord { partition: Some(0), ..ProducerRecord::new(&self.topic, value.as_bytes()) };
        self.producer.send(&record).await.expect("taken in").wait().await.map(|place| place.offset.0)
    }

    fn mode(&self, mode: u8) {
        self.faulty.set(mode);
    }

    async fn end_offset(&self) -> i64 {
        let ends = self.client.list_offsets(&self.topic, &[(0, OffsetSpec::Latest)]).await;
        ends.expect("an end")[&0].offset.0
    }
}

#[test]
fn what_comes_behind_a_fence_is_refused() {
    on_a_node(async |data| {
        let topic = TopicName::new("late");
        let bench = Bench::start(&data, new_topic(&topic)).await;
        for round in 0..3 {
            // In the first round the partition has never seen this producer.
            bench.mode(WITHHOLD);
            let unknown = bench.write("late").await.expect_err("no answer");
            assert!(unknown.is_doubtful(), "{unknown}");
            bench.mode(PASS);
            bench.producer.fence(&topic, 0).await.expect("a fence");
            let codes = bench.faulty.deliver(&bench.client.config().bootstrap[0]).await;
            // INVALID_PRODUCER_EPOCH
            assert!(!codes.is_empty() && codes.iter().all(|code| *code == 47), "{codes:?}");
            assert_eq!(bench.write(&format!("round {round}")).await.expect("goes on"), round * 2 + 1);
        }
        assert_eq!(read(&bench.client, &topic, 3).await, ["round 0", "round 1", "round 2"]);
        bench.rig.end().await;
    });
}

#[test]
fn what_came_before_a_fence_is_there() {
    on_a_node(async |data| {
        let topic = TopicName::new("there");
        let bench = Bench::start(&data, new_topic(&topic)).await;
        bench.write("first").await.expect("an answer");
        bench.mode(LOSE_ANSWERS);
        let unknown = bench.write("second").await.expect_err("no answer");
        assert!(unknown.is_doubtful(), "{unknown}");
        bench.mode(PASS);
        bench.producer.fence(&topic, 0).await.expect("a fence");
        assert_eq!(bench.end_offset().await, 3, "two records and the marker");
        // Repeats under one sequence number were one append all along.
        assert_eq!(read(&bench.client, &topic, 2).await, ["first", "second"]);
        assert_eq!(bench.write("third").await.expect("goes on"), 3);
        // Nothing to end: nothing is written.
        let untouched = TopicName::new("untouched");
        bench.rig.inside.create_topic(&new_topic(&untouched), false).await.expect("a topic");
        bench.producer.fence(&untouched, 0).await.expect("nothing to do");
        bench.rig.end().await;
    });
}

#[test]
fn an_answer_that_comes_at_last_counts() {
    on_a_node(async |data| {
        let topic = TopicName::new("slow");
        let bench = Bench::start(&data, new_topic(&topic)).await;
        bench.mode(LOSE_ANSWERS);
        let write = bench.write("one");
        let heal = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            bench.mode(PASS);
        };
        let (written, ()) = tokio::join!(write, heal);
        assert_eq!(written.expect("the repeat is answered with the first one's offset"), 0);
        assert_eq!(bench.end_offset().await, 1);
        bench.rig.end().await;
    });
}

#[test]
fn a_refused_record_takes_no_other_with_it() {
    on_a_node(async |data| {
        let topic = TopicName::new("tight");
        let configs = vec![("max.message.bytes".to_owned(), "2000".to_owned())];
        let tight = NewTopic { configs, ..new_topic(&topic) };
        let bench = Bench::start(&data, tight).await;
        let values: Vec<String> = (0..100)
            .map(|n| if n % 40 == 7 { "x".repeat(5000) } else { format!("value {n} {:50}", "") })
            .collect();
        let outcomes = futures::future::join_all(values.iter().map(|value| bench.write(value))).await;
        let mut stored = Vec::new();
        for (value, outcome) in values.iter().zip(outcomes) {
            match outcome {
                Ok(offset) => stored.push((offset, value.clone())),
                Err(error) => {
                    assert_eq!(
                        (value.len(), error.code()),
                        (5000, Some(ErrorCode::MESSAGE_TOO_LARGE)),
                        "{error}"
                    );
                }
            }
        }
        stored.sort();
        assert_eq!(stored.len(), 97);
        assert_eq!(stored.iter().map(|(offset, _)| *offset).collect::<Vec<_>>(), (0..97).collect::<Vec<_>>());
        let read = read(&bench.client, &topic, 97).await;
        assert_eq!(read, stored.into_iter().map(|(_, value)| value).collect::<Vec<_>>());
        bench.rig.end().await;
    });
}
