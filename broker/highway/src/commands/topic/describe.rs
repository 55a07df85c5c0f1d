//! `highway topic describe`.

use std::collections::BTreeMap;

use clap::Args;
use highway_client::Client;
use highway_client::admin::{ConfigResource, ConfigSource, OffsetSpec};
use highway_types::TopicName;
use serde_json::{Value, json};

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::existing_topic;
use crate::failure::Failure;
use crate::output::{self, Table, bytes};

/// Arguments of `highway topic describe`.
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// Names
    #[arg(value_name = "TOPIC", required = true)]
    names: Vec<String>,
    /// Show all settings, not only those that were set
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: DescribeArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let mut items = Vec::new();
    for name in &args.names {
        let described = describe(&client, name, args.all).await?;
        if args.output.is_json() {
            items.push(described);
        } else {
            print(&described)?;
        }
    }
    if args.output.is_json() { output::json(&json!({ "items": items })) } else { Ok(()) }
}

async fn describe(client: &Client, name: &str, all: bool) -> Result<Value, Failure> {
    let topic = existing_topic(client, name).await?;
    let begin = client.list_all_offsets(&topic.name, OffsetSpec::Earliest).await?;
    let end = client.list_all_offsets(&topic.name, OffsetSpec::Latest).await?;
    let sizes = sizes(client, &topic.name).await;
    let resource = ConfigResource::Topic(topic.name.clone());
    let configs = client.describe_configs(&resource, None, false).await?;
    let configs = configs
        .into_iter()
        .filter(|c| all || c.source == ConfigSource::Topic)
        .map(|c| json!({ "key": c.name, "value": c.value, "source": c.source.to_string() }));
    let partitions = topic.partitions.iter().map(|p| {
        let begin = begin.get(&p.index).map_or(-1, |o| o.offset.0);
        let end = end.get(&p.index).map_or(-1, |o| o.offset.0);
        json!({
            "partition": p.index, "leader": p.leader.map(|n| n.0), "leader_epoch": p.leader_epoch.0,
            "replicas": p.replicas.iter().map(|n| n.0).collect::<Vec<_>>(),
            "in_sync": p.in_sync.iter().map(|n| n.0).collect::<Vec<_>>(),
            "begin": begin, "end": end, "bytes": sizes.get(&p.index),
        })
    });
    Ok(json!({
        "topic": name, "id": topic.id.to_string(), "internal": topic.internal,
        "partitions": partitions.collect::<Vec<_>>(), "configs": configs.collect::<Vec<_>>(),
    }))
}

/// Bytes of each partition at its largest replica; empty where brokers do not say.
async fn sizes(client: &Client, topic: &TopicName) -> BTreeMap<i32, i64> {
    let mut sizes = BTreeMap::new();
    let Ok(view) = client.refresh(Some(&[]), false).await else { return sizes };
    for node in view.nodes.values() {
        for dir in client.describe_log_dirs(node).await.unwrap_or_default() {
            for p in dir.partitions.iter().filter(|p| p.topic == *topic) {
                let size = sizes.entry(p.partition).or_insert(0);
                *size = p.bytes.max(*size);
            }
        }
    }
    sizes
}

fn print(described: &Value) -> Result<(), Failure> {
    let mut head = Table::new(&["TOPIC", "ID", "INTERNAL"]);
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    head.row([text(&described["topic"]), text(&described["id"]), text(&described["internal"])]);
    head.print()?;
    println_empty()?;
    let mut table =
        Table::new(&["PARTITION", "LEADER", "REPLICAS", "IN-SYNC", "BEGIN", "END", "RECORDS", "SIZE"]);
    let list = |v: &Value| {
        v.as_array().map_or(String::new(), |a| a.iter().map(Value::to_string).collect::<Vec<_>>().join(","))
    };
    for p in described["partitions"].as_array().into_iter().flatten() {
        let (begin, end) = (p["begin"].as_i64().unwrap_or(0), p["end"].as_i64().unwrap_or(0));
        table.row([
            p["partition"].to_string(),
            p["leader"].as_i64().map_or("-".to_owned(), |n| n.to_string()),
            list(&p["replicas"]),
            list(&p["in_sync"]),
            begin.to_string(),
            end.to_string(),
            (end - begin).to_string(),
            p["bytes"].as_u64().map_or("-".to_owned(), bytes),
        ]);
    }
    table.print()?;
    println_empty()?;
    let mut table = Table::new(&["SETTING", "VALUE", "SOURCE"]);
    for c in described["configs"].as_array().into_iter().flatten() {
        table.row([text(&c["key"]), c["value"].as_str().unwrap_or("").to_owned(), text(&c["source"])]);
    }
    if described["configs"].as_array().is_some_and(|c| !c.is_empty()) { table.print() } else { Ok(()) }
}

fn println_empty() -> Result<(), Failure> {
    use std::io::Write;
    Ok(writeln!(std::io::stdout())?)
}
