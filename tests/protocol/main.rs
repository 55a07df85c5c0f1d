//! Behaviour on the wire, of the real binary and beside Apache Kafka.

mod start;
