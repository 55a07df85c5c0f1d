//! What every [`CommitLog`] must do, as tests that any implementation can run: `highway_log::commit_log_contract!`.

// These functions are tests: they panic when something is wrong, which lints know only of `#[test]`.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use highway_types::{
    JournalPosition, LeaderEpoch, Offset, PartitionIndex, Timestamp, TopicId, TopicIdPartition,
};
use parking_lot::{Condvar, Mutex};
use uuid::Uuid;

use super::{
    AppendEntry, AppendObserver, AppendSet, CommitLog, CommitLogError, CommitLogStatus, ReplayError,
};
use crate::batch::builder::BatchBuilder;
use crate::batch::header::{BatchHeader, HEADER_LEN};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens the same log again and again.
pub trait Fixture {
    /// Opens the log; the one opened before is closed and dropped.
    fn open(&self) -> Arc<dyn CommitLog>;
}

/// Makes `#[test]`s that run the suite; the argument is an expression that makes a new [`Fixture`].
#[macro_export]
macro_rules! commit_log_contract {
    ($fixture:expr) => {
        $crate::commit_log_contract!(@tests $fixture;
            an_empty_log_is_empty, positions_grow_and_order_is_kept, callbacks_come_in_order,
            the_position_moves_after_the_observers, replay_gives_back_what_was_submitted,
            replay_starts_where_told, sets_span_partitions, replay_survives_many_openings,
            a_released_log_goes_on, admission_goes_back, a_closed_log_refuses, nonsense_is_refused,
            many_appenders_lose_nothing);
    };
    (@tests $fixture:expr; $($name:ident),*) => {
        $(#[test] fn $name() { $crate::commit_log::contract::$name(&$fixture); })*
    };
}

/// What an observer heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// `written`, with the end.
    Written(Offset),
    /// `durable`, with the end.
    Durable(Offset),
    /// `failed`, with the text.
    Failed(String),
}

/// An observer that writes down what it hears.
#[derive(Default)]
pub struct Recorder {
    heard: Mutex<Vec<Heard>>,
    changed: Condvar,
    log: Mutex<Option<Arc<dyn CommitLog>>>,
    positions: Mutex<Vec<JournalPosition>>,
}

impl Recorder {
    /// A new one.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Everything heard so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().clone()
    }

    /// Waits until something is heard that `wanted` takes.
    ///
    /// # Panics
    /// If it is not heard in time.
    pub fn wait(&self, wanted: impl Fn(&Heard) -> bool) {
        let mut heard = self.heard.lock();
        while !heard.iter().any(&wanted) {
            let timed_out = self.changed.wait_for(&mut heard, PATIENCE).timed_out();
            assert!(!timed_out, "not heard in time; heard {heard:?}");
        }
    }

    /// Waits for durability up to `end`.
    pub fn wait_durable(&self, end: Offset) {
        self.wait(|h| matches!(h, Heard::Durable(e) if *e >= end));
    }

    /// The highest end that was reported durable.
    #[must_use]
    pub fn durable_end(&self) -> Offset {
        let ends = self
            .heard
            .lock()
            .iter()
            .filter_map(|h| if let Heard::Durable(e) = h { Some(*e) } else { None })
            .max();
        ends.unwrap_or(Offset::ZERO)
    }

    fn push(&self, heard: Heard) {
        self.heard.lock().push(heard);
        self.changed.notify_all();
    }
}

impl AppendObserver for Recorder {
    fn written(&self, end: Offset) {
        self.push(Heard::Written(end));
    }
    fn durable(&self, end: Offset) {
        if let Some(log) = &*self.log.lock() {
            self.positions.lock().push(log.durable());
        }
        self.push(Heard::Durable(end));
    }
    fn failed(&self, error: &CommitLogError) {
        self.push(Heard::Failed(error.to_string()));
    }
}

/// A partition of a topic that is not the metadata's.
#[must_use]
pub fn partition(index: i32) -> TopicIdPartition {
    TopicIdPartition { topic_id: TopicId(Uuid::from_u128(77)), partition: PartitionIndex(index) }
}

/// A batch of one record with a value of `len` bytes that tell `base` apart.
#[must_use]
pub fn entry(id: TopicIdPartition, base: i64, len: usize, observer: &Arc<Recorder>) -> AppendEntry {
    let mut value = vec![0u8; len];
    for (at, byte) in value.iter_mut().enumerate() {
        *byte = (base as usize).wrapping_mul(31).wrapping_add(at.wrapping_mul(7)) as u8;
    }
    let mut builder = BatchBuilder::new();
    builder.push(Timestamp(base), None, Some(&value), &[]);
    let batch = builder.build();
    let mut header = BatchHeader::parse(&batch).expect("it was just built");
    header.base_offset = Offset(base);
    header.leader_epoch = LeaderEpoch(3);
    AppendEntry {
        stored: None,
        id,
        base_offset: Offset(base),
        last_offset: Offset(base),
        header: header.encode(),
        payload: batch.slice(HEADER_LEN..),
        observer: Arc::clone(observer) as Arc<dyn AppendObserver>,
    }
}

/// A set of one batch of partition 0.
#[must_use]
pub fn set(base: i64, len: usize, observer: &Arc<Recorder>) -> AppendSet {
    AppendSet { entries: [entry(partition(0), base, len, observer)].into_iter().collect() }
}

/// A replayed batch, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The partition.
    pub id: TopicIdPartition,
    /// Base offset.
    pub base: i64,
    /// Header and payload.
    pub bytes: Bytes,
    /// End of the set.
    pub end: JournalPosition,
    /// Last of its set.
    pub last_of_set: bool,
}

/// The bytes that an entry should come back with.
#[must_use]
pub fn batch_of(entry: &AppendEntry) -> Bytes {
    [&entry.header[..], &entry.payload].concat().into()
}

/// Replays everything from a position.
///
/// # Errors
/// As `replay`.
pub fn replay_from(log: &dyn CommitLog, from: JournalPosition) -> Result<Vec<Replayed>, ReplayError> {
    let mut all = Vec::new();
    let summary = log.replay(from, &mut |e| {
        all.push(Replayed {
            id: e.id,
            base: e.header.base_offset.0,
            bytes: [&e.raw_header[..], e.payload.unwrap_or_default()].concat().into(),
            end: e.end,
            last_of_set: e.last_of_set,
        });
        Ok(())
    })?;
    assert_eq!(summary.entries, all.len() as u64);
    assert_eq!(summary.sets, all.iter().filter(|r| r.last_of_set).count() as u64);
    Ok(all)
}

fn bases(replayed: &[Replayed]) -> Vec<i64> {
    replayed.iter().map(|r| r.base).collect()
}

fn fill(log: &dyn CommitLog, range: std::ops::Range<i64>, len: usize) -> Vec<(AppendEntry, JournalPosition)> {
    let observer = Recorder::new();
    let mut all = Vec::new();
    for base in range.clone() {
        let set = set(base, len + base as usize % 7, &observer);
        let entry = set.entries[0].clone();
        all.push((entry, log.submit(set).expect("there is room")));
    }
    if range.end > range.start {
        observer.wait_durable(Offset(range.end));
    }
    all
}

/// Waits until the log itself says that it is durable up to `position`.
pub fn wait_position(log: &dyn CommitLog, position: JournalPosition) {
    let mut watch = log.watch();
    let deadline = std::time::Instant::now() + PATIENCE;
    while *watch.borrow_and_update() < position {
        assert!(std::time::Instant::now() < deadline, "never durable up to {position}");
        std::thread::yield_now();
    }
    assert!(log.durable() >= position);
}

/// A new log has nothing to replay.
pub fn an_empty_log_is_empty(fixture: &dyn Fixture) {
    let log = fixture.open();
    assert_eq!(log.durable(), JournalPosition(0));
    assert_eq!(replay_from(log.as_ref(), JournalPosition(0)).unwrap(), []);
    assert!(matches!(log.status(), CommitLogStatus::Healthy));
    assert!(
        matches!(replay_from(log.as_ref(), JournalPosition(9)), Err(ReplayError::Ahead { .. })),
        "a checkpoint ahead of the log is told"
    );
}

/// Positions are strictly increasing, in the order of submission.
pub fn positions_grow_and_order_is_kept(fixture: &dyn Fixture) {
    let log = fixture.open();
    let all = fill(log.as_ref(), 0..50, 100);
    assert!(all.windows(2).all(|p| p[0].1 < p[1].1));
    wait_position(log.as_ref(), all[49].1);
    assert_eq!(log.durable(), all[49].1);
    let replayed = replay_from(log.as_ref(), JournalPosition(0)).unwrap();
    assert_eq!(bases(&replayed), (0..50).collect::<Vec<_>>());
}

/// `written` before `durable`, both in order, each once.
pub fn callbacks_come_in_order(fixture: &dyn Fixture) {
    let log = fixture.open();
    let observer = Recorder::new();
    for base in 0..100 {
        log.submit(set(base, 300, &observer)).unwrap();
    }
    observer.wait_durable(Offset(100));
    let heard = observer.heard();
    let written: Vec<_> = heard.iter().filter(|h| matches!(h, Heard::Written(_))).cloned().collect();
    let durable: Vec<_> = heard.iter().filter(|h| matches!(h, Heard::Durable(_))).cloned().collect();
    assert_eq!(written, (1..=100).map(|e| Heard::Written(Offset(e))).collect::<Vec<_>>());
    assert_eq!(durable, (1..=100).map(|e| Heard::Durable(Offset(e))).collect::<Vec<_>>());
    for end in 1..=100 {
        let at = |what: &Heard| heard.iter().position(|h| h == what);
        assert!(at(&Heard::Written(Offset(end))) < at(&Heard::Durable(Offset(end))));
    }
}

/// A checkpoint reads the position first and the high watermarks then: the position must be the later to move.
pub fn the_position_moves_after_the_observers(fixture: &dyn Fixture) {
    let log = fixture.open();
    let observer = Recorder::new();
    *observer.log.lock() = Some(Arc::clone(&log));
    let mut ends = Vec::new();
    for base in 0..20 {
        ends.push(log.submit(set(base, 100, &observer)).unwrap());
    }
    observer.wait_durable(Offset(20));
    *observer.log.lock() = None;
    let seen = observer.positions.lock().clone();
    assert_eq!(seen.len(), 20);
    for (seen, end) in seen.iter().zip(&ends) {
        assert!(seen < end, "the log said {seen} before the observer of {end} was told");
    }
}

/// Byte for byte, after a close and an open.
pub fn replay_gives_back_what_was_submitted(fixture: &dyn Fixture) {
    let all = {
        let log = fixture.open();
        let all = fill(log.as_ref(), 0..40, 2000);
        log.close();
        all
    };
    let log = fixture.open();
    let replayed = replay_from(log.as_ref(), JournalPosition(0)).unwrap();
    assert_eq!(replayed.len(), 40);
    for (replayed, (entry, end)) in replayed.iter().zip(&all) {
        assert_eq!((replayed.id, replayed.end), (entry.id, *end));
        assert_eq!(replayed.bytes, batch_of(entry));
    }
    assert_eq!(log.durable(), all[39].1);
}

/// Sets that end at or before the position are left out.
pub fn replay_starts_where_told(fixture: &dyn Fixture) {
    let log = fixture.open();
    let all = fill(log.as_ref(), 0..30, 700);
    wait_position(log.as_ref(), all[29].1);
    for from in [0, 1, 13, 28, 29] {
        let replayed = replay_from(log.as_ref(), all[from].1).unwrap();
        assert_eq!(bases(&replayed), (from as i64 + 1..30).collect::<Vec<_>>());
    }
}

/// All batches of a set come back together, with the same end and one mark.
pub fn sets_span_partitions(fixture: &dyn Fixture) {
    let log = fixture.open();
    let observers: Vec<_> = (0..3).map(|_| Recorder::new()).collect();
    for base in 0..10 {
        let entries = observers.iter().zip(0..).map(|(o, p)| entry(partition(p), base, 500, o)).collect();
        log.submit(AppendSet { entries }).unwrap();
    }
    for observer in &observers {
        observer.wait_durable(Offset(10));
    }
    log.close();
    let log = fixture.open();
    let replayed = replay_from(log.as_ref(), JournalPosition(0)).unwrap();
    assert_eq!(replayed.len(), 30);
    for (base, set) in replayed.chunks(3).enumerate() {
        assert_eq!(bases(set), [base as i64; 3]);
        assert_eq!(set.iter().map(|r| r.id).collect::<Vec<_>>(), (0..3).map(partition).collect::<Vec<_>>());
        assert_eq!(set.iter().map(|r| r.last_of_set).collect::<Vec<_>>(), [false, false, true]);
        assert!(set.iter().all(|r| r.end == set[0].end));
    }
}

/// Each opening goes on where the last one ended.
pub fn replay_survives_many_openings(fixture: &dyn Fixture) {
    let mut end = JournalPosition(0);
    for round in 0..6 {
        let log = fixture.open();
        assert_eq!(log.durable(), end);
        assert_eq!(
            bases(&replay_from(log.as_ref(), JournalPosition(0)).unwrap()),
            (0..round * 5).collect::<Vec<_>>()
        );
        end = fill(log.as_ref(), round * 5..round * 5 + 5, 900)[4].1;
        log.close();
    }
}

/// Released sets need not be there; the others are, also after an open, and positions do not go back.
pub fn a_released_log_goes_on(fixture: &dyn Fixture) {
    let mut released = JournalPosition(0);
    let mut next = 0;
    for _ in 0..8 {
        let log = fixture.open();
        assert_eq!(bases(&replay_from(log.as_ref(), released).unwrap()), (next..next).collect::<Vec<_>>());
        let all = fill(log.as_ref(), next..next + 30, 1500);
        next += 30;
        wait_position(log.as_ref(), all[29].1);
        log.release(all[19].1);
        assert_eq!(
            bases(&replay_from(log.as_ref(), all[19].1).unwrap()),
            (next - 10..next).collect::<Vec<_>>()
        );
        released = all[29].1;
        log.release(released);
        log.close();
    }
}

/// Admissions are given at once when there is room, and come back.
pub fn admission_goes_back(fixture: &dyn Fixture) {
    let log = fixture.open();
    let observer = Recorder::new();
    for base in 0..200 {
        let admission = log.admit(3000).wait_blocking().unwrap();
        log.submit(set(base, 3000, &observer)).unwrap();
        drop(admission);
        observer.wait_durable(Offset(base + 1));
        log.release(log.durable());
    }
    drop(log.admit(1)); // never awaited
    drop(log.admit(1).wait_blocking().unwrap());
}

/// A closed log keeps what it took and takes nothing.
pub fn a_closed_log_refuses(fixture: &dyn Fixture) {
    let log = fixture.open();
    let observer = Recorder::new();
    let end = log.submit(set(0, 10, &observer)).unwrap();
    log.close();
    log.close();
    assert_eq!(log.durable(), end, "close makes durable what was submitted");
    assert_eq!(observer.durable_end(), Offset(1));
    assert!(matches!(log.submit(set(1, 10, &observer)), Err(CommitLogError::Closed)));
    assert!(matches!(log.admit(1).wait_blocking(), Err(CommitLogError::Closed)));
    assert!(matches!(log.status(), CommitLogStatus::Closed));
    assert_eq!(bases(&replay_from(log.as_ref(), JournalPosition(0)).unwrap()), [0]);
    log.release(end);
}

/// Sets that could not be replayed are not taken.
pub fn nonsense_is_refused(fixture: &dyn Fixture) {
    let log = fixture.open();
    let observer = Recorder::new();
    assert!(matches!(log.submit(AppendSet::default()), Err(CommitLogError::Invalid { .. })));
    let mut short = set(0, 100, &observer);
    short.entries[0].payload.truncate(50);
    assert!(matches!(log.submit(short), Err(CommitLogError::Invalid { .. })), "length and header disagree");
    let mut unstamped = set(5, 100, &observer);
    unstamped.entries[0].base_offset = Offset(6);
    assert!(matches!(log.submit(unstamped), Err(CommitLogError::Invalid { .. })), "offsets disagree");
    fill(log.as_ref(), 0..1, 10);
    assert_eq!(observer.heard(), [], "nothing is heard of what was refused");
}

/// Appenders on several threads: each partition's batches are there, whole, in order.
pub fn many_appenders_lose_nothing(fixture: &dyn Fixture) {
    const EACH: i64 = 100;
    let log = fixture.open();
    std::thread::scope(|scope| {
        for p in 0..4 {
            let log = &log;
            scope.spawn(move || {
                let observer = Recorder::new();
                for base in 0..EACH {
                    let admission = log.admit(400).wait_blocking().unwrap();
                    let entries = [entry(partition(p), base, 300, &observer)].into_iter().collect();
                    log.submit(AppendSet { entries }).unwrap();
                    drop(admission);
                }
                observer.wait_durable(Offset(EACH));
            });
        }
    });
    log.close();
    let log = fixture.open();
    let replayed = replay_from(log.as_ref(), JournalPosition(0)).unwrap();
    for p in 0..4 {
        let mine: Vec<i64> = replayed.iter().filter(|r| r.id == partition(p)).map(|r| r.base).collect();
        assert_eq!(mine, (0..EACH).collect::<Vec<_>>());
    }
}
