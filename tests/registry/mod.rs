//! The schema registry of the real binary: over HTTP, over starts and kills, with Confluent's serializers, with a topic
//! that another registry wrote.

mod access;
mod endpoints;
mod import;
mod restart;
mod serializers;
mod validation;

use highway_tests::Node;
use highway_tests::http::{Answer, ask};

/// A request of the API with a JSON body, or without one.
fn call(node: &Node, line: &str, body: &str) -> Answer {
    try_call(node.registry(), line, body).expect("an answer")
}

fn try_call(address: &str, line: &str, body: &str) -> std::io::Result<Answer> {
    let (method, target) = line.split_once(' ').expect("a method and a path");
    let headers = [("content-type", "application/vnd.schemaregistry.v1+json")];
    ask(address, method, target, &headers, body)
}

/// The body that registers an Avro record with one more field for each number.
fn avro(fields: usize) -> String {
    let fields: Vec<_> = (0..fields)
        .map(|n| serde_json::json!({"name": format!("f{n}"), "type": "long", "default": n}))
        .collect();
    let schema = serde_json::json!({"type": "record", "name": "Flight", "fields": fields}).to_string();
    serde_json::json!({ "schema": schema }).to_string()
}
