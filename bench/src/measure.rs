//! One sample of one cell on one broker.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::brokers::system::{Kind, System};
use crate::cells::{By, Cell, MANY, What};
use crate::load::batch::batch;
use crate::load::librdkafka::{Run, words};
use crate::load::prepared::{self, Load};
use crate::load::wire::{create_topic, delete_topic, produce_until_taken};
use crate::load::{Latency, Rate, fetch, java, paced};
use crate::machine::{
    cold,
    memory::Pool,
    probe::{lone_syncs, synced_write_rate},
};

const LIMIT: Duration = Duration::from_secs(60);
/// What lingering users ask for; everything else is librdkafka's default (acks is set by the cell).
pub const LINGER: &str = "-X linger.ms=5";
/// What rdkafka_performance sets: consumers that do not wait for a round trip.
pub const QUEUED: &str = "-X queued.min.messages=1000000";

/// Bytes of a full batch, and of the Java producer's.
const FULL: usize = 1_000_000;
const SMALL: usize = 16 << 10;

/// What was measured in one round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sample {
    Rate(Rate),
    Latency(Latency),
}

/// Makes what serves all rounds of a cell.
pub fn prepare(cell: &Cell, system: &System) -> Result<()> {
    match cell.what {
        What::Consume { value, partitions, bytes, .. } => {
            make_topic(system, &cell.name, partitions, value)?;
            if system.kind == Kind::Zero {
                return Ok(());
            }
            let batch = Arc::new(batch(value, FULL));
            let batches = bytes.div_ceil(batch.value_bytes);
            let (topic, connections, in_flight) = (cell.name.clone(), 1, 5);
            let load = Load { topic, partitions, connections, in_flight, acks: -1, batch };
            prepared::fill(system.address, &load, batches)
        }
        What::Produce { partitions, value, .. } if partitions >= MANY => {
            make_topic(system, &cell.name, partitions, value)
        }
        _ => Ok(()),
    }
}

/// Removes what [`prepare`] made.
pub fn finish(cell: &Cell, system: &System) -> Result<()> {
    match cell.what {
        What::Consume { .. } => delete_topic(system.address, &cell.name),
        What::Produce { partitions, .. } if partitions >= MANY => delete_topic(system.address, &cell.name),
        _ => Ok(()),
    }
}

/// Measures once. `window` replaces the cell's.
pub fn one(cell: &Cell, system: &System, round: usize, window: Duration) -> Result<Sample> {
    let (address, pid) = (system.address, system.pid()?);
    let fresh = format!("{}-{round}", cell.name);
    Ok(match cell.what {
        What::Produce { by, value, partitions, acks } => {
            let topic = if partitions >= MANY { &cell.name } else { &fresh };
            let synced =
                if system.kind.syncs() { Some(synced_write_rate(system.directory())?) } else { None };
            let pool = Pool::fill();
            if partitions < MANY {
                make_topic(system, topic, partitions, value)?;
            }
            let mut rate = match by {
                By::Librdkafka => {
                    // Keyed records spread over many partitions, others stick to one for a while.
                    let spread = if partitions >= MANY { "-e" } else { "" };
                    let args = words(&format!(
                        "-p {partitions} -s {value} -w {} -d {} -X acks={acks} {LINGER} {spread}",
                        cell.warm_up.as_secs_f64(),
                        window.as_secs_f64()
                    ));
                    pool.release();
                    Run::start("produce", address, pid, topic, &args)?.finish()?.rate()?
                }
                By::Java => {
                    pool.release();
                    java::produce(address, pid, topic, value, 300_000)?
                }
                By::FullBatches | By::SmallBatches => {
                    let (size, in_flight) = if by == By::FullBatches { (FULL, 5) } else { (SMALL, 64) };
                    let batch = Arc::new(batch(value, size));
                    let topic = topic.clone();
                    let load = Load { topic, partitions, connections: 1, in_flight, acks, batch };
                    pool.release();
                    prepared::run(address, pid, &load, cell.warm_up, window)?
                }
            };
            if partitions < MANY {
                delete_topic(address, topic)?;
            }
            rate.synced = synced;
            Sample::Rate(rate)
        }
        What::Consume { by, value, partitions, bytes, cold } => {
            let disk = if cold { disk_rate(cell, system)? } else { None };
            let pool = Pool::fill();
            let count = bytes / value as u64;
            let topic = &cell.name;
            pool.release();
            let mut rate = match by {
                By::Librdkafka => {
                    let args = words(&format!("-p {partitions} -n {count} {QUEUED}"));
                    Run::start("consume", address, pid, topic, &args)?.finish()?.rate()?
                }
                By::Java => java::consume(address, pid, topic, &fresh, value, count)?,
                By::FullBatches | By::SmallBatches => {
                    let again = !cold || system.kind == Kind::Zero;
                    let window = if again { window } else { LIMIT };
                    fetch::run(address, pid, topic, partitions, value as u64, again, window)?
                }
            };
            rate.disk = disk;
            Sample::Rate(rate)
        }
        What::Together { producers, consumers, partitions } => {
            make_topic(system, &fresh, partitions, 1024)?;
            let rate = together(cell, system, &fresh, producers, consumers, partitions, window)?;
            delete_topic(address, &fresh)?;
            Sample::Rate(rate)
        }
        What::Latency { by, rate } => {
            let lone =
                if system.kind == Kind::Highway { Some(lone_syncs(system.directory())?) } else { None };
            make_topic(system, &fresh, 16, 1024)?;
            let mut seen = if by == By::Librdkafka {
                let args =
                    format!("-p 16 -s 1024 -r {rate} -d {} -X acks=-1 -X linger.ms=0", window.as_secs_f64());
                Run::start("latency", address, pid, &fresh, &words(&args))?.finish()?.latency()?
            } else {
                paced::run(address, &fresh, 16, 8, &batch(1024, 0), rate, window)?
            };
            delete_topic(address, &fresh)?;
            (seen.lone_p50, seen.lone_p99) = (lone.map(|l| l.p50), lone.map(|l| l.p99));
            Sample::Latency(seen)
        }
        What::Memory | What::Start | What::Partitions { .. } => bail!("{} has no rounds", cell.name),
    })
}

fn make_topic(system: &System, topic: &str, partitions: i32, value: usize) -> Result<()> {
    create_topic(system.address, topic, partitions)?;
    produce_until_taken(system.address, topic, 0..partitions, &batch(value, 0).bytes, LIMIT)
}

/// The disk's own rate on the topic's files; they are out of the page cache then.
fn disk_rate(cell: &Cell, system: &System) -> Result<Option<f64>> {
    let files = cold::make_cold(&system.data(), &cell.name)?;
    if files.is_empty() {
        return Ok(None);
    }
    Pool::fill().release();
    let rate = cold::disk_rate(&files)?;
    cold::make_cold(&system.data(), &cell.name)?;
    Ok(Some(rate))
}

/// Producers at full speed, consumers at the tail or, where there are several, in a group.
fn together(
    cell: &Cell,
    system: &System,
    topic: &str,
    producers: u32,
    consumers: u32,
    partitions: i32,
    window: Duration,
) -> Result<Rate> {
    let (address, pid) = (system.address, system.pid()?);
    let pool = Pool::fill();
    let part = format!("-p {partitions} -w {} -d {}", cell.warm_up.as_secs_f64(), window.as_secs_f64());
    let consume = if consumers > 1 {
        format!("{part} {QUEUED} -g {topic} -X heartbeat.interval.ms=500")
    } else {
        format!("{part} {QUEUED} -o end")
    };
    let readers: Vec<Run> = (0..consumers)
        .map(|_| Run::start("consume", address, pid, topic, &words(&consume)))
        .collect::<Result<_>>()?;
    // Each member that joins makes the others join again at their next heartbeat.
    std::thread::sleep(Duration::from_millis(if consumers > 1 { 5000 } else { 500 }));
    pool.release();
    let produce = format!("{part} -s 1024 -X acks=-1 {LINGER}");
    let writers: Vec<Run> = (0..producers)
        .map(|_| Run::start("produce", address, pid, topic, &words(&produce)))
        .collect::<Result<_>>()?;
    let (mut produced, mut records, mut bytes, mut client, mut broker) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for writer in writers {
        let seen = writer.finish()?;
        produced += seen.records / seen.seconds;
        client += seen.client_cpu / seen.seconds;
        broker = seen.broker_cpu / seen.seconds;
    }
    for reader in readers {
        let seen = reader.finish()?;
        records += seen.records / seen.seconds;
        bytes += seen.bytes / seen.seconds;
        client += seen.client_cpu / seen.seconds;
    }
    let mut rate = Rate::of(records, bytes, 1.0, broker, client)?;
    rate.produced = Some(produced);
    Ok(rate)
}
