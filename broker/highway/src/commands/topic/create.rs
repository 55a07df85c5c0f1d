//! `highway topic create`.

use clap::Args;
use highway_client::ErrorCode;
use highway_client::admin::NewTopic;
use highway_types::TopicName;
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::{config_failure, pair};
use crate::failure::{EXIT_USAGE, Failure};
use crate::output::{self, Table};

/// Arguments of `highway topic create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway topic create clicks
  highway topic create clicks --partitions 6 --config retention.ms=86400000
  highway topic create audit --config highway.durability=fsync --if-not-exists")]
pub struct CreateArgs {
    /// Names
    #[arg(value_name = "TOPIC", required = true)]
    names: Vec<String>,
    /// How many partitions; else the broker's num.partitions
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// How many replicas; else the broker's default
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i16).range(1..))]
    replication: Option<i16>,
    /// A setting other than the default; repeat for more
    #[arg(short, long = "config", value_name = "KEY=VALUE", value_parser = pair)]
    configs: Vec<(String, String)>,
    /// A topic that exists already is no error
    #[arg(long)]
    if_not_exists: bool,
    /// Only say whether it could be made
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: CreateArgs) -> Result<(), Failure> {
    for name in &args.names {
        TopicName::check(name).map_err(|e| Failure::new(EXIT_USAGE, format!("topic name: {e}")))?;
    }
    let client = args.client.connect().await?;
    let mut items = Vec::new();
    let mut table = Table::new(&["TOPIC", "PARTITIONS", "REPLICATION", "STATE"]);
    for name in &args.names {
        let topic = NewTopic {
            name: TopicName::new(name),
            partitions: args.partitions,
            replication: args.replication,
            configs: args.configs.clone(),
        };
        match client.create_topic(&topic, args.dry_run).await {
            Ok(made) => {
                let state = if args.dry_run { "possible" } else { "created" };
                table.row([
                    name.clone(),
                    made.partitions.to_string(),
                    made.replication.to_string(),
                    state.to_owned(),
                ]);
                items.push(json!({
                    "topic": name, "partitions": made.partitions, "replication": made.replication, "state": state,
                }));
            }
            Err(error) if error.code() == Some(ErrorCode::TOPIC_ALREADY_EXISTS) && args.if_not_exists => {
                let there = client.topic(&topic.name, false).await?;
                let replication = there.partitions.first().map_or(0, |p| p.replicas.len());
                let count = there.partitions.len();
                table.row([name.clone(), count.to_string(), replication.to_string(), "exists".to_owned()]);
                items.push(json!({
                    "topic": name, "partitions": count, "replication": replication, "state": "exists",
                }));
            }
            Err(error) => {
                let keys: Vec<_> = args.configs.iter().map(|(key, _)| key.as_str()).collect();
                return Err(config_failure(error, &keys));
            }
        }
    }
    if args.output.is_json() { output::json(&json!({ "items": items })) } else { table.print() }
}
