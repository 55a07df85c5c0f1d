//! As a new user would: an endpoint, one event, many, a broken one, the reject, the replay.

use highway_tests::Node;
use highway_tests::http::ask;
use serde_json::json;

use super::{curl, endpoint, post, records, tool, value};

#[test]
fn an_endpoint_of_a_topic_alone_takes_events_and_puts_broken_ones_aside() {
    let node = Node::start();
    let admin = node.admin().to_owned();
    let made = tool::run(
        &node,
        &["endpoint", "create", "orders", "--topic", "orders", "--admin", &admin, "-o", "json"],
    )
    .ok();
    assert_eq!(made.json()["path"], "/v1/events/orders");
    let url = format!("http://{}/v1/events/orders", node.part("ingest"));
    // One, as curl -d sends it.
    let (status, answer) = curl(&["-d", r#"{"event_name":"order","payload":{"n":1}}"#, &url], b"");
    assert_eq!(
        (status, &answer["status"], &answer["offset"]),
        (200, &json!("stored"), &json!(0)),
        "{answer}"
    );
    let id = answer["id"].as_str().expect("an id").to_owned();
    // Many, packed, one of them broken.
    let lines = "{\"event_name\":\"order\",\"payload\":{\"n\":2}}\n{\"payload\":7,\"event_name\":\"order\"}\n{\"event_name\":\"order\",\"payload\":{\"n\":3}}\n";
    let packed = zstd::bulk::compress(lines.as_bytes(), 3).expect("zstd");
    let headers =
        ["-H", "content-type: application/x-ndjson", "-H", "content-encoding: zstd", "--data-binary", "@-"];
    let (status, answer) = curl(&[&headers[..], &[&url]].concat(), &packed);
    assert_eq!((status, &answer["stored"], &answer["rejected"]), (207, &json!(2), &json!(1)), "{answer}");
    assert_eq!(answer["results"][1]["error"]["path"], "/payload");
    let stored = records(&node, "orders");
    assert_eq!(stored.len(), 3);
    assert!(value(&stored[0]).contains(&id) && value(&stored[0]).contains("\"n\":1"), "{}", stored[0]);
    let refused = records(&node, "orders.rejects");
    assert_eq!(refused.len(), 1);
    assert_eq!(value(&refused[0]), "{\"payload\":7,\"event_name\":\"order\"}");
    assert!(refused[0]["headers"].to_string().contains("hw-reject-path"), "{}", refused[0]);
    // Sent again it is refused again, and there is an end to that.
    let replay =
        || tool::run(&node, &["endpoint", "replay", "orders", "--admin", &admin, "-o", "json"]).ok().json();
    assert_eq!(replay(), json!({"read":1,"stored":0,"duplicates":0,"refused":1,"failed":0,"skipped":0}));
    for _ in 0..2 {
        assert_eq!(replay()["refused"], 1);
    }
    assert_eq!(replay()["skipped"], 1);
    assert_eq!(replay()["read"], 0, "nothing is read twice");
}

#[test]
fn what_is_fixed_is_stored_by_the_replay() {
    let node = Node::start();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t"}"#).status, 201);
    // No name, and the endpoint gives none.
    let refused = post(&node, "/v1/events/e", "application/json", r#"{"metadata":{"id":"a"},"payload":{}}"#);
    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","event_name":"click"}"#).status, 200);
    let replayed =
        ask(node.admin(), "POST", "/api/v1/endpoints/e/replay", &[], "").expect("an answer").json();
    assert_eq!((&replayed["stored"], &replayed["refused"]), (&json!(1), &json!(0)), "{replayed}");
    assert!(value(&records(&node, "t")[0]).contains("\"click\""));
    // By now it is in the log: the sender's own second try is no second record.
    let again =
        post(&node, "/v1/events/e", "application/json", r#"{"metadata":{"id":"a"},"payload":{}}"#).json();
    assert_eq!((&again["status"], &again["offset"]), (&json!("duplicate"), &json!(0)));
}

#[test]
fn endpoints_live_in_the_metadata() {
    let mut node = Node::start();
    let told = endpoint(&node, "bad", r#"{"topic":"__consumer_offsets","limits":{"max_events":0}}"#);
    assert_eq!(told.status, 422);
    assert_eq!(told.json()["error"]["problems"].as_array().map(Vec::len), Some(2), "{told:?}");
    for name in ["a", "b"] {
        assert_eq!(endpoint(&node, name, r#"{"topic":"t"}"#).status, 201);
    }
    node.kill();
    node.restart();
    let list = || ask(node.admin(), "GET", "/api/v1/endpoints", &[], "").expect("an answer").json();
    assert_eq!(list()["items"].as_array().map(Vec::len), Some(2));
    tool::run(&node, &["endpoint", "delete", "a", "--admin", node.admin()]).ok();
    tool::run(&node, &["endpoint", "describe", "a", "--admin", node.admin()])
        .fails(3, "there is no endpoint 'a'");
    let gone = post(&node, "/v1/events/a", "application/json", "{}");
    assert_eq!((gone.status, gone.json()["error"]["code"].as_str()), (404, Some("no_endpoint")));
    assert_eq!(list()["items"][0]["name"], "b");
}

#[test]
fn keys_limits_and_pages() {
    let node = Node::start();
    let definition = r#"{"topic":"t","event_name":"x","limits":{"max_body_bytes":2000,"events_per_second":1,"burst_seconds":1},
        "cors":{"origins":["https://shop.example"]}}"#;
    assert_eq!(endpoint(&node, "e", definition).status, 201);
    let made = tool::run(&node, &["endpoint", "key", "create", "e", "--admin", node.admin(), "-o", "json"])
        .ok()
        .json();
    let key = made["key"].as_str().expect("a key").to_owned();
    let at = node.part("ingest");
    let send = |headers: &[(&str, &str)], body: &str| {
        ask(&at, "POST", "/v1/events/e", headers, body).expect("an answer")
    };
    let bearer = format!("Bearer {key}");
    let event = r#"{"payload":{}}"#;
    assert_eq!(send(&[], event).status, 401);
    assert_eq!(send(&[("authorization", "Bearer hwk_0_0")], event).status, 401);
    let large = send(&[("authorization", &bearer)], &format!("{:3000}", " "));
    assert_eq!(large.status, 413, "{large:?}");
    let limited = send(&[("authorization", &bearer)], event);
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("1")), "{limited:?}");
    // A page asks first, then sends what a beacon can send.
    let asked =
        ask(&at, "OPTIONS", "/v1/events/e", &[("origin", "https://shop.example")], "").expect("an answer");
    assert_eq!(
        (asked.status, asked.header("access-control-allow-origin")),
        (204, Some("https://shop.example"))
    );
    let foreign =
        ask(&at, "OPTIONS", "/v1/events/e", &[("origin", "https://evil.example")], "").expect("an answer");
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    let sent = highway_tests::eventually(super::PATIENCE, || {
        let headers = [("origin", "https://shop.example"), ("content-type", "text/plain;charset=UTF-8")];
        let sent = ask(&at, "POST", &format!("/v1/events/e?key={key}"), &headers, event).expect("an answer");
        (sent.status != 429).then_some(sent)
    });
    let sent = sent.expect("the rate lets it in");
    assert_eq!(
        (sent.status, sent.header("access-control-allow-origin")),
        (200, Some("https://shop.example"))
    );
    assert_eq!(ask(&at, "GET", "/v1/events/e", &[], "").expect("an answer").status, 405);
}

#[test]
fn an_event_from_the_future_fails_nobody() {
    let node = Node::start();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","event_name":"x"}"#).status, 201);
    let body = "{\"metadata\":{\"timestamp\":\"2100-01-01T00:00:00Z\"},\"payload\":{}}\n{\"payload\":{}}";
    let answer = post(&node, "/v1/events/e", "application/x-ndjson", body);
    assert_eq!((answer.status, &answer.json()["stored"]), (200, &json!(2)), "{answer:?}");
    assert!(value(&records(&node, "t")[0]).contains("2100"));
}
