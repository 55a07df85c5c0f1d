//! What clients were told, kept over all restarts: nothing of it may be taken back.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::records::RecordId;

/// A partition of a topic.
pub type Part = (String, i32);

/// What came between two starts of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process died, or ended: everything that was answered stays.
    Process,
    /// The machine lost its power: what was answered with acks=1 may be gone.
    Power,
}

/// An acknowledged batch.
#[derive(Clone, Debug)]
pub struct Ack {
    /// Where.
    pub part: Part,
    /// The base offset of the answer; `None` where the broker said only that it has the batch.
    pub offset: Option<i64>,
    /// The first record.
    pub first: RecordId,
    /// How many.
    pub count: u32,
    /// 1 or -1.
    pub acks: i16,
}

/// A number that only grows: what was confirmed, and what was asked for at the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grown {
    /// It was answered: it may not be lower.
    pub confirmed: i64,
    /// It was sent: it cannot be higher.
    pub asked: i64,
}

impl Grown {
    fn merge(&mut self, other: Grown) {
        self.confirmed = self.confirmed.max(other.confirmed);
        self.asked = self.asked.max(other.asked);
    }
}

/// Whether a topic is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Its creation was answered.
    Live,
    /// Creation or deletion was asked for and not answered.
    Unknown,
    /// Its deletion was answered.
    Deleted,
}

/// What one worker of the load was told in one session.
#[derive(Debug, Default)]
pub struct Notes {
    /// Acknowledged batches.
    pub acks: Vec<Ack>,
    /// Records that a consumer was given.
    pub seen: Vec<(Part, i64, RecordId)>,
    /// High watermarks that a consumer was told.
    pub high: BTreeMap<Part, i64>,
    /// Offsets committed for a group.
    pub commits: BTreeMap<(String, Part), Grown>,
    /// Log start offsets after DeleteRecords.
    pub starts: BTreeMap<Part, Grown>,
    /// Topics made and deleted, in order: name, partitions, state.
    pub topics: Vec<(String, i32, Presence)>,
    /// Answers with an error code, by code.
    pub refusals: BTreeMap<i16, u64>,
    /// Answers that no broker may give.
    pub violations: Vec<Violation>,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub kind: Kind,
    /// Where and how.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

/// The promises, named after Jepsen's anomalies where it has a name for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An acknowledged or a consumed record is not there (lost-write).
    Lost,
    /// Another record lies where a record was acknowledged or seen (inconsistent-offsets).
    Moved,
    /// One record at two places (duplicate).
    Duplicate,
    /// A producer's later record lies before an earlier one (nonmonotonic-send).
    Reordered,
    /// An offset without a record.
    Gap,
    /// The bytes are not what was sent.
    Damaged,
    /// High watermark, log start or a committed offset went back, or beyond what was asked for.
    WentBack,
    /// A topic is not there, or is there again.
    Topic,
    /// The broker does not answer as it must.
    Answer,
}

/// Everything that was promised.
#[derive(Debug, Default)]
pub struct History {
    /// Records with the offset they must have.
    pub must: BTreeMap<Part, BTreeMap<i64, RecordId>>,
    /// Where each record is known to be.
    pub places: HashMap<RecordId, (Part, i64)>,
    /// Acknowledged, but without an offset.
    pub somewhere: Vec<(Part, RecordId)>,
    /// High watermarks.
    pub high: BTreeMap<Part, i64>,
    /// Offsets committed for a group.
    pub commits: BTreeMap<(String, Part), Grown>,
    /// Log start offsets.
    pub starts: BTreeMap<Part, Grown>,
    /// Topics with their partitions.
    pub topics: BTreeMap<String, (i32, Presence)>,
    /// Broken promises that were found while merging.
    pub violations: Vec<Violation>,
    /// Acknowledged records.
    pub acknowledged: u64,
    /// Acknowledged batches of each producer.
    pub producers: BTreeMap<u32, u64>,
    /// Batches that were sent again after a restart and answered with the place they had before it.
    pub recognised: u64,
}

impl History {
    /// Takes what the workers of a session were told, given how the session ended.
    pub fn merge(&mut self, notes: Vec<Notes>, fault: Fault) {
        for mut notes in notes {
            self.violations.append(&mut notes.violations);
            for ack in notes.acks {
                self.acknowledged += u64::from(ack.count);
                *self.producers.entry(ack.first.process).or_default() += 1;
                if fault == Fault::Process || ack.acks != 1 {
                    self.take_ack(&ack);
                }
            }
            for (part, offset, id) in notes.seen {
                self.place(&part, offset, id);
            }
            for (part, high) in notes.high {
                let known = self.high.entry(part).or_default();
                *known = (*known).max(high);
            }
            for (key, grown) in notes.commits {
                self.commits.entry(key).or_default().merge(grown);
            }
            for (part, grown) in notes.starts {
                self.starts.entry(part).or_default().merge(grown);
            }
            for (name, partitions, state) in notes.topics {
                self.topics.insert(name, (partitions, state));
            }
        }
    }

    fn take_ack(&mut self, ack: &Ack) {
        // Consumers' notes come behind those of producers: what is there already was read after a restart.
        self.recognised +=
            u64::from(self.places.get(&ack.first).is_some_and(|(_, at)| Some(*at) == ack.offset));
        for n in 0..ack.count {
            let id = RecordId { counter: ack.first.counter + u64::from(n), ..ack.first };
            match ack.offset {
                Some(offset) => self.place(&ack.part, offset + i64::from(n), id),
                None => self.somewhere.push((ack.part.clone(), id)),
            }
        }
    }

    /// A record is said to be at an offset, by an answer or by a read.
    pub fn place(&mut self, part: &Part, offset: i64, id: RecordId) {
        let at = |offset| format!("{}-{} offset {offset}", part.0, part.1);
        match self.must.entry(part.clone()).or_default().entry(offset) {
            Entry::Vacant(free) => {
                free.insert(id);
            }
            Entry::Occupied(known) if *known.get() != id => {
                let detail = format!("{} holds {id:?}, but {:?} was there", at(offset), known.get());
                self.violations.push(Violation { kind: Kind::Moved, detail });
                return;
            }
            Entry::Occupied(_) => return,
        }
        if let Some((other, before)) = self.places.insert(id, (part.clone(), offset))
            && (&other, before) != (part, offset)
        {
            let detail =
                format!("{id:?} is at {} and at {}-{} offset {before}", at(offset), other.0, other.1);
            self.violations.push(Violation { kind: Kind::Duplicate, detail });
        }
    }
}
