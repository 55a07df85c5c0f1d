//! Counters and gauges of a node. The exposition is in `admin/metrics.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

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
