//! Arguments of `highway apply`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{ClientArgs, OutputArgs};

/// Arguments of `highway apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway apply -f shop.yaml --dry-run
  highway apply -f topics.yaml -f endpoints.yaml
  kubectl kustomize | highway apply -f -

A document is what the API takes as JSON, with its kind:

  kind: Topic
  topic: orders
  partitions: 3
  configs: {retention.ms: 86400000}
  ---
  kind: Schema
  subject: orders-value
  schemaType: JSON
  compatibility: FULL
  schema: {type: object, required: [n], properties: {n: {type: integer}}}
  ---
  kind: Endpoint
  name: orders
  topic: orders")]
pub struct ApplyArgs {
    /// A YAML file, with any number of documents; - is stdin; repeat for more
    #[arg(short, long = "file", value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Only say what would be changed
    #[arg(long)]
    pub dry_run: bool,
    /// The node's admin listener, HOST:PORT
    #[arg(long, value_name = "HOST:PORT", env = "HIGHWAY_ADMIN", default_value = "127.0.0.1:8080")]
    pub admin: String,
    /// The schema registry, HOST:PORT
    #[arg(long, value_name = "HOST:PORT", env = "HIGHWAY_REGISTRY", default_value = "127.0.0.1:8081")]
    pub registry: String,
    /// A user of the schema registry, NAME:PASSWORD
    #[arg(long, value_name = "NAME:PASSWORD", env = "HIGHWAY_REGISTRY_USER", hide_env_values = true)]
    pub registry_user: Option<String>,
    #[command(flatten)]
    pub client: ClientArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
