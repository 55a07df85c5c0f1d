//! The Kafka server of a node: listeners, connections, one handler for each API, group coordinators, background work.
//!
//! The way of a request: [`listener`] → [`connection`] → [`router`] → [`handlers`] → `highway-log`. What handlers share is
//! in [`broker`]; the metadata's writer is [`controller`]; [`node`] starts and stops everything in order.

pub mod admin;
pub mod background;
pub mod broker;
pub mod config;
pub mod connection;
pub mod connection_quota;
pub mod context;
pub mod controller;
pub mod coordinators;
pub mod derived;
pub mod error;
pub mod fetch;
pub mod handlers;
pub mod listener;
pub mod local;
pub mod log_gate;
pub mod metrics;
pub mod node;
pub mod partitions;
pub mod process;
pub mod router;
pub mod schemas;
