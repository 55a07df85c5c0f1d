//! `highway cluster`.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::failure::Failure;
use crate::output::{self, Table, bytes};

/// What to do with the cluster.
#[derive(Debug, Subcommand)]
pub enum ClusterCommand {
    /// Its id, nodes, disks and what is in it
    Describe(DescribeArgs),
}

/// Arguments of `highway cluster describe`.
#[derive(Debug, Args)]
pub struct DescribeArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs it.
pub async fn run(command: ClusterCommand) -> Result<(), Failure> {
    let ClusterCommand::Describe(args) = command;
    let client = args.client.connect().await?;
    let view = client.refresh(None, false).await?;
    let partitions: usize = view.topics.values().map(|t| t.partitions.len()).sum();
    let mut nodes = Vec::new();
    let mut table =
        Table::new(&["NODE", "ADDRESS", "RACK", "CONTROLLER", "LEADS", "DIRECTORY", "SIZE", "FREE"]);
    for node in view.nodes.values() {
        let controller = view.controller == Some(node.id);
        let all = view.topics.values().flat_map(|t| &t.partitions);
        let leads = all.filter(|p| p.leader == Some(node.id)).count();
        let mut dirs = Vec::new();
        for dir in client.describe_log_dirs(node).await? {
            let used: i64 = dir.partitions.iter().map(|p| p.bytes).sum();
            let shown = |n: i64| u64::try_from(n).map_or("-".to_owned(), bytes);
            table.row([
                node.id.to_string(),
                node.endpoint.to_string(),
                node.rack.clone().unwrap_or_else(|| "-".to_owned()),
                controller.to_string(),
                leads.to_string(),
                dir.path.clone(),
                shown(used),
                shown(dir.usable_bytes),
            ]);
            dirs.push(json!({
                "path": dir.path, "error": dir.error.map(|e| e.name()), "bytes": used,
                "total_bytes": dir.total_bytes, "usable_bytes": dir.usable_bytes,
            }));
        }
        nodes.push(json!({
            "node": node.id.0, "host": &*node.endpoint.host, "port": node.endpoint.port, "rack": node.rack,
            "controller": controller, "leads": leads, "log_dirs": dirs,
        }));
    }
    if args.output.is_json() {
        return output::json(&json!({
            "cluster": view.cluster_id, "controller": view.controller.map(|n| n.0), "topics": view.topics.len(),
            "partitions": partitions, "nodes": nodes,
        }));
    }
    let mut head = Table::new(&["CLUSTER", "TOPICS", "PARTITIONS"]);
    let id = view.cluster_id.unwrap_or_else(|| "-".to_owned());
    head.row([id, view.topics.len().to_string(), partitions.to_string()]);
    head.print()?;
    {
        use std::io::Write;
        writeln!(std::io::stdout())?;
    }
    table.print()
}
