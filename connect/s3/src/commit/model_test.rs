//! The protocol under random schedules: writers that are killed, zombies that go on, answers that are lost and requests that
//! arrive late, with checkpoints after every second entry and with deletion.

use super::model_sim::{Bucket, Bug, RECORDS, Random, Writer};

/// Runs of the protocol as it is.
const RUNS: u64 = 100_000;

#[derive(Debug, Default)]
struct Result {
    lost: u64,
    duplicate: u64,
    failed: bool,
    deleted: u64,
}

fn run(seed: u64, bug: Bug) -> Result {
    let mut random = Random::new(seed);
    let mut bucket = Bucket::default();
    let mut live = vec![(Writer::new(0), 0)];
    let mut born = 1;
    let faults = random.below(12);
    let mut failed = false;
    for turn in 0..20_000 {
        if live.is_empty() {
            break;
        }
        let chosen = random.below(live.len() as u64) as usize;
        match random.below(1000) {
            0..10 if born < 7 => {
                // A successor while the old one lives.
                live.push((Writer::new(born), 0));
                born += 1;
                continue;
            }
            10..20 if born < 7 => {
                live.swap_remove(chosen);
                live.push((Writer::new(born), 0));
                born += 1;
                continue;
            }
            20..40 => bucket.late_arrival(&mut random, bug),
            _ => {}
        }
        // Writers run in bursts of all lengths, so that zombies fall far behind and stop at any step.
        let burst = if random.percent(50) { 1 } else { random.below(90) };
        let (writer, frozen_until) = &mut live[chosen];
        if turn < *frozen_until {
            continue;
        }
        for _ in 0..burst {
            writer.step(&mut bucket, &mut random, faults, bug);
        }
        if random.percent(20) {
            *frozen_until = turn + random.below(200);
        }
        if writer.is_done() {
            failed |= writer.failed;
            live.swap_remove(chosen);
        }
    }
    while bucket.has_late() {
        bucket.late_arrival(&mut random, bug);
    }
    let mut last = Writer::new(100);
    for _ in 0..100_000 {
        if last.is_done() {
            break;
        }
        last.step(&mut bucket, &mut random, 0, bug);
    }
    failed |= last.failed || !last.is_done();
    let mut seen = [0_u64; RECORDS as usize];
    bucket.objects.values().flatten().for_each(|&offset| seen[offset as usize] += 1);
    Result {
        lost: seen.iter().filter(|&&n| n == 0).count() as u64,
        duplicate: seen.iter().map(|n| n.saturating_sub(1)).sum(),
        failed,
        deleted: bucket.deleted,
    }
}

#[derive(Debug, Default)]
struct Tally {
    lost: u64,
    duplicate: u64,
    failed: u64,
    deleting: u64,
}

fn tally(seeds: std::ops::Range<u64>, bug: Bug) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let result = run(seed, bug);
        tally.lost += u64::from(result.lost > 0);
        tally.duplicate += u64::from(result.duplicate > 0);
        tally.failed += u64::from(result.failed);
        tally.deleting += u64::from(result.deleted > 0);
    }
    tally
}

#[test]
fn every_record_exactly_once() {
    let half = RUNS / 2;
    let other = std::thread::spawn(move || tally(half..RUNS, Bug::None));
    let one = tally(0..half, Bug::None);
    let other = other.join().expect("the other half ran");
    println!("{one:?} {other:?}");
    for tally in [one, other] {
        assert_eq!((tally.lost, tally.duplicate, tally.failed), (0, 0, 0));
        assert!(tally.deleting > half * 9 / 10, "runs without deletion prove nothing about it");
    }
}

/// The test sees each planted bug.
#[test]
fn planted_bugs_are_seen() {
    for (bug, runs) in [
        (Bug::NoCondition, 1_000),
        (Bug::CompleteBeforeCommit, 1_000),
        (Bug::DeleteBeforeCheckpoint, 20_000),
        (Bug::NoCheckAfterWin, 20_000),
        (Bug::NoConfirmAfterWalk, 100_000),
    ] {
        let tally = tally(0..runs, bug);
        println!("{bug:?}: {tally:?} of {runs}");
        assert!(tally.lost + tally.duplicate + tally.failed > 0, "{bug:?} was not seen in {runs} runs");
    }
}
