//! The cells of the matrix.

use std::time::Duration;

/// What a cell measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Produce rate.
    Produce { value: usize, batch: usize, partitions: i32, connections: i32, in_flight: usize, acks: i16 },
    /// Fetch rate of a topic of `bytes` that was just written, or that was taken out of the page cache.
    Consume { value: usize, partitions: i32, bytes: u64, cold: bool },
    /// Open-loop produce latency of single records of 1 KiB.
    Latency { rate: u64 },
    /// Start and idle memory.
    Start,
    /// Create, idle memory, restart.
    Partitions { partitions: i32 },
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// For `--cells` and the results file.
    pub name: &'static str,
    /// For the table.
    pub title: &'static str,
    /// Part of the short form.
    pub short: bool,
    pub what: What,
    /// Not looked at.
    pub warm_up: Duration,
    /// Measured.
    pub window: Duration,
}

/// librdkafka's batches when there is more to send than a broker takes.
const FULL: usize = 1_000_000;
/// The Java producer's default, and what lingering 5 ms leaves when records spread over many partitions.
const SMALL: usize = 16 << 10;

/// All cells, in the order in which they run.
pub fn all() -> Vec<Cell> {
    let produce = |value, batch, partitions, acks| What::Produce {
        value,
        batch,
        partitions,
        connections: 1,
        in_flight: if batch == FULL { 5 } else { 64 },
        acks,
    };
    let cell = |name, title, short, what| {
        let (warm_up, window) = match what {
            What::Latency { .. } => (0, 5000),
            What::Consume { .. } => (0, 1500),
            _ => (300, 1200), // within the 2 s of memory.rs
        };
        Cell {
            name,
            title,
            short,
            what,
            warm_up: Duration::from_millis(warm_up),
            window: Duration::from_millis(window),
        }
    };
    vec![
        cell("p1k-1-all", "produce 1 KiB, 1 partition, acks=all", true, produce(1024, FULL, 1, -1)),
        cell("p1k-16-all", "produce 1 KiB, 16 partitions, acks=all", true, produce(1024, FULL, 16, -1)),
        cell("p1k-16-1", "produce 1 KiB, 16 partitions, acks=1", false, produce(1024, FULL, 16, 1)),
        cell("p1k-1-1", "produce 1 KiB, 1 partition, acks=1", false, produce(1024, FULL, 1, 1)),
        cell(
            "p1k-16-all-16k",
            "produce 1 KiB in 16 KiB batches, 16 partitions, acks=all",
            false,
            produce(1024, SMALL, 16, -1),
        ),
        cell(
            "p1k-1000-all",
            "produce 1 KiB in 16 KiB batches, 1,000 partitions, acks=all",
            false,
            produce(1024, SMALL, 1000, -1),
        ),
        cell("p100-1-all", "produce 100 B, 1 partition, acks=all", false, produce(100, FULL, 1, -1)),
        cell("p100-16-all", "produce 100 B, 16 partitions, acks=all", true, produce(100, FULL, 16, -1)),
        cell("p100-16-1", "produce 100 B, 16 partitions, acks=1", false, produce(100, FULL, 16, 1)),
        cell(
            "p100-1000-all",
            "produce 100 B in 16 KiB batches, 1,000 partitions, acks=all",
            false,
            produce(100, SMALL, 1000, -1),
        ),
        cell(
            "tail",
            "consume 1 KiB, 16 partitions, in the page cache",
            true,
            What::Consume { value: 1024, partitions: 16, bytes: 1 << 30, cold: false },
        ),
        cell(
            "tail100",
            "consume 100 B, 16 partitions, in the page cache",
            false,
            What::Consume { value: 100, partitions: 16, bytes: 1 << 29, cold: false },
        ),
        cell(
            "cold",
            "consume 1 KiB, 16 partitions, from the disk",
            true,
            What::Consume { value: 1024, partitions: 16, bytes: 1 << 30, cold: true },
        ),
        cell("lat1k", "produce latency, 1,000 records a second", true, What::Latency { rate: 1000 }),
        cell("lat10k", "produce latency, 10,000 records a second", true, What::Latency { rate: 10_000 }),
        cell("start", "start and idle memory", true, What::Start),
        cell("partitions", "10,000 partitions", false, What::Partitions { partitions: 10_000 }),
    ]
}
