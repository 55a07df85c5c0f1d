//! The journal against the contract, on a real file system and on the simulated disk; recycling and its bound.

use std::path::Path;
use std::sync::Arc;

use highway_types::{JournalPosition, Offset, TopicIdPartition};
use proptest::prelude::*;

use super::file::{DiskIo, JournalIo};
use super::options::{IoMode, JournalOptions};
use super::sim::SimDisk;
use super::store::Journal;
use crate::commit_log::contract::{Fixture, Heard, Recorder, entry, replay_from, set, wait_position};
use crate::commit_log::{AppendSet, CommitLog, CommitLogError, ReplayError};

/// Small files, so that a few sets fill one.
pub(super) fn small(io: impl JournalIo + 'static) -> JournalOptions {
    JournalOptions {
        file_bytes: 64 << 10,
        max_files: 4,
        spare_files: 1,
        quiet: std::time::Duration::ZERO,
        reserve_bytes: 8 << 10,
        queue_bytes: 64 << 10,
        group_bytes: 32 << 10,
        write_bytes: 8 << 10,
        large_batches: super::write_once::LargeBatches::Adaptive,
        io: Arc::new(io),
    }
}

pub(super) fn sim_dir() -> &'static Path {
    Path::new("/data/highway-journal")
}

/// Waits until the prepare thread has nothing to do after a first file was taken, so that the next call is the writer's.
pub(super) fn wait_prepared(journal: &Journal) {
    while journal.pressure().room < 60 << 10 {
        std::thread::yield_now();
    }
}

struct OnSim(SimDisk);

impl Fixture for OnSim {
    fn open(&self) -> Arc<dyn CommitLog> {
        let options = JournalOptions { max_files: 64, ..small(self.0.clone()) };
        let journal = Journal::open(sim_dir(), options).unwrap();
        Arc::new(Roomy(journal))
    }
}

/// Waits for room in `submit`, so that the contract's tests need not know the files' size.
struct Roomy(Journal);

impl CommitLog for Roomy {
    fn admit(&self, bytes: usize) -> crate::commit_log::Admit {
        self.0.admit(bytes)
    }
    fn submit(&self, set: AppendSet) -> Result<JournalPosition, CommitLogError> {
        loop {
            match self.0.submit(set.clone()) {
                Err(error) if error.is_retriable() => std::thread::yield_now(),
                other => return other,
            }
        }
    }
    fn durable(&self) -> JournalPosition {
        self.0.durable()
    }
    fn watch(&self) -> tokio::sync::watch::Receiver<JournalPosition> {
        self.0.watch()
    }
    fn replay(
        &self,
        from: JournalPosition,
        visit: &mut dyn FnMut(crate::commit_log::ReplayedEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<crate::commit_log::ReplaySummary, ReplayError> {
        self.0.replay(from, visit)
    }
    fn release(&self, up_to: JournalPosition) {
        self.0.release(up_to);
    }
    fn pressure(&self) -> crate::commit_log::Pressure {
        self.0.pressure()
    }
    fn status(&self) -> crate::commit_log::CommitLogStatus {
        self.0.status()
    }
    fn close(&self) {
        self.0.close();
    }
}

mod contract_on_simulated_disk {
    crate::commit_log_contract!(super::OnSim(super::SimDisk::new()));
}

struct OnDisk {
    dir: tempfile::TempDir,
    mode: IoMode,
}

impl OnDisk {
    fn new(mode: IoMode) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), mode }
    }
}

impl Fixture for OnDisk {
    fn open(&self) -> Arc<dyn CommitLog> {
        let options = JournalOptions {
            file_bytes: 1 << 20,
            reserve_bytes: 64 << 10,
            ..JournalOptions::with_mode(self.mode)
        };
        Arc::new(Roomy(Journal::open(&self.dir.path().join(Journal::DIR), options).unwrap()))
    }
}

mod contract_buffered {
    crate::commit_log_contract!(super::OnDisk::new(super::IoMode::Buffered));
}

mod contract_direct {
    crate::commit_log_contract!(super::OnDisk::new(super::IoMode::Direct));
}

fn bases(journal: &Journal, from: JournalPosition) -> Vec<i64> {
    replay_from(journal, from).unwrap().iter().map(|r| r.base).collect()
}

#[test]
fn files_are_recycled_and_stay_bounded() {
    let disk = SimDisk::new();
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let observer = Recorder::new();
    for base in 0..300 {
        let admission = journal.admit(5000).wait_blocking().unwrap();
        journal.submit(set(base, 5000, &observer)).unwrap();
        drop(admission);
        if base % 5 == 4 {
            observer.wait_durable(Offset(base + 1));
            journal.release(journal.durable());
        }
    }
    assert!(disk.paths().len() <= 4, "{:?}", disk.paths());
    let (largest, _) = disk.seen_calls();
    assert!(largest <= 8 << 10, "a write call of {largest} bytes");
}

#[test]
fn a_full_journal_holds_appenders_until_release() {
    let journal = Journal::open(sim_dir(), small(SimDisk::new())).unwrap();
    let observer = Recorder::new();
    let mut base = 0;
    let waiting = loop {
        let admission = journal.admit(9000);
        if journal.pressure().waiting > 0 && journal.pressure().files_in_use == 4 {
            break admission;
        }
        let admission = admission.wait_blocking().unwrap();
        journal.submit(set(base, 9000, &observer)).unwrap();
        drop(admission);
        base += 1;
        observer.wait_durable(Offset(base));
        assert!(base < 100, "never full");
    };
    assert_eq!(base, 19, "{base} sets of 12 KiB in 4 files of 60 KiB less a reserve of 8 KiB");
    wait_position(&journal, journal.durable());
    let refused = journal.submit(set(base, 9000, &observer)).unwrap_err();
    assert!(matches!(refused, CommitLogError::Full { .. }) && refused.is_retriable(), "{refused}");
    // Control records may go into what is left.
    let control = Recorder::new();
    let entries = [entry(TopicIdPartition::CLUSTER_METADATA, 0, 100, &control)].into_iter().collect();
    journal.submit(AppendSet { entries }).unwrap();
    control.wait_durable(Offset(1));

    let pressure = journal.pressure();
    assert!(pressure.is_high());
    let frees = pressure.frees_oldest.unwrap();
    wait_position(&journal, frees);
    journal.release(JournalPosition(frees.0 - 1));
    assert_eq!(journal.pressure().waiting, 1, "one byte short of the oldest file's end frees nothing");
    journal.release(frees);
    drop(waiting.wait_blocking().unwrap());
    journal.submit(set(base, 9000, &observer)).unwrap();
    assert!(journal.pressure().oldest_needed >= frees);
}

#[test]
fn groups_give_padding_back() {
    let disk = SimDisk::new();
    let journal = Journal::open(sim_dir(), JournalOptions { max_files: 3, ..small(disk.clone()) }).unwrap();
    let observer = Recorder::new();
    journal.submit(set(0, 100, &observer)).unwrap();
    observer.wait_durable(Offset(1));
    wait_prepared(&journal);
    // One at a time each costs a block; held back together, they share one.
    disk.set_faults(|f| f.hold_syncs = true);
    journal.submit(set(1, 100, &observer)).unwrap();
    observer.wait(|h| *h == Heard::Written(Offset(2)));
    let before = journal.pressure().room;
    let mut last = JournalPosition(0);
    for base in 2..10 {
        last = journal.submit(set(base, 100, &observer)).unwrap();
    }
    let charged = before - journal.pressure().room;
    assert_eq!(charged, 8 * 4096);
    disk.set_faults(|f| f.hold_syncs = false);
    observer.wait_durable(Offset(10));
    wait_position(&journal, last); // observers hear of it first
    assert_eq!(before - journal.pressure().room, 4096, "one group, one block");
    assert_eq!(bases(&journal, JournalPosition(0)), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_set_larger_than_a_file_is_refused_and_the_largest_is_taken() {
    let journal =
        Journal::open(sim_dir(), JournalOptions { reserve_bytes: 0, ..small(SimDisk::new()) }).unwrap();
    let observer = Recorder::new();
    assert!(matches!(journal.submit(set(0, 70_000, &observer)), Err(CommitLogError::TooLarge { .. })));
    let end = journal.submit(set(0, 61_000, &observer)).unwrap();
    wait_position(&journal, end);
    assert_eq!(bases(&journal, JournalPosition(0)), [0]);
}

#[test]
fn what_is_released_is_gone_and_says_so() {
    let disk = SimDisk::new();
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let observer = Recorder::new();
    for base in 0..60 {
        journal.admit(5000).wait_blocking().unwrap();
        journal.submit(set(base, 5000, &observer)).unwrap();
        observer.wait_durable(Offset(base + 1));
        journal.release(journal.durable());
    }
    drop(journal);
    let journal = Journal::open(sim_dir(), small(disk)).unwrap();
    let gone = replay_from(&journal, JournalPosition(0));
    assert!(matches!(gone, Err(ReplayError::Gone { .. })), "{gone:?}");
}

#[test]
fn a_journal_that_was_full_takes_control_records_after_an_open() {
    let disk = SimDisk::new();
    let observer = Recorder::new();
    let mut last = JournalPosition(0);
    for round in 0..6 {
        // More openings than files, and never a checkpoint.
        let journal =
            Journal::open(sim_dir(), JournalOptions { max_files: 3, ..small(disk.clone()) }).unwrap();
        let entries =
            [entry(TopicIdPartition::CLUSTER_METADATA, round, 100, &observer)].into_iter().collect();
        last = journal.submit(AppendSet { entries }).unwrap();
        observer.wait_durable(Offset(round + 1));
    }
    let journal = Journal::open(sim_dir(), JournalOptions { max_files: 3, ..small(disk) }).unwrap();
    assert_eq!(bases(&journal, JournalPosition(0)), [0, 1, 2, 3, 4, 5]);
    journal.release(last);
    let after = journal.pressure();
    assert_eq!((after.files_in_use, after.oldest_needed), (0, last));
}

#[test]
fn a_clean_end_is_taken_without_looking_and_goes_on() {
    let disk = SimDisk::new();
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let recorder = Recorder::new();
    for base in 0..20 {
        wait_prepared(&journal);
        journal.submit(set(base, 3000, &recorder)).unwrap();
        recorder.wait_durable(Offset(base + 1));
        wait_position(&journal, journal.durable());
        journal.release(journal.durable());
    }
    journal.close();
    let end = journal.durable();
    drop(journal);
    let reads = disk.reads();
    let journal = Journal::open_at(sim_dir(), small(disk.clone()), Some(end)).unwrap();
    assert!(disk.reads() - reads <= 4 * 64, "only headers: {} bytes read", disk.reads() - reads);
    assert_eq!((journal.opened_at(), journal.durable()), (end, end));
    assert!(bases(&journal, end).is_empty());
    journal.submit(set(20, 3000, &recorder)).unwrap();
    recorder.wait_durable(Offset(21));
    drop(journal);
    // Killed then: what the files held before is passed over, what was appended since is there.
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    assert_eq!(bases(&journal, end), [20]);
    drop(journal);
    // An end that the files contradict is not believed.
    let wrong = Journal::open_at(sim_dir(), small(disk), Some(JournalPosition(1))).unwrap();
    assert!(wrong.durable() > end);
    assert_eq!(bases(&wrong, end), [20]);
}

#[test]
fn a_newer_format_is_named() {
    let disk = SimDisk::new();
    drop(Journal::open(sim_dir(), small(disk.clone())).unwrap());
    let path = disk.paths()[0].clone();
    disk.tamper(&path, |bytes| {
        bytes[8..12].copy_from_slice(&9u32.to_be_bytes());
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_be_bytes());
    });
    let error = Journal::open(sim_dir(), small(disk)).unwrap_err();
    assert!(matches!(error, CommitLogError::NewerFormat { found: 9, supported: 2, .. }), "{error}");
}

#[test]
fn direct_io_falls_back_where_it_is_refused() {
    // Whatever the file system of the temporary directory can, the journal works and says how.
    let dir = tempfile::tempdir().unwrap();
    for mode in [IoMode::Buffered, IoMode::Direct] {
        let file = DiskIo::new(mode).open(&dir.path().join("f"), true).unwrap();
        let buffer = super::aligned::AlignedBuf::new(8192);
        super::file::write_all(file.as_ref(), buffer.bytes(), 0, 4096).unwrap();
        file.sync().unwrap();
        assert_eq!(file.len().unwrap(), 8192);
        assert!(mode == IoMode::Direct || file.mode() == IoMode::Buffered);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any byte soup in a file is an error or nothing, never a panic and never a set.
    #[test]
    fn soup_is_never_a_set(soup in proptest::collection::vec(any::<u8>(), 0..20_000), cut in any::<bool>()) {
        let disk = SimDisk::new();
        drop(Journal::open(sim_dir(), small(disk.clone())).unwrap());
        let path = disk.paths()[0].clone();
        disk.tamper(&path, |bytes| {
            bytes[4096..4096 + soup.len()].copy_from_slice(&soup);
            if cut { bytes.truncate(4096 + soup.len()); }
        });
        let journal = Journal::open(sim_dir(), small(disk)).unwrap();
        prop_assert_eq!(replay_from(&journal, JournalPosition(0)).unwrap(), vec![]);
    }

    /// A flipped bit in the middle is corruption, in the last group a torn tail; either way nothing false is replayed.
    #[test]
    fn a_flipped_bit_is_noticed(at in 0usize..40_000, bit in 0u8..8) {
        let disk = SimDisk::new();
        let observer = Recorder::new();
        {
            let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
            for base in 0..4 {
                journal.submit(set(base, 9000, &observer)).unwrap();
                observer.wait_durable(Offset(base + 1));
            }
        }
        let path = disk.paths()[0].clone();
        let offset = 4096 + at;
        disk.tamper(&path, |bytes| bytes[offset] ^= 1 << bit);
        let group = at / 12_288;
        let padding = at % 12_288 > 64 + 4 + 81 + 9010;
        match Journal::open(sim_dir(), small(disk)) {
            Ok(journal) => {
                let replayed = replay_from(&journal, JournalPosition(0)).unwrap();
                let expected = if padding || group > 3 { 4 } else { 3 };
                prop_assert!(padding || group >= 3, "a flip in group {} went unnoticed", group);
                prop_assert_eq!(replayed.iter().map(|r| r.base).collect::<Vec<_>>(), (0..expected).collect::<Vec<_>>());
            }
            Err(error) => {
                prop_assert!(group < 3 && matches!(error, CommitLogError::Corrupt { .. }), "{}", error);
            }
        }
    }
}
