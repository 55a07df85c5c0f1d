//! Runs cells over all systems, interleaved A B C C B A, so that what else the machine does meets all of them alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::brokers::system::{Kind, System};
use crate::cells::{Cell, What};
use crate::load::librdkafka;
use crate::machine::disk::LimitedDisk;
use crate::machine::process::{load_average, real_time, resident_mb, stolen};
use crate::measure::{Sample, finish, one, prepare};
use crate::report::results::{CellResult, Results, Seen};
use crate::report::table;
use crate::{cells, footprint};

/// How many windows of full load a JVM gets before the first one that counts.
const WARM_UP: u32 = 3;
/// Starts of which the median counts.
const STARTS: usize = 3;

/// What to run and where.
#[derive(Debug)]
pub struct Plan {
    pub cells: Vec<Cell>,
    pub systems: Vec<Kind>,
    /// Leave out what has no target and takes long: Kafka with flush.messages=1 but for latency, Kafka with many partitions.
    pub short: bool,
    pub rounds: usize,
    pub directory: PathBuf,
    pub results: PathBuf,
}

impl Plan {
    fn takes(&self, cell: &Cell, kind: Kind) -> bool {
        let left_out = match cell.what {
            What::Latency { .. } => false,
            What::Partitions { .. } => kind != Kind::Highway,
            _ => kind == Kind::KafkaFlush,
        };
        cell.applies(kind) && !(self.short && left_out && !cell.limited)
    }

    fn start(&self, cells: &[&Cell], parent: &Path) -> Result<Vec<System>> {
        let wanted = |k: &&Kind| cells.iter().any(|c| self.takes(c, **k));
        self.systems.iter().filter(wanted).map(|&kind| System::start(kind, parent)).collect()
    }
}

/// Runs everything, prints a table and writes the samples as JSON.
pub fn run(plan: &Plan) -> Result<()> {
    librdkafka::build()?;
    let mut results = Results {
        rounds: plan.rounds,
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        real_time: real_time(),
        load: [load_average(); 2],
        ..Results::default()
    };
    if !results.real_time {
        eprintln!(
            "warning: no right to the real-time class: other work on this machine will show in the figures"
        );
    }
    let (began, before) = (Instant::now(), stolen());
    std::fs::create_dir_all(&plan.directory)?;
    std::fs::create_dir_all(&plan.results)?;
    let stamp = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs());
    let file = plan.results.join(format!("{stamp}.json"));
    println!("{}", table::HEADING);
    let shared = |c: &&Cell| !c.limited && !matches!(c.what, What::Start | What::Partitions { .. });
    let mut systems = plan.start(&plan.cells.iter().filter(shared).collect::<Vec<_>>(), &plan.directory)?;
    for cell in plan.cells.iter().filter(|c| shared(c)) {
        let seen = on_running(plan, cell, &systems)?;
        note(&mut results, cell, seen, &file)?;
    }
    systems.clear();
    let limited: Vec<&Cell> = plan.cells.iter().filter(|c| c.limited).collect();
    if !limited.is_empty() {
        on_limited_disk(plan, &limited, &mut results, &file)?;
    }
    for cell in &plan.cells {
        let kinds = plan.systems.iter().copied().filter(|&k| plan.takes(cell, k));
        let seen = match cell.what {
            What::Start => Seen::Start(
                kinds
                    .map(|k| Ok((k, footprint::footprint(k, &plan.directory, STARTS)?)))
                    .collect::<Result<_>>()?,
            ),
            What::Partitions { partitions } => Seen::Partitions(
                kinds
                    .map(|k| Ok((k, footprint::partitions(k, &plan.directory, partitions)?)))
                    .collect::<Result<_>>()?,
            ),
            _ => continue,
        };
        note(&mut results, cell, seen, &file)?;
    }
    results.load[1] = load_average();
    let after = stolen();
    results.stolen = 100.0 * (after.0 - before.0) / (after.1 - before.1).max(1.0);
    results.seconds = began.elapsed().as_secs();
    results.write(&file)?;
    println!("\n{}", table::footer(&results));
    eprintln!("samples: {}", file.display());
    Ok(())
}

/// Prints what a file of results holds.
pub fn report(path: &Path) -> Result<()> {
    let results = Results::read(path)?;
    println!("{}", table::HEADING);
    for result in &results.cells {
        match cells::find(&result.cell) {
            Some(cell) => println!("{}", table::rows(&cell, &result.seen)),
            None => eprintln!("warning: there is no cell {} any more", result.cell),
        }
    }
    println!("\n{}", table::footer(&results));
    Ok(())
}

/// Prints a cell and keeps it: a run that is broken off leaves what it has seen.
fn note(results: &mut Results, cell: &Cell, seen: Seen, file: &Path) -> Result<()> {
    println!("{}", table::rows(cell, &seen));
    results.cells.push(CellResult { cell: cell.name.clone(), seen });
    results.write(file)
}

fn on_running(plan: &Plan, cell: &Cell, systems: &[System]) -> Result<Seen> {
    let chosen: Vec<&System> = systems.iter().filter(|s| plan.takes(cell, s.kind)).collect();
    if cell.what == What::Memory {
        let all = chosen.iter().map(|s| Ok((s.kind, resident_mb(s.pid()?)?)));
        return Ok(Seen::Memory(all.collect::<Result<_>>()?));
    }
    Ok(Seen::Samples(rounds(cell, &chosen, plan.rounds)?))
}

fn on_limited_disk(plan: &Plan, cells: &[&Cell], results: &mut Results, file: &Path) -> Result<()> {
    let disk = match LimitedDisk::mount(&plan.directory) {
        Ok(disk) => disk,
        Err(error) => {
            eprintln!("SKIPPED: cells on a disk with limits: {error:#}");
            for cell in cells {
                note(results, cell, Seen::Skipped(format!("{error:#}")), file)?;
            }
            return Ok(());
        }
    };
    let systems = plan.start(cells, disk.path())?;
    for cell in cells {
        let seen = on_running(plan, cell, &systems)?;
        note(results, cell, seen, file)?;
    }
    Ok(())
}

fn rounds(cell: &Cell, systems: &[&System], rounds: usize) -> Result<BTreeMap<Kind, Vec<Sample>>> {
    let mut samples: BTreeMap<Kind, Vec<Sample>> = BTreeMap::new();
    let log = |system: &System| {
        format!("{} with {}; its log:\n{}", cell.name, system.kind.label(), tail(&system.log()))
    };
    for system in systems {
        prepare(cell, system).with_context(|| log(system))?;
    }
    // A JVM compiles what it runs often: Kafka gets a longer window of each cell that does not count.
    for system in systems.iter().filter(|s| matches!(s.kind, Kind::Kafka | Kind::KafkaFlush)) {
        let window =
            if matches!(cell.what, What::Latency { .. }) { cell.window } else { cell.window * WARM_UP };
        let seen = one(cell, system, rounds, window).with_context(|| log(system))?;
        eprintln!("{} warm-up {}: {}", cell.name, system.kind.label(), table::brief(&seen));
    }
    for round in 0..rounds {
        let mut order = systems.to_vec();
        if round % 2 == 1 {
            order.reverse();
        }
        for system in order {
            let sample = one(cell, system, round, cell.window).with_context(|| log(system))?;
            eprintln!("{} round {round} {}: {}", cell.name, system.kind.label(), table::brief(&sample));
            samples.entry(system.kind).or_default().push(sample);
        }
    }
    for system in systems {
        finish(cell, system)?;
    }
    Ok(samples)
}

fn tail(text: &str) -> &str {
    let from = text.len().saturating_sub(2000);
    text.get(from..).unwrap_or(text)
}
