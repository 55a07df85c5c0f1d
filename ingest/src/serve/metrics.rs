//! What ingest counts, as Prometheus text.
//!
//! Labels are names of endpoints that exist or existed since the start, classes of statuses, and words from fixed lists, so their number is
//! bounded: endpoints beyond the first [`INGEST_METRICS_ENDPOINTS`] share the name `(other)`, and requests to no endpoint have `(none)`.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use highway_types::limits::INGEST_METRICS_ENDPOINTS;

use super::service::Ingest;
use super::syslog::Counters;
use crate::outcome::Outcome;

/// Upper bounds of the histogram of answers, in milliseconds.
const BOUNDS_MS: [u64; 14] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counts of one endpoint since the start.
#[derive(Debug, Default)]
pub(super) struct EndpointCounts {
    classes: [AtomicU64; CLASSES.len()],
    stored: AtomicU64,
    duplicate: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    unknown: AtomicU64,
    bytes: AtomicU64,
    unpacked: AtomicU64,
    /// Answers by the bound they are below; the last is for all others.
    latency: [AtomicU64; BOUNDS_MS.len() + 1],
    latency_us: AtomicU64,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn of(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl EndpointCounts {
    /// A request was answered.
    pub fn answered(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        add(&self.classes[class], 1);
        let at = BOUNDS_MS.iter().position(|bound| took <= Duration::from_millis(*bound));
        add(&self.latency[at.unwrap_or(BOUNDS_MS.len())], 1);
        add(&self.latency_us, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// A body was read: bytes as sent, and once unpacked.
    pub fn body(&self, sent: usize, unpacked: usize) {
        add(&self.bytes, sent as u64);
        add(&self.unpacked, unpacked as u64);
    }

    /// An event has its outcome.
    pub fn event(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Stored { duplicate: false, .. } => &self.stored,
            Outcome::Stored { duplicate: true, .. } => &self.duplicate,
            Outcome::Refused(_) => &self.refused,
            Outcome::Failed { .. } => &self.failed,
            Outcome::Unknown => &self.unknown,
        };
        add(counter, 1);
    }
}

/// Counts by endpoint.
#[derive(Debug, Default)]
pub(super) struct Metrics(Mutex<BTreeMap<String, Arc<EndpointCounts>>>);

impl Metrics {
    /// The counts of an endpoint; `None` for requests that found none.
    pub fn endpoint(&self, name: Option<&str>) -> Arc<EndpointCounts> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name.unwrap_or("(none)");
        if let Some(counts) = all.get(name) {
            return Arc::clone(counts);
        }
        let name = if all.len() < INGEST_METRICS_ENDPOINTS { name } else { "(other)" };
        Arc::clone(all.entry(name.to_owned()).or_default())
    }

    fn all(&self) -> Vec<(String, Arc<EndpointCounts>)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(name, counts)| (name.clone(), Arc::clone(counts))).collect()
    }
}

/// Text in Prometheus' format; a family's samples follow its head.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n"); // a String takes all
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (i, (label, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{value}\"", if i == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }
}

impl Ingest {
    /// All metrics of ingest in Prometheus' text format.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        let mut text = Text::default();
        endpoints(&mut text, &self.metrics.all());
        let name = "highway_ingest_rejects_total";
        text.family(name, "counter", "Events refused, by reason; since the endpoint was changed.");
        for live in
            self.store.all().keys().take(INGEST_METRICS_ENDPOINTS).filter_map(|name| self.endpoint(name))
        {
            for (reason, refused, _) in live.reject_counts() {
                text.sample(name, &[("endpoint", &live.name), ("reason", reason)], refused);
            }
        }
        let lost = "Refused events that could not be kept.";
        text.single("highway_ingest_rejects_lost_total", "counter", lost, of(&self.totals.rejects_lost));
        let (taken, requests) = self.memory.taken();
        text.single("highway_ingest_memory_bytes", "gauge", "Bytes that requests in flight hold.", taken);
        let help = "Requests that hold memory.";
        text.single("highway_ingest_requests_in_flight", "gauge", help, requests);
        let help = "Open lanes: endpoint and partition.";
        text.single("highway_ingest_lanes", "gauge", help, self.lanes.count());
        syslog(&mut text, &self.syslog.listeners());
        text.0
    }
}

fn endpoints(text: &mut Text, all: &[(String, Arc<EndpointCounts>)]) {
    let name = "highway_ingest_requests_total";
    text.family(name, "counter", "HTTP requests answered, by class of their status.");
    for (endpoint, counts) in all {
        for (class, counter) in CLASSES.iter().zip(&counts.classes).filter(|(_, counter)| of(counter) > 0) {
            text.sample(name, &[("endpoint", endpoint), ("code", class)], of(counter));
        }
    }
    let name = "highway_ingest_events_total";
    text.family(name, "counter", "Events by what became of them.");
    for (endpoint, counts) in all {
        for (result, counter) in [
            ("stored", &counts.stored),
            ("duplicate", &counts.duplicate),
            ("refused", &counts.refused),
            ("failed", &counts.failed),
            ("unknown", &counts.unknown),
        ] {
            text.sample(name, &[("endpoint", endpoint), ("result", result)], of(counter));
        }
    }
    type Counter = fn(&EndpointCounts) -> &AtomicU64;
    let bytes: [(&str, &str, Counter); 2] = [
        ("highway_ingest_received_bytes_total", "Bytes of bodies as they were sent.", |c| &c.bytes),
        ("highway_ingest_unpacked_bytes_total", "Bytes of bodies once unpacked.", |c| &c.unpacked),
    ];
    for (name, help, counter) in bytes {
        text.family(name, "counter", help);
        all.iter()
            .for_each(|(endpoint, counts)| text.sample(name, &[("endpoint", endpoint)], of(counter(counts))));
    }
    text.family("highway_ingest_request_seconds", "histogram", "Time from a request's head to its answer.");
    for (endpoint, counts) in all {
        let mut count = 0;
        let bounds = BOUNDS_MS.iter().map(|ms| (*ms as f64 / 1000.0).to_string()).chain(["+Inf".to_owned()]);
        for (bound, counter) in bounds.zip(&counts.latency) {
            count += of(counter);
            let labels = [("endpoint", endpoint.as_str()), ("le", bound.as_str())];
            text.sample("highway_ingest_request_seconds_bucket", &labels, count);
        }
        let (labels, seconds) = ([("endpoint", endpoint.as_str())], of(&counts.latency_us) as f64 / 1e6);
        text.sample("highway_ingest_request_seconds_sum", &labels, seconds);
        text.sample("highway_ingest_request_seconds_count", &labels, count);
    }
}

fn syslog(text: &mut Text, listeners: &[(&'static str, &Counters)]) {
    type Counter = fn(&Counters) -> &AtomicU64;
    let families: [(&str, &str, Counter); 11] = [
        ("highway_syslog_messages_total", "Messages received.", |c| &c.messages),
        ("highway_syslog_stored_total", "Messages that are durable.", |c| &c.stored),
        ("highway_syslog_failed_total", "Messages that the log did not take.", |c| &c.failed),
        ("highway_syslog_rejected_total", "Messages that the endpoint's rules refused.", |c| &c.rejected),
        ("highway_syslog_datagrams_total", "Datagrams read off the socket.", |c| &c.datagrams),
        ("highway_syslog_kernel_dropped_total", "Datagrams that the kernel had no room for.", |c| {
            &c.kernel_dropped
        }),
        ("highway_syslog_queue_dropped_total", "Datagrams read that found no room to wait.", |c| {
            &c.queue_dropped
        }),
        ("highway_syslog_truncated_total", "Datagrams cut by the kernel.", |c| &c.truncated),
        ("highway_syslog_connections_total", "Connections accepted.", |c| &c.connections),
        ("highway_syslog_connections_refused_total", "Connections beyond the most.", |c| {
            &c.connections_refused
        }),
        ("highway_syslog_receive_buffer_bytes", "Receive buffer that the kernel gave.", |c| {
            &c.receive_buffer
        }),
    ];
    for (name, help, counter) in families {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        text.family(name, kind, help);
        for (listener, counters) in listeners {
            text.sample(name, &[("listener", listener)], of(counter(counters)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_class_and_by_time() {
        let metrics = Metrics::default();
        let counts = metrics.endpoint(Some("a\"b"));
        for (status, ms) in [(200, 1), (207, 3), (429, 40_000), (504, 30_000)] {
            counts.answered(status, Duration::from_millis(ms));
        }
        counts.event(&Outcome::Unknown);
        let mut text = Text::default();
        endpoints(&mut text, &metrics.all());
        for line in [
            "highway_ingest_requests_total{endpoint=\"a\\\"b\",code=\"2xx\"} 2",
            "highway_ingest_requests_total{endpoint=\"a\\\"b\",code=\"5xx\"} 1",
            "highway_ingest_events_total{endpoint=\"a\\\"b\",result=\"unknown\"} 1",
            "highway_ingest_request_seconds_bucket{endpoint=\"a\\\"b\",le=\"0.001\"} 1",
            "highway_ingest_request_seconds_bucket{endpoint=\"a\\\"b\",le=\"0.005\"} 2",
            "highway_ingest_request_seconds_bucket{endpoint=\"a\\\"b\",le=\"30\"} 3",
            "highway_ingest_request_seconds_bucket{endpoint=\"a\\\"b\",le=\"+Inf\"} 4",
            "highway_ingest_request_seconds_sum{endpoint=\"a\\\"b\"} 70.004",
        ] {
            assert!(text.0.lines().any(|l| l == line), "{line} in\n{}", text.0);
        }
    }

    #[test]
    fn there_are_never_more_labels_than_the_bound() {
        let metrics = Metrics::default();
        for n in 0..2 * INGEST_METRICS_ENDPOINTS {
            metrics.endpoint(Some(&n.to_string())).answered(200, Duration::ZERO);
        }
        let all = metrics.all();
        assert_eq!(all.len(), INGEST_METRICS_ENDPOINTS + 1);
        let other = all.iter().find(|(name, _)| name == "(other)").expect("the rest");
        assert_eq!(of(&other.1.classes[1]), INGEST_METRICS_ENDPOINTS as u64);
    }
}
