//! What a checkpoint may release, against a commit log whose progress the test decides.

#![allow(missing_docs)]

use std::sync::Arc;

use highway_log::batch::builder::BatchBuilder;
use highway_log::batch::validate::Origin;
use highway_log::commit_log::{
    Admit, AppendSet, CommitLog, CommitLogError, CommitLogStatus, Pressure, ReplayError, ReplaySummary,
    ReplayedEntry,
};
use highway_log::log::Log;
use highway_log::manager::{LogManager, PartitionSpec};
use highway_log::recovery_point::RecoveryTable;
use highway_types::{
    JournalPosition, LeaderEpoch, ManualClock, Offset, PartitionIndex, Timestamp, TopicConfig, TopicId,
    TopicIdPartition, TopicName,
};
use parking_lot::Mutex;
use tokio::sync::watch;
use uuid::Uuid;

/// Takes sets and makes them durable when it is told to.
struct Held {
    sets: Mutex<Vec<AppendSet>>,
    durable: watch::Sender<JournalPosition>,
    released: Mutex<JournalPosition>,
}

impl Held {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            sets: Mutex::default(),
            durable: watch::Sender::new(JournalPosition(0)),
            released: Mutex::default(),
        })
    }

    /// Everything that was submitted becomes durable.
    fn sync(&self) {
        let sets = std::mem::take(&mut *self.sets.lock());
        for entry in sets.iter().flat_map(|s| &s.entries) {
            entry.observer.durable(entry.last_offset.next());
        }
        self.durable.send_modify(|p| p.0 += sets.len() as u64);
    }
}

impl CommitLog for Held {
    fn admit(&self, _bytes: usize) -> Admit {
        Admit::now(Err(CommitLogError::Closed))
    }
    fn submit(&self, set: AppendSet) -> Result<JournalPosition, CommitLogError> {
        let mut sets = self.sets.lock();
        sets.push(set);
        Ok(JournalPosition(self.durable.borrow().0 + sets.len() as u64))
    }
    fn durable(&self) -> JournalPosition {
        *self.durable.borrow()
    }
    fn watch(&self) -> watch::Receiver<JournalPosition> {
        self.durable.subscribe()
    }
    fn replay(
        &self,
        _from: JournalPosition,
        _visit: &mut dyn FnMut(ReplayedEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<ReplaySummary, ReplayError> {
        Ok(ReplaySummary::default())
    }
    fn release(&self, up_to: JournalPosition) {
        *self.released.lock() = up_to;
    }
    fn pressure(&self) -> Pressure {
        Pressure::default()
    }
    fn status(&self) -> CommitLogStatus {
        CommitLogStatus::Healthy
    }
    fn close(&self) {}
}

fn id(partition: i32) -> TopicIdPartition {
    TopicIdPartition { topic_id: TopicId(Uuid::from_u128(5)), partition: PartitionIndex(partition) }
}

fn append(log: &Log) {
    let mut builder = BatchBuilder::new();
    builder.push(Timestamp(1), None, Some(b"v"), &[]);
    let config = log.config();
    assert!(config.message_timestamp_before_max_ms > 0);
    log.append(builder.build(), Origin::Client, LeaderEpoch(0)).expect("appended");
}

#[test]
fn an_append_in_flight_is_not_forgotten_by_the_next_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let held = Held::new();
    let given = Arc::clone(&held);
    let clock = ManualClock::new(Timestamp(1));
    let logs = LogManager::open(&[dir.path().to_owned()], clock, Arc::default(), move |_, _| {
        Ok(given as Arc<dyn CommitLog>)
    })
    .unwrap();
    let config = Arc::new(TopicConfig::default());
    let specs = (0..2).map(|partition| PartitionSpec {
        id: id(partition),
        topic: TopicName::new("t"),
        config: Arc::clone(&config),
        log_start: Offset::ZERO,
    });
    logs.recover(specs.collect()).unwrap();
    let (slow, other) = (logs.get(id(0)).unwrap(), logs.get(id(1)).unwrap());

    append(&slow);
    logs.checkpoint().unwrap();
    assert_eq!(*held.released.lock(), JournalPosition(0), "nothing is durable yet");
    held.sync();
    append(&other);
    held.sync();
    logs.checkpoint().unwrap();
    let table = RecoveryTable::load(dir.path()).unwrap().unwrap();
    assert_eq!(*held.released.lock(), JournalPosition(2));
    assert_eq!(table.journal, JournalPosition(2));
    for partition in 0..2 {
        assert_eq!(
            table.points[&id(partition)].end,
            Offset(1),
            "partition {partition}: released means flushed"
        );
    }
}
