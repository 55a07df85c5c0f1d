//! The node: does it answer, what does it serve, who can reach it.

use std::path::PathBuf;
use std::time::Instant;

use highway_client::admin::ConfigResource;
use highway_client::cluster::{ClusterView, NodeView};
use highway_client::{Client, Endpoint};
use highway_server::config::listeners::is_loopback_host;

use super::check::Check;
use crate::cli::ClientArgs;
use crate::failure::Failure;

/// APIs without which nothing works.
const NEEDED: [(i16, &str); 6] = [
    (0, "Produce"),
    (1, "Fetch"),
    (2, "ListOffsets"),
    (3, "Metadata"),
    (10, "FindCoordinator"),
    (22, "InitProducerId"),
];

/// Asks every node. The data directories, if it runs on this machine.
pub(super) async fn check(args: &ClientArgs, checks: &mut Vec<Check>) -> Result<Vec<PathBuf>, Failure> {
    // Wrong usage is not a finding.
    args.config()?;
    let began = Instant::now();
    let client = match args.connect().await {
        Ok(client) => client,
        Err(failure) => {
            let advice = failure.hint.unwrap_or_default();
            checks.push(Check::failed("reachable", failure.error, advice));
            return Ok(Vec::new());
        }
    };
    let took = began.elapsed().as_secs_f64() * 1000.0;
    let view = match client.refresh(None, false).await {
        Ok(view) => view,
        Err(error) => {
            checks.push(Check::failed("reachable", error.to_string(), "look at the node's log"));
            return Ok(Vec::new());
        }
    };
    let cluster = view.cluster_id.as_deref().unwrap_or("without id");
    checks.push(Check::ok(
        "reachable",
        format!("{} answers in {took:.1} ms, cluster {cluster}", args.bootstrap),
    ));
    partitions(&view, checks);
    let mut dirs = Vec::new();
    for node in view.nodes.values() {
        advertised(&client, node, checks).await;
        listeners(&client, node, checks).await;
        for dir in client.describe_log_dirs(node).await.unwrap_or_default() {
            if let Some(error) = dir.error {
                let found = format!("node {}: {} is offline ({error})", node.id, dir.path);
                checks.push(Check::failed("log-dirs", found, "look at the disk and the node's log"));
            }
            if is_here(&args.bootstrap, node) && PathBuf::from(&dir.path).is_dir() {
                dirs.push(PathBuf::from(dir.path));
            }
        }
    }
    Ok(dirs)
}

fn is_here(bootstrap: &str, node: &NodeView) -> bool {
    let all = Endpoint::list(bootstrap).unwrap_or_default();
    is_loopback_host(&node.endpoint.host) && all.iter().all(|e| is_loopback_host(&e.host))
}

fn partitions(view: &ClusterView, checks: &mut Vec<Check>) {
    let all: usize = view.topics.values().map(|t| t.partitions.len()).sum();
    let without: Vec<_> = view
        .topics
        .values()
        .flat_map(|t| t.partitions.iter().map(move |p| (t, p)))
        .filter(|(_, p)| p.leader.is_none() || p.error.is_some())
        .map(|(t, p)| format!("{}-{}", t.name, p.index))
        .collect();
    let topics = view.topics.len();
    checks.push(if without.is_empty() {
        Check::ok("partitions", format!("{all} of {topics} topics, all with a leader"))
    } else {
        let some: Vec<_> = without.iter().take(5).cloned().collect();
        let found = format!("{} of {all} have no leader: {}", without.len(), some.join(", "));
        Check::failed("partitions", found, "look at the node's log for their directories")
    });
}

/// The address that clients are told must be one that works from here, and lead to the same node.
async fn advertised(client: &Client, node: &NodeView, checks: &mut Vec<Check>) {
    match client.api_versions(node).await {
        Ok(apis) => {
            let missing: Vec<_> = NEEDED
                .iter()
                .filter(|(key, _)| !apis.iter().any(|a| a.key == *key))
                .map(|(_, name)| *name)
                .collect();
            checks.push(if missing.is_empty() {
                let found = format!("node {} at {} serves {} APIs", node.id, node.endpoint, apis.len());
                Check::ok("api-versions", found)
            } else {
                let found = format!("node {} does not serve {}", node.id, missing.join(", "));
                Check::failed("api-versions", found, "this client needs Kafka 2.8 or newer")
            });
        }
        Err(error) => {
            let found = format!("node {} tells clients to use {}: {error}", node.id, node.endpoint);
            checks.push(Check::failed(
                "api-versions",
                found,
                "set advertised.listeners to an address that works from here",
            ));
        }
    }
}

async fn listeners(client: &Client, node: &NodeView, checks: &mut Vec<Check>) {
    let keys = ["listeners".to_owned()];
    let Ok(configs) = client.describe_configs(&ConfigResource::Broker(node.id), Some(&keys), false).await
    else {
        return;
    };
    let text = configs.first().and_then(|c| c.value.clone()).unwrap_or_default();
    let open: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|l| {
            let host = l.rsplit_once("://").map_or(*l, |(_, rest)| rest);
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            !l.is_empty() && !is_loopback_host(host)
        })
        .collect();
    checks.push(if open.is_empty() {
        Check::ok("listeners", format!("node {}: {text} is reached from this machine only", node.id))
    } else {
        Check::warning(
            "listeners",
            format!(
                "node {}: {} may be reached from other machines without authentication",
                node.id,
                open.join(", ")
            ),
            "bind to 127.0.0.1, or guard the port by a firewall",
        )
    });
}
