//! Arguments of `highway server` and `highway dev`.

use std::path::PathBuf;

use clap::Args;

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
#[command(after_help = "\
Examples:
  highway server --config server.properties
  highway server --config server.properties --set highway.durability=page-cache
  HIGHWAY_NUM_PARTITIONS=3 highway server --config server.properties

A Kafka server.properties is read as it is. `highway config show --config FILE` prints every value with where it comes
from, `highway config explain KEY` says what a key does.")]
pub struct ServerArgs {
    /// A Kafka server.properties file
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// Shared arguments.
    #[command(flatten)]
    pub node: NodeArgs,
}

/// Arguments of `highway dev`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway dev                          Kafka on 127.0.0.1:9092, data under ./data
  highway dev --port 19092 --data-dir /tmp/try
  highway dev --set num.partitions=3 --set highway.admin.listener=off

Then: echo hello | highway produce greetings; highway consume greetings -e")]
pub struct DevArgs {
    /// Where the data lives; it is kept
    #[arg(long = "data-dir", alias = "data", value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
    /// Port for Kafka clients
    #[arg(long, default_value_t = 9092)]
    pub port: u16,
    /// Shared arguments.
    #[command(flatten)]
    pub node: NodeArgs,
}
