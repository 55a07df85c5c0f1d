//! Behaviour on the wire, of the real binary and beside Apache Kafka.

mod committed;
mod compare;
mod conn;
mod connections;
mod differential;
mod differential_other;
mod explained;
mod fetching;
mod groups;
mod hostile;
mod metrics;
mod producing;
mod records;
mod requests;
mod robustness;
mod scenario_data;
mod scenario_groups;
mod scenario_topics;
mod start;
mod topics;

use highway_tests::{batches, side as client};
