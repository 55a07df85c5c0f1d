//! The cells of the matrix.

use std::time::Duration;

use crate::brokers::system::Kind;

/// Who makes the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// librdkafka, as C, C++, Python, Go, Rust and .NET programs use it: linger 5 ms, otherwise its defaults.
    Librdkafka,
    /// Kafka's own Java tools with their defaults.
    Java,
    /// Prepared batches of 1 MB, 5 requests in flight: the broker alone.
    FullBatches,
    /// Prepared batches of 16 KiB, the Java producer's default, 64 requests in flight.
    SmallBatches,
}

/// What a cell measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Produce rate.
    Produce { by: By, value: usize, partitions: i32, acks: i16 },
    /// Rate at which one consumer reads a topic of `bytes` from its start: just written, or not in the page cache.
    Consume { by: By, value: usize, partitions: i32, bytes: u64, cold: bool },
    /// Rate at which records get through to consumers that read while producers produce as fast as they can.
    Together { producers: u32, consumers: u32, partitions: i32 },
    /// Open-loop produce latency of single records of 1 KiB.
    Latency { by: By, rate: u64 },
    /// Resident memory after the cells before.
    Memory,
    /// Start and idle memory.
    Start,
    /// Create, idle memory, restart.
    Partitions { partitions: i32 },
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// For `--cells` and the results file.
    pub name: String,
    /// For the table.
    pub title: String,
    /// Part of the short form.
    pub short: bool,
    /// On the disk with limits.
    pub limited: bool,
    pub what: What,
    /// Not looked at.
    pub warm_up: Duration,
    /// Measured.
    pub window: Duration,
}

impl Cell {
    /// Whether it is measured on that kind of broker.
    pub fn applies(&self, kind: Kind) -> bool {
        match self.what {
            _ if self.limited => matches!(kind, Kind::Highway | Kind::KafkaFlush),
            What::Produce { by: By::Java, .. }
            | What::Consume { by: By::Java, .. }
            | What::Together { .. }
            | What::Start
            | What::Memory => kind != Kind::Zero,
            What::Partitions { .. } => matches!(kind, Kind::Highway | Kind::Kafka),
            _ => true,
        }
    }
}

/// From this many partitions on one topic serves all rounds of a cell: making it costs Kafka more than the load does.
pub const MANY: i32 = 1000;

const GIB: u64 = 1 << 30;

/// The cell called `name`.
pub fn find(name: &str) -> Option<Cell> {
    all().into_iter().find(|c| c.name == name)
}

/// All cells, in the order in which they run.
pub fn all() -> Vec<Cell> {
    let mut cells = Vec::new();
    let short = ["p1k-1-all", "p1k-16-all", "p1k-1000-all", "p100-16-all"];
    for (size, value) in [("1k", 1024), ("100", 100)] {
        for partitions in [1, 16, 1000] {
            for (word, acks) in [("all", -1), ("1", 1)] {
                let name = format!("p{size}-{partitions}-{word}");
                let title = format!("produce {}, {}, acks={word}", bytes(value), parts(partitions));
                let in_short = short.contains(&name.as_str());
                cells.push(cell(&name, &title, in_short, produce(By::Librdkafka, value, partitions, acks)));
            }
        }
    }
    for (name, by, value, partitions) in [
        ("full-1k-16", By::FullBatches, 1024, 16),
        ("full-100-16", By::FullBatches, 100, 16),
        ("small-1k-16", By::SmallBatches, 1024, 16),
        ("small-1k-1000", By::SmallBatches, 1024, 1000),
    ] {
        let batches = if by == By::FullBatches { "1 MB" } else { "16 KiB" };
        let title = format!(
            "broker alone: prepared batches of {batches}, records of {}, {}, acks=all",
            bytes(value),
            parts(partitions)
        );
        cells.push(cell(name, &title, false, produce(by, value, partitions, -1)));
    }
    cells.push(cell(
        "java-produce",
        "Kafka's ProducerPerformance, 1 KiB, 16 partitions, acks=all",
        false,
        produce(By::Java, 1024, 16, -1),
    ));
    let consume = |by, value, cold| What::Consume { by, value, partitions: 16, bytes: GIB, cold };
    for (name, title, short, what) in [
        (
            "tail",
            "consume 1 KiB, 16 partitions, from the page cache",
            true,
            consume(By::Librdkafka, 1024, false),
        ),
        ("tail100", "consume 100 B, 16 partitions, from the page cache", false, {
            What::Consume { by: By::Librdkafka, value: 100, partitions: 16, bytes: GIB / 4, cold: false }
        }),
        ("cold", "consume 1 KiB, 16 partitions, from the disk", false, consume(By::Librdkafka, 1024, true)),
        ("tail-alone", "broker alone: fetch 1 KiB from the page cache", false, {
            consume(By::FullBatches, 1024, false)
        }),
        ("cold-alone", "broker alone: fetch 1 KiB from the disk", true, consume(By::FullBatches, 1024, true)),
        ("java-consume", "Kafka's ConsumerPerformance, 1 KiB, 16 partitions, from the page cache", false, {
            consume(By::Java, 1024, false)
        }),
        ("follow", "1 KiB through 16 partitions to a consumer at the tail", false, {
            What::Together { producers: 1, consumers: 1, partitions: 16 }
        }),
        ("many", "1 KiB from 8 producers to a group of 8 consumers, 16 partitions", false, {
            What::Together { producers: 8, consumers: 8, partitions: 16 }
        }),
        ("memory", "resident memory after the cells above", true, What::Memory),
        ("lat1k", "produce latency, 1,000 records a second", true, latency(By::Librdkafka, 1000)),
        ("lat10k", "produce latency, 10,000 records a second", false, latency(By::Librdkafka, 10_000)),
        ("lat1k-alone", "produce latency, single requests over 8 connections, 1,000 a second", false, {
            latency(By::FullBatches, 1000)
        }),
        ("lat10k-alone", "produce latency, single requests over 8 connections, 10,000 a second", true, {
            latency(By::FullBatches, 10_000)
        }),
    ] {
        cells.push(cell(name, title, short, what));
    }
    for (name, value) in [("limited-1k", 1024), ("limited-100", 100)] {
        let title = format!(
            "produce {}, 16 partitions, acks=all, on a disk of 3,000 operations/s and 125 MB/s",
            bytes(value)
        );
        let mut limited = cell(name, &title, false, produce(By::Librdkafka, value, 16, -1));
        limited.limited = true;
        (limited.warm_up, limited.window) = (Duration::from_secs(2), Duration::from_secs(5));
        cells.push(limited);
    }
    cells.push(cell("start", "start to first acknowledged record; idle memory", true, What::Start));
    let many = What::Partitions { partitions: 10_000 };
    cells.push(cell(
        "partitions",
        "10,000 partitions: created; memory then; restart; memory then",
        true,
        many,
    ));
    cells
}

fn produce(by: By, value: usize, partitions: i32, acks: i16) -> What {
    What::Produce { by, value, partitions, acks }
}

fn latency(by: By, rate: u64) -> What {
    What::Latency { by, rate }
}

fn cell(name: &str, title: &str, short: bool, what: What) -> Cell {
    let (warm_up, window) = match what {
        What::Latency { .. } => (0, 3000),
        What::Consume { .. } => (0, 1500),
        _ => (400, 1200), // within the 2 s of machine/memory.rs
    };
    Cell {
        name: name.to_owned(),
        title: title.to_owned(),
        short,
        limited: false,
        what,
        warm_up: Duration::from_millis(warm_up),
        window: Duration::from_millis(window),
    }
}

fn bytes(value: usize) -> String {
    if value == 1024 { "1 KiB".to_owned() } else { format!("{value} B") }
}

fn parts(partitions: i32) -> &'static str {
    match partitions {
        1 => "1 partition",
        16 => "16 partitions",
        _ => "1,000 partitions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_different() {
        let mut names: Vec<_> = all().into_iter().map(|c| c.name).collect();
        let before = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), before);
        assert!(find("p1k-16-all").is_some_and(|c| c.short && c.applies(Kind::Zero)));
    }
}
