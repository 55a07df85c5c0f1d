//! One request of each dialect that is answered, and what is in the log then.

use highway_tests::Node;
use serde_json::json;

use super::{endpoint, post, records, value};

#[test]
fn every_dialect_reaches_its_topic() {
    let node = Node::start();
    for (name, dialect) in
        [("auto", "auto"), ("otlp", "otlp"), ("segment", "segment"), ("proxy", "rest-proxy")]
    {
        let made = endpoint(&node, name, &format!(r#"{{"topic":"t-{name}","dialect":"{dialect}"}}"#));
        assert_eq!(made.status, 201, "{made:?}");
    }
    let event = r#"{"specversion":"1.0","id":"1","source":"/s","type":"made","data":{"n":1}}"#;
    for again in ["stored", "duplicate"] {
        let answer = post(&node, "/v1/events/auto", "application/cloudevents+json", event);
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some(again)), "{answer:?}");
    }
    assert!(value(&records(&node, "t-auto")[0]).contains("\"made\""));

    let logs = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}"#;
    for path in ["/v1/logs", "/otlp/otlp/v1/logs", "/v1/events/otlp"] {
        let answer = post(&node, path, "application/json", logs);
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{path}: {answer:?}");
    }
    assert_eq!(records(&node, "t-otlp").len(), 3);

    let track = r#"{"event":"Bought","userId":"u","messageId":"m"}"#;
    for _ in 0..2 {
        let answer = post(&node, "/v1/track", "application/json", track);
        assert_eq!((answer.status, answer.json()), (200, json!({"success":true})));
    }
    assert_eq!(records(&node, "t-segment").len(), 1, "messageId says that the second is the first");

    let v2 = r#"{"records":[{"key":"k","value":{"a":1}}]}"#;
    let answer = post(&node, "/topics/t-proxy", "application/vnd.kafka.json.v2+json", v2);
    assert_eq!((answer.status, &answer.json()["offsets"][0]["offset"]), (200, &json!(0)), "{answer:?}");
    let v3 = r#"{"value":{"type":"STRING","data":"x"}}"#;
    let answer = post(&node, "/v3/clusters/c/topics/t-proxy/records", "application/json", v3);
    assert_eq!((answer.status, &answer.json()["offset"]), (200, &json!(1)), "{answer:?}");
    let get =
        |path: &str| highway_tests::http::ask(&node.part("ingest"), "GET", path, &[], "").expect("an answer");
    let clusters = get("/v3/clusters").json();
    let id = clusters["data"][0]["cluster_id"].as_str().expect("an id");
    assert_eq!(get(&format!("/v3/clusters/{id}")).json(), clusters["data"][0]);
    let other = get("/v3/clusters/other");
    assert_eq!((other.status, &other.json()["error_code"]), (404, &json!(404)));
    let path = format!("/v3/clusters/{id}/topics/t-proxy/records");
    let answer = post(&node, &path, "application/json", v3);
    assert_eq!((answer.status, &answer.json()["cluster_id"]), (200, &json!(id)), "{answer:?}");
    let unknown = post(&node, "/topics/nowhere", "application/vnd.kafka.json.v2+json", v2);
    assert_eq!((unknown.status, &unknown.json()["error_code"]), (404, &json!(40401)));
    let stored = records(&node, "t-proxy");
    assert_eq!((value(&stored[0]), value(&stored[1])), (r#"{"a":1}"#, "x"));
}

#[test]
fn an_unsigned_webhook_is_not_believed() {
    let node = Node::start();
    let definition =
        r#"{"topic":"hooks","dialect":"webhook","auth":{"signature":{"profile":"github","secrets":["s"]}}}"#;
    assert_eq!(endpoint(&node, "gh", definition).status, 201);
    assert_eq!(post(&node, "/v1/webhooks/gh", "application/json", "{}").status, 401);
}
