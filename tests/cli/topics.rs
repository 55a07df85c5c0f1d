//! `highway topic`, `config get/set` and `cluster`, on Highway and on Apache Kafka.

use highway_tests::{Broker, Node, Oracle};
use serde_json::{Value, json};

use crate::tool::{feed, run};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|o| o.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn scenario(broker: &dyn Broker) {
    let made =
        run(broker, &["topic", "create", "clicks", "-p", "3", "-c", "retention.ms=86400000", "-o", "json"]);
    let expected =
        json!({ "items": [{ "topic": "clicks", "partitions": 3, "replication": 1, "state": "created" }] });
    assert_eq!(made.ok().json(), expected);
    run(broker, &["topic", "create", "clicks"]).fails(4, "TOPIC_ALREADY_EXISTS");
    let there = run(broker, &["topic", "create", "clicks", "--if-not-exists", "-o", "json"]).ok().json();
    assert_eq!(there["items"][0]["state"], "exists");
    run(broker, &["topic", "create", "a b"]).fails(2, "topic name");
    run(broker, &["topic", "create", "x", "-c", "retention.m=1"]).fails(1, "did you mean retention.ms?");
    run(broker, &["topic", "create", "maybe", "--dry-run"]).ok();

    let listed = run(broker, &["topic", "list", "-o", "json"]).ok().json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "a dry run makes nothing: {listed}");
    assert_eq!(
        keys(&listed["items"][0]),
        ["id", "internal", "leaderless", "partitions", "replication", "topic"]
    );
    let table = run(broker, &["topic", "list"]).ok().text();
    assert_eq!(table.lines().next(), Some("TOPIC   PARTITIONS  REPLICATION  LEADERLESS"));

    feed(broker, &["produce", "clicks", "-p", "1"], b"a\nb\nc\n").ok();
    let described = run(broker, &["topic", "describe", "clicks", "-o", "json"]).ok().json();
    let topic = &described["items"][0];
    assert_eq!(keys(topic), ["configs", "id", "internal", "partitions", "topic"]);
    assert_eq!(topic["configs"], json!([{ "key": "retention.ms", "value": "86400000", "source": "topic" }]));
    let partition = &topic["partitions"][1];
    assert_eq!((&partition["begin"], &partition["end"]), (&json!(0), &json!(3)));
    assert!(partition["bytes"].as_i64().is_some_and(|b| b > 60), "{partition}");
    let table = run(broker, &["topic", "describe", "clicks"]).ok().text();
    assert!(table.contains("IN-SYNC") && table.contains("retention.ms"), "{table}");

    // The nearest name, exit code 3.
    let lost = run(broker, &["topic", "describe", "clikcs"]).fails(3, "topic clikcs does not exist");
    assert!(lost.stderr.contains("hint: did you mean clicks?") && lost.stdout.is_empty(), "{lost:?}");
    run(broker, &["consume", "nothing-alike", "-e"]).fails(3, "highway topic create nothing-alike");

    run(broker, &["topic", "alter", "clicks", "retention.ms=5000", "segment.bytes=2000000"]).ok();
    run(broker, &["config", "set", "topic", "clicks", "segment.ms=60000"]).ok();
    run(broker, &["config", "unset", "topic", "clicks", "segment.bytes"]).ok();
    let set = run(broker, &["config", "get", "topic", "clicks", "-o", "json"]).ok().json();
    let values: Vec<_> =
        set["items"].as_array().expect("items").iter().map(|i| (&i["key"], &i["value"])).collect();
    assert_eq!(values, [(&json!("retention.ms"), &json!("5000")), (&json!("segment.ms"), &json!("60000"))]);
    run(broker, &["config", "get", "topic", "clicks", "retention.mss"])
        .fails(3, "did you mean retention.ms?");
    run(broker, &["config", "set", "topic", "clicks", "retention.ms=soon"]).fails(1, "INVALID_CONFIG");
    run(broker, &["config", "set", "topic", "clicks", "retention.ms=7", "--dry-run"]).ok();
    let one = run(broker, &["config", "get", "topic", "clicks", "retention.ms", "-o", "json"]).ok().json();
    assert_eq!(one["items"][0]["value"], "5000");
    run(broker, &["config", "set", "broker", "all", "log.retention.ms=100000"]).ok();
    let node = run(broker, &["cluster", "describe", "-o", "json"]).ok().json();
    let id = node["nodes"][0]["node"].to_string();
    let of_node =
        run(broker, &["config", "get", "broker", &id, "log.retention.ms", "-o", "json"]).ok().json();
    assert_eq!(
        (&of_node["items"][0]["value"], &of_node["items"][0]["source"]),
        (&json!("100000"), &json!("all-brokers"))
    );
    run(broker, &["config", "get", "broker", "77"]).fails(3, "broker 77 does not exist");

    run(broker, &["topic", "partitions", "clicks", "2"]).fails(4, "2 would not be more");
    run(broker, &["topic", "partitions", "clicks", "5"]).ok();
    let more = run(broker, &["topic", "describe", "clicks", "-o", "json"]).ok().json();
    assert_eq!(more["items"][0]["partitions"].as_array().map(Vec::len), Some(5));

    // What loses data asks, and without a terminal needs --yes.
    run(broker, &["topic", "truncate", "clicks"]).fails(2, "add --yes");
    let cut =
        run(broker, &["topic", "truncate", "clicks", "--before", "2", "-p", "1", "--yes", "-o", "json"]);
    let cut = cut.ok().json();
    assert_eq!((&cut["records"], &cut["applied"]), (&json!(2), &json!(true)));
    assert_eq!(run(broker, &["consume", "clicks", "-e"]).ok().text(), "c\n");
    run(broker, &["topic", "truncate", "clicks", "--before", "99", "-p", "1", "-y"])
        .fails(1, "OFFSET_OUT_OF_RANGE");

    assert_eq!(keys(&node), ["cluster", "controller", "nodes", "partitions", "topics"]);
    assert!(node["nodes"][0]["log_dirs"][0]["usable_bytes"].as_i64().is_some_and(|b| b > 0), "{node}");
    run(broker, &["cluster", "describe"]).ok();

    run(broker, &["topic", "delete", "clicks"]).fails(2, "add --yes");
    run(broker, &["topic", "delete", "clicks", "--yes"]).ok();
    run(broker, &["topic", "delete", "clicks", "--yes"]).fails(3, "does not exist");
    run(broker, &["topic", "delete", "clicks", "--yes", "--if-exists"]).ok();
}

#[test]
fn on_highway() {
    scenario(&Node::start());
}

#[test]
fn on_kafka() {
    scenario(&Oracle::start());
}
