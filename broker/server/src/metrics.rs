//! Counters and gauges of a node. The exposition is in `admin/metrics.rs`.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use highway_types::TopicName;

/// What the node counts while it works. Everything that can be read off the logs is read there at exposition.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Open client connections.
    pub connections: Arc<AtomicI64>,
    /// Requests answered, of all APIs.
    pub requests: AtomicU64,
    /// Records appended by clients.
    pub records_in: AtomicU64,
    /// Bytes of records given to clients.
    pub bytes_out: AtomicU64,
    /// Connections closed for what they sent.
    pub refused: AtomicU64,
    parts: Mutex<Parts>,
}

/// Gives metrics in Prometheus' text format, with families that nobody else has.
pub type PartMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What runs beside the broker and has metrics of its own.
#[derive(Default)]
struct Parts(Vec<PartMetrics>);

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} parts", self.0.len())
    }
}

/// Counts a connection as long as it lives.
#[derive(Debug)]
pub struct ConnectionGauge(Arc<AtomicI64>);

impl Drop for ConnectionGauge {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A connection came.
    #[must_use]
    pub fn connection_opened(&self) -> ConnectionGauge {
        self.connections.fetch_add(1, Ordering::Relaxed);
        ConnectionGauge(Arc::clone(&self.connections))
    }

    /// Shows what a part counts, too.
    pub fn add_part(&self, part: PartMetrics) {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).0.push(part);
    }

    /// The parts with metrics of their own.
    #[must_use]
    pub fn parts(&self) -> Vec<PartMetrics> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// A request was routed.
    pub fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was refused by closing.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Records were appended.
    pub fn produced(&self, _topic: &TopicName, records: i64) {
        self.records_in.fetch_add(records.unsigned_abs(), Ordering::Relaxed);
    }

    /// Record bytes were read for a client.
    pub fn fetched(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
