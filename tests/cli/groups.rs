//! `highway group` and `highway consume --group`, on Highway and on Apache Kafka.

use highway_tests::{Broker, Node, Oracle};
use serde_json::{Value, json};

use crate::tool::{feed, run};

fn lag(broker: &dyn Broker, group: &str) -> Value {
    run(broker, &["group", "describe", group, "-o", "json"]).ok().json()["items"][0]["lag"].clone()
}

fn scenario(broker: &dyn Broker) {
    run(broker, &["topic", "create", "jobs", "-p", "2"]).ok();
    let lines = |n: std::ops::Range<i32>| n.map(|n| format!("{n}\n")).collect::<String>();
    feed(broker, &["produce", "jobs", "-p", "0"], lines(0..10).as_bytes()).ok();
    feed(broker, &["produce", "jobs", "-p", "1"], lines(10..20).as_bytes()).ok();

    // What is written out is committed, no less and no more: --count ends within a batch.
    let first = run(broker, &["consume", "jobs", "-g", "work", "-n", "7"]).ok();
    assert!(first.stderr.contains("assigned: jobs-0, jobs-1"), "{}", first.stderr);
    assert_eq!(first.text().lines().count(), 7);
    assert_eq!(lag(broker, "work"), json!(13));
    let rest = run(broker, &["consume", "jobs", "-g", "work", "-e", "-q"]).ok();
    let mut all: Vec<i32> =
        [first.text(), rest.text()].concat().lines().map(|l| l.parse().expect("a number")).collect();
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>(), "each once");
    assert_eq!(lag(broker, "work"), json!(0));
    assert_eq!(run(broker, &["consume", "jobs", "-g", "work", "-e", "-q"]).ok().text(), "");
    assert_eq!(
        run(broker, &["consume", "jobs", "-g", "peek", "-e", "-q", "--no-commit"])
            .ok()
            .text()
            .lines()
            .count(),
        20
    );

    let listed = run(broker, &["group", "list", "wor", "-o", "json"]).ok().json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(
        (&listed["items"][0]["group"], &listed["items"][0]["state"]),
        (&json!("work"), &json!("Empty"))
    );
    let described = run(broker, &["group", "describe", "work"]).ok().text();
    assert!(described.contains("COMMITTED") && described.contains("Empty"), "{described}");

    // Reset: a plan first, then each kind of place.
    let plan = run(
        broker,
        &["group", "reset", "work", "--topic", "jobs", "--to", "earliest", "--dry-run", "-o", "json"],
    );
    let plan = plan.ok().json();
    assert_eq!(plan["applied"], json!(false));
    let row = json!({ "topic": "jobs", "partition": 0, "from": 10, "to": 0, "change": -10 });
    assert_eq!(plan["items"][0], row);
    assert_eq!(lag(broker, "work"), json!(0), "a dry run changes nothing");
    run(broker, &["group", "reset", "work", "--topic", "jobs", "--to", "earliest"]).fails(2, "add --yes");
    let reset =
        |arguments: &[&str]| run(broker, &[&["group", "reset", "work", "-y"], arguments].concat()).ok();
    reset(&["--topic", "jobs", "--to", "earliest"]);
    assert_eq!(lag(broker, "work"), json!(20));
    reset(&["--all-topics", "--shift", "4"]);
    assert_eq!(lag(broker, "work"), json!(12));
    reset(&["--topic", "jobs:1", "--shift", "-1000"]);
    assert_eq!(lag(broker, "work"), json!(16), "no further back than what is kept");
    reset(&["--topic", "jobs:0", "--to", "9"]);
    assert_eq!(lag(broker, "work"), json!(11));
    reset(&["--topic", "jobs", "--to", "@2100-01-01"]);
    assert_eq!(lag(broker, "work"), json!(0));
    reset(&["--topic", "jobs", "--to", "@0"]);
    assert_eq!(lag(broker, "work"), json!(20));
    run(broker, &["group", "reset", "work", "--topic", "jobs", "--to", "x", "-y"]).fails(2, "give earliest");
    run(broker, &["group", "reset", "new", "--topic", "jobs", "--to", "latest", "-y"]).ok();
    assert_eq!(lag(broker, "new"), json!(0));

    run(broker, &["group", "delete-offsets", "work", "-t", "jobs:0", "-y"]).ok();
    assert_eq!(lag(broker, "work"), json!(10));
    run(broker, &["group", "delete-offsets", "work", "-t", "jobs:0", "-y"]).fails(3, "has committed nothing");
    run(broker, &["group", "delete", "work"]).fails(2, "add --yes");
    run(broker, &["group", "delete", "work", "-y"]).ok();
    run(broker, &["group", "describe", "wrok"]).fails(3, "group wrok does not exist");
    run(broker, &["group", "describe", "neww"]).fails(3, "did you mean new?");
    run(broker, &["group", "delete", "neww", "-y"]).fails(3, "did you mean new?");
}

#[test]
fn on_highway() {
    scenario(&Node::start());
}

#[test]
fn on_kafka() {
    scenario(&Oracle::start_with(&[
        ("group.initial.rebalance.delay.ms", "0"),
        ("offsets.topic.num.partitions", "3"),
    ]));
}
