//! Failing, short and refused system calls.

use std::sync::Arc;

use highway_types::{JournalPosition, Offset, TopicIdPartition};

use super::journal_test::{sim_dir, small, wait_prepared};
use super::options::JournalOptions;
use super::sim::SimDisk;
use super::store::Journal;
use crate::commit_log::contract::{Heard, Recorder, entry, replay_from, set, wait_position};
use crate::commit_log::{AppendObserver, AppendSet, CommitLog, CommitLogError, CommitLogStatus};

fn is_failed(heard: &Heard) -> bool {
    matches!(heard, Heard::Failed(_))
}

fn bases(journal: &Journal) -> Vec<i64> {
    replay_from(journal, JournalPosition(0)).unwrap().iter().map(|r| r.base).collect()
}

#[test]
fn a_failed_sync_poisons_for_good() {
    let disk = SimDisk::new();
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let good = Recorder::new();
    let end = journal.submit(set(0, 100, &good)).unwrap();
    good.wait_durable(Offset(1));
    wait_position(&journal, end);
    wait_prepared(&journal);

    disk.set_faults(|f| {
        f.fail_sync = Some(0);
        f.hold_syncs = true;
    });
    let bad = Recorder::new();
    journal.submit(set(1, 100, &bad)).unwrap();
    bad.wait(|h| *h == Heard::Written(Offset(2)));
    let queued = Recorder::new();
    journal.submit(set(2, 100, &queued)).unwrap();
    let (_, syncs) = disk.seen_calls();
    disk.set_faults(|f| f.hold_syncs = false);
    bad.wait(is_failed);
    queued.wait(is_failed);
    assert!(!bad.heard().iter().chain(&queued.heard()).any(|h| matches!(h, Heard::Durable(_))));
    assert!(matches!(
        journal.status(),
        CommitLogStatus::Failed(CommitLogError::Failed { operation: "sync", .. })
    ));
    let refused = journal.submit(set(3, 100, &queued)).unwrap_err();
    assert!(matches!(refused, CommitLogError::Failed { operation: "sync", .. }) && !refused.is_retriable());
    assert!(matches!(journal.admit(1).wait_blocking(), Err(CommitLogError::Failed { .. })));
    assert_eq!(journal.durable(), end);
    journal.close();
    assert_eq!(disk.seen_calls().1, syncs + 1, "never synced again");
    drop(journal);

    // The page cache claims to hold set 1; the disk never got it.
    let journal = Journal::open(sim_dir(), small(disk)).unwrap();
    assert_eq!(bases(&journal), [0], "what a failed sync lost is not believed after a restart");
}

#[test]
fn a_failed_write_poisons() {
    for errno in [libc::EIO, libc::ENOSPC, libc::EROFS] {
        let disk = SimDisk::new();
        let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
        let first = Recorder::new();
        let end = journal.submit(set(0, 100, &first)).unwrap();
        first.wait_durable(Offset(1));
        wait_position(&journal, end);
        wait_prepared(&journal);
        // Two write calls of 8 KiB: the second fails.
        disk.set_faults(|f| f.fail_write = Some((1, errno)));
        let observer = Recorder::new();
        journal.submit(set(1, 12_000, &observer)).unwrap();
        observer.wait(is_failed);
        assert_eq!(observer.heard().len(), 1, "neither written nor durable");
        let status = journal.status();
        let expected =
            matches!(status, CommitLogStatus::Failed(CommitLogError::Failed { operation: "write", .. }));
        assert!(expected, "{status:?}");
        drop(journal);
        let journal = Journal::open(sim_dir(), small(disk)).unwrap();
        assert_eq!(bases(&journal), [0]);
    }
}

#[test]
fn short_writes_are_finished() {
    for most in [4096, 5000, 8191] {
        let disk = SimDisk::new();
        disk.set_faults(|f| f.short_writes = Some(most));
        let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
        let observer = Recorder::new();
        for base in 0..4 {
            journal.submit(set(base, 9000, &observer)).unwrap();
        }
        observer.wait_durable(Offset(4));
        drop(journal);
        disk.set_faults(|f| f.short_writes = None);
        assert_eq!(bases(&Journal::open(sim_dir(), small(disk)).unwrap()), [0, 1, 2, 3]);
    }
}

#[test]
fn a_full_disk_refuses_data_takes_control_records_and_recovers() {
    let disk = SimDisk::new();
    disk.set_faults(|f| f.capacity = Some(100 << 10)); // one file of 64 KiB, no second
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let observer = Recorder::new();
    let mut base = 0;
    let refused = loop {
        match journal.submit(set(base, 5000, &observer)) {
            Ok(_) => base += 1,
            Err(error) => break error,
        }
        observer.wait_durable(Offset(base));
        assert!(base < 20);
    };
    assert!(refused.is_retriable(), "{refused}");
    assert_eq!(base, 6, "8 KiB each of 60 KiB, and 8 KiB in reserve");
    let refused = loop {
        // Until the prepare thread has met the full disk, an appender would wait.
        if journal.pressure().no_space {
            break journal.admit(5000).wait_blocking().unwrap_err();
        }
        std::thread::yield_now();
    };
    assert!(matches!(refused, CommitLogError::NoSpace { .. }) && refused.is_retriable(), "{refused}");
    assert_eq!(observer.heard().len(), 12, "nothing is heard of what was refused");

    let control = Recorder::new();
    let entries = [entry(TopicIdPartition::CLUSTER_METADATA, 0, 300, &control)].into_iter().collect();
    journal.submit(AppendSet { entries }).unwrap();
    control.wait_durable(Offset(1));
    assert!(matches!(journal.status(), CommitLogStatus::Healthy));

    disk.set_faults(|f| f.capacity = None);
    while journal.submit(set(base, 5000, &observer)).is_err() {
        std::thread::yield_now();
    }
    observer.wait_durable(Offset(base + 1));
    drop(journal);
    let journal = Journal::open(sim_dir(), small(disk)).unwrap();
    assert_eq!(bases(&journal), [0, 1, 2, 3, 4, 5, 0, 6]);
}

#[test]
fn too_few_open_files_hold_data_back_and_do_not_fail_the_journal() {
    let disk = SimDisk::new();
    disk.set_faults(|f| f.capacity = Some(100 << 10)); // one file of 64 KiB
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    disk.set_faults(|f| (f.capacity, f.out_of_files) = (None, true));
    let observer = Recorder::new();
    let mut base = 0;
    while journal.submit(set(base, 5000, &observer)).is_ok() {
        base += 1;
        observer.wait_durable(Offset(base));
        assert!(base < 20);
    }
    assert!(matches!(journal.status(), CommitLogStatus::Healthy), "{:?}", journal.status());
    disk.set_faults(|f| f.out_of_files = false);
    while journal.submit(set(base, 5000, &observer)).is_err() {
        assert!(matches!(journal.status(), CommitLogStatus::Healthy), "{:?}", journal.status());
        std::thread::yield_now();
    }
    observer.wait_durable(Offset(base + 1));
}

#[test]
fn a_disk_that_is_full_at_open_opens_and_refuses() {
    let disk = SimDisk::new();
    disk.set_faults(|f| f.capacity = Some(10 << 10));
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let error = journal.submit(set(0, 10, &Recorder::new())).unwrap_err();
    assert!(matches!(error, CommitLogError::NoSpace { .. }), "{error}");
    assert_eq!(disk.paths(), Vec::<std::path::PathBuf>::new(), "no half file is left");
}

#[test]
fn an_observer_that_panics_fails_the_journal_and_nothing_hangs() {
    struct Bad;
    impl AppendObserver for Bad {
        fn written(&self, _: Offset) {}
        fn durable(&self, _: Offset) {
            panic!("an invariant does not hold");
        }
        fn failed(&self, _: &CommitLogError) {}
    }
    let journal = Journal::open(sim_dir(), small(SimDisk::new())).unwrap();
    let good = Recorder::new();
    let mut set = set(0, 10, &good);
    let mut bad = entry(crate::commit_log::contract::partition(1), 0, 10, &good);
    bad.observer = Arc::new(Bad);
    set.entries.insert(0, bad);
    journal.submit(set).unwrap();
    good.wait(is_failed);
    assert!(matches!(
        journal.status(),
        CommitLogStatus::Failed(CommitLogError::Failed { operation: "callback", .. })
    ));
    assert_eq!(journal.durable(), JournalPosition(0));
}

#[test]
fn back_pressure_is_fair_and_by_bytes() {
    let disk = SimDisk::new();
    let options = JournalOptions { queue_bytes: 20_000, ..small(disk) };
    let journal = Journal::open(sim_dir(), options).unwrap();
    let first = journal.admit(15_000).wait_blocking().unwrap();
    let large = journal.admit(10_000);
    let small = journal.admit(100);
    assert_eq!(journal.pressure().waiting, 2, "the small one does not overtake the large one");
    drop(first);
    assert_eq!(large.wait_blocking().unwrap().bytes(), 10_000);
    assert_eq!(small.wait_blocking().unwrap().bytes(), 100);
    // One that gave up does not stand in the way, nor does one that was let in and never looked.
    let first = journal.admit(20_000).wait_blocking().unwrap();
    let gave_up = journal.admit(20_000);
    let never_looked = journal.admit(15_000);
    let last = journal.admit(15_000);
    drop(gave_up);
    drop(first);
    assert_eq!(journal.pressure().waiting, 1);
    drop(never_looked);
    drop(last.wait_blocking().unwrap());
}
