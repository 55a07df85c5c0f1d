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
    /// Messages, of all listeners.
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

    /// As JSON, for the admin API.
    pub fn show(&self) -> Value {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "datagrams": of(&self.datagrams), "kernel_dropped": of(&self.kernel_dropped),
            "queue_dropped": of(&self.queue_dropped), "truncated": of(&self.truncated),
            "receive_buffer_bytes": of(&self.receive_buffer),
            "messages": of(&self.messages), "rejected": of(&self.rejected), "stored": of(&self.stored),
            "failed": of(&self.failed), "connections": of(&self.connections),
            "connections_refused": of(&self.connections_refused),
        })
    }
}
