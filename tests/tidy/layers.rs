//! The layers: arrows point down only. Read from what cargo says of the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// For each crate the crates of this workspace that it may use. A new crate, like a new arrow, is a decision: write it here.
const MAY_USE: &[(&str, &[&str])] = &[
    ("highway-types", &[]),
    ("highway-log", &["highway-types"]),
    ("highway-wire", &["highway-types"]),
    ("highway-coordinator", &["highway-types"]),
    ("highway-cluster", &["highway-types", "highway-log"]),
    // The one crate that links RocksDB.
    ("highway-store", &["highway-types", "highway-cluster", "highway-log", "highway-coordinator"]),
    ("highway-client", &["highway-types", "highway-wire"]),
    ("highway-http", &["highway-types"]),
    // Its pure parts use only the vocabulary; its shells go through the one door.
    ("highway-ingest", &["highway-types", "highway-client", "highway-http"]),
    // Connect's data: pure, without tokio.
    ("highway-connect-data", &["highway-types"]),
    // A sink with its store: the connect runtime drives it, it knows no broker.
    ("highway-connect-s3", &["highway-types", "highway-connect-data"]),
    // Schemas and their registry: pure; records come and go through the client.
    ("highway-registry", &["highway-types", "highway-client"]),
    (
        "highway-server",
        &[
            "highway-types",
            "highway-log",
            "highway-wire",
            "highway-coordinator",
            "highway-cluster",
            "highway-store",
            "highway-http",
        ],
    ),
    // The composition root: alone knows everyone.
    (
        "highway",
        &[
            "highway-types",
            "highway-wire",
            "highway-client",
            "highway-http",
            "highway-cluster",
            "highway-ingest",
            "highway-registry",
            "highway-server",
        ],
    ),
    ("highway-bench", &["highway-types", "highway-wire", "highway-client"]),
    ("highway-tests", &["highway-types", "highway-wire", "highway-client"]),
];

/// Libraries that only the named crates may use: what brings a network, a second wire format or C++ stays in its layer.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("rocksdb", &["highway-store"]),
    ("object_store", &["highway-connect-s3"]),
    ("parquet", &["highway-connect-s3"]),
    ("arrow-array", &["highway-connect-s3"]),
    (
        "kafka-protocol",
        &["highway-wire", "highway-client", "highway-server", "highway", "highway-bench", "highway-tests"],
    ),
    ("axum", &["highway-http", "highway-ingest", "highway-server", "highway"]),
];

/// Crate to its dependencies outside of tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(highway_tests::repository())
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = json["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let used = package["dependencies"].as_array().expect("dependencies").iter();
            let used = used
                .filter(|d| d["kind"] != "dev")
                .filter_map(|d| d["name"].as_str())
                .map(str::to_owned)
                .collect();
            (package["name"].as_str().expect("a name").to_owned(), used)
        })
        .collect()
}

/// What is wrong with these manifests.
fn violations(manifests: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    for (name, used) in manifests {
        let Some(may_use) = allowed.get(name.as_str()) else {
            wrong.push(format!("crate {name} has no place in the layers (tests/tidy/layers.rs)"));
            continue;
        };
        for dependency in used {
            if manifests.contains_key(dependency) && !may_use.contains(&dependency.as_str()) {
                wrong.push(format!("{name} may not use {dependency}: arrows point down only"));
            }
            if let Some((_, only)) = ONLY_IN.iter().find(|(library, _)| library == dependency)
                && !only.contains(&name.as_str())
            {
                wrong.push(format!("{name} may not use {dependency}; only {only:?} may"));
            }
        }
    }
    wrong
}

#[test]
fn arrows_point_down() {
    let wrong = violations(&dependencies());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_rule_sees_a_wrong_arrow() {
    let set = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<BTreeSet<_>>();
    let planted = BTreeMap::from([
        ("highway-types".to_owned(), set(&["highway-log"])),
        ("highway-log".to_owned(), set(&["highway-types", "rocksdb"])),
        ("highway-new".to_owned(), set(&[])),
    ]);
    assert_eq!(violations(&planted).len(), 3);
}
