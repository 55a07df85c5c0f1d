//! The load: producers of all kinds, a consumer, a committer, one who deletes records, one who makes and deletes topics.
//! Workers keep what they need over restarts of the node and go on where they were.

mod admin;
mod consumer;
mod group;
mod idempotent;
mod plain;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use highway_tests::wire::{Conn, text};
use highway_types::{Clock, SystemClock};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{CreateTopicsRequest, ProduceRequest, ProduceResponse, TopicName};

use crate::history::{Kind, Notes, Part, Presence, Violation};

pub use admin::{TopicMaker, Trimmer, delete_topic};
pub use consumer::Consumer;
pub use group::Committer;
pub use idempotent::Idempotent;
pub use plain::Plain;

/// How long a worker waits for one answer.
const ANSWER: Duration = Duration::from_secs(30);
const PRODUCE: i16 = 9;

/// What all workers of a session share.
pub struct Session {
    /// The node.
    pub address: String,
    stop: AtomicBool,
    clock: Arc<dyn Clock>,
}

impl Session {
    /// True until [`Running::stop`].
    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now().0
    }

    fn connect(&self) -> io::Result<Conn> {
        Conn::open(&self.address, ANSWER)
    }
}

/// One of the load's parties. It runs in a thread of its own until the session stops or the node is gone.
pub trait Worker: Send {
    /// Works until the session stops; an error is the end of its connection.
    ///
    /// # Errors
    /// The node is gone.
    fn run(&mut self, session: &Session, notes: &mut Notes) -> io::Result<()>;
}

/// All workers between sessions.
pub struct Load {
    workers: Vec<Box<dyn Worker>>,
}

/// All workers at work.
pub struct Running {
    session: Arc<Session>,
    threads: Vec<JoinHandle<(Box<dyn Worker>, Notes)>>,
}

impl Load {
    /// These workers.
    pub fn new(workers: Vec<Box<dyn Worker>>) -> Load {
        Load { workers }
    }

    /// Everybody: on `durable` topics (two partitions each) all kinds of producers, and the rest beside them.
    pub fn everybody(topics: &[Topic]) -> Load {
        let mut workers: Vec<Box<dyn Worker>> = Vec::new();
        let mut process = 0;
        let mut next = || {
            process += 1;
            process
        };
        let mut all = Vec::new();
        for topic in topics {
            let parts = topic.parts();
            workers.push(Box::new(Idempotent::new(next(), parts.clone(), topic.filler)));
            workers.push(Box::new(Plain::new(next(), 1, parts.clone(), topic.filler)));
            workers.push(Box::new(Plain::new(next(), -1, parts.clone(), topic.filler)));
            all.extend(parts);
        }
        workers.push(Box::new(Committer::new("crash-group", all.clone())));
        workers.push(Box::new(Trimmer::new(
            topics.iter().filter(|t| t.trimmed).flat_map(Topic::parts).collect(),
        )));
        workers.push(Box::new(TopicMaker::new(next())));
        workers.push(Box::new(Consumer::new(all)));
        Load::new(workers)
    }

    /// Sets everybody to work.
    pub fn start(self, address: &str) -> Running {
        let session = Arc::new(Session {
            address: address.to_owned(),
            stop: AtomicBool::new(false),
            clock: SystemClock::new(),
        });
        let threads = self
            .workers
            .into_iter()
            .map(|mut worker| {
                let session = Arc::clone(&session);
                std::thread::spawn(move || {
                    let mut notes = Notes::default();
                    // The end of a connection is what these tests are about; any other end is a fault.
                    if let Err(error) = worker.run(&session, &mut notes)
                        && matches!(
                            error.kind(),
                            io::ErrorKind::Other | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
                        )
                    {
                        let detail = format!("a worker of the load gave up: {error}");
                        notes.violations.push(Violation { kind: Kind::Answer, detail });
                    }
                    (worker, notes)
                })
            })
            .collect();
        Running { session, threads }
    }
}

impl Running {
    /// Lets them work for `time`.
    pub fn for_time(self, time: Duration) -> Running {
        std::thread::sleep(time);
        self
    }

    /// Ends the session: workers finish what is on its way, or find the node gone.
    pub fn stop(self) -> (Load, Vec<Notes>) {
        self.session.stop.store(true, Ordering::Relaxed);
        let done = self.threads.into_iter().map(|t| t.join().expect("a worker of the load does not panic"));
        let (workers, notes) = done.unzip();
        (Load { workers }, notes)
    }
}

/// A topic of the load.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: i32,
    /// Padding of values in bytes.
    pub filler: usize,
    /// Whether its oldest records are deleted all the time.
    pub trimmed: bool,
    /// Settings.
    pub configs: Vec<(&'static str, &'static str)>,
}

impl Topic {
    /// A topic with small records.
    pub fn named(name: &str, partitions: i32) -> Topic {
        Topic { name: name.to_owned(), partitions, filler: 80, trimmed: false, configs: Vec::new() }
    }

    /// Its partitions.
    pub fn parts(&self) -> Vec<Part> {
        (0..self.partitions).map(|p| (self.name.clone(), p)).collect()
    }

    /// Makes it, and says so.
    pub fn create(&self, address: &str) -> Notes {
        let mut conn = Conn::open(address, ANSWER).expect("the node listens");
        let code = create_topic(&mut conn, &self.name, self.partitions, &self.configs).expect("an answer");
        assert_eq!(code, 0, "{} cannot be created", self.name);
        let topics = vec![(self.name.clone(), self.partitions, Presence::Live)];
        Notes { topics, ..Notes::default() }
    }
}

/// The error code of making a topic.
pub fn create_topic(
    conn: &mut Conn,
    name: &str,
    partitions: i32,
    configs: &[(&str, &str)],
) -> io::Result<i16> {
    let configs = configs
        .iter()
        .map(|(key, value)| {
            CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
        })
        .collect();
    let topic = CreatableTopic::default()
        .with_name(TopicName(text(name)))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
        .with_configs(configs);
    let answer =
        conn.call(7, &CreateTopicsRequest::default().with_timeout_ms(30_000).with_topics(vec![topic]))?;
    Ok(answer.topics.first().map_or(-1, |t| t.error_code))
}

/// A Produce request for one partition.
pub fn produce_request(part: &Part, acks: i16, records: bytes::Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(part.1).with_records(Some(records));
    let topic =
        TopicProduceData::default().with_name(TopicName(text(&part.0))).with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(10_000).with_topic_data(vec![topic])
}

/// Error code and base offset of the one partition in an answer.
pub fn outcome(answer: &ProduceResponse) -> (i16, i64) {
    let found = answer.responses.iter().flat_map(|t| &t.partition_responses).next();
    found.map_or((-1, -1), |p| (p.error_code, p.base_offset))
}

/// Sends one batch and waits.
pub fn produce(conn: &mut Conn, part: &Part, acks: i16, records: bytes::Bytes) -> io::Result<(i16, i64)> {
    conn.call(PRODUCE, &produce_request(part, acks, records)).map(|answer| outcome(&answer))
}

fn pause(time: Duration, session: &Session) {
    let end = Instant::now() + time;
    while session.goes_on() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(2).min(time));
    }
}
