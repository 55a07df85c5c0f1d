//! The verifier: reads everything that a node holds and compares it with the [`History`]. Knows the node only as a
//! client does.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use highway_tests::wire::{Conn, text};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{
    BrokerId, FetchRequest, FindCoordinatorRequest, GroupId, ListOffsetsRequest, MetadataRequest,
    OffsetFetchRequest, TopicName,
};

use crate::history::{History, Kind, Part, Presence, Violation};
use crate::records::{self, RecordId};

/// How long what was answered with acks=1 may take to become durable.
const SETTLE: Duration = Duration::from_secs(3);
/// How long one answer may take; machines under test are busy.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// ListOffsets: the log start.
pub const EARLIEST: i64 = -2;
/// ListOffsets: the high watermark.
pub const LATEST: i64 = -1;
const NOT_YET: [i16; 3] = [14, 15, 16]; // coordinator loading, not available, not here

/// How much is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// From the log start.
    Everything,
    /// From a little before where the last check ended.
    News,
}

/// A request for one partition from `offset` on; waits for nothing.
pub fn fetch_request(part: &Part, offset: i64, wait_ms: i32) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(part.1)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    FetchRequest::default()
        .with_max_wait_ms(wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(4 << 20)
        .with_session_epoch(-1)
        .with_topics(vec![
            FetchTopic::default().with_topic(TopicName(text(&part.0))).with_partitions(vec![partition]),
        ])
}

/// What a Fetch said of its one partition.
pub fn fetch(conn: &mut Conn, part: &Part, offset: i64, wait_ms: i32) -> io::Result<PartitionData> {
    let answer = conn.call(12, &fetch_request(part, offset, wait_ms))?;
    let found = answer.responses.into_iter().flat_map(|t| t.partitions).next();
    found.ok_or_else(|| io::Error::other(format!("an answer without {part:?}, code {}", answer.error_code)))
}

/// Compares what a node holds with what was promised.
#[derive(Debug, Default)]
pub struct Verifier {
    /// What was promised.
    pub history: History,
    /// High watermarks at the last check.
    checked: HashMap<Part, i64>,
    /// Records read by all checks.
    pub read: u64,
}

impl Verifier {
    /// Reads and compares; every broken promise. What was read may not change from then on.
    pub fn check(&mut self, address: &str, depth: Depth) -> Vec<Violation> {
        if let Err(error) = self.check_all(address, depth) {
            self.broken(Kind::Answer, format!("the verifier was left without an answer: {error}"));
        }
        std::mem::take(&mut self.history.violations)
    }

    /// Like [`Verifier::check`]; panics if anything is wrong.
    pub fn expect_sound(&mut self, address: &str, depth: Depth, when: &str) {
        let broken = self.check(address, depth);
        let shown: Vec<String> = broken.iter().take(20).map(ToString::to_string).collect();
        assert!(broken.is_empty(), "{} broken promises after {when}:\n{}", broken.len(), shown.join("\n"));
    }

    fn broken(&mut self, kind: Kind, detail: String) {
        self.history.violations.push(Violation { kind, detail });
    }

    fn check_all(&mut self, address: &str, depth: Depth) -> io::Result<()> {
        let mut conn = Conn::open(address, PATIENCE)?;
        let there = self.check_topics(&mut conn)?;
        for (name, partitions) in there {
            for partition in 0..partitions {
                self.check_partition(&mut conn, &(name.clone(), partition), depth)?;
            }
        }
        for (part, id) in std::mem::take(&mut self.history.somewhere) {
            if !self.history.places.contains_key(&id) {
                self.broken(Kind::Lost, format!("{id:?} was acknowledged for {part:?} and is nowhere"));
            }
        }
        self.check_commits(&mut conn)
    }

    /// Topics that were made are there, deleted ones are not; those to be read.
    fn check_topics(&mut self, conn: &mut Conn) -> io::Result<Vec<(String, i32)>> {
        let answer = conn.call(9, &MetadataRequest::default().with_topics(None))?;
        let there: HashMap<String, i32> = answer
            .topics
            .iter()
            .filter_map(|t| Some((t.name.as_ref()?.0.to_string(), t.partitions.len() as i32)))
            .collect();
        let mut read = Vec::new();
        let topics: Vec<_> = self.history.topics.iter().map(|(n, &(p, s))| (n.clone(), p, s)).collect();
        for (name, partitions, state) in topics {
            match (state, there.get(&name)) {
                (Presence::Live, None) => self.broken(Kind::Topic, format!("{name} is gone")),
                (Presence::Live, Some(&found)) if found != partitions => {
                    self.broken(Kind::Topic, format!("{name} has {found} partitions, not {partitions}"));
                }
                (Presence::Deleted, Some(_)) => self.broken(Kind::Topic, format!("{name} is back")),
                (Presence::Live, Some(_)) => read.push((name, partitions)),
                _ => {}
            }
        }
        Ok(read)
    }

    fn check_partition(&mut self, conn: &mut Conn, part: &Part, depth: Depth) -> io::Result<()> {
        let from = match depth {
            Depth::Everything => 0,
            Depth::News => self.checked.get(part).map_or(0, |checked| checked - 100).max(0),
        };
        let known = self.history.starts.get(part).copied().unwrap_or_default();
        let (start, mut high) = match (list_offset(conn, part, EARLIEST)?, list_offset(conn, part, LATEST)?) {
            ((0, start), (0, high)) => (start, high),
            (start, high) => {
                self.broken(Kind::Answer, format!("ListOffsets of {part:?} says {start:?} and {high:?}"));
                return Ok(());
            }
        };
        // acks=1 is answered before a record is durable, and readers see it only then.
        let promised =
            self.history.must.get(part).and_then(|must| must.keys().next_back()).map_or(0, |last| last + 1);
        let end = Instant::now() + SETTLE;
        while high < promised && Instant::now() < end {
            high = list_offset(conn, part, LATEST)?.1;
        }
        if start < known.confirmed || start > known.asked {
            let detail = format!("the log start of {part:?} is {start}, but was {known:?}");
            self.broken(Kind::WentBack, detail);
        }
        let told = self.history.high.get(part).copied().unwrap_or_default();
        if high < told {
            self.broken(Kind::WentBack, format!("the high watermark of {part:?} is {high} after {told}"));
        }
        self.history.high.insert(part.clone(), high);
        let from = from.max(start);
        let found = self.read(conn, part, from, high)?;
        self.compare(part, from, high, &found);
        self.checked.insert(part.clone(), high);
        Ok(())
    }

    /// Every record of `from..high`, which must be dense.
    fn read(
        &mut self,
        conn: &mut Conn,
        part: &Part,
        from: i64,
        high: i64,
    ) -> io::Result<Vec<(i64, RecordId)>> {
        let mut found: Vec<(i64, RecordId)> = Vec::new();
        let mut next = from;
        while next < high {
            let answer = fetch(conn, part, next, 0)?;
            let bytes = answer.records.unwrap_or_default();
            let (before, wanted) = (found.len(), next);
            let outcome = records::decode(&bytes, |offset, id| {
                if offset >= wanted && offset < high {
                    found.push((offset, id));
                }
            });
            if answer.error_code != 0 || outcome.is_err() || found.len() == before {
                let detail = format!(
                    "Fetch of {part:?} at {next} below {high}: error {}, {} bytes, {outcome:?}",
                    answer.error_code,
                    bytes.len()
                );
                self.broken(if outcome.is_err() { Kind::Damaged } else { Kind::Answer }, detail);
                break;
            }
            next = found.last().map_or(high, |&(offset, _)| offset + 1);
        }
        self.read += found.len() as u64;
        let offsets = found.iter().map(|&(offset, _)| offset);
        if let Some((offset, expected)) = offsets.zip(from..).find(|(offset, expected)| offset != expected) {
            self.broken(Kind::Gap, format!("{part:?} goes on at {offset} where {expected} was due"));
        }
        Ok(found)
    }

    fn compare(&mut self, part: &Part, from: i64, high: i64, found: &[(i64, RecordId)]) {
        let there: HashMap<i64, RecordId> = found.iter().copied().collect();
        let promised = self.history.must.get(part);
        let lost: Vec<(i64, RecordId)> = promised
            .iter()
            .flat_map(|must| must.range(from..))
            .filter(|(offset, _)| !there.contains_key(offset))
            .map(|(&offset, &id)| (offset, id))
            .collect();
        for (offset, id) in &lost {
            let detail = format!("{id:?} at offset {offset} of {part:?}, high watermark {high}");
            self.broken(Kind::Lost, detail);
        }
        // Found again or not, it counts once.
        if let Some(must) = self.history.must.get_mut(part) {
            for (offset, _) in &lost {
                must.remove(offset);
            }
        }
        let mut last: HashMap<u32, (u64, i64)> = HashMap::new();
        for &(offset, id) in found {
            self.history.place(part, offset, id);
            let before = last.insert(id.process, (id.counter, offset));
            if let Some((counter, earlier)) = before.filter(|(counter, _)| *counter >= id.counter) {
                let detail = format!(
                    "{part:?}: process {} has {counter} at {earlier} and {} at {offset}",
                    id.process, id.counter
                );
                self.broken(Kind::Reordered, detail);
            }
        }
    }

    /// Committed offsets, from the moment the group's coordinator has loaded them.
    fn check_commits(&mut self, conn: &mut Conn) -> io::Result<()> {
        let commits: Vec<_> = self.history.commits.iter().map(|(k, &v)| (k.clone(), v)).collect();
        let end = Instant::now() + PATIENCE;
        for ((group, part), grown) in commits {
            let (code, offset) = loop {
                let answer = fetch_offset(conn, &group, &part)?;
                if !NOT_YET.contains(&answer.0) || Instant::now() > end {
                    break answer;
                }
                // Makes the topic of offsets, should it be lost.
                find_coordinator(conn, &group)?;
                std::thread::sleep(Duration::from_millis(20));
            };
            if code != 0 || offset < grown.confirmed || offset > grown.asked {
                let detail = format!("group {group} {part:?}: {offset} (error {code}) after {grown:?}");
                self.broken(Kind::WentBack, detail);
            }
        }
        Ok(())
    }
}

/// Error code and offset of a group's commit.
pub fn fetch_offset(conn: &mut Conn, group: &str, part: &Part) -> io::Result<(i16, i64)> {
    let topic = OffsetFetchRequestTopic::default()
        .with_name(TopicName(text(&part.0)))
        .with_partition_indexes(vec![part.1]);
    let request =
        OffsetFetchRequest::default().with_group_id(GroupId(text(group))).with_topics(Some(vec![topic]));
    let answer = conn.call(7, &request)?;
    let found = answer.topics.iter().flat_map(|t| &t.partitions).next();
    Ok(found.map_or((answer.error_code, -1), |p| {
        (if answer.error_code != 0 { answer.error_code } else { p.error_code }, p.committed_offset)
    }))
}

/// Finds (and so makes) the coordinator of a group.
pub fn find_coordinator(conn: &mut Conn, group: &str) -> io::Result<i16> {
    let request = FindCoordinatorRequest::default().with_key(text(group)).with_key_type(0);
    Ok(conn.call(3, &request)?.error_code)
}

/// Error code and offset of ListOffsets.
pub fn list_offset(conn: &mut Conn, part: &Part, timestamp: i64) -> io::Result<(i16, i64)> {
    let partition = ListOffsetsPartition::default().with_partition_index(part.1).with_timestamp(timestamp);
    let topic =
        ListOffsetsTopic::default().with_name(TopicName(text(&part.0))).with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
    let answer = conn.call(6, &request)?;
    let found = answer.topics.iter().flat_map(|t| &t.partitions).next();
    Ok(found.map_or((-1, -1), |p| (p.error_code, p.offset)))
}
