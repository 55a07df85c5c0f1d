//! Confluent's Python serializers against the node, before and after a start and a kill.

use std::process::Command;
use std::time::Duration;

use highway_tests::{Broker, Node, drivers, repository};

pub(super) fn drive(node: &Node, phase: &str, notes: &str) -> u64 {
    let mut command = Command::new(repository().join("tests/clients/run.sh"));
    command.args(["schemas", node.bootstrap(), node.registry(), phase, notes]);
    let said = drivers::run("schemas", command, Duration::from_secs(300));
    let stdout = said.expect_success(&format!("driver schemas, {phase}"));
    let last: serde_json::Value =
        serde_json::from_str(stdout.lines().last().unwrap_or_default()).expect("a closing line of JSON");
    assert_eq!(last["ok"], true, "{last}");
    println!("schemas {phase}: {last}");
    last["checks"].as_u64().expect("a number")
}

#[test]
fn confluents_serializers_for_all_three_formats() {
    let mut node = Node::start();
    let folder = tempfile::tempdir().expect("a folder");
    let notes = folder.path().join("notes.json").display().to_string();
    assert!(drive(&node, "write", &notes) > 30, "a driver that stops checking must not pass");
    node.stop();
    node.restart();
    assert!(drive(&node, "read", &notes) > 150);
    node.kill();
    node.restart();
    assert!(drive(&node, "read", &notes) > 150);
}
