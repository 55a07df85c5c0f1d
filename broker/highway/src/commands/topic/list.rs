//! `highway topic list`.

use clap::Args;
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::failure::Failure;
use crate::output::{self, Table};

/// Arguments of `highway topic list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only topics whose name contains this
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Also topics that the broker keeps for itself
    #[arg(long)]
    internal: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: ListArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let view = client.refresh(None, false).await?;
    let wanted = |name: &str| args.text.as_ref().is_none_or(|text| name.contains(text.as_str()));
    let mut items = Vec::new();
    let mut table = Table::new(&["TOPIC", "PARTITIONS", "REPLICATION", "LEADERLESS"]);
    for topic in view.topics.values().filter(|t| (args.internal || !t.internal) && wanted(t.name.as_str())) {
        let replication = topic.partitions.iter().map(|p| p.replicas.len()).max().unwrap_or(0);
        let leaderless = topic.partitions.iter().filter(|p| p.leader.is_none()).count();
        let count = topic.partitions.len();
        table.row([
            topic.name.to_string(),
            count.to_string(),
            replication.to_string(),
            leaderless.to_string(),
        ]);
        items.push(json!({
            "topic": topic.name.as_str(), "id": topic.id.to_string(), "internal": topic.internal, "partitions": count,
            "replication": replication, "leaderless": leaderless,
        }));
    }
    if args.output.is_json() { output::json(&json!({ "items": items })) } else { table.print() }
}
