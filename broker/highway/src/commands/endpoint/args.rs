//! Arguments of `highway endpoint`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::OutputArgs;

/// Where the node's admin listener is.
#[derive(Debug, Args)]
pub struct AdminArgs {
    /// The node's admin listener, HOST:PORT
    #[arg(long, value_name = "HOST:PORT", env = "HIGHWAY_ADMIN", default_value = "127.0.0.1:8080")]
    pub admin: String,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What to do with endpoints.
#[derive(Debug, Subcommand)]
pub enum EndpointCommand {
    /// Make an endpoint, or change one: its topics are made with it
    Create(CreateArgs),
    /// List endpoints
    #[command(alias = "ls")]
    List(ListArgs),
    /// Everything about an endpoint
    Describe(NameArgs),
    /// Delete an endpoint; its topics stay
    #[command(alias = "rm")]
    Delete(NameArgs),
    /// Say what an endpoint would make of a body, and store nothing
    Test(TestArgs),
    /// Send refused events again, those since the last replay
    Replay(NameArgs),
    /// Propose a JSON Schema learnt from stored events; with --accept register and enforce it
    Schema(SchemaArgs),
    /// API keys of an endpoint
    #[command(subcommand)]
    Key(KeyCommand),
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key; it is shown once and kept as a hash
    Create(NameArgs),
}

/// Arguments of `highway endpoint create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway endpoint create orders --topic orders
  highway endpoint create github --topic hooks --file github.yaml
  curl -d '{\"event_name\":\"order\",\"payload\":{\"n\":1}}' http://127.0.0.1:8082/v1/events/orders")]
pub struct CreateArgs {
    /// Its name, as in /v1/events/NAME
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Where its events go
    #[arg(short, long, value_name = "TOPIC", required_unless_present = "file")]
    pub topic: Option<String>,
    /// auto, native, cloudevents, otlp, segment, webhook, rest-proxy or syslog
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<String>,
    /// The name of events that have none
    #[arg(long, value_name = "NAME")]
    pub event_name: Option<String>,
    /// Check payloads against the latest schema of this subject of the registry
    #[arg(long, value_name = "SUBJECT")]
    pub schema: Option<String>,
    /// Learn a schema first: see `highway endpoint schema`
    #[arg(long, conflicts_with = "schema")]
    pub infer: bool,
    /// The whole definition as JSON or YAML; - is stdin
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Arguments of `highway endpoint list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// An endpoint's name.
#[derive(Debug, Args)]
pub struct NameArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Arguments of `highway endpoint schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway endpoint create orders --topic orders --infer
  highway endpoint schema orders                       # what the newest 1000 events have in common
  highway endpoint schema orders --accept              # register it and refuse what does not fit
  highway endpoint schema orders > s.json; $EDITOR s.json; highway endpoint schema orders --accept --file s.json")]
pub struct SchemaArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Newest events to learn from
    #[arg(long, value_name = "N")]
    pub samples: Option<usize>,
    /// Register the schema under the endpoint's subject, and refuse what does not fit it
    #[arg(long)]
    pub accept: bool,
    /// Accept this JSON Schema, not the proposal; - is stdin
    #[arg(short, long, value_name = "FILE", requires = "accept")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Arguments of `highway endpoint test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The body; else it is read from stdin
    #[arg(short, long, value_name = "BODY")]
    pub data: Option<String>,
    /// The body's content type
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    pub content_type: String,
    #[command(flatten)]
    pub admin: AdminArgs,
}
