//! One who deletes old records, and one who makes topics, writes a record to each at once, and deletes them later.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use highway_tests::wire::{Conn, text};
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteTopicsRequest, TopicName};

use super::{Session, Worker, create_topic, pause, produce};
use crate::history::{Ack, Notes, Part, Presence};
use crate::records::{self, NOBODY, RecordId};
use crate::verify::{LATEST, list_offset};

/// Records that the trimmer leaves.
const KEPT: i64 = 200;
/// Topics that the maker leaves.
const TOPICS: usize = 6;

/// Deletes all but the newest records of its partitions.
pub struct Trimmer {
    parts: Vec<Part>,
}

impl Trimmer {
    /// Works on these.
    pub fn new(parts: Vec<Part>) -> Trimmer {
        Trimmer { parts }
    }
}

/// DeleteRecords up to `offset`: error code and the log start then.
pub fn delete_records(conn: &mut Conn, part: &Part, offset: i64) -> io::Result<(i16, i64)> {
    let partition = DeleteRecordsPartition::default().with_partition_index(part.1).with_offset(offset);
    let topic =
        DeleteRecordsTopic::default().with_name(TopicName(text(&part.0))).with_partitions(vec![partition]);
    let request = DeleteRecordsRequest::default().with_timeout_ms(30_000).with_topics(vec![topic]);
    let answer = conn.call(2, &request)?;
    let found = answer.topics.iter().flat_map(|t| &t.partitions).next();
    Ok(found.map_or((-1, -1), |p| (p.error_code, p.low_watermark)))
}

impl Worker for Trimmer {
    fn run(&mut self, session: &Session, notes: &mut Notes) -> io::Result<()> {
        let mut conn = session.connect()?;
        while session.goes_on() {
            for part in &self.parts {
                let offset = list_offset(&mut conn, part, LATEST)?.1 - KEPT;
                if offset <= 0 {
                    continue;
                }
                let start = notes.starts.entry(part.clone()).or_default();
                start.asked = start.asked.max(offset);
                match delete_records(&mut conn, part, offset)? {
                    (0, low) => start.confirmed = start.confirmed.max(low),
                    (code, _) => *notes.refusals.entry(code).or_default() += 1,
                }
            }
            pause(Duration::from_millis(15), session);
        }
        Ok(())
    }
}

/// Makes and deletes topics.
pub struct TopicMaker {
    process: u32,
    made: u64,
    live: VecDeque<String>,
}

impl TopicMaker {
    /// Its records carry `process`.
    pub fn new(process: u32) -> TopicMaker {
        TopicMaker { process, made: 0, live: VecDeque::new() }
    }

    fn make(&mut self, conn: &mut Conn, session: &Session, notes: &mut Notes) -> io::Result<()> {
        let name = format!("made-{}", self.made);
        let first = RecordId { process: self.process, counter: self.made };
        self.made += 1;
        notes.topics.push((name.clone(), 1, Presence::Unknown));
        let code = create_topic(conn, &name, 1, &[])?;
        if code != 0 {
            *notes.refusals.entry(code).or_default() += 1;
            return Ok(());
        }
        notes.topics.push((name.clone(), 1, Presence::Live));
        self.live.push_back(name.clone());
        let part = (name, 0);
        let records = records::encode(NOBODY, session.now(), first, 1, 10);
        let (code, offset) = produce(conn, &part, -1, records)?;
        if code == 0 {
            notes.acks.push(Ack { part, offset: Some(offset), first, count: 1, acks: -1 });
        } else {
            *notes.refusals.entry(code).or_default() += 1;
        }
        Ok(())
    }

    fn delete(&mut self, conn: &mut Conn, notes: &mut Notes) -> io::Result<()> {
        let Some(name) = self.live.pop_front() else { return Ok(()) };
        notes.topics.push((name.clone(), 1, Presence::Unknown));
        let code = delete_topic(conn, &name)?;
        if code == 0 {
            notes.topics.push((name, 1, Presence::Deleted));
        } else {
            *notes.refusals.entry(code).or_default() += 1;
        }
        Ok(())
    }
}

/// The error code of deleting a topic.
pub fn delete_topic(conn: &mut Conn, name: &str) -> io::Result<i16> {
    let request =
        DeleteTopicsRequest::default().with_timeout_ms(30_000).with_topic_names(vec![TopicName(text(name))]);
    Ok(conn.call(5, &request)?.responses.first().map_or(-1, |t| t.error_code))
}

impl Worker for TopicMaker {
    fn run(&mut self, session: &Session, notes: &mut Notes) -> io::Result<()> {
        let mut conn = session.connect()?;
        while session.goes_on() {
            self.make(&mut conn, session, notes)?;
            if self.live.len() > TOPICS {
                self.delete(&mut conn, notes)?;
            }
            pause(Duration::from_millis(40), session);
        }
        Ok(())
    }
}
