//! Runs cells over all systems, interleaved A B C C B A, so that what else the machine does meets all of them alike.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::batch::batch;
use crate::cells::{Cell, What};
use crate::consume;
use crate::footprint;
use crate::latency::{self, Latency};
use crate::memory::Pool;
use crate::process::{load_average, real_time};
use crate::produce::{self, Load, Rate};
use crate::report;
use crate::system::{Kind, System};
use crate::wire::{create_topic, delete_topic, produce_until_taken};

const LIMIT: Duration = Duration::from_secs(60);

/// What was measured in one round.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(untagged)]
pub enum Sample {
    /// A rate, and for cold reads the disk's own rate.
    Rate(Rate, Option<f64>),
    /// A latency.
    Latency(Latency),
}

/// Samples of each system, one a round.
pub type Samples = BTreeMap<Kind, Vec<Sample>>;

/// What to run and where.
#[derive(Debug)]
pub struct Plan {
    pub cells: Vec<Cell>,
    pub systems: Vec<Kind>,
    pub rounds: usize,
    pub directory: PathBuf,
    pub results: PathBuf,
}

/// Runs everything, prints a table and writes the samples as JSON.
pub fn run(plan: &Plan) -> Result<()> {
    let real_time = real_time();
    if !real_time {
        eprintln!(
            "warning: no right to the real-time class: other work on this machine will show in the figures"
        );
    }
    let (began, load) = (Instant::now(), load_average());
    std::fs::create_dir_all(&plan.directory)?;
    let mut results: Vec<Value> = Vec::new();
    println!("{}", report::heading());
    let rates = plan.cells.iter().any(|c| !matches!(c.what, What::Start | What::Partitions { .. }));
    let systems: Vec<System> = if rates {
        plan.systems.iter().map(|&kind| System::start(kind, &plan.directory)).collect::<Result<_>>()?
    } else {
        Vec::new()
    };
    for cell in &plan.cells {
        match cell.what {
            What::Start => {
                for &kind in plan.systems.iter().filter(|k| **k != Kind::Zero) {
                    let seen = footprint::footprint(kind, &plan.directory, 3)?;
                    println!("{}", report::start_row(kind, &seen));
                    results.push(json!({"cell": cell.name, "system": kind, "seen": seen}));
                }
            }
            What::Partitions { partitions } => {
                for &kind in plan.systems.iter().filter(|k| matches!(k, Kind::Highway | Kind::Kafka)) {
                    match footprint::partitions(kind, &plan.directory, partitions) {
                        Ok(seen) => {
                            println!("{}", report::partitions_row(kind, &seen));
                            results.push(json!({"cell": cell.name, "system": kind, "seen": seen}));
                        }
                        Err(error) => {
                            println!("| {} with {partitions} partitions: {error:#} |", kind.label())
                        }
                    }
                }
            }
            _ => {
                let samples = rounds(cell, &systems, plan.rounds)?;
                println!("{}", report::rows(cell, &samples));
                results.push(json!({"cell": cell.name, "samples": samples}));
            }
        }
    }
    let seconds = began.elapsed().as_secs();
    let (after, cores) = (load_average(), std::thread::available_parallelism().map_or(0, usize::from));
    println!(
        "\n{cores} cores, {} rounds, real-time class: {}, load average {load} before and {after} after (the bench \
         itself included), {seconds} s",
        plan.rounds,
        if real_time { "yes" } else { "no" },
    );
    std::fs::create_dir_all(&plan.results)?;
    let stamp = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs());
    let file = plan.results.join(format!("{stamp}.json"));
    let all = json!({"rounds": plan.rounds, "real_time": real_time, "load": [load, after], "cells": results});
    std::fs::write(&file, serde_json::to_vec_pretty(&all)?)?;
    eprintln!("samples: {}", file.display());
    Ok(())
}

fn rounds(cell: &Cell, systems: &[System], rounds: usize) -> Result<Samples> {
    let mut samples = Samples::new();
    if let What::Consume { value, partitions, bytes, .. } = cell.what {
        for system in systems {
            fill(system, cell, value, partitions, bytes)?;
        }
    }
    // A JVM compiles what it runs often: Kafka gets a window of each cell that does not count.
    for system in systems.iter().filter(|s| matches!(s.kind, Kind::Kafka | Kind::KafkaFlush)) {
        one(cell, system, rounds)?;
    }
    for round in 0..rounds {
        let mut order: Vec<&System> = systems.iter().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for system in order {
            let sample = one(cell, system, round).with_context(|| {
                format!("{} with {}; its log:\n{}", cell.name, system.kind.label(), tail(&system.log()))
            })?;
            eprintln!("{} round {round} {}: {}", cell.name, system.kind.label(), report::brief(&sample));
            samples.entry(system.kind).or_default().push(sample);
        }
    }
    if matches!(cell.what, What::Consume { .. }) {
        for system in systems {
            delete_topic(system.address, cell.name)?;
        }
    }
    Ok(samples)
}

/// Puts the topic there that a cell reads.
fn fill(system: &System, cell: &Cell, value: usize, partitions: i32, bytes: u64) -> Result<()> {
    create_topic(system.address, cell.name, partitions)?;
    if system.kind == Kind::Zero {
        return Ok(());
    }
    let full = Arc::new(batch(value, 1_000_000));
    produce_until_taken(system.address, cell.name, 0..partitions, &full.bytes, LIMIT)?;
    let batches = bytes / full.value_bytes;
    let load =
        Load { topic: cell.name.to_owned(), partitions, connections: 1, in_flight: 5, acks: -1, batch: full };
    produce::fill(system.address, &load, batches)
}

fn one(cell: &Cell, system: &System, round: usize) -> Result<Sample> {
    let (address, pid) = (system.address, system.pid()?);
    let topic = format!("{}-{round}", cell.name);
    Ok(match cell.what {
        What::Produce { value, batch: size, partitions, connections, in_flight, acks } => {
            let pool = Pool::fill();
            create_topic(address, &topic, partitions)?;
            produce_until_taken(address, &topic, 0..partitions, &batch(value, 0).bytes, LIMIT)?;
            let batch = Arc::new(batch(value, size));
            let load = Load { topic: topic.clone(), partitions, connections, in_flight, acks, batch };
            pool.release();
            let rate = produce::run(address, pid, &load, cell.warm_up, cell.window)?;
            delete_topic(address, &topic)?;
            Sample::Rate(rate, None)
        }
        What::Consume { value, partitions, cold, .. } => {
            let disk = if cold {
                let files = consume::make_cold(&system.data(), cell.name)?;
                let rate = if files.is_empty() { None } else { Some(consume::disk_rate(&files)?) };
                consume::make_cold(&system.data(), cell.name)?;
                rate
            } else {
                None
            };
            let again = !cold || system.kind == Kind::Zero;
            let window = if cold && !again { LIMIT } else { cell.window };
            let rate = consume::run(address, pid, cell.name, partitions, value as u64, again, window)?;
            Sample::Rate(rate, disk)
        }
        What::Latency { rate } => {
            create_topic(address, &topic, 16)?;
            let single = batch(1024, 0);
            produce_until_taken(address, &topic, 0..16, &single.bytes, LIMIT)?;
            let seen = latency::run(address, &topic, 16, 8, &single, rate, cell.window)?;
            delete_topic(address, &topic)?;
            Sample::Latency(seen)
        }
        What::Start | What::Partitions { .. } => unreachable!("measured without rounds"),
    })
}

fn tail(text: &str) -> &str {
    let from = text.len().saturating_sub(2000);
    text.get(from..).unwrap_or(text)
}
