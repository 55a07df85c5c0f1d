//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A Kafka-protocol log broker with everything around it in one binary.
#[derive(Debug, Parser)]
#[command(name = "highway", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a node with a configuration file
    Server(ServerArgs),
    /// Run a node for development: loopback only, data under ./data
    Dev(DevArgs),
}

/// What both ways to run a node share.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// Set one value, as in the file; repeat for more
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Log as JSON lines
    #[arg(long)]
    pub log_json: bool,
    /// Which log lines: error, warn, info, debug, or per module
    #[arg(long, value_name = "FILTER", env = "HIGHWAY_LOG", default_value = "info")]
    pub log: String,
}

/// Arguments of `highway server`.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// A Kafka server.properties file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Shared arguments.
    #[command(flatten)]
    pub node: NodeArgs,
}

/// Arguments of `highway dev`.
#[derive(Debug, Args)]
pub struct DevArgs {
    /// Where the data lives
    #[arg(long = "data-dir", alias = "data", value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
    /// Port for Kafka clients
    #[arg(long, default_value_t = 9092)]
    pub port: u16,
    /// Shared arguments.
    #[command(flatten)]
    pub node: NodeArgs,
}
