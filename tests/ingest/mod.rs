//! Events in, with the real binary: HTTP with curl, endpoints, rejects, repeats over kills, syslog from Debian's `logger` and rsyslog, floods.

mod dialects;
mod doors;
mod exact;
mod flood;
mod fuzz;
mod idle;
mod limits;
mod once;
mod reader;
mod schemas;
mod senders;
mod streams;

use std::process::{Command, Stdio};
use std::time::Duration;

use highway_tests::http::{Answer, ask};
use highway_tests::{Node, eventually};
use serde_json::Value;

use super::tool;

/// Generous: the machine may be building something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many: the variable `HIGHWAY_...`, or what `make test` does.
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// Makes an endpoint over the admin API.
fn endpoint(node: &Node, name: &str, definition: &str) -> Answer {
    let headers = [("content-type", "application/json")];
    ask(node.admin(), "PUT", &format!("/api/v1/endpoints/{name}"), &headers, definition).expect("an answer")
}

/// Posts a body to the ingest listener.
fn post(node: &Node, path: &str, media: &str, body: &str) -> Answer {
    ask(&node.part("ingest"), "POST", path, &[("content-type", media)], body).expect("an answer")
}

/// `curl` with these arguments: status and body.
fn curl(arguments: &[&str], body: &[u8]) -> (u16, Value) {
    let mut command = Command::new("curl");
    command.args(["-s", "-m", "60", "-w", "\n%{http_code}"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let done = tool::with_input(command, body).ok().text();
    let (body, status) = done.rsplit_once('\n').expect("a status");
    (status.parse().expect("a number"), serde_json::from_str(body).unwrap_or(Value::Null))
}

/// All records of a topic, as `highway consume -o json` gives them.
fn records(node: &Node, topic: &str) -> Vec<Value> {
    tool::run(node, &["consume", topic, "-e", "-o", "json"]).ok().lines()
}

/// The record's value as text.
fn value(record: &Value) -> &str {
    record["value"].as_str().expect("a value in UTF-8")
}

/// What `GET /api/v1/ingest` counts.
fn counted(node: &Node) -> Value {
    ask(node.admin(), "GET", "/api/v1/ingest", &[], "").expect("an answer").json()
}

/// Waits until a topic holds so many records.
fn wait_for_records(node: &Node, topic: &str, count: usize) -> Vec<Value> {
    let enough = || {
        let done = tool::run(node, &["consume", topic, "-e", "-o", "json"]);
        (done.code == 0).then(|| done.lines()).filter(|records| records.len() >= count)
    };
    eventually(PATIENCE, enough).unwrap_or_else(|| panic!("{count} records in {topic}: {}", counted(node)))
}
