//! Power cuts and kills at random calls, over several lives of one disk.

use bytes::Bytes;
use highway_types::{JournalPosition, Offset};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::journal_test::{sim_dir, small};
use super::sim::SimDisk;
use super::store::Journal;
use crate::commit_log::contract::{Heard, Recorder, batch_of, entry, partition, replay_from};
use crate::commit_log::{AppendSet, CommitLog, CommitLogError, ReplayError};

/// A set as it was submitted.
struct Sent {
    end: JournalPosition,
    batches: Vec<Bytes>,
    base: i64,
}

#[derive(Clone, Copy, Debug)]
enum End {
    PowerCut,
    Kill,
    Close,
}

/// One life: submits until `calls` system calls were made, then ends. What had been answered must be in the next life.
fn live(
    rng: &mut StdRng,
    disk: SimDisk,
    sent: &mut Vec<Sent>,
    checkpoint: &mut JournalPosition,
    end: End,
) -> SimDisk {
    let journal = Journal::open(sim_dir(), small(disk.clone())).expect("nothing is corrupt");
    check(&journal, sent, *checkpoint);
    let at_open = journal.durable();
    sent.retain(|s| s.end <= at_open);
    let mut next = sent.last().map_or(0, |s| s.base + 1);
    disk.set_faults(|f| {
        f.cut_at = matches!(end, End::PowerCut).then(|| rng.random_range(0..120));
        f.short_writes = rng.random_bool(0.1).then_some(4096);
    });
    let observer = Recorder::new();
    for _ in 0..rng.random_range(1..60) {
        let entries: smallvec::SmallVec<_> = (0..rng.random_range(1..4))
            .map(|p| entry(partition(p), next, rng.random_range(0..6000), &observer))
            .collect();
        let batches = entries.iter().map(batch_of).collect();
        match journal.submit(AppendSet { entries }) {
            Ok(end) => {
                sent.push(Sent { end, batches, base: next });
                next += 1;
            }
            Err(error) if error.is_retriable() => {
                std::thread::yield_now();
                continue;
            }
            Err(CommitLogError::Failed { .. }) => break,
            Err(error) => panic!("{error}"),
        }
        if rng.random_bool(0.3) {
            // Wait for an answer, or for the failure.
            observer.wait(|h| match h {
                Heard::Durable(end) => *end >= Offset(next),
                Heard::Failed(_) => true,
                Heard::Written(_) => false,
            });
        }
        if rng.random_bool(0.2) {
            let durable = journal.durable();
            *checkpoint = JournalPosition(rng.random_range(checkpoint.0..=durable.0));
            journal.release(*checkpoint);
        }
    }
    let answered = |journal: &Journal| (journal.durable(), observer.durable_end());
    let next_disk = match end {
        End::PowerCut => {
            // No more calls; what was answered up to here counts.
            disk.set_faults(|f| f.cut_at = Some(0));
            let promised = answered(&journal);
            let next_disk = disk.after_power_cut(|| rng.random_bool(0.5));
            promise(sent, promised);
            next_disk
        }
        End::Kill => {
            disk.set_faults(|f| f.cut_at = Some(0));
            let promised = answered(&journal);
            promise(sent, promised);
            disk.after_kill()
        }
        End::Close => {
            journal.close();
            let promised = answered(&journal);
            assert_eq!(Some(promised.0), sent.last().map(|s| s.end).or(Some(at_open)));
            disk.after_power_cut(|| false)
        }
    };
    drop(journal);
    PROMISED.with(|p| p.set(p.get().max(at_open)));
    next_disk
}

thread_local! {
    /// What the next life must have.
    static PROMISED: std::cell::Cell<JournalPosition> = const { std::cell::Cell::new(JournalPosition(0)) };
}

fn promise(sent: &[Sent], (position, offset): (JournalPosition, Offset)) {
    let told = sent.iter().filter(|s| s.base < offset.0).map(|s| s.end).max().unwrap_or_default();
    PROMISED.with(|p| p.set(p.get().max(position).max(told)));
}

/// Every promised set is there, whole sets only, in order, nothing invented.
fn check(journal: &Journal, sent: &[Sent], checkpoint: JournalPosition) {
    let promised = PROMISED.with(std::cell::Cell::get);
    assert!(journal.durable() >= promised, "promised {promised}, replayed only {}", journal.durable());
    let replayed = replay_from(journal, checkpoint).unwrap_or_else(|e: ReplayError| panic!("{e}"));
    let mut rest = replayed.as_slice();
    let expected = sent.iter().filter(|s| s.end > checkpoint && s.end <= journal.durable());
    for set in expected {
        assert!(rest.len() >= set.batches.len(), "set {} is missing", set.base);
        let (found, behind) = rest.split_at(set.batches.len());
        rest = behind;
        for (found, batch) in found.iter().zip(&set.batches) {
            assert_eq!((found.base, found.end), (set.base, set.end));
            assert_eq!(found.bytes, *batch);
        }
        assert!(found.last().is_some_and(|f| f.last_of_set));
    }
    assert!(rest.is_empty(), "invented: {rest:?}");
    assert!(
        sent.iter().any(|s| s.end == journal.durable()) || journal.durable() <= checkpoint || sent.is_empty()
    );
}

fn lives(seed: u64, count: usize) {
    PROMISED.with(|p| p.set(JournalPosition(0)));
    let mut rng = StdRng::seed_from_u64(seed);
    let mut disk = SimDisk::new();
    let mut sent = Vec::new();
    let mut checkpoint = JournalPosition(0);
    for _ in 0..count {
        let end =
            [End::PowerCut, End::PowerCut, End::PowerCut, End::Kill, End::Close][rng.random_range(0..5)];
        disk = live(&mut rng, disk, &mut sent, &mut checkpoint, end);
    }
    let journal = Journal::open(sim_dir(), small(disk)).expect("nothing is corrupt");
    check(&journal, &sent, checkpoint);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn what_was_answered_survives(seed in any::<u64>()) {
        lives(seed, 8);
    }
}

/// Cuts the power at each of the first calls of a fresh journal in turn.
#[test]
fn a_fresh_journal_survives_a_cut_at_every_call() {
    for cut in 0..60 {
        let mut rng = StdRng::seed_from_u64(cut);
        let disk = SimDisk::new();
        disk.set_faults(|f| f.cut_at = Some(cut));
        let observer = Recorder::new();
        let mut promised = JournalPosition(0);
        let mut ends = Vec::new();
        if let Ok(journal) = Journal::open(sim_dir(), small(disk.clone())) {
            for base in 0..6 {
                let entries = [entry(partition(0), base, 3000, &observer)].into_iter().collect();
                match journal.submit(AppendSet { entries }) {
                    Ok(end) => ends.push(end),
                    Err(_) => break,
                }
            }
            journal.close();
            promised = journal.durable();
        }
        let disk = disk.after_power_cut(|| rng.random_bool(0.5));
        let journal = Journal::open(sim_dir(), small(disk)).unwrap_or_else(|e| panic!("cut {cut}: {e}"));
        let replayed = replay_from(&journal, JournalPosition(0)).unwrap();
        assert!(journal.durable() >= promised, "cut {cut}");
        assert_eq!(replayed.iter().map(|r| r.end).collect::<Vec<_>>(), ends[..replayed.len()]);
    }
}

/// Recycled files are full of whole old groups at the very places where new ones go.
#[test]
fn groups_of_a_files_former_life_are_not_taken() {
    let disk = SimDisk::new();
    let observer = Recorder::new();
    let mut last = JournalPosition(0);
    {
        let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
        for base in 0..200 {
            drop(journal.admit(3000).wait_blocking().unwrap());
            let entries = [entry(partition(0), base, 3000, &observer)].into_iter().collect();
            last = journal.submit(AppendSet { entries }).unwrap();
            observer.wait_durable(Offset(base + 1));
            if base < 190 {
                journal.release(journal.durable());
            }
        }
    }
    let journal = Journal::open(sim_dir(), small(disk)).unwrap();
    assert_eq!(journal.durable(), last);
    let from = JournalPosition(last.0 / 200 * 195);
    let bases: Vec<i64> = replay_from(&journal, from).unwrap().iter().map(|r| r.base).collect();
    assert_eq!(bases, (195..200).collect::<Vec<_>>());
}
