//! Exactly once with the real shell: writers that are killed at any await, two at once, requests that fail before or after
//! they did their work. On a directory and on versitygw.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::testing::*;
use super::{S3Task, TaskError};
use crate::partition::Partitioner;
use crate::store::{Bucket, LocalBucket};

struct Plan {
    records: i64,
    kills: u32,
    faults: u32,
    unconditional: bool,
}

/// One worker: opens, reads on where it is told, writes to the end, commits at random record counts.
async fn work(
    bucket: Arc<dyn Bucket>,
    partitioner: Partitioner,
    records_in_all: i64,
    seed: u64,
) -> Result<(), TaskError> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut settings = settings(partitioner, json(), random.random_range(40..400));
    settings.delivery = crate::settings::Delivery::BestEffort;
    let settings = Arc::new(settings);
    let mut task = S3Task::assume_exactly_once(settings, bucket, context(1 << 20));
    let mut next: HashMap<i32, i64> = HashMap::from([(0, 0), (1, 0)]);
    for resume in task.open(vec![partition(0), partition(1)]).await? {
        next.insert(resume.partition, resume.offset);
    }
    let ends = |next: &HashMap<i32, i64>| next.values().all(|&offset| offset >= records_in_all);
    while !ends(&next) {
        for at in 0..2 {
            let from = next[&at];
            let to = records_in_all.min(from + random.random_range(1..120));
            next.insert(at, to);
            for resume in task.put(&records(at, from..to), 0).await? {
                next.insert(resume.partition, resume.offset);
            }
        }
        tokio::task::yield_now().await;
        if ends(&next) {
            // The last commit may find that another was faster.
            let last = [partition(0), partition(1)];
            for at in last {
                if let Some(resume) = task.commit_now(&at).await? {
                    next.insert(resume.partition, resume.offset);
                }
            }
        }
    }
    Ok(())
}

/// `HIGHWAY_KILLS`: writers that are killed in a run.
fn kills() -> u32 {
    std::env::var("HIGHWAY_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(40)
}

/// Runs two workers at a time until so many were killed, then one to the end. Answers the ids that are visible, sorted, and
/// how many requests failed.
async fn run(
    bucket: Arc<dyn Bucket>,
    partitioner: Partitioner,
    plan: Plan,
    seed: u64,
) -> Result<(Vec<i64>, u64), TaskError> {
    let mut faulty = Faulty::new(bucket.clone(), plan.faults, seed);
    faulty.unconditional = plan.unconditional;
    let faulty = Arc::new(faulty);
    let random = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
    let mut running: Vec<tokio::task::JoinHandle<_>> = Vec::new();
    let mut kills = 0;
    for number in 0.. {
        let worker = work(faulty.clone(), partitioner.clone(), plan.records, seed * 1000 + number);
        running.push(tokio::spawn(worker));
        if running.len() > 1 {
            let pause = random.lock().random_range(1..60);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let victim = random.lock().random_range(0..2);
            let victim = running.swap_remove(victim);
            victim.abort();
            kills += u32::from(victim.await.is_err_and(|e| e.is_cancelled()));
        }
        // Most are killed long before they are through; some end, and those that fail are like killed ones.
        if kills >= plan.kills || number > u64::from(plan.kills) * 4 {
            break;
        }
    }
    for worker in running {
        let _ = worker.await;
    }
    work(bucket.clone(), partitioner, plan.records, seed).await?;
    let (ids, _) = ids(&*bucket).await;
    Ok((ids, faulty.failures.load(std::sync::atomic::Ordering::Relaxed)))
}

fn twice(records: i64) -> Vec<i64> {
    (0..records).flat_map(|id| [id, id]).collect()
}

fn local() -> (tempfile::TempDir, Arc<dyn Bucket>) {
    let folder = tempfile::tempdir().expect("a folder");
    let bucket = Arc::new(LocalBucket::new(folder.path()).expect("a bucket"));
    (folder, bucket)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_once_in_a_directory() {
    for (seed, partitioner) in [(1, by_hour()), (2, by_field("carrier")), (3, by_hour())] {
        let (_folder, bucket) = local();
        let plan = Plan { records: 6000, kills: kills(), faults: 15, unconditional: false };
        let (ids, failures) =
            run(bucket, partitioner, plan, seed).await.expect("the last worker gets through");
        println!("directory: {} records in visible objects, {failures} failed requests", ids.len());
        assert!(failures > 20);
        // Both partitions have the same ids.
        assert!(ids == twice(6000), "seed {seed}: {} records instead of 12000", ids.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_once_in_s3() {
    // One after the other in one bucket would be one connector's log: each run has a gateway of its own.
    for (seed, partitioner) in [(11, by_hour()), (12, by_field("carrier"))] {
        let Some(gateway) = Gateway::start() else { return };
        let plan = Plan { records: 6000, kills: kills(), faults: 10, unconditional: false };
        let run = run(gateway.bucket(), partitioner, plan, seed).await;
        let (ids, failures) = run.expect("the last worker gets through");
        println!("versitygw: {} records in visible objects, {failures} failed requests", ids.len());
        assert!(ids == twice(6000), "{} records instead of 12000", ids.len());
    }
}

/// The same on a store that ignores If-None-Match, which the task is not told: the test must see it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_conditions_the_test_fails() {
    for seed in 0..20 {
        let (_folder, bucket) = local();
        let plan = Plan { records: 2000, kills: 20, faults: 0, unconditional: true };
        match run(bucket, by_hour(), plan, seed).await {
            Ok((ids, _)) if ids == twice(2000) => {}
            // Lost or twice; or a log that contradicts itself.
            seen => {
                println!("seen with seed {seed}: {:?}", seen.map(|(ids, _)| ids.len()));
                return;
            }
        }
    }
    panic!("a store without conditions was not noticed");
}
