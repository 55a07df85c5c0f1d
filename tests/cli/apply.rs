//! `highway apply`: made, unchanged, changed, only looked at, and what is wrong with files.

use std::path::Path;

use highway_tests::http::ask;
use highway_tests::{Broker, Node};
use serde_json::{Value, json};

use super::tool::{Done, command, with_input};

const SHOP: &str = "\
kind: Endpoint
name: orders
topic: orders
event_name: order
schema: {subject: order}
---
kind: Topic
topic: orders
partitions: 2
configs: {retention.ms: 86400000, cleanup.policy: delete}
---
kind: Schema
subject: order
schemaType: JSON
compatibility: full
schema: {type: object, required: [n], properties: {n: {type: integer}}}
---
kind: Schema
subject: line
schemaType: PROTOBUF
references: [{name: item.proto, subject: item, version: 1}]
schema: |
  syntax = \"proto3\";
  import \"item.proto\";
  message Line { Item item = 1; }
---
kind: Schema
subject: item
schemaType: PROTOBUF
schema: 'syntax = \"proto3\"; message Item { int32 a = 1; }'
";

fn apply(node: &Node, arguments: &[&str], input: &str) -> Done {
    let mut tool = command(&[&["apply"], arguments].concat());
    tool.env("HIGHWAY_BOOTSTRAP", node.bootstrap());
    tool.env("HIGHWAY_ADMIN", node.admin()).env("HIGHWAY_REGISTRY", node.registry());
    with_input(tool, input.as_bytes())
}

/// `KIND NAME STATE` of each object.
fn states(done: &Done) -> Vec<String> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = done.json()["items"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .map(|item| format!("{} {} {}", text(item, "kind"), text(item, "name"), text(item, "state")))
        .collect()
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

#[test]
fn what_a_file_says_is_made_once() {
    let node = Node::start();
    // What uses stands before what is used in no order that matters, but for schemas, which come as they stand.
    let (before, item) = SHOP.rsplit_once("---\n").expect("documents");
    let (before, line) = before.rsplit_once("---\n").expect("documents");
    let shop = format!("{before}---\n{item}---\n{line}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "shop.yaml", &shop);
    let all = |state: &str| {
        ["Topic orders", "Schema order", "Schema item", "Schema line", "Endpoint orders"]
            .map(|o| format!("{o} {state}"))
    };
    let looked = apply(&node, &["-f", &file, "--dry-run", "-o", "json"], "").ok();
    assert_eq!(states(&looked), all("created"));
    assert_eq!(looked.json()["applied"], false);
    let subjects = || ask(node.registry(), "GET", "/subjects", &[], "").expect("an answer").body;
    assert_eq!(subjects(), "[]", "nothing was made");
    assert_eq!(states(&apply(&node, &["-f", &file, "-o", "json"], "").ok()), all("created"));
    assert_eq!(states(&apply(&node, &["-f", "-", "-o", "json"], &shop).ok()), all("unchanged"));
    assert_eq!(subjects(), r#"["item","line","order"]"#);
    let level = ask(node.registry(), "GET", "/config/order", &[], "").expect("an answer").json();
    assert_eq!(level, json!({"compatibilityLevel": "FULL"}));
    let event = ask(
        &node.part("ingest"),
        "POST",
        "/v1/events/orders",
        &[("content-type", "application/json")],
        r#"{"payload":{"n":1}}"#,
    );
    assert_eq!(event.expect("an answer").status, 200);

    // One thing of each kind changes.
    let changed = shop
        .replace("partitions: 2", "partitions: 3")
        .replace("86400000", "3600000")
        .replace("event_name: order", "event_name: bought")
        .replace("{n: {type: integer}}", "{n: {type: integer}}, description: an order");
    let done = apply(&node, &["-f", "-", "-o", "json"], &changed).ok();
    let expected = [
        "Topic orders changed",
        "Schema order changed",
        "Schema item unchanged",
        "Schema line unchanged",
        "Endpoint orders changed",
    ];
    assert_eq!(states(&done), expected, "{}", done.text());
    let changes = &done.json()["items"][0]["changes"];
    assert_eq!(*changes, json!(["partitions 3", "retention.ms=3600000"]));
    assert_eq!(done.json()["items"][4]["changes"], json!(["event_name=bought"]));
    let table = apply(&node, &["-f", "-"], &changed).ok().text();
    assert!(table.starts_with("KIND") && table.matches("unchanged").count() == 5, "{table}");

    // Keys that were made are left by a file that says nothing of them.
    let key = ask(node.admin(), "POST", "/api/v1/endpoints/orders/keys", &[], "").expect("an answer");
    assert_eq!(key.status, 201);
    assert_eq!(
        states(&apply(&node, &["-f", "-", "-o", "json"], &changed).ok())[4],
        "Endpoint orders unchanged"
    );
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_changed() {
    let node = Node::start();
    let folder = tempfile::tempdir().expect("a folder");
    let good = "kind: Topic\ntopic: good\n";
    for (bad, code, said) in [
        ("kind: Topik\ntopic: t", 2, "document 2: kind: there is no Topik"),
        ("kind: Topic\ntopic: t\npartitions: x", 2, "document 2: partitions: "),
        ("kind: Topic\ntopic: good", 2, "document 2: Topic good stands in"),
        ("kind: Topic\ntopic: t\nconfigs: {retention.mss: 1}", 1, "document 2: Topic t: "),
        ("kind: Endpoint\nname: e\ntopic: t\nlimits: {max_events: no}", 2, "document 2: limits.max_events: "),
        (
            "kind: Endpoint\nname: e\ntopic: t\nlimits: {max_events: 0}",
            2,
            "document 2: Endpoint e: limits.max_events: 0",
        ),
        ("kind: Schema\nsubject: s\nschema: nonsense", 2, "document 2: Schema s: Invalid schema"),
        ("kind: [", 2, "bad.yaml: "),
    ] {
        let file = write(folder.path(), "bad.yaml", &format!("{good}---\n{bad}\n"));
        let done = apply(&node, &["-f", &file], "");
        assert!(done.stderr.contains("bad.yaml"), "{}", done.stderr);
        done.fails(code, said);
    }
    apply(&node, &["-f", "no/such.yaml"], "").fails(3, "no/such.yaml");
    apply(&node, &["-f", "-"], "").fails(2, "no document");
    let topics = super::tool::run(&node, &["topic", "list", "-o", "json"]).ok().json();
    assert_eq!(topics["items"].as_array().map(Vec::len), Some(0), "{topics}");
    // What does not fit is a conflict.
    apply(&node, &["-f", "-"], "kind: Topic\ntopic: good\npartitions: 3").ok();
    apply(&node, &["-f", "-"], "kind: Topic\ntopic: good\npartitions: 1").fails(4, "cannot be taken away");
    apply(&node, &["-f", "-"], "kind: Schema\nsubject: s\nschema: '\"string\"'").ok();
    apply(&node, &["-f", "-"], "kind: Schema\nsubject: s\nschema: '\"int\"'").fails(4, "not compatible");
    let nobody = apply(
        &node,
        &["-f", "-", "--registry", "127.0.0.1:1"],
        "kind: Schema\nsubject: s\nschema: '\"int\"'",
    );
    nobody.fails(6, "hint: --registry");
}
