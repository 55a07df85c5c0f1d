//! What is measured once and not as a rate: start, idle memory, many partitions.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::brokers::system::{Kind, System};
use crate::load::batch::batch;
use crate::load::wire::{create_topic, produce_until_taken};
use crate::machine::process::resident_mb;
use crate::report::stats::median;

const LIMIT: Duration = Duration::from_secs(120);
const TOPICS: i32 = 10;

/// Start and idle memory of one kind of broker.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Footprint {
    /// From exec to the first acknowledged record on an existing topic, median of several starts, ms.
    pub start_ms: f64,
    /// Resident memory 2 s after a start, MB.
    pub idle_mb: f64,
}

/// Starts a broker several times on the same data.
pub fn footprint(kind: Kind, parent: &Path, starts: usize) -> Result<Footprint> {
    let mut system = System::start(kind, parent)?;
    let one = batch(100, 0).bytes;
    create_topic(system.address, "start", 1)?;
    produce_until_taken(system.address, "start", 0..1, &one, LIMIT)?;
    let mut times = Vec::new();
    let mut idle_mb = 0.0;
    for _ in 0..starts {
        system.stop();
        let start = Instant::now();
        system.launch()?;
        produce_until_taken(system.address, "start", 0..1, &one, LIMIT)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_secs(2));
        idle_mb = resident_mb(system.pid()?)?;
    }
    Ok(Footprint { start_ms: median(&times), idle_mb })
}

/// How a broker does with very many partitions.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Partitions {
    /// Partitions of the one topic.
    pub partitions: i32,
    /// Until the first and the last partition took a record, s.
    pub create_s: f64,
    /// Resident memory 2 s later, MB.
    pub created_mb: f64,
    /// From exec to an acknowledged record on the first and the last partition, after a stop in good order, s.
    pub restart_s: f64,
    /// Resident memory 2 s after the restart, MB.
    pub idle_mb: f64,
}

/// Creates, stops and starts. The partitions come as ten topics: Kafka makes no more than 10,000 records a request.
pub fn partitions(kind: Kind, parent: &Path, partitions: i32) -> Result<Partitions> {
    let mut system = System::start(kind, parent)?;
    let one = batch(100, 0).bytes;
    let each = partitions / TOPICS;
    let start = Instant::now();
    for topic in 0..TOPICS {
        create_topic(system.address, &format!("many-{topic}"), each)?;
    }
    take_records(&system, each, &one)?;
    let create_s = start.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_secs(2));
    let created_mb = resident_mb(system.pid()?)?;
    system.stop();
    let start = Instant::now();
    system.launch()?;
    take_records(&system, each, &one)?;
    let restart_s = start.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_secs(2));
    Ok(Partitions { partitions, create_s, created_mb, restart_s, idle_mb: resident_mb(system.pid()?)? })
}

/// Waits until the first and the last partition of each topic took a record.
fn take_records(system: &System, each: i32, one: &[u8]) -> Result<()> {
    (0..TOPICS).try_for_each(|topic| {
        let ends = [0, each - 1].into_iter();
        produce_until_taken(system.address, &format!("many-{topic}"), ends, one, LIMIT)
    })
}
