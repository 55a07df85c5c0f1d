//! The table for docs/benchmarks.md.

use std::fmt::Write as _;

use crate::brokers::system::Kind;
use crate::cells::Cell;
use crate::load::{Latency, Rate};
use crate::measure::Sample;
use crate::report::results::{Results, Seen};
use crate::report::stats::{median, paired_ratio};
use crate::report::targets::{Verdict, figures, rates, verdicts};

/// The first two lines.
pub const HEADING: &str = "| cell | system | seen | against Kafka (95 %) | of zero-work | broker CPU-s per GB | target | met \
                           |\n|---|---|---|---|---|---|---|---|";

/// One line for each system of a cell.
pub fn rows(cell: &Cell, seen: &Seen) -> String {
    let mut out = String::new();
    let mut row = |kind: Kind, middle: &str| {
        let (target, met) = columns(&verdicts(cell, kind, seen));
        let _ = writeln!(out, "| {} | {} | {middle} | {target} | {met} |", cell.title, kind.label());
    };
    match seen {
        Seen::Samples(all) => {
            for (&kind, samples) in all.iter().filter(|(_, s)| !s.is_empty()) {
                let of = |other: Kind| {
                    let other = all.get(&other).filter(|s| other != kind && !s.is_empty())?;
                    Some(paired_ratio(&figures(samples), &figures(other)))
                };
                let kafka = of(Kind::Kafka)
                    .or_else(|| of(Kind::KafkaFlush).filter(|_| !all.contains_key(&Kind::Kafka)))
                    .map_or_else(String::new, |r| format!("{:.2} ({:.2}-{:.2})", r.median, r.low, r.high));
                let zero = of(Kind::Zero)
                    .filter(|_| matches!(samples[0], Sample::Rate(_)))
                    .map_or_else(String::new, |r| format!("{:.0} %", 100.0 * r.median));
                let (text, cpu) = figures_in_words(samples);
                row(kind, &format!("{text} | {kafka} | {zero} | {cpu}"));
            }
        }
        Seen::Memory(all) => all.iter().for_each(|(&kind, mb)| row(kind, &format!("{mb:.0} MB | | |"))),
        Seen::Start(all) => all
            .iter()
            .for_each(|(&kind, s)| row(kind, &format!("{:.0} ms; {:.0} MB | | |", s.start_ms, s.idle_mb))),
        Seen::Partitions(all) => all.iter().for_each(|(&kind, p)| {
            let text = format!(
                "{:.1} s; {:.0} MB; {:.2} s; {:.0} MB",
                p.create_s, p.created_mb, p.restart_s, p.idle_mb
            );
            row(kind, &format!("{text} | | |"));
        }),
        Seen::Skipped(why) => {
            let _ = writeln!(out, "| {} | | not measured: {why} | | | | | |", cell.title);
        }
    }
    out.trim_end().to_owned()
}

/// What a run was made under, and how many targets it reached.
pub fn footer(results: &Results) -> String {
    let mut all: Vec<(String, Verdict)> = Vec::new();
    for result in &results.cells {
        let Some(cell) = crate::cells::find(&result.cell) else { continue };
        for kind in Kind::ALL {
            let of_kind = verdicts(&cell, kind, &result.seen);
            all.extend(of_kind.into_iter().map(|v| (format!("{}, {}", cell.title, kind.label()), v)));
        }
    }
    let met = all.iter().filter(|(_, v)| v.met).count();
    let mut out = format!(
        "{} cores, {} rounds, real-time class: {}, load average {} before and {} after (the bench itself included), \
         {:.1} % of the processors' time taken by the host, {} s. Targets met: {met} of {}.",
        results.cores,
        results.rounds,
        if results.real_time { "yes" } else { "no" },
        results.load[0],
        results.load[1],
        results.stolen,
        results.seconds,
        all.len()
    );
    for (place, verdict) in all.iter().filter(|(_, v)| !v.met) {
        let _ = write!(out, "\n* missed: {place}: {} (seen {})", verdict.target, verdict.seen);
    }
    out
}

/// One sample in a few words.
pub fn brief(sample: &Sample) -> String {
    match sample {
        Sample::Rate(rate) => format!(
            "{}, broker {:.2} and client {:.2} CPU-s/GB",
            in_words(rate),
            rate.broker_cpu_per_gb,
            rate.client_cpu_per_gb
        ),
        Sample::Latency(l) => {
            let lone = alone(l.lone_p50, l.lone_p99);
            format!("p50 {:.2} p99 {:.2} p99.9 {:.2} max {:.1} ms{lone}", l.p50, l.p99, l.p999, l.max)
        }
    }
}

/// What the disk alone takes for a small write and its sync.
fn alone(p50: Option<f64>, p99: Option<f64>) -> String {
    match (p50, p99) {
        (Some(p50), Some(p99)) => {
            format!(" (a lone write and sync right before: p50 {p50:.2}, p99 {p99:.2} ms)")
        }
        _ => String::new(),
    }
}

fn columns(verdicts: &[Verdict]) -> (String, String) {
    let targets: Vec<&str> = verdicts.iter().map(|v| v.target.as_str()).collect();
    let outcomes: Vec<String> = verdicts
        .iter()
        .map(|v| format!("{} ({})", if v.met { "met" } else { "**missed**" }, v.seen))
        .collect();
    (targets.join("; "), outcomes.join("; "))
}

fn in_words(rate: &Rate) -> String {
    let mut text = format!("{:.0} k/s, {:.0} MB/s", rate.records / 1e3, rate.bytes / 1e6);
    if let Some(disk) = rate.disk {
        let _ = write!(text, " (a plain read of the files: {:.0} MB/s)", disk / 1e6);
    }
    if let Some(synced) = rate.synced {
        let _ = write!(text, " (synced writes to the disk right before: {:.0} MB/s)", synced / 1e6);
    }
    if let Some(produced) = rate.produced {
        let _ = write!(text, " read, {:.0} k/s written", produced / 1e3);
    }
    text
}

/// Medians of each figure, and the broker's CPU time.
fn figures_in_words(samples: &[Sample]) -> (String, String) {
    if let Some(Sample::Latency(_)) = samples.first() {
        let some = |f: fn(&Latency) -> Option<f64>| {
            let all: Vec<f64> =
                samples.iter().filter_map(|s| if let Sample::Latency(l) = s { f(l) } else { None }).collect();
            (!all.is_empty()).then(|| median(&all))
        };
        let of = |f: fn(&Latency) -> Option<f64>| some(f).unwrap_or(f64::NAN);
        let (p50, p99, p999) = (of(|l| Some(l.p50)), of(|l| Some(l.p99)), of(|l| Some(l.p999)));
        let lone = alone(some(|l| l.lone_p50), some(|l| l.lone_p99));
        return (format!("p50 {p50:.2}, p99 {p99:.2}, p99.9 {p999:.2} ms{lone}"), String::new());
    }
    let of = |f: fn(&Rate) -> f64| median(&samples.iter().filter_map(rates).map(f).collect::<Vec<_>>());
    let some = |f: fn(&Rate) -> Option<f64>| {
        let all: Vec<f64> = samples.iter().filter_map(rates).filter_map(f).collect();
        (!all.is_empty()).then(|| median(&all))
    };
    let middle = Rate {
        records: of(|r| r.records),
        bytes: of(|r| r.bytes),
        broker_cpu_per_gb: of(|r| r.broker_cpu_per_gb),
        client_cpu_per_gb: of(|r| r.client_cpu_per_gb),
        disk: some(|r| r.disk),
        synced: some(|r| r.synced),
        produced: some(|r| r.produced),
    };
    (in_words(&middle), format!("{:.2}", middle.broker_cpu_per_gb))
}
