//! `highway group delete-offsets`.

use clap::Args;
use highway_client::ErrorCode;
use highway_types::{GroupId, TopicName};
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::{topic_partitions, unknown_group};
use crate::failure::{EXIT_NOT_FOUND, Failure};
use crate::output::{self, Table, confirm};

/// Arguments of `highway group delete-offsets`.
#[derive(Debug, Args)]
pub struct DeleteOffsetsArgs {
    /// Group id
    #[arg(value_name = "GROUP")]
    group: String,
    /// Of which topic, TOPIC or TOPIC:0,1; repeat for more
    #[arg(short, long, value_name = "TOPIC[:PARTITIONS]", required = true, value_parser = topic_partitions)]
    topic: Vec<(String, Option<Vec<i32>>)>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: DeleteOffsetsArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let group = GroupId::new(&args.group);
    let committed = client.committed(&group).await?;
    let mut items = Vec::new();
    let mut table = Table::new(&["TOPIC", "PARTITION", "WAS"]);
    let mut plan = Vec::new();
    for (name, chosen) in &args.topic {
        let topic = TopicName::new(name);
        let is_chosen = |p: i32| chosen.as_ref().is_none_or(|c| c.contains(&p));
        let of_topic: Vec<_> = committed
            .iter()
            .filter(|(p, _)| p.topic == topic && is_chosen(p.partition.0))
            .map(|(p, at)| (p.partition.0, at.offset.0))
            .collect();
        if of_topic.is_empty() && committed.is_empty() && client.describe_group(&group).await?.state == "Dead"
        {
            return Err(unknown_group(&client, &group).await);
        }
        if of_topic.is_empty() {
            let error = format!("group {group} has committed nothing for topic {name}");
            return Err(Failure::new(EXIT_NOT_FOUND, error));
        }
        for (partition, was) in &of_topic {
            table.row([name.clone(), partition.to_string(), was.to_string()]);
            items.push(json!({ "topic": name, "partition": partition, "was": was }));
        }
        plan.push((topic, of_topic.into_iter().map(|(p, _)| p).collect::<Vec<_>>()));
    }
    confirm(&format!("Delete {} committed offsets of group {group}?", items.len()), args.yes)?;
    for (topic, partitions) in plan {
        match client.delete_offsets(&group, &topic, &partitions).await {
            Ok(()) => {}
            Err(error) if error.code() == Some(ErrorCode::GROUP_ID_NOT_FOUND) => {
                return Err(unknown_group(&client, &group).await);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if args.output.is_json() {
        output::json(&json!({ "group": args.group, "items": items }))
    } else {
        table.print()
    }
}
