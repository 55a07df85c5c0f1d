//! A bucket and writers for the model test: every request is a step of its own, answers get lost, requests come late.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::{
    Command, CompleteOutcome, Effect, Entry, FileRef, Machine, Outcome, Position, PutOutcome, Reply,
};

/// Records of a run.
pub const RECORDS: u64 = 60;
/// Encoded partitions that they fall into.
const PARTITIONS: u64 = 3;

/// What is planted to see the test fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The protocol as it is.
    None,
    /// Entries are put without If-None-Match.
    NoCondition,
    /// Entries are deleted before the checkpoint is there.
    DeleteBeforeCheckpoint,
    /// Uploads are completed before the entry is put.
    CompleteBeforeCommit,
    /// The winner of a create does not look at the checkpoints again.
    NoCheckAfterWin,
    /// A walker does not look at the checkpoints again before it completes.
    NoConfirmAfterWalk,
}

/// xorshift64*: the schedule must be the same for the same seed everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
    pub fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }
}

/// A request on its way to the bucket.
#[derive(Clone)]
enum Op {
    Do(Effect),
    DeleteEntry(Position),
    DeleteCheckpoint(Position),
}

#[derive(Default)]
pub struct Bucket {
    entries: BTreeMap<Position, Arc<Entry>>,
    checkpoints: BTreeSet<Position>,
    uploads: HashMap<String, (String, Vec<u64>)>,
    pub objects: BTreeMap<String, Vec<u64>>,
    made: u64,
    late: Vec<Op>,
    pub deleted: u64,
}

impl Bucket {
    fn upload(&mut self, key: String, records: Vec<u64>) -> FileRef {
        self.made += 1;
        let upload = self.made.to_string();
        let rows = records.len() as u64;
        self.uploads.insert(upload.clone(), (key.clone(), records));
        FileRef { key, upload, rows, bytes: rows, ..FileRef::default() }
    }

    fn put(&mut self, at: Position, entry: &Arc<Entry>, bug: Bug) -> PutOutcome {
        if self.entries.contains_key(&at) && bug != Bug::NoCondition {
            return PutOutcome::Exists;
        }
        self.entries.insert(at, entry.clone());
        PutOutcome::Created
    }

    fn complete(&mut self, file: &FileRef) -> CompleteOutcome {
        match self.uploads.remove(&file.upload) {
            Some((key, records)) => {
                self.objects.insert(key, records);
                CompleteOutcome::Done
            }
            None => CompleteOutcome::NoUpload,
        }
    }

    /// Something that changes the bucket and whose answer nobody waits for.
    fn apply(&mut self, op: Op, bug: Bug) {
        match op {
            Op::Do(Effect::PutEntry { at, entry, .. }) => drop(self.put(at, &entry, bug)),
            Op::Do(Effect::Complete { file, .. }) => {
                self.complete(&file);
            }
            Op::Do(Effect::PutCheckpoint(at)) => drop(self.checkpoints.insert(at)),
            Op::Do(Effect::Abort(file)) => drop(self.uploads.remove(&file.upload)),
            Op::DeleteEntry(at) | Op::Do(Effect::Forget(at)) => {
                self.deleted += u64::from(self.entries.remove(&at).is_some());
            }
            Op::DeleteCheckpoint(at) => drop(self.checkpoints.remove(&at)),
            Op::Do(_) => {}
        }
    }

    /// A request of before arrives, whoever sent it.
    pub fn late_arrival(&mut self, random: &mut Random, bug: Bug) {
        if !self.late.is_empty() {
            let op = self.late.swap_remove(random.below(self.late.len() as u64) as usize);
            self.apply(op, bug);
        }
    }

    pub fn has_late(&self) -> bool {
        !self.late.is_empty()
    }
}

/// Records by encoded partition.
type Groups = Vec<(u64, Vec<u64>)>;

/// A task with its machine and what it has still to do.
pub struct Writer {
    name: u64,
    commits: u64,
    machine: Machine,
    todo: VecDeque<Op>,
    files: Vec<FileRef>,
    /// Records still to be uploaded for the next commit, by encoded partition, and its end.
    plan: Option<(Position, Groups)>,
    /// An upload was reported to be gone.
    pub failed: bool,
}

impl Writer {
    pub fn new(name: u64) -> Self {
        let mut machine = Machine::new(3);
        let todo = machine.open().into_iter().map(Op::Do).collect();
        Self { name, commits: 0, machine, todo, files: Vec::new(), plan: None, failed: false }
    }

    pub fn is_done(&self) -> bool {
        self.failed
            || (self.machine.is_ready() && self.todo.is_empty() && self.machine.end().offset >= RECORDS)
    }

    /// One step. `faults`: percent of the requests whose answer is lost.
    pub fn step(&mut self, bucket: &mut Bucket, random: &mut Random, faults: u64, bug: Bug) {
        if self.failed {
            return;
        }
        if self.todo.is_empty() {
            return self.work(bucket, random);
        }
        let index = random.below(self.todo.len().min(3) as u64) as usize;
        let any_order = matches!(self.todo[index], Op::Do(Effect::Complete { .. } | Effect::Abort(_)));
        let Some(op) = self.todo.remove(if any_order { index } else { 0 }) else { return };
        if let Some(reply) = self.carry_out(op, bucket, random, faults, bug) {
            let more = self.machine.step(Command::Reply(reply));
            self.todo.extend(more.into_iter().map(Op::Do));
        }
    }

    /// Uploads the next file of the plan, makes a plan, or commits.
    fn work(&mut self, bucket: &mut Bucket, random: &mut Random) {
        let end = self.machine.end();
        let Some((target, groups)) = &mut self.plan else {
            if end.offset >= RECORDS {
                return;
            }
            if random.percent(3) {
                // The offsets are set anew, to where they were.
                return self.commit(end.renewed(end.offset));
            }
            let until = RECORDS.min(end.offset + 3 + random.below(10));
            let mut groups: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
            for offset in end.offset..until {
                groups.entry(offset % PARTITIONS).or_default().push(offset);
            }
            self.plan = Some((end.at(until), groups.into_iter().collect()));
            return;
        };
        if let Some((partition, records)) = groups.pop() {
            let key = format!("data/{}/p={partition}/{:06}", end.generation, records[0]);
            self.files.push(bucket.upload(key, records));
            return;
        }
        let target = *target;
        self.commit(target);
    }

    fn commit(&mut self, target: Position) {
        self.plan = None;
        self.commits += 1;
        let files = std::mem::take(&mut self.files);
        let entry = Entry::new(format!("{}-{}", self.name, self.commits), target, files);
        self.todo.extend(self.machine.step(Command::Commit(entry)).into_iter().map(Op::Do));
    }

    fn carry_out(
        &mut self,
        op: Op,
        bucket: &mut Bucket,
        random: &mut Random,
        faults: u64,
        bug: Bug,
    ) -> Option<Reply> {
        self.plant(&op, bucket, bug);
        let changes = match &op {
            Op::Do(effect) => !matches!(
                effect,
                Effect::ListCheckpoints
                    | Effect::GetEntry(_)
                    | Effect::Look { .. }
                    | Effect::Tell(_)
                    | Effect::Sweep { .. }
            ),
            _ => true,
        };
        if changes && random.percent(faults) {
            // Done without an answer, not done at all, or done much later.
            match random.below(3) {
                0 => bucket.apply(op.clone(), bug),
                1 => {}
                _ => bucket.late.push(op.clone()),
            }
            return match op {
                Op::Do(Effect::PutEntry { .. }) => Some(Reply::Put(PutOutcome::Unknown)),
                Op::Do(Effect::Complete { index, .. }) => {
                    Some(Reply::Completed(index, CompleteOutcome::Unknown))
                }
                Op::Do(Effect::PutCheckpoint(_)) => Some(Reply::Checkpointed(false)),
                _ => None,
            };
        }
        match op {
            Op::Do(Effect::ListCheckpoints) => Some(Reply::Checkpoints(self.listed(bucket, bug))),
            Op::Do(Effect::GetEntry(at)) => Some(Reply::Entry(bucket.entries.get(&at).cloned())),
            Op::Do(Effect::PutEntry { at, entry, .. }) => Some(Reply::Put(bucket.put(at, &entry, bug))),
            Op::Do(Effect::Complete { index, file, .. }) => {
                Some(Reply::Completed(index, bucket.complete(&file)))
            }
            Op::Do(Effect::Look { index, file }) => {
                let there = bucket.objects.get(&file.key).is_some_and(|r| r.len() as u64 == file.bytes);
                Some(Reply::Visible(index, there))
            }
            Op::Do(Effect::PutCheckpoint(at)) => {
                bucket.checkpoints.insert(at);
                Some(Reply::Checkpointed(true))
            }
            Op::Do(Effect::Sweep { entries, checkpoints }) => {
                let old: Vec<Op> =
                    bucket.entries.range(..entries).map(|(&at, _)| Op::DeleteEntry(at)).collect();
                self.todo.extend(old);
                let old = bucket.checkpoints.range(..checkpoints).map(|&at| Op::DeleteCheckpoint(at));
                self.todo.extend(old);
                None
            }
            Op::Do(Effect::Tell(outcome)) => {
                self.told(outcome);
                None
            }
            other => {
                bucket.apply(other, bug);
                None
            }
        }
    }

    fn listed(&self, bucket: &Bucket, bug: Bug) -> Vec<Position> {
        let all: Vec<Position> = bucket.checkpoints.iter().copied().collect();
        match bug {
            Bug::NoCheckAfterWin if self.machine.is_checking() => Vec::new(),
            Bug::NoConfirmAfterWalk => match self.machine.confirms_from() {
                Some(from) => all.into_iter().filter(|&c| c <= from).collect(),
                None => all,
            },
            _ => all,
        }
    }

    fn plant(&mut self, op: &Op, bucket: &mut Bucket, bug: Bug) {
        match (bug, op) {
            (Bug::DeleteBeforeCheckpoint, Op::Do(Effect::PutCheckpoint(at))) => {
                let old: Vec<Position> = bucket.entries.range(..*at).map(|(&at, _)| at).collect();
                old.into_iter().for_each(|at| bucket.apply(Op::DeleteEntry(at), bug));
            }
            (Bug::CompleteBeforeCommit, Op::Do(Effect::PutEntry { entry, .. })) => {
                for file in &entry.files {
                    bucket.complete(file);
                }
            }
            _ => {}
        }
    }

    fn told(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Failed { .. } => self.failed = true,
            Outcome::Refused(why) => panic!("{why}"),
            Outcome::Opened { .. } | Outcome::Committed { .. } | Outcome::Lost { .. } => {
                assert!(self.plan.is_none() && self.files.is_empty());
            }
        }
    }
}
