//! What became of every datagram and message.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

/// Counts since the start. For datagrams: sent to the socket = `datagrams` + `kernel_dropped`, and `datagrams` =
/// `queue_dropped` + those whose messages are in `messages`.
#[derive(Debug, Default)]
pub(in crate::serve) struct Counters {
    /// Datagrams that were read off the socket.
    pub datagrams: AtomicU64,
    /// Datagrams that the kernel had no room for (`SO_MEMINFO`).
    pub kernel_dropped: AtomicU64,
    /// Datagrams that were read and found no room to wait.
    pub queue_dropped: AtomicU64,
    /// Datagrams that were cut by the kernel because they were longer than any can be.
    pub truncated: AtomicU64,
    /// Bytes that the kernel gave the socket for receiving.
    pub receive_buffer: AtomicU64,
    /// Messages.
    pub messages: AtomicU64,
    /// Messages that the endpoint's rules refused.
    pub rejected: AtomicU64,
    /// Messages that are durable.
    pub stored: AtomicU64,
    /// Messages that the log did not take.
    pub failed: AtomicU64,
    /// Connections that were accepted.
    pub connections: AtomicU64,
    /// Connections that were turned away because there were too many.
    pub connections_refused: AtomicU64,
}

impl Counters {
    pub fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

/// The counters of each listener.
#[derive(Debug, Default)]
pub(in crate::serve) struct BySyslogListener {
    udp: Counters,
    tcp: Counters,
    tls: Counters,
    relp: Counters,
}

impl BySyslogListener {
    /// Those of one listener.
    pub fn of(&self, transport: &str) -> &Counters {
        match transport {
            "udp" => &self.udp,
            "tls" => &self.tls,
            "relp" => &self.relp,
            _ => &self.tcp,
        }
    }

    /// All of them, by name.
    pub fn listeners(&self) -> [(&'static str, &Counters); 4] {
        [("udp", &self.udp), ("tcp", &self.tcp), ("tls", &self.tls), ("relp", &self.relp)]
    }

    /// The sums as JSON, for the admin API; those of each listener are among the metrics.
    pub fn show(&self) -> Value {
        let of = |counter: fn(&Counters) -> &AtomicU64| -> u64 {
            self.listeners().iter().map(|(_, counters)| counter(counters).load(Ordering::Relaxed)).sum()
        };
        json!({
            "datagrams": of(|c| &c.datagrams), "kernel_dropped": of(|c| &c.kernel_dropped),
            "queue_dropped": of(|c| &c.queue_dropped), "truncated": of(|c| &c.truncated),
            "receive_buffer_bytes": of(|c| &c.receive_buffer),
            "messages": of(|c| &c.messages), "rejected": of(|c| &c.rejected), "stored": of(|c| &c.stored),
            "failed": of(|c| &c.failed), "connections": of(|c| &c.connections),
            "connections_refused": of(|c| &c.connections_refused),
        })
    }
}
