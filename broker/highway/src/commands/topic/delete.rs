//! `highway topic delete`.

use clap::Args;
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::existing_topic;
use crate::failure::{EXIT_NOT_FOUND, Failure};
use crate::output::{self, Table, confirm};

/// Arguments of `highway topic delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Names
    #[arg(value_name = "TOPIC", required = true)]
    names: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// A topic that is not there is no error
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: DeleteArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let mut topics = Vec::new();
    for name in &args.names {
        match existing_topic(&client, name).await {
            Ok(topic) => topics.push(topic),
            Err(failure) if failure.code == EXIT_NOT_FOUND && args.if_exists => {}
            Err(failure) => return Err(failure),
        }
    }
    let names: Vec<_> = topics.iter().map(|t| t.name.to_string()).collect();
    if !names.is_empty() {
        confirm(&format!("Delete {} with all records?", names.join(", ")), args.yes)?;
    }
    let mut items = Vec::new();
    let mut table = Table::new(&["TOPIC", "STATE"]);
    for topic in topics {
        client.delete_topic(&topic.name).await?;
        table.row([topic.name.to_string(), "deleted".to_owned()]);
        items.push(json!({ "topic": topic.name.as_str(), "state": "deleted" }));
    }
    if args.output.is_json() { output::json(&json!({ "items": items })) } else { table.print() }
}
