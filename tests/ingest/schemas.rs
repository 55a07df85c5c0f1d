//! Endpoints with a schema: what fits is stored, what does not is refused with its place; evolution, replay, all languages, learning.

use highway_tests::Node;
use highway_tests::http::{Answer, ask};
use serde_json::{Value, json};

use super::{endpoint, post, records, tool, value};

/// Registers a schema; its id.
fn register(node: &Node, subject: &str, schema_type: &str, schema: &str) -> Answer {
    let body = json!({"schemaType": schema_type, "schema": schema}).to_string();
    let headers = [("content-type", "application/vnd.schemaregistry.v1+json")];
    ask(node.registry(), "POST", &format!("/subjects/{subject}/versions"), &headers, &body)
        .expect("an answer")
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["id"].to_string()
}

fn event(id: &str, payload: &Value) -> String {
    json!({"metadata": {"id": id}, "event_name": "e", "payload": payload}).to_string()
}

/// A header of a record, as `highway consume -o json` gives it.
fn header(record: &Value, name: &str) -> Option<String> {
    let headers = record["headers"].as_array().expect("headers");
    let found = headers.iter().find(|h| h["key"] == name || h["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

fn admin(node: &Node, method: &str, path: &str, body: &str) -> Answer {
    ask(node.admin(), method, path, &[("content-type", "application/json")], body).expect("an answer")
}

const ORDER: &str = r#"{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}},"additionalProperties":false}"#;
const WIDER: &str = r#"{"type":"object","required":["n"],"properties":{"n":{"type":["integer","string"]}},"additionalProperties":false}"#;

#[test]
fn what_does_not_fit_is_refused_kept_and_stored_once_the_schema_is_fixed() {
    let mut node = Node::start();
    let first = id(&register(&node, "orders-value", "JSON", ORDER));
    let definition = r#"{"topic":"orders","schema":{}}"#;
    assert_eq!(endpoint(&node, "orders", definition).status, 201);
    let single = |body: &str| post(&node, "/v1/events/orders", "application/json", body);
    assert_eq!(single(&event("a", &json!({"n": 1}))).status, 200);
    let refused = single(&event("b", &json!({"n": "x"})));
    assert_eq!(refused.status, 422, "{refused:?}");
    let error = &refused.json()["error"];
    assert_eq!((&error["code"], &error["path"]), (&json!("schema"), &json!("/payload/n")), "{refused:?}");
    assert!(
        error["message"].as_str().is_some_and(|m| m.contains("integer") && m.contains("version 1")),
        "{error}"
    );
    // Neighbours are stored.
    let lines = [
        event("c", &json!({"n": 3})),
        event("d", &json!({"n": 3.5})),
        event("e", &json!({"n": 4, "o": 1})),
        event("f", &json!({"n": 5})),
    ]
    .join("\n");
    let mixed = post(&node, "/v1/events/orders", "application/x-ndjson", &lines);
    let told = mixed.json();
    assert_eq!((mixed.status, &told["stored"], &told["rejected"]), (207, &json!(2), &json!(2)), "{told}");
    assert_eq!(told["results"][1]["error"]["path"], "/payload/n");
    assert_eq!(told["results"][2]["error"]["path"], "/payload", "{told}");
    let stored = records(&node, "orders");
    assert_eq!(stored.len(), 3);
    assert!(stored.iter().all(|r| header(r, "hw-schema-id") == Some(first.clone())), "{stored:?}");
    let aside = records(&node, "orders.rejects");
    assert_eq!(aside.len(), 3);
    assert_eq!(value(&aside[0]), event("b", &json!({"n": "x"})));
    assert_eq!(header(&aside[0], "hw-reject-code").as_deref(), Some("schema"));
    assert_eq!(header(&aside[0], "hw-reject-path").as_deref(), Some("/payload/n"));
    // CloudEvents have the same payload.
    let cloud = r#"{"specversion":"1.0","id":"x","source":"s","type":"e","data":{"n":"no"}}"#;
    let cloud = post(&node, "/v1/events/orders", "application/cloudevents+json", cloud);
    assert_eq!((cloud.status, &cloud.json()["error"]["path"]), (422, &json!("/payload/n")), "{cloud:?}");
    // What counts is the schema at the time: the answer to the registration is enough.
    assert_eq!(register(&node, "orders-value", "JSON", r#"{"type":"string"}"#).status, 409);
    let second = id(&register(&node, "orders-value", "JSON", WIDER));
    assert_eq!(single(&event("g", &json!({"n": "new"}))).status, 200);
    let replay = || admin(&node, "POST", "/api/v1/endpoints/orders/replay", "").json();
    assert_eq!(
        replay(),
        json!({"read": 4, "stored": 2, "duplicates": 0, "refused": 2, "failed": 0, "skipped": 0}),
        "3.5 and the unknown member stay what they are"
    );
    let stored = records(&node, "orders");
    assert_eq!(stored.len(), 6);
    let of_second = stored.iter().filter(|r| header(r, "hw-schema-id") == Some(second.clone())).count();
    assert_eq!(of_second, 3);
    // Nothing is checked before the registry is read again.
    node.kill();
    node.restart();
    let after = post(&node, "/v1/events/orders", "application/json", &event("h", &json!({"n": []})));
    assert_eq!(after.status, 422, "{after:?}");
}

#[test]
fn avro_and_protobuf_check_json_payloads() {
    let node = Node::start();
    let avro = r#"{"type":"record","name":"Order","fields":[{"name":"n","type":"long"},{"name":"note","type":["null","string"],"default":null}]}"#;
    let proto =
        "syntax = \"proto3\"; message Other { bool x = 1; } message Order { int64 n = 1; string note = 2; }";
    id(&register(&node, "avro", "AVRO", avro));
    id(&register(&node, "proto", "PROTOBUF", proto));
    assert_eq!(endpoint(&node, "avro", r#"{"topic":"a","schema":{"subject":"avro"}}"#).status, 201);
    let made = endpoint(&node, "proto", r#"{"topic":"p","schema":{"subject":"proto","message":"Order"}}"#);
    assert_eq!(made.status, 201, "{made:?}");
    for name in ["avro", "proto"] {
        let path = format!("/v1/events/{name}");
        let send = |payload: Value| {
            post(
                &node,
                &path,
                "application/json",
                &event("", &payload).replace(r#""metadata":{"id":""},"#, ""),
            )
        };
        assert_eq!(send(json!({"n": 7, "note": "x"})).status, 200, "{name}");
        let wrong = send(json!({"n": "seven"}));
        assert_eq!(
            (wrong.status, &wrong.json()["error"]["path"]),
            (422, &json!("/payload/n")),
            "{name} {wrong:?}"
        );
        let unknown = send(json!({"n": 7, "x": true}));
        assert_eq!(
            (unknown.status, &unknown.json()["error"]["path"]),
            (422, &json!("/payload/x")),
            "{unknown:?}"
        );
    }
    let message = endpoint(&node, "p2", r#"{"topic":"p","schema":{"subject":"proto","message":"Nobody"}}"#);
    assert_eq!(message.status, 422);
    assert!(message.body.contains("no message 'Nobody'"), "{message:?}");
}

#[test]
fn a_schema_that_is_not_there() {
    let mut node = Node::start();
    let none = endpoint(&node, "e", r#"{"topic":"t","schema":{"subject":"gone"}}"#);
    assert_eq!(
        (none.status, &none.json()["error"]["problems"][0]["field"]),
        (422, &json!("schema")),
        "{none:?}"
    );
    assert!(none.body.contains("POST /subjects/gone/versions"), "{none:?}");
    id(&register(&node, "gone", "JSON", ORDER));
    let later = endpoint(&node, "e", r#"{"topic":"t","schema":{"subject":"gone","version":2}}"#);
    assert_eq!(later.status, 422, "{later:?}");
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","schema":{"subject":"gone","version":1}}"#).status, 201);
    // One version, for good.
    id(&register(&node, "gone", "JSON", WIDER));
    let send = |node: &Node| post(node, "/v1/events/e", "application/json", &event("a", &json!({"n": "x"})));
    assert_eq!(send(&node).status, 422);
    // Patterns that no bounded work can check.
    id(&register(&node, "hard", "JSON", r#"{"properties":{"a":{"pattern":"(?=x)"}}}"#));
    let hard = endpoint(&node, "hard", r#"{"topic":"t","schema":{"subject":"hard"}}"#);
    assert_eq!(hard.status, 422);
    assert!(hard.body.contains("cannot be used"), "{hard:?}");
    // Deleted while it is used: nothing is stored unchecked, and senders are told to come again.
    let headers = [("content-type", "application/json")];
    let deleted = ask(node.registry(), "DELETE", "/subjects/gone", &headers, "").expect("an answer");
    assert_eq!(deleted.status, 200);
    let told = send(&node);
    assert_eq!((told.status, told.header("retry-after")), (503, Some("5")), "{told:?}");
    assert!(told.body.contains("'gone'"), "{told:?}");
    // A node without a registry.
    node.stop();
    node.set("highway.registry.listener", "off");
    node.restart();
    let told = send(&node);
    assert_eq!(told.status, 503);
    assert!(told.body.contains("highway.registry.listener"), "{told:?}");
    let off = endpoint(&node, "f", r#"{"topic":"t","schema":{"subject":"gone"}}"#);
    assert_eq!(off.status, 422);
    assert!(off.body.contains("highway.registry.listener"), "{off:?}");
}

#[test]
fn warnings_store_and_count() {
    let node = Node::start();
    id(&register(&node, "t-value", "JSON", ORDER));
    assert_eq!(endpoint(&node, "w", r#"{"topic":"t","schema":{"mode":"warn"}}"#).status, 201);
    for n in [json!(1), json!("x")] {
        let sent = post(&node, "/v1/events/w", "application/json", &event(&n.to_string(), &json!({"n": n})));
        assert_eq!(sent.status, 200, "{sent:?}");
    }
    let stored = records(&node, "t");
    assert_eq!(stored.iter().filter(|r| header(r, "hw-schema-id").is_some()).count(), 1, "{stored:?}");
    let seen = admin(&node, "GET", "/api/v1/endpoints/w", "").json();
    assert_eq!(seen["misfits_since_start"]["count"], 1, "{seen}");
    assert_eq!(seen["misfits_since_start"]["last"]["path"], "/payload/n");
}

#[test]
fn a_schema_is_learnt_accepted_and_enforced() {
    let node = Node::start();
    let at = node.admin().to_owned();
    tool::run(&node, &["endpoint", "create", "shop", "--topic", "shop", "--infer", "--admin", &at]).ok();
    let nothing = tool::run(&node, &["endpoint", "schema", "shop", "--accept", "--admin", &at]);
    nothing.fails(4, "no events to learn from");
    let lines: Vec<String> = (0..60)
        .map(|n| {
            event(
                &n.to_string(),
                &json!({"n": n, "state": (["open", "paid"][n % 2]), "note": (n % 3 > 0).then_some("x")}),
            )
        })
        .collect();
    assert_eq!(post(&node, "/v1/events/shop", "application/x-ndjson", &lines.join("\n")).status, 200);
    // Events of others in the same topic teach nothing.
    assert_eq!(endpoint(&node, "other", r#"{"topic":"shop"}"#).status, 201);
    let other = event("o", &json!({"n": "text", "state": 1}));
    assert_eq!(post(&node, "/v1/events/other", "application/json", &other).status, 200);
    let proposed =
        tool::run(&node, &["endpoint", "schema", "shop", "--admin", &at, "-o", "json"]).ok().json();
    assert_eq!(
        (&proposed["samples"], &proposed["subject"]),
        (&json!(60), &json!("shop-value")),
        "{proposed}"
    );
    let schema = &proposed["schema"];
    assert_eq!(schema["properties"]["n"], json!({"type": "integer"}), "{schema}");
    assert_eq!(schema["properties"]["state"]["enum"], json!(["open", "paid"]));
    assert_eq!(schema["properties"]["note"]["type"], json!(["null", "string"]));
    assert_eq!(schema["required"], json!(["n", "note", "state"]));
    tool::run(&node, &["endpoint", "schema", "shop", "--accept", "--admin", &at]).ok();
    let registered = ask(node.registry(), "GET", "/subjects/shop-value/versions/latest", &[], "")
        .expect("an answer")
        .json();
    assert_eq!(registered["schemaType"], "JSON", "{registered}");
    let refused = post(
        &node,
        "/v1/events/shop",
        "application/json",
        &event("x", &json!({"n": 1, "state": "lost", "note": null})),
    );
    assert_eq!(
        (refused.status, &refused.json()["error"]["path"]),
        (422, &json!("/payload/state")),
        "{refused:?}"
    );
    let described = admin(&node, "GET", "/api/v1/endpoints/shop", "").json();
    assert_eq!(described["schema"]["mode"], "enforce", "{described}");
    // An edited schema goes through the registry's rules as well.
    let edited = node.directory().join("edited.json");
    std::fs::write(
        &edited,
        r#"{"type":"object","required":["n","new"],"properties":{"n":{"type":"string"}}}"#,
    )
    .expect("a file");
    let edited = edited.display().to_string();
    tool::run(&node, &["endpoint", "schema", "shop", "--accept", "--file", &edited, "--admin", &at])
        .fails(4, "refuses the schema");
}
