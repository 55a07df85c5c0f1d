//! `highway group reset`.

use std::collections::BTreeMap;

use clap::{ArgGroup, Args};
use highway_client::Client;
use highway_client::admin::OffsetSpec;
use highway_client::consumer::{Position, partition_of, resolve_positions};
use highway_types::{GroupId, Offset, TopicPartition};
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::{existing_topic, topic_partitions, unknown_group};
use crate::failure::{EXIT_CONFLICT, Failure};
use crate::output::{self, Table, confirm};
use crate::times::{now, parse_time};

/// Arguments of `highway group reset`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["topic", "all_topics"])))]
#[command(after_help = "\
Examples:
  highway group reset billing --topic clicks --to earliest --dry-run
  highway group reset billing --topic clicks:0,1 --to 1000 --yes
  highway group reset billing --all-topics --to @2026-03-01T12:00:00Z
  highway group reset billing --topic clicks --shift -100       a hundred records back

The group must have no members. Offsets outside of what is kept are moved to the nearest end.")]
pub struct ResetArgs {
    /// Group id; one that does not exist yet is made
    #[arg(value_name = "GROUP")]
    group: String,
    /// Of which topic, TOPIC or TOPIC:0,1; repeat for more
    #[arg(short, long, value_name = "TOPIC[:PARTITIONS]", value_parser = topic_partitions)]
    topic: Vec<(String, Option<Vec<i32>>)>,
    /// Everything that the group has committed
    #[arg(long)]
    all_topics: bool,
    /// Where to: earliest, latest, an offset, or @TIME (milliseconds, RFC 3339, or 10m for ten minutes ago)
    #[arg(long, value_name = "PLACE", required_unless_present = "shift", conflicts_with = "shift")]
    to: Option<String>,
    /// From where it is, so many records on, or back with a minus
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    shift: Option<i64>,
    /// Only show what would be changed
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

fn place(text: &str) -> Result<Position, Failure> {
    let bad = || Failure::usage(format!("--to {text}: give earliest, latest, an offset, or @TIME"));
    match text {
        "earliest" | "beginning" => Ok(Position::Earliest),
        "latest" | "end" => Ok(Position::Latest),
        _ => match text.strip_prefix('@') {
            Some(time) => parse_time(time, now()).map(Position::Since).ok_or_else(bad),
            None => text.parse().ok().filter(|o| *o >= 0).map(|o| Position::At(Offset(o))).ok_or_else(bad),
        },
    }
}

pub(super) async fn run(args: ResetArgs) -> Result<(), Failure> {
    let to = args.to.as_deref().map(place).transpose()?;
    let client = args.client.connect().await?;
    let group = GroupId::new(&args.group);
    let described = client.describe_group(&group).await?;
    if !described.members.is_empty() {
        let count = described.members.len();
        return Err(Failure::new(
            EXIT_CONFLICT,
            format!("group {group} has {count} members and is {}", described.state),
        )
        .hint(format!("stop them first; `highway group describe {group}` lists them")));
    }
    let committed: BTreeMap<_, _> =
        client.committed(&group).await?.into_iter().map(|(p, at)| (p, at.offset)).collect();
    if args.all_topics && committed.is_empty() {
        return Err(unknown_group(&client, &group).await);
    }
    let chosen = chosen(&client, &args, &committed).await?;
    let target = match (to, args.shift) {
        (Some(position), _) => {
            let wanted: Vec<_> = chosen.iter().map(|p| (p.clone(), position)).collect();
            resolve_positions(&client, &wanted).await?
        }
        (None, shift) => shifted(&chosen, &committed, shift.unwrap_or(0))?,
    };
    let target = within_what_is_kept(&client, target).await?;
    if !args.dry_run {
        confirm(&format!("Set {} offsets of group {group}?", target.len()), args.yes)?;
        client.set_offsets(&group, &target).await?;
    }
    let mut items = Vec::new();
    let mut table = Table::new(&["TOPIC", "PARTITION", "FROM", "TO", "RECORDS"]);
    for (partition, to) in &target {
        let from = committed.get(partition).map(|o| o.0);
        let change = from.map(|from| to.0 - from);
        let shown = |n: Option<i64>| n.map_or("-".to_owned(), |n| n.to_string());
        let (topic, index) = (partition.topic.to_string(), partition.partition.0);
        table.row([topic.clone(), index.to_string(), shown(from), to.to_string(), shown(change)]);
        items.push(json!({ "topic": topic, "partition": index, "from": from, "to": to.0, "change": change }));
    }
    if args.output.is_json() {
        return output::json(&json!({ "group": args.group, "applied": !args.dry_run, "items": items }));
    }
    table.print()?;
    if args.dry_run {
        output::note("nothing was changed");
    }
    Ok(())
}

async fn chosen(
    client: &Client,
    args: &ResetArgs,
    committed: &BTreeMap<TopicPartition, Offset>,
) -> Result<Vec<TopicPartition>, Failure> {
    if args.all_topics {
        return Ok(committed.keys().cloned().collect());
    }
    let mut all = Vec::new();
    for (name, partitions) in &args.topic {
        let topic = existing_topic(client, name).await?;
        let indexes =
            partitions.clone().unwrap_or_else(|| topic.partitions.iter().map(|p| p.index).collect());
        all.extend(indexes.into_iter().map(|index| partition_of(&topic.name, index)));
    }
    Ok(all)
}

fn shifted(
    chosen: &[TopicPartition],
    committed: &BTreeMap<TopicPartition, Offset>,
    by: i64,
) -> Result<BTreeMap<TopicPartition, Offset>, Failure> {
    let of = |p: &TopicPartition| {
        let from = committed.get(p).ok_or_else(|| {
            Failure::new(
                EXIT_CONFLICT,
                format!("the group has committed nothing for {p} that could be shifted"),
            )
            .hint("use --to")
        })?;
        Ok((p.clone(), Offset(from.0.saturating_add(by))))
    };
    chosen.iter().map(of).collect()
}

async fn within_what_is_kept(
    client: &Client,
    target: BTreeMap<TopicPartition, Offset>,
) -> Result<BTreeMap<TopicPartition, Offset>, Failure> {
    let mut bounds = BTreeMap::new();
    for topic in target.keys().map(|p| &p.topic) {
        if !bounds.contains_key(topic) {
            let begin = client.list_all_offsets(topic, OffsetSpec::Earliest).await?;
            let end = client.list_all_offsets(topic, OffsetSpec::Latest).await?;
            bounds.insert(topic.clone(), (begin, end));
        }
    }
    let clamp = |(partition, offset): (TopicPartition, Offset)| {
        let Some((begin, end)) = bounds.get(&partition.topic) else { return (partition, offset) };
        let bound = |of: &BTreeMap<i32, highway_client::admin::ListedOffset>| {
            of.get(&partition.partition.0).map_or(offset, |l| l.offset)
        };
        let (low, high) = (bound(begin), bound(end));
        (partition, offset.max(low).min(high.max(low)))
    };
    Ok(target.into_iter().map(clamp).collect())
}
