//! What a topic does not take, lanes that come and go, topics that change under their endpoint, and what is counted of all that.

use std::collections::BTreeMap;

use highway_tests::http::ask;
use highway_tests::{Node, wait_until};
use serde_json::{Value, json};

use super::{PATIENCE, counted, endpoint, post, records, tool, value};

fn metrics(node: &Node) -> BTreeMap<String, f64> {
    let text = ask(node.admin(), "GET", "/metrics", &[], "").expect("an answer").body;
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a value");
        (name.to_owned(), value.parse().expect("a number"))
    };
    samples.map(sample).collect()
}

#[test]
fn an_event_that_the_topic_refuses_takes_no_other_with_it() {
    let node = Node::start();
    tool::run(
        &node,
        &["topic", "create", "tight", "--config", "max.message.bytes=4000", "--partitions", "1"],
    )
    .ok();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"tight","event_name":"x"}"#).status, 201);
    let event = |n: usize| {
        let text = if n % 50 == 17 { "x".repeat(10_000) } else { "small".to_owned() };
        format!(r#"{{"metadata":{{"id":"{n}"}},"payload":{{"text":"{text}"}}}}"#)
    };
    let body: String = (0..200).map(|n| event(n) + "\n").collect();
    // Others send at the same time, into the same batches.
    let alone = std::thread::scope(|scope| {
        let others: Vec<_> = (0..8)
            .map(|n| {
                let body = format!(r#"{{"metadata":{{"id":"other {n}"}},"payload":{{}}}}"#);
                let node = &node;
                scope.spawn(move || post(node, "/v1/events/e", "application/json", &body).status)
            })
            .collect();
        let answer = post(&node, "/v1/events/e", "application/x-ndjson", &body);
        let told = answer.json();
        assert_eq!(
            (answer.status, &told["stored"], &told["rejected"]),
            (207, &json!(196), &json!(4)),
            "{told}"
        );
        assert_eq!(told["results"][17]["error"]["code"], "size");
        assert!(
            told["results"][17]["error"]["message"].as_str().is_some_and(|m| m.contains("max.message.bytes"))
        );
        others.into_iter().map(|other| other.join().expect("no panic")).collect::<Vec<_>>()
    });
    assert_eq!(alone, [200; 8]);
    assert_eq!(records(&node, "tight").len(), 204);
    assert_eq!(post(&node, "/v1/events/e", "application/json", &event(17)).status, 413);
    // They are among the rejects, and once the topic takes them the replay stores them.
    assert_eq!(records(&node, "e.rejects").len(), 5);
    tool::run(&node, &["topic", "alter", "tight", "max.message.bytes=100000"]).ok();
    let replayed =
        ask(node.admin(), "POST", "/api/v1/endpoints/e/replay", &[], "").expect("an answer").json();
    assert_eq!((&replayed["stored"], &replayed["duplicates"]), (&json!(4), &json!(1)), "{replayed}");
    let ids: std::collections::BTreeSet<String> = records(&node, "tight")
        .iter()
        .map(|r| serde_json::from_str::<Value>(value(r)).expect("JSON")["metadata"]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 208);
}

#[test]
fn idle_lanes_are_closed_and_their_ids_are_known_again() {
    let node = Node::start();
    assert_eq!(
        endpoint(&node, "short", r#"{"topic":"a","event_name":"x","dedup":{"window_ms":1000}}"#).status,
        201
    );
    assert_eq!(endpoint(&node, "long", r#"{"topic":"b","event_name":"x"}"#).status, 201);
    let send = |name: &str, id: &str| {
        let body = format!(r#"{{"metadata":{{"id":"{id}"}},"payload":{{}}}}"#);
        post(&node, &format!("/v1/events/{name}"), "application/json", &body).json()["status"].clone()
    };
    assert_eq!((send("short", "1"), send("long", "1")), (json!("stored"), json!("stored")));
    let lanes = || counted(&node)["http"]["lanes"].as_u64().expect("a count");
    assert_eq!(lanes(), 2);
    wait_until("the idle lane is closed", PATIENCE, || lanes() == 1);
    assert_eq!(send("long", "1"), "duplicate", "the other window reaches further");
    assert_eq!(send("short", "2"), "stored");
    assert_eq!(send("short", "2"), "duplicate");
    assert_eq!(lanes(), 2);
}

#[test]
fn a_topic_made_anew_knows_nothing_of_the_old_one() {
    let node = Node::start();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","event_name":"x"}"#).status, 201);
    let send = |id: &str| {
        let body = format!(r#"{{"metadata":{{"id":"{id}"}},"payload":{{}}}}"#);
        post(&node, "/v1/events/e", "application/json", &body)
    };
    for id in ["1", "2", "3"] {
        assert_eq!(send(id).json()["status"], "stored");
    }
    tool::run(&node, &["topic", "delete", "t", "--yes"]).ok();
    tool::run(&node, &["topic", "create", "t"]).ok();
    // What an answer says is true of the topic that is there now.
    let mut answers = Vec::new();
    wait_until("it is taken again", PATIENCE, || {
        answers.push(send("3"));
        answers.last().is_some_and(|a| a.status == 200)
    });
    let last = answers.pop().expect("an answer").json();
    let stored = records(&node, "t");
    assert_eq!((stored.len(), &last["offset"]), (1, &json!(0)), "{last}");
    assert!(value(&stored[0]).contains("\"3\""));
}

#[test]
fn what_happens_is_counted() {
    let node = Node::builder().set("highway.syslog.tcp.listener", "127.0.0.1:0").start();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","event_name":"x"}"#).status, 201);
    let good = r#"{"metadata":{"id":"1"},"payload":{}}"#;
    let packed = zstd::bulk::compress(format!("{good}\n{{\"payload\":7}}").as_bytes(), 1).expect("packed");
    for _ in 0..2 {
        assert_eq!(post(&node, "/v1/events/e", "application/json", good).status, 200);
    }
    let headers =
        ["-H", "content-type: application/x-ndjson", "-H", "content-encoding: zstd", "--data-binary", "@-"];
    let url = format!("http://{}/v1/events/e", node.part("ingest"));
    let (status, _) = super::curl(&[&headers[..], &[&url]].concat(), &packed);
    assert_eq!(status, 207);
    assert_eq!(post(&node, "/v1/events/e", "application/json", "{").status, 400);
    assert_eq!(post(&node, "/v1/events/nobody", "application/json", "{}").status, 404);
    assert_eq!(post(&node, "/favicon.ico", "application/json", "{}").json()["error"]["code"], "no_path");
    let mut stream = std::net::TcpStream::connect(node.part("syslog-tcp")).expect("a connection");
    std::io::Write::write_all(&mut stream, b"<13>one\n<13>two\n").expect("sent");
    drop(stream);
    wait_until("two lines are stored", PATIENCE, || counted(&node)["syslog"]["stored"] == 2);
    let seen = metrics(&node);
    for (name, expected) in [
        (r#"highway_ingest_requests_total{endpoint="e",code="2xx"}"#, 3.0),
        (r#"highway_ingest_requests_total{endpoint="e",code="4xx"}"#, 1.0),
        (r#"highway_ingest_requests_total{endpoint="(none)",code="4xx"}"#, 2.0),
        (r#"highway_ingest_events_total{endpoint="e",result="stored"}"#, 1.0),
        (r#"highway_ingest_events_total{endpoint="e",result="duplicate"}"#, 2.0),
        (r#"highway_ingest_events_total{endpoint="e",result="refused"}"#, 1.0),
        (r#"highway_ingest_rejects_total{endpoint="e",reason="type"}"#, 1.0),
        (r#"highway_ingest_request_seconds_count{endpoint="e"}"#, 4.0),
        (r#"highway_ingest_request_seconds_bucket{endpoint="e",le="+Inf"}"#, 4.0),
        (r#"highway_ingest_received_bytes_total{endpoint="e"}"#, (2 * good.len() + packed.len() + 1) as f64),
        (r#"highway_ingest_unpacked_bytes_total{endpoint="e"}"#, (3 * good.len() + 1 + 13 + 1) as f64),
        ("highway_ingest_lanes", 1.0),
        ("highway_ingest_memory_bytes", 0.0),
        (r#"highway_syslog_messages_total{listener="tcp"}"#, 2.0),
        (r#"highway_syslog_stored_total{listener="tcp"}"#, 2.0),
        (r#"highway_syslog_stored_total{listener="udp"}"#, 0.0),
        (r#"highway_syslog_connections_total{listener="tcp"}"#, 1.0),
        (r#"highway_syslog_kernel_dropped_total{listener="udp"}"#, 0.0),
    ] {
        assert_eq!(seen.get(name), Some(&expected), "{name} in {seen:#?}");
    }
}

#[test]
fn repeats_meet_their_originals_while_a_topic_grows() {
    let node = Node::start();
    tool::run(&node, &["topic", "create", "t", "--partitions", "1"]).ok();
    assert_eq!(
        endpoint(&node, "e", r#"{"topic":"t","event_name":"x","dedup":{"window_ms":4000}}"#).status,
        201
    );
    let send = |from: usize| {
        let event = |n: usize| format!("{{\"metadata\":{{\"id\":\"{n}\"}},\"payload\":{{}}}}\n");
        let body: String = (from..from + 50).map(event).collect();
        post(&node, "/v1/events/e", "application/x-ndjson", &body).json()
    };
    assert_eq!(send(0)["stored"], 50);
    tool::run(&node, &["topic", "partitions", "t", "8"]).ok();
    let again = send(0);
    assert_eq!((&again["stored"], &again["duplicates"]), (&json!(0), &json!(50)), "{again}");
    // The new partitions are used in the end.
    let mut next = 1000;
    wait_until("all partitions are used", PATIENCE, || {
        next += 50;
        let results = send(next)["results"].as_array().expect("results").clone();
        results.iter().any(|r| r["partition"].as_i64() > Some(0))
    });
}
