//! Measures the journal: `chrt -r 1 journal_bench DIR [buffered|direct] [seconds] [file MiB] [group MiB] [write KiB]`.
//!
//! Appenders submit a set, wait until it is durable, and submit the next. Latency is from submit to durable.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use highway_log::batch::builder::BatchBuilder;
use highway_log::batch::header::{BatchHeader, HEADER_LEN};
use highway_log::commit_log::{AppendEntry, AppendObserver, AppendSet, CommitLog, CommitLogError};
use highway_log::journal::{IoMode, Journal, JournalOptions};
use highway_types::{Offset, PartitionIndex, Timestamp, TopicId, TopicIdPartition};
use parking_lot::{Condvar, Mutex};

#[derive(Default)]
struct Waiter {
    durable: Mutex<i64>,
    moved: Condvar,
}

impl AppendObserver for Waiter {
    fn written(&self, _end: Offset) {}
    fn durable(&self, end: Offset) {
        *self.durable.lock() = end.0;
        self.moved.notify_one();
    }
    fn failed(&self, error: &CommitLogError) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

/// CPU time of the whole process, and of the journal's own threads.
fn cpu() -> [Duration; 2] {
    let seconds = |stat: &str| {
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().filter_map(|i| fields.get(*i)?.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    };
    let process = seconds(&std::fs::read_to_string("/proc/self/stat").unwrap_or_default());
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let own = threads
        .filter_map(|t| std::fs::read_to_string(t.path().join("stat")).ok())
        .filter(|stat| stat.contains("(highway-"))
        .map(|stat| seconds(&stat))
        .sum();
    [process, own]
}

fn run(dir: &std::path::Path, options: JournalOptions, size: usize, appenders: i32, seconds: u64) {
    let again = options.clone();
    let journal = Arc::new(Journal::open(dir, options).expect("the directory can be written"));
    let stop = Arc::new(AtomicBool::new(false));
    let mut builder = BatchBuilder::new();
    builder.push(Timestamp(0), None, Some(&vec![7; size - HEADER_LEN - 16]), &[]);
    let batch = builder.build();
    let payload: Bytes = batch.slice(HEADER_LEN..);
    // One round first, which is not counted: new files are zeroed while it runs.
    let mut outcome = None;
    for (round, seconds) in [(0, 2), (1, seconds)] {
        stop.store(false, Ordering::Relaxed);
        let (started, cpu_before) = (Instant::now(), cpu());
        let threads: Vec<_> = (0..appenders)
            .map(|index| {
                let (journal, stop, payload) = (Arc::clone(&journal), Arc::clone(&stop), payload.clone());
                let mut header = BatchHeader::parse(&batch).expect("it was just built");
                std::thread::spawn(move || {
                    let waiter = Arc::new(Waiter::default());
                    let mut latency = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)
                        .expect("these bounds are allowed");
                    let id = TopicIdPartition { topic_id: TopicId::ZERO, partition: PartitionIndex(index) };
                    let mut base = 0;
                    while !stop.load(Ordering::Relaxed) {
                        header.base_offset = Offset(base);
                        let admission = journal.admit(payload.len()).wait_blocking().expect("healthy");
                        let submitted = Instant::now();
                        let entry = AppendEntry {
                            stored: None,
                            id,
                            base_offset: Offset(base),
                            last_offset: Offset(base),
                            header: header.encode(),
                            payload: payload.clone(),
                            observer: Arc::clone(&waiter) as Arc<dyn AppendObserver>,
                        };
                        match journal.submit(AppendSet { entries: [entry].into_iter().collect() }) {
                            Ok(_) => {}
                            Err(error) if error.is_retriable() => continue,
                            Err(error) => panic!("{error}"),
                        }
                        drop(admission);
                        base += 1;
                        let mut durable = waiter.durable.lock();
                        while *durable < base {
                            waiter.moved.wait(&mut durable);
                        }
                        drop(durable);
                        latency.saturating_record(submitted.elapsed().as_micros() as u64);
                        if index == 0 && base % 16 == 0 {
                            journal.release(journal.durable());
                        }
                    }
                    latency
                })
            })
            .collect();
        std::thread::sleep(Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        let mut all = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).expect("these bounds are allowed");
        for thread in threads {
            all.add(thread.join().expect("appenders do not panic")).expect("same settings");
        }
        if round == 1 {
            let after = cpu();
            outcome =
                Some((all, started.elapsed(), [0, 1].map(|i| (after[i] - cpu_before[i]).as_secs_f64())));
        }
        journal.release(journal.durable());
    }
    let Some((all, elapsed, cpu)) = outcome else { return };
    drop(journal);
    let opening = Instant::now();
    drop(Journal::open(dir, again).expect("it is whole"));
    println!("open again in {} ms", opening.elapsed().as_millis());
    let bytes = all.len() as f64 * size as f64;
    println!(
        "{:>5} KiB x {appenders:<2} {:>8.0} sets/s {:>7.0} MB/s {:>6.2} CPU-s/GB ({:.2} the journal's)  p50 {:>6} us  p99 {:>6} us  p99.9 {:>6} us",
        size / 1024,
        all.len() as f64 / elapsed.as_secs_f64(),
        bytes / 1e6 / elapsed.as_secs_f64(),
        cpu[0] / (bytes / 1e9),
        cpu[1] / (bytes / 1e9),
        all.value_at_quantile(0.5),
        all.value_at_quantile(0.99),
        all.value_at_quantile(0.999),
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| arguments.get(at).and_then(|a| a.parse().ok()).unwrap_or(default);
    let dir = PathBuf::from(arguments.first().map_or("journal-bench", String::as_str));
    let mode =
        if arguments.get(1).is_some_and(|m| m == "buffered") { IoMode::Buffered } else { IoMode::Direct };
    let seconds = number(2, 5);
    for (size, appenders) in [(4096, 16), (64 << 10, 16), (1 << 20, 4), (4096, 1)] {
        let mut options = JournalOptions::with_mode(mode);
        options.file_bytes = number(3, options.file_bytes >> 20) << 20;
        options.group_bytes = number(4, options.group_bytes >> 20) << 20;
        options.write_bytes = (number(5, options.write_bytes as u64 >> 10) << 10) as usize;
        let dir = dir.join(Journal::DIR);
        let _ = std::fs::remove_dir_all(&dir);
        run(&dir, options, size, appenders, seconds);
        let _ = std::fs::remove_dir_all(&dir);
    }
}
