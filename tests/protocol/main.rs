//! Behaviour on the wire, of the real binary and beside Apache Kafka.

mod batches;
mod client;
mod compare;
mod differential;
mod explained;
mod robustness;
mod scenario_data;
mod scenario_groups;
mod scenario_topics;
mod start;
