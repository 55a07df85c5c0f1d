//! A producer without idempotence: never sends anything twice.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use kafka_protocol::messages::ProduceRequest;

use super::{PRODUCE, Session, Worker, outcome, pause, produce_request};
use crate::history::{Ack, Notes, Part};
use crate::records::{self, NOBODY, RecordId};

const IN_FLIGHT: usize = 3;

/// Several requests in flight; what is refused or not answered is forgotten.
pub struct Plain {
    process: u32,
    acks: i16,
    parts: Vec<Part>,
    filler: usize,
    counter: u64,
    turn: usize,
    /// Records in a batch.
    pub batch: u32,
    /// Between two batches.
    pub pace: Duration,
}

impl Plain {
    /// Writes to all of `parts` in turn.
    pub fn new(process: u32, acks: i16, parts: Vec<Part>, filler: usize) -> Plain {
        let pace = Duration::from_millis(1);
        Plain { process, acks, parts, filler, counter: 0, turn: 0, batch: 5, pace }
    }
}

impl Worker for Plain {
    fn run(&mut self, session: &Session, notes: &mut Notes) -> io::Result<()> {
        let mut conn = session.connect()?;
        let mut sent: VecDeque<Ack> = VecDeque::new();
        loop {
            while session.goes_on() && sent.len() < IN_FLIGHT {
                let first = RecordId { process: self.process, counter: self.counter };
                self.counter += u64::from(self.batch);
                let part = self.parts[self.turn % self.parts.len()].clone();
                self.turn += 1;
                let records = records::encode(NOBODY, session.now(), first, self.batch, self.filler);
                conn.submit(PRODUCE, &produce_request(&part, self.acks, records))?;
                sent.push_back(Ack { part, offset: None, first, count: self.batch, acks: self.acks });
            }
            let Some(mut ack) = sent.pop_front() else { return Ok(()) };
            match outcome(&conn.answer::<ProduceRequest>(PRODUCE)?) {
                (0, offset) => {
                    ack.offset = Some(offset);
                    notes.acks.push(ack);
                    pause(self.pace, session);
                }
                (code, _) => {
                    *notes.refusals.entry(code).or_default() += 1;
                    pause(Duration::from_millis(10), session);
                }
            }
        }
    }
}
