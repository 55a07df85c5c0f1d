//! Harness of the whole-system tests: starts the real `highway` binary ([`Node`]) and Apache Kafka ([`Oracle`]) on free
//! loopback ports in directories of their own, runs the drivers of real clients against either ([`drivers`]), and shows
//! what a process logged when the test that used it fails.
//!
//! Every wait has a limit and a name; nothing sleeps for a fixed time, no port is fixed.

pub mod batches;
pub mod binary;
pub mod broker;
pub mod drivers;
pub mod http;
pub mod node;
pub mod oracle;
pub mod ports;
pub mod process;
pub mod random;
pub mod side;
pub mod wait;
pub mod wire;

pub use broker::Broker;
pub use node::{Node, NodeBuilder};
pub use oracle::Oracle;
pub use process::Process;
pub use wait::{eventually, wait_until};

use std::path::PathBuf;

/// The repository's root folder: what cargo says when it runs a test, since clones share build results.
pub fn repository() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
        .parent()
        .expect("the crate lies in the repository")
        .to_path_buf()
}
