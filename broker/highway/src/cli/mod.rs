//! The command line: which commands there are. Each command's own arguments stand beside it.

mod client;
mod node;

pub use client::{ClientArgs, OutputArgs};
pub use node::{DevArgs, NodeArgs, ServerArgs};

use clap::{Parser, Subcommand};

use crate::commands::{
    apply::ApplyArgs, cluster::ClusterCommand, completion::CompletionArgs, config::ConfigCommand,
    consume::ConsumeArgs, doctor::DoctorArgs, endpoint::EndpointCommand, group::GroupCommand,
    produce::ProduceArgs, topic::TopicCommand,
};

const EXAMPLES: &str = "\
Examples:
  highway dev                                    run a node on this machine
  seq 1 1000 | highway produce numbers           write lines as records
  highway consume numbers -e -n 3                read three of them
  highway topic list                             what is there

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not found, 4 conflict, 5 not allowed,
6 nobody answers, 7 a check found something, 130 interrupted. More: docs/cli.md";

/// A streaming platform in one program: a Kafka-protocol broker and the tools around it.
#[derive(Debug, Parser)]
#[command(name = "highway", version, about, propagate_version = true, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a node for development: loopback only, data under ./data
    Dev(DevArgs),
    /// Run a node with a configuration file
    Server(ServerArgs),
    /// Create, list, change and delete topics
    #[command(subcommand)]
    Topic(TopicCommand),
    /// Write records to a topic, from stdin or files
    Produce(ProduceArgs),
    /// Read records of topics to stdout
    Consume(ConsumeArgs),
    /// List, describe, reset and delete consumer groups
    #[command(subcommand)]
    Group(GroupCommand),
    /// Make, list, describe, try and delete endpoints that take events over HTTP and syslog
    #[command(subcommand)]
    Endpoint(EndpointCommand),
    /// Make and change topics, endpoints and schemas as files say
    Apply(ApplyArgs),
    /// Show and change settings, of a node's file or of a running cluster
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Describe the cluster and its nodes
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Check a node and this machine, with advice
    Doctor(DoctorArgs),
    /// Print the completion script of a shell
    Completion(CompletionArgs),
}
