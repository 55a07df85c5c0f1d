//! The table for docs/benchmarks.md.

use std::fmt::Write as _;

use crate::cells::Cell;
use crate::compare::{Sample, Samples};
use crate::footprint::{Footprint, Partitions};
use crate::stats::{median, paired_ratio};
use crate::system::Kind;

/// The first two lines.
pub fn heading() -> &'static str {
    "| cell | system | seen | against Kafka (95 %) | of zero-work | broker CPU-s per GB |\n|---|---|---|---|---|---|"
}

/// One line for each system of a cell.
pub fn rows(cell: &Cell, samples: &Samples) -> String {
    let mut out = String::new();
    for (kind, seen) in samples {
        let values = figures(seen);
        let ratio = match samples.get(&Kind::Kafka) {
            Some(kafka) if *kind != Kind::Kafka => {
                let r = paired_ratio(&values, &figures(kafka));
                format!("{:.2} ({:.2}-{:.2})", r.median, r.low, r.high)
            }
            _ => String::new(),
        };
        let of_zero = match samples.get(&Kind::Zero) {
            Some(zero) if *kind != Kind::Zero && matches!(seen.first(), Some(Sample::Rate(..))) => {
                format!("{:.0} %", 100.0 * paired_ratio(&values, &figures(zero)).median)
            }
            _ => String::new(),
        };
        let (text, cpu) = match seen.first() {
            Some(Sample::Rate(..)) => {
                let of = |f: fn(&Sample) -> f64| median(&seen.iter().map(f).collect::<Vec<_>>());
                let mut text = format!("{:.0} k/s, {:.0} MB/s", of(records) / 1e3, of(bytes) / 1e6);
                if let Some(disk) = of_disk(seen) {
                    let _ = write!(text, " (a plain read of the files: {:.0} MB/s)", disk / 1e6);
                }
                (text, format!("{:.2}", of(cpu_per_gb)))
            }
            Some(Sample::Latency(_)) => (latencies(seen), String::new()),
            None => continue,
        };
        let _ = writeln!(out, "| {} | {} | {text} | {ratio} | {of_zero} | {cpu} |", cell.title, kind.label());
    }
    out.trim_end().to_owned()
}

/// Start and idle memory as a line of the table.
pub fn start_row(kind: Kind, seen: &Footprint) -> String {
    format!(
        "| start to first acknowledged record; idle memory | {} | {:.0} ms; {:.0} MB | | | |",
        kind.label(),
        seen.start_ms,
        seen.idle_mb
    )
}

/// Many partitions as a line of the table.
pub fn partitions_row(kind: Kind, seen: &Partitions) -> String {
    format!(
        "| {} partitions: created; memory then; restart; memory then | {} | {:.1} s; {:.0} MB; {:.2} s; {:.0} MB | | | |",
        seen.partitions,
        kind.label(),
        seen.create_s,
        seen.created_mb,
        seen.restart_s,
        seen.idle_mb
    )
}

/// One sample in a few words.
pub fn brief(sample: &Sample) -> String {
    match sample {
        Sample::Rate(rate, disk) => {
            let disk = disk.map_or_else(String::new, |d| format!(", plain read {:.0} MB/s", d / 1e6));
            format!(
                "{:.0} k/s, {:.0} MB/s, broker {:.2} and client {:.2} CPU-s/GB{disk}",
                rate.records / 1e3,
                rate.bytes / 1e6,
                rate.broker_cpu_per_gb,
                rate.client_cpu_per_gb
            )
        }
        Sample::Latency(l) => {
            format!("p50 {:.2} p99 {:.2} p99.9 {:.2} max {:.1} ms", l.p50, l.p99, l.p999, l.max)
        }
    }
}

/// What is compared: records a second, or the 99th percentile.
fn figures(seen: &[Sample]) -> Vec<f64> {
    seen.iter().map(|s| if let Sample::Latency(l) = s { l.p99 } else { records(s) }).collect()
}

fn latencies(seen: &[Sample]) -> String {
    let of = |f: fn(&crate::latency::Latency) -> f64| {
        let values: Vec<f64> =
            seen.iter().filter_map(|s| if let Sample::Latency(l) = s { Some(f(l)) } else { None }).collect();
        median(&values)
    };
    format!("p50 {:.2}, p99 {:.2}, p99.9 {:.2} ms", of(|l| l.p50), of(|l| l.p99), of(|l| l.p999))
}

fn of_disk(seen: &[Sample]) -> Option<f64> {
    let values: Vec<f64> =
        seen.iter().filter_map(|s| if let Sample::Rate(_, disk) = s { *disk } else { None }).collect();
    (!values.is_empty()).then(|| median(&values))
}

fn records(sample: &Sample) -> f64 {
    if let Sample::Rate(rate, _) = sample { rate.records } else { f64::NAN }
}

fn bytes(sample: &Sample) -> f64 {
    if let Sample::Rate(rate, _) = sample { rate.bytes } else { f64::NAN }
}

fn cpu_per_gb(sample: &Sample) -> f64 {
    if let Sample::Rate(rate, _) = sample { rate.broker_cpu_per_gb } else { f64::NAN }
}
