//! The tools. Each one connects, asks, and prints.

pub mod apply;
pub mod cluster;
mod common;
pub mod completion;
pub mod config;
pub mod consume;
pub mod doctor;
pub mod endpoint;
pub mod group;
pub mod produce;
pub mod topic;

use std::future::Future;

use crate::cli::Command;
use crate::failure::{EXIT_FAILED, EXIT_INTERRUPTED, Failure};

/// Runs a command other than `server` and `dev`.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Topic(command) => block_on(topic::run(command)),
        Command::Produce(args) => block_on(produce::run(args)),
        Command::Consume(args) => block_on(consume::run(args)),
        Command::Group(command) => block_on(group::run(command)),
        Command::Endpoint(command) => block_on(endpoint::run(command)),
        Command::Apply(args) => block_on(apply::run(args)),
        Command::Config(command) => config::run(command),
        Command::Cluster(command) => block_on(cluster::run(command)),
        Command::Doctor(args) => block_on(doctor::run(args)),
        Command::Completion(args) => completion::run(&args),
        Command::Server(_) | Command::Dev(_) => Err(Failure::new(EXIT_FAILED, "this runs a node")),
    }
}

/// Runs to the end, or to Ctrl-C. Commands that have something to tidy up listen to the signal themselves.
pub fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Failure::new(EXIT_FAILED, format!("cannot start the runtime: {e}")))?;
    let outcome = runtime.block_on(work);
    // A thread that waits for input would hold the end back.
    runtime.shutdown_background();
    outcome
}

/// Done when Ctrl-C is pressed.
pub async fn interrupted() -> Failure {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    Failure::silent(EXIT_INTERRUPTED)
}
