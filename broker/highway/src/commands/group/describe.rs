//! `highway group describe`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use highway_client::Client;
use highway_client::admin::{GroupDescription, OffsetSpec};
use highway_types::{GroupId, TopicName, TopicPartition};
use serde_json::{Value, json};

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::unknown_group;
use crate::failure::Failure;
use crate::output::{self, Table};

/// Arguments of `highway group describe`.
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// Group ids
    #[arg(value_name = "GROUP", required = true)]
    groups: Vec<String>,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: DescribeArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let mut items = Vec::new();
    for name in &args.groups {
        let described = describe(&client, &GroupId::new(name)).await?;
        if args.output.is_json() {
            items.push(described);
        } else {
            print(&described)?;
        }
    }
    if args.output.is_json() { output::json(&json!({ "items": items })) } else { Ok(()) }
}

async fn describe(client: &Client, id: &GroupId) -> Result<Value, Failure> {
    let group = client.describe_group(id).await?;
    if group.state == "Dead" {
        return Err(unknown_group(client, id).await);
    }
    let committed = client.committed(id).await?;
    let readers: BTreeMap<&TopicPartition, &str> =
        group.members.iter().flat_map(|m| m.assignment.iter().map(|p| (p, m.id.as_str()))).collect();
    let all: BTreeSet<&TopicPartition> = committed.keys().chain(readers.keys().copied()).collect();
    let ends = ends(client, &all).await;
    let mut lag = 0;
    let offsets: Vec<_> = all
        .into_iter()
        .map(|p| {
            let at = committed.get(p).map(|c| c.offset.0);
            let end = ends.get(p).copied();
            let behind = at.zip(end).map(|(at, end)| (end - at).max(0));
            lag += behind.unwrap_or(0);
            json!({
                "topic": p.topic.as_str(), "partition": p.partition.0, "committed": at, "end": end, "lag": behind,
                "member": readers.get(p),
            })
        })
        .collect();
    let members: Vec<_> = members(&group);
    Ok(json!({
        "group": id.as_str(), "state": group.state, "assignor": group.assignor, "protocol_type": group.protocol_type,
        "lag": lag, "members": members, "offsets": offsets,
    }))
}

fn members(group: &GroupDescription) -> Vec<Value> {
    let member = |m: &highway_client::admin::GroupMember| {
        let assignment: Vec<_> = m
            .assignment
            .iter()
            .map(|p| json!({ "topic": p.topic.as_str(), "partition": p.partition.0 }))
            .collect();
        json!({
            "member": m.id, "instance": m.instance_id, "client": m.client_id, "host": m.host,
            "assignment": assignment,
        })
    };
    group.members.iter().map(member).collect()
}

/// Where partitions end; those of topics that are gone are left out.
async fn ends(client: &Client, partitions: &BTreeSet<&TopicPartition>) -> BTreeMap<TopicPartition, i64> {
    let mut ends = BTreeMap::new();
    let topics: BTreeSet<&TopicName> = partitions.iter().map(|p| &p.topic).collect();
    for topic in topics {
        let found = client.list_all_offsets(topic, OffsetSpec::Latest).await.unwrap_or_default();
        for (index, at) in found {
            ends.insert(highway_client::consumer::partition_of(topic, index), at.offset.0);
        }
    }
    ends
}

fn print(described: &Value) -> Result<(), Failure> {
    use std::io::Write;
    let cell = |v: &Value| match v {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = |key: &str| described[key].as_array().cloned().unwrap_or_default();
    let mut head = Table::new(&["GROUP", "STATE", "ASSIGNOR", "MEMBERS", "LAG"]);
    let count = rows("members").len().to_string();
    let of = |key: &str| cell(&described[key]);
    head.row([of("group"), of("state"), of("assignor"), count, of("lag")]);
    head.print()?;
    if !rows("offsets").is_empty() {
        writeln!(std::io::stdout())?;
        let mut table = Table::new(&["TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER"]);
        for o in rows("offsets") {
            table.row(["topic", "partition", "committed", "end", "lag", "member"].map(|key| cell(&o[key])));
        }
        table.print()?;
    }
    if !rows("members").is_empty() {
        writeln!(std::io::stdout())?;
        let mut table = Table::new(&["MEMBER", "INSTANCE", "CLIENT", "HOST", "PARTITIONS"]);
        for m in rows("members") {
            let partitions = m["assignment"].as_array().map_or(0, Vec::len).to_string();
            let [member, instance, client, host] =
                ["member", "instance", "client", "host"].map(|key| cell(&m[key]));
            table.row([member, instance, client, host, partitions]);
        }
        table.print()?;
    }
    Ok(())
}
