//! Reads at the tail: what a consumer was given may not be taken back, and a consumer never waits for long.

use std::collections::BTreeMap;
use std::io;

use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{FetchResponse, TopicName};

use highway_tests::wire::{Conn, text};

use super::{Session, Worker};
use crate::history::{Kind, Notes, Part, Violation};
use crate::records;
use crate::verify::{EARLIEST, list_offset};

const FETCH: i16 = 12;

/// See the module.
pub struct Consumer {
    next: BTreeMap<Part, i64>,
}

impl Consumer {
    /// Reads all of `parts` from their beginning.
    pub fn new(parts: Vec<Part>) -> Consumer {
        Consumer { next: parts.into_iter().map(|part| (part, 0)).collect() }
    }

    fn request(&self) -> FetchRequest {
        let mut topics: BTreeMap<&str, Vec<FetchPartition>> = BTreeMap::new();
        for ((topic, partition), offset) in &self.next {
            let partition = FetchPartition::default()
                .with_partition(*partition)
                .with_fetch_offset(*offset)
                .with_partition_max_bytes(1 << 18);
            topics.entry(topic).or_default().push(partition);
        }
        let topic = |(name, partitions)| {
            FetchTopic::default().with_topic(TopicName(text(name))).with_partitions(partitions)
        };
        FetchRequest::default()
            .with_max_wait_ms(20)
            .with_min_bytes(1)
            .with_max_bytes(1 << 20)
            .with_session_epoch(-1)
            .with_topics(topics.into_iter().map(topic).collect())
    }

    fn take(&mut self, conn: &mut Conn, answer: FetchResponse, notes: &mut Notes) -> io::Result<()> {
        for topic in answer.responses {
            for partition in topic.partitions {
                let part = (topic.topic.0.to_string(), partition.partition_index);
                let Some(next) = self.next.get_mut(&part) else { continue };
                match partition.error_code {
                    0 => {}
                    // Below the log start: records were deleted.
                    1 => *next = list_offset(conn, &part, EARLIEST)?.1.max(*next),
                    code => *notes.refusals.entry(code).or_default() += 1,
                }
                if partition.error_code != 0 {
                    continue;
                }
                let high = notes.high.entry(part.clone()).or_default();
                *high = (*high).max(partition.high_watermark);
                let wanted = *next;
                let bytes = partition.records.unwrap_or_default();
                let read = records::decode(&bytes, |offset, id| {
                    if offset >= wanted {
                        notes.seen.push((part.clone(), offset, id));
                        *next = offset + 1;
                    }
                });
                if let Err(error) = read {
                    notes
                        .violations
                        .push(Violation { kind: Kind::Damaged, detail: format!("{part:?}: {error}") });
                }
                if *next > partition.high_watermark {
                    let detail =
                        format!("{part:?} gave records up to {next} above {}", partition.high_watermark);
                    notes.violations.push(Violation { kind: Kind::Answer, detail });
                }
            }
        }
        Ok(())
    }
}

impl Worker for Consumer {
    fn run(&mut self, session: &Session, notes: &mut Notes) -> io::Result<()> {
        let mut conn = session.connect()?;
        while session.goes_on() {
            let answer = conn.call(FETCH, &self.request())?;
            self.take(&mut conn, answer, notes)?;
        }
        Ok(())
    }
}
