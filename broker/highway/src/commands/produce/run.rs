//! Reads, splits, sends, and says how much it was.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use highway_client::{Acks, Producer, ProducerConfig, ProducerRecord};
use highway_types::TopicName;
use memchr::memmem;
use serde_json::json as object;

use super::args::{InputFormat, ProduceArgs};
use super::input::{self, Piece};
use super::json;
use super::lines::Splitter;
use crate::commands::interrupted;
use crate::failure::{EXIT_FAILED, EXIT_USAGE, Failure};
use crate::output::{self, Progress, bytes};

/// Bytes of one record at the most: more than any broker takes by default, so that the broker's own limit decides.
const MAX_RECORD: usize = 64 << 20;

/// Runs it.
pub async fn run(args: ProduceArgs) -> Result<(), Failure> {
    TopicName::check(&args.topic).map_err(|e| Failure::new(EXIT_USAGE, format!("topic name: {e}")))?;
    let (mut pieces, total) = input::open(&args.files)?;
    let client = args.client.connect().await?;
    let config = ProducerConfig {
        acks: args.acks.into(),
        idempotent: Acks::from(args.acks) == Acks::All,
        compression: args.compression,
        linger: args.linger,
        batch_bytes: args.batch_size.max(1),
        request_bytes: args.batch_size.max(1 << 20),
        max_record_bytes: MAX_RECORD,
        buffer_bytes: 2 * MAX_RECORD,
        split_refused: false,
        delivery_timeout: args.delivery_timeout,
    };
    let mut job = Job {
        producer: Producer::new(client, config),
        topic: TopicName::new(&args.topic),
        progress: Progress::bytes(total, !args.quiet),
        began: Instant::now(),
        sent: 0,
        bytes: 0,
        args,
    };
    let outcome = tokio::select! {
        outcome = job.send_all(&mut pieces) => outcome,
        // What was taken in is still sent: half a line is not, and the exit code says that it was stopped.
        stopped = interrupted() => Err(stopped),
    };
    let flushed = tokio::select! {
        flushed = job.producer.flush() => flushed.map_err(Failure::from),
        stopped = interrupted() => Err(stopped),
    };
    job.progress.clear();
    job.summary(outcome.and(flushed))
}

struct Job {
    args: ProduceArgs,
    producer: Producer,
    topic: TopicName,
    progress: Progress,
    began: Instant,
    sent: u64,
    bytes: u64,
}

impl Job {
    async fn send_all(&mut self, pieces: &mut tokio::sync::mpsc::Receiver<Piece>) -> Result<(), Failure> {
        let mut splitter = Splitter::new(&self.args.delimiter.0, MAX_RECORD);
        let mut whole = BytesMut::new();
        let mut read = 0;
        while let Some(piece) = pieces.recv().await {
            match piece {
                Piece::Bytes(piece) => {
                    read += piece.len() as u64;
                    if self.args.format == InputFormat::Whole {
                        whole.extend_from_slice(&piece);
                        if whole.len() > MAX_RECORD {
                            return Err(too_large(whole.len()));
                        }
                        continue;
                    }
                    splitter.feed(piece);
                    while let Some(record) = splitter.next().map_err(too_large)? {
                        self.send(record).await?;
                        if self.is_enough() {
                            return Ok(());
                        }
                    }
                    self.progress.set(read);
                }
                Piece::End if self.args.format == InputFormat::Whole => {
                    self.send(whole.split().freeze()).await?;
                    if self.is_enough() {
                        return Ok(());
                    }
                }
                Piece::End => {
                    if let Some(last) = splitter.end() {
                        self.send(last).await?;
                    }
                }
                Piece::Failed(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    fn is_enough(&self) -> bool {
        self.args.count.is_some_and(|count| self.sent >= count)
    }

    async fn send(&mut self, line: Bytes) -> Result<(), Failure> {
        if self.is_enough() {
            return Ok(());
        }
        self.bytes += line.len() as u64;
        let args = &self.args;
        let mut record = ProducerRecord {
            topic: &self.topic,
            partition: args.partition,
            key: args.key.as_ref().map(String::as_bytes),
            value: Some(&line),
            headers: &args.headers,
            timestamp: args.timestamp,
        };
        let parsed;
        let headers;
        if args.format == InputFormat::Json {
            if line.iter().all(u8::is_ascii_whitespace) {
                return Ok(());
            }
            parsed = json::parse(&line)
                .map_err(|e| Failure::new(EXIT_FAILED, format!("record {}: {e}", self.sent + 1)))?;
            record.value = parsed.value.as_deref();
            record.key = record.key.or(parsed.key.as_deref());
            record.timestamp = record.timestamp.or(parsed.timestamp);
            headers = [&parsed.headers[..], &args.headers].concat();
            record.headers = &headers;
        } else if let Some(separator) = &args.key_separator
            && let Some(at) = memmem::find(&line, &separator.0)
        {
            record.key = Some(&line[..at]);
            record.value = Some(&line[at + separator.0.len()..]);
        }
        if args.tombstones {
            record.value = record.value.filter(|v| !v.is_empty());
        }
        self.producer.send(&record).await?;
        self.sent += 1;
        Ok(())
    }

    /// On stderr for people, on stdout as JSON where that was asked for. `outcome` decides how it ends.
    fn summary(&self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        let seconds = self.began.elapsed().as_secs_f64();
        let acknowledged = self.producer.acknowledged();
        let lost = self.sent - acknowledged.min(self.sent);
        if self.args.output.is_json() {
            let partitions: Vec<_> = self
                .producer
                .by_partition()
                .into_iter()
                .map(|((_, partition), records)| object!({ "partition": partition, "records": records }))
                .collect();
            output::json(&object!({
                "topic": self.args.topic, "records": acknowledged, "failed": lost, "bytes": self.bytes,
                "wire_bytes": self.producer.acknowledged_bytes(), "seconds": seconds, "partitions": partitions,
            }))?;
        } else if !self.args.quiet {
            let rate = bytes((self.bytes as f64 / seconds.max(0.000_001)) as u64);
            let wire = bytes(self.producer.acknowledged_bytes());
            output::note(format_args!(
                "{acknowledged} records, {} in {seconds:.2} s ({rate}/s), {wire} sent to {}",
                bytes(self.bytes),
                self.args.topic,
            ));
        }
        if lost > 0 && outcome.is_err() && !self.args.quiet {
            output::complain("warning", &format!("{lost} of {} records are not acknowledged", self.sent));
        }
        outcome
    }
}

fn too_large(bytes: usize) -> Failure {
    Failure::new(
        EXIT_FAILED,
        format!("a record of more than {bytes} bytes: that is over the {MAX_RECORD} allowed"),
    )
    .hint("is the delimiter right? see --delimiter")
}
