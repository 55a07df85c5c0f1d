//! The targets, and whether they are met. By medians; the interval stands beside them in the table.

use crate::brokers::system::Kind;
use crate::cells::{By, Cell, What};
use crate::measure::Sample;
use crate::report::results::Seen;
use crate::report::stats::{median, paired_ratio};

/// One target of one system in one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub target: String,
    pub met: bool,
    /// What the target is compared with.
    pub seen: String,
}

/// A rate counts as reached too where it is this part of the broker's that does no work.
const OF_ZERO: f64 = 0.8;
/// Of the disk's read rate.
const OF_DISK: f64 = 0.9;

/// All that is asked of `kind` in `cell`.
pub fn verdicts(cell: &Cell, kind: Kind, seen: &Seen) -> Vec<Verdict> {
    match seen {
        Seen::Samples(samples) if !cell.limited => {
            let of = |k: Kind| samples.get(&k).map(Vec::as_slice).filter(|s| !s.is_empty());
            match of(kind) {
                Some(own) => {
                    of_samples(cell, kind, own, of(Kind::Kafka), of(Kind::KafkaFlush), of(Kind::Zero))
                }
                None => Vec::new(),
            }
        }
        Seen::Start(all) if kind == Kind::Highway => all.get(&kind).map_or_else(Vec::new, |seen| {
            vec![most("ms", 150.0, seen.start_ms), most("MB idle", 50.0, seen.idle_mb)]
        }),
        Seen::Partitions(all) if kind == Kind::Highway => all.get(&kind).map_or_else(Vec::new, |seen| {
            vec![
                most("s to create", 30.0, seen.create_s),
                most("MB idle", 400.0, seen.idle_mb),
                most("s to restart", 3.0, seen.restart_s),
            ]
        }),
        _ => Vec::new(),
    }
}

fn of_samples(
    cell: &Cell,
    kind: Kind,
    own: &[Sample],
    kafka: Option<&[Sample]>,
    flush: Option<&[Sample]>,
    zero: Option<&[Sample]>,
) -> Vec<Verdict> {
    let ratio = |other: Option<&[Sample]>| other.map(|o| paired_ratio(&figures(own), &figures(o)).median);
    let mut all = Vec::new();
    match (cell.what, kind) {
        (What::Produce { by: By::Librdkafka, value, .. }, Kind::Highway) => {
            all.extend(rate(if value >= 1024 { 3.0 } else { 2.0 }, ratio(kafka), ratio(zero)));
        }
        (What::Produce { by: By::Librdkafka, value: 1024, .. }, Kind::HighwayPageCache) => {
            all.extend(rate(5.0, ratio(kafka), None));
            let cpu: Vec<f64> = own.iter().filter_map(|s| rates(s).map(|r| r.broker_cpu_per_gb)).collect();
            all.push(most("CPU-s/GB", 0.8, median(&cpu)));
        }
        (What::Consume { by: By::Librdkafka, cold: false, .. }, Kind::Highway) => {
            all.extend(rate(1.5, ratio(kafka), ratio(zero)));
        }
        (What::Consume { cold: true, .. }, Kind::Highway) => {
            let part: Vec<f64> =
                own.iter().filter_map(rates).filter_map(|r| r.disk.map(|d| r.bytes / d)).collect();
            let part = median(&part);
            all.push(Verdict {
                target: format!("{:.0} % of the disk", OF_DISK * 100.0),
                met: part >= OF_DISK,
                seen: format!("{:.0} %", part * 100.0),
            });
        }
        (What::Latency { .. }, Kind::Highway) => {
            for (target, most, ratio) in [
                ("p99 <= Kafka's", 1.0, ratio(kafka)),
                ("p99 <= 1/10 of Kafka's with flush.messages=1", 0.1, ratio(flush)),
            ] {
                all.extend(ratio.map(|r| Verdict {
                    target: target.to_owned(),
                    met: r <= most,
                    seen: format!("{r:.2}x"),
                }));
            }
        }
        _ => {}
    }
    all
}

/// At least `times` Kafka's rate, or 80 % of zero-work's.
fn rate(times: f64, kafka: Option<f64>, zero: Option<f64>) -> Option<Verdict> {
    let kafka = kafka?;
    let (mut target, mut seen) = (format!(">= {times}x Kafka"), format!("{kafka:.2}x"));
    if let Some(zero) = zero {
        target += &format!(" or {:.0} % of zero-work", OF_ZERO * 100.0);
        seen += &format!(", {:.0} %", zero * 100.0);
    }
    Some(Verdict { target, met: kafka >= times || zero.is_some_and(|z| z >= OF_ZERO), seen })
}

fn most(unit: &str, limit: f64, seen: f64) -> Verdict {
    Verdict { target: format!("<= {limit} {unit}"), met: seen <= limit, seen: format!("{seen:.2}") }
}

/// What is compared: records a second, or the 99th percentile.
pub fn figures(seen: &[Sample]) -> Vec<f64> {
    seen.iter()
        .map(|s| if let Sample::Latency(l) = s { l.p99 } else { rates(s).map_or(f64::NAN, |r| r.records) })
        .collect()
}

/// The rate in a sample that is one.
pub fn rates(sample: &Sample) -> Option<&crate::load::Rate> {
    if let Sample::Rate(rate) = sample { Some(rate) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::find;
    use crate::load::Rate;

    fn seen(highway: f64, kafka: f64, zero: f64) -> Seen {
        let samples =
            |records: f64| vec![Sample::Rate(Rate::of(records, records * 1024.0, 1.0, 1.0, 1.0).unwrap())];
        Seen::Samples(
            [(Kind::Highway, samples(highway)), (Kind::Kafka, samples(kafka)), (Kind::Zero, samples(zero))]
                .into(),
        )
    }

    #[test]
    fn a_rate_is_reached_against_kafka_or_against_the_limit_of_the_machine() {
        let cell = find("p1k-16-all").unwrap();
        let met = |h, k, z| verdicts(&cell, Kind::Highway, &seen(h, k, z))[0].met;
        assert!(met(3.0, 1.0, 10.0));
        assert!(!met(2.9, 1.0, 10.0));
        assert!(met(2.9, 1.0, 3.0));
        assert!(verdicts(&cell, Kind::Kafka, &seen(1.0, 1.0, 1.0)).is_empty());
        assert!(verdicts(&find("limited-1k").unwrap(), Kind::Highway, &seen(1.0, 1.0, 1.0)).is_empty());
    }
}
