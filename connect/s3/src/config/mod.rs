//! The configuration of `io.confluent.connect.s3.S3SinkConnector`: its keys, and what they mean here.

mod define;
mod names;
mod parse;
mod store_keys;

#[cfg(test)]
mod config_test;

pub use define::definition;
pub use names::CLASS_NAMES;
pub use parse::{Environment, parse, validate};
