//! `highway topic truncate`.

use std::collections::BTreeMap;

use clap::Args;
use highway_client::admin::OffsetSpec;
use highway_client::consumer::{Position, partition_of, resolve_positions};
use highway_types::Offset;
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::existing_topic;
use crate::failure::Failure;
use crate::output::{self, Table, confirm};
use crate::times::{now, parse_time};

/// Arguments of `highway topic truncate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway topic truncate clicks --yes                     everything up to now
  highway topic truncate clicks --before 1000 -p 0        offsets below 1000 of partition 0
  highway topic truncate clicks --before @2026-01-01      everything older than that")]
pub struct TruncateArgs {
    /// Its name
    #[arg(value_name = "TOPIC")]
    name: String,
    /// Delete what lies before this: end, an offset, or @TIME
    #[arg(long, value_name = "PLACE", default_value = "end")]
    before: String,
    /// Only these partitions
    #[arg(short, long, value_name = "N", value_delimiter = ',')]
    partition: Vec<i32>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Only show what would be deleted
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

fn place(text: &str) -> Result<Position, Failure> {
    let bad = || Failure::usage(format!("--before {text}: give end, an offset, or @TIME"));
    if text == "end" {
        return Ok(Position::Latest);
    }
    match text.strip_prefix('@') {
        Some(time) => parse_time(time, now()).map(Position::Since).ok_or_else(bad),
        None => text.parse().ok().filter(|o| *o >= 0).map(|o| Position::At(Offset(o))).ok_or_else(bad),
    }
}

pub(super) async fn run(args: TruncateArgs) -> Result<(), Failure> {
    let position = place(&args.before)?;
    let client = args.client.connect().await?;
    let topic = existing_topic(&client, &args.name).await?;
    let begin = client.list_all_offsets(&topic.name, OffsetSpec::Earliest).await?;
    let chosen: Vec<_> =
        if args.partition.is_empty() { begin.keys().copied().collect() } else { args.partition.clone() };
    let wanted: Vec<_> = chosen.iter().map(|p| (partition_of(&topic.name, *p), position)).collect();
    let found = resolve_positions(&client, &wanted).await?;
    let before: BTreeMap<i32, Offset> = found.into_iter().map(|(p, o)| (p.partition.0, o)).collect();
    let count = |p: &i32, to: Offset| (to.0 - begin.get(p).map_or(0, |b| b.offset.0)).max(0);
    let total: i64 = before.iter().map(|(p, to)| count(p, *to)).sum();
    if !args.dry_run {
        confirm(&format!("Delete {total} records of topic {}?", args.name), args.yes)?;
        client.delete_records(&topic.name, &before).await?;
    }
    let mut items = Vec::new();
    let mut table = Table::new(&["PARTITION", "BEGIN", "NEW-BEGIN", "RECORDS"]);
    for (partition, to) in &before {
        let from = begin.get(partition).map_or(0, |b| b.offset.0);
        let to = to.0.max(from);
        table.row([partition.to_string(), from.to_string(), to.to_string(), (to - from).to_string()]);
        items.push(json!({ "partition": partition, "begin": from, "new_begin": to, "records": to - from }));
    }
    if args.output.is_json() {
        let applied = !args.dry_run;
        return output::json(
            &json!({ "topic": args.name, "applied": applied, "records": total, "items": items }),
        );
    }
    table.print()
}
