//! `GET /v3/clusters` and `GET /v3/clusters/{id}`: clients of version 3 ask for the cluster's id before they produce.

use serde_json::{Value, json};

/// One cluster, with links to what a proxy has of it. `base` is `http://HOST`.
#[must_use]
pub fn one(base: &str, id: &str) -> Value {
    let link = |what: &str| json!({ "related": format!("{base}/v3/clusters/{id}/{what}") });
    json!({
        "kind": "KafkaCluster",
        "metadata": { "self": format!("{base}/v3/clusters/{id}"), "resource_name": format!("crn:///kafka={id}") },
        "cluster_id": id,
        "controller": null,
        "acls": link("acls"),
        "brokers": link("brokers"),
        "broker_configs": link("broker-configs"),
        "consumer_groups": link("consumer-groups"),
        "topics": link("topics"),
        "partition_reassignments": link("topics/-/partitions/-/reassignment"),
    })
}

/// The list of clusters: this one.
#[must_use]
pub fn list(base: &str, id: &str) -> Value {
    json!({
        "kind": "KafkaClusterList",
        "metadata": { "self": format!("{base}/v3/clusters"), "next": null },
        "data": [one(base, id)],
    })
}
