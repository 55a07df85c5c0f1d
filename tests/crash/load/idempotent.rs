//! An idempotent producer: five requests in flight, and what is not answered is sent again with the same producer id
//! and sequence, over restarts of the node too.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use highway_tests::wire::Conn;
use kafka_protocol::messages::{InitProducerIdRequest, ProduceRequest, ProducerId};

use super::{PRODUCE, Session, Worker, outcome, pause, produce_request};
use crate::history::{Ack, Kind, Notes, Part, Violation};
use crate::records::{self, RecordId, Sender};

const IN_FLIGHT: usize = 5;
const BATCH: u32 = 4;
const OUT_OF_ORDER: i16 = 45;
const DUPLICATE: i16 = 46;
/// REQUEST_TIMED_OUT, NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS (two), KAFKA_STORAGE_ERROR.
const RETRIABLE: [i16; 5] = [7, 6, 19, 20, 56];
/// Between two batches.
const PACE: Duration = Duration::from_micros(500);
/// How long refused batches are sent again after the session was told to stop.
const LAST_TRIES: Duration = Duration::from_secs(5);

struct Batch {
    part: usize,
    first: RecordId,
    records: Bytes,
}

/// See the module.
pub struct Idempotent {
    process: u32,
    parts: Vec<Part>,
    filler: usize,
    counter: u64,
    turn: usize,
    identity: Option<(i64, i16)>,
    sequences: Vec<i32>,
    unanswered: VecDeque<Batch>,
    refused: VecDeque<Batch>,
}

impl Idempotent {
    /// Writes to all of `parts` in turn.
    pub fn new(process: u32, parts: Vec<Part>, filler: usize) -> Idempotent {
        Idempotent {
            process,
            sequences: vec![0; parts.len()],
            parts,
            filler,
            counter: 0,
            turn: 0,
            identity: None,
            unanswered: VecDeque::new(),
            refused: VecDeque::new(),
        }
    }

    fn identity(&mut self, conn: &mut Conn) -> io::Result<(i64, i16)> {
        if let Some(identity) = self.identity {
            return Ok(identity);
        }
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1)
            .with_transaction_timeout_ms(60_000);
        let answer = conn.call(4, &request)?;
        if answer.error_code != 0 {
            return Err(io::Error::other(format!("InitProducerId says {}", answer.error_code)));
        }
        Ok(*self.identity.insert((answer.producer_id.0, answer.producer_epoch)))
    }

    fn next(&mut self, session: &Session, (id, epoch): (i64, i16)) {
        let part = self.turn % self.parts.len();
        self.turn += 1;
        let first = RecordId { process: self.process, counter: self.counter };
        self.counter += u64::from(BATCH);
        let sequence = self.sequences[part];
        self.sequences[part] += BATCH as i32;
        let sender = Sender { id, epoch, sequence };
        let records = records::encode(sender, session.now(), first, BATCH, self.filler);
        self.unanswered.push_back(Batch { part, first, records });
    }

    fn submit(&self, conn: &mut Conn, at: usize) -> io::Result<()> {
        let batch = &self.unanswered[at];
        conn.submit(PRODUCE, &produce_request(&self.parts[batch.part], -1, batch.records.clone()))
    }

    fn acknowledge(&self, notes: &mut Notes, batch: &Batch, offset: Option<i64>) {
        let part = self.parts[batch.part].clone();
        notes.acks.push(Ack { part, offset, first: batch.first, count: BATCH, acks: -1 });
    }

    /// Takes the answer to the oldest batch that is on its way. Refused batches wait in `refused`.
    fn answer(&mut self, conn: &mut Conn, notes: &mut Notes) -> io::Result<()> {
        let (code, offset) = outcome(&conn.answer::<ProduceRequest>(PRODUCE)?);
        let Some(batch) = self.unanswered.pop_front() else { return Ok(()) };
        match code {
            0 => self.acknowledge(notes, &batch, Some(offset)),
            DUPLICATE => self.acknowledge(notes, &batch, None),
            _ => {
                *notes.refusals.entry(code).or_default() += 1;
                let follows = code == OUT_OF_ORDER && self.refused.iter().any(|b| b.part == batch.part);
                if !follows && !RETRIABLE.contains(&code) {
                    let (first, part) = (batch.first, &self.parts[batch.part]);
                    let detail =
                        format!("the idempotent producer got error {code} for {first:?} of {part:?}");
                    notes.violations.push(Violation { kind: Kind::Answer, detail });
                }
                self.refused.push_back(batch);
            }
        }
        Ok(())
    }

    fn work(&mut self, session: &Session, notes: &mut Notes) -> io::Result<()> {
        let mut conn = session.connect()?;
        let identity = self.identity(&mut conn)?;
        let mut end = None;
        // Batches from the front that are on their way.
        let mut sent = 0;
        loop {
            while session.goes_on() && self.unanswered.len() < IN_FLIGHT {
                self.next(session, identity);
            }
            while sent < self.unanswered.len() {
                self.submit(&mut conn, sent)?;
                sent += 1;
            }
            if sent == 0 {
                return Ok(());
            }
            self.answer(&mut conn, notes)?;
            sent -= 1;
            if self.refused.is_empty() {
                pause(PACE, session);
                continue;
            }
            // Everything else that is on its way first, then all that is left once more, in order.
            while sent > 0 {
                self.answer(&mut conn, notes)?;
                sent -= 1;
            }
            self.take_back();
            if !session.goes_on() && *end.get_or_insert_with(|| Instant::now() + LAST_TRIES) < Instant::now()
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn take_back(&mut self) {
        while let Some(batch) = self.refused.pop_back() {
            self.unanswered.push_front(batch);
        }
    }
}

impl Worker for Idempotent {
    fn run(&mut self, session: &Session, notes: &mut Notes) -> io::Result<()> {
        let outcome = self.work(session, notes);
        self.take_back();
        outcome
    }
}
