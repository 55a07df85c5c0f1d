//! Events of which nobody knows whether they are stored, through HTTP into a real log: repeats store them once.

use std::time::Duration;

use highway_client::admin::OffsetSpec;
use highway_client::{Client, Endpoint};
use highway_http::{HttpListener, HttpOptions};
use highway_types::TopicName;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::super::door::fence_tests::{Faulty, LOSE_ANSWERS, PASS, WITHHOLD};
use super::super::door::tests::{Rig, new_topic, on_a_node, read};
use super::*;

/// One endpoint that never changes.
struct OneEndpoint(Arc<BTreeMap<String, String>>);

impl EndpointStore for OneEndpoint {
    fn all(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.0)
    }

    fn put<'a>(&'a self, _: &'a str, _: Option<String>) -> StoreFuture<'a> {
        Box::pin(async { Err("it never changes".to_owned()) })
    }
}

/// Status and answer.
async fn post(at: &str, id: &str) -> (u16, Value) {
    let mut stream = tokio::net::TcpStream::connect(at).await.expect("it listens");
    let body = format!(r#"{{"metadata":{{"id":"{id}"}},"event_name":"x","payload":{{}}}}"#);
    let request = format!(
        "POST /v1/events/e HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}

async fn end_offset(client: &Client, topic: &TopicName) -> i64 {
    client.list_offsets(topic, &[(0, OffsetSpec::Latest)]).await.expect("an end")[&0].offset.0
}

/// Repeats until it is known.
async fn until_known(at: &str, id: &str) -> Value {
    loop {
        match post(at, id).await {
            (200, answer) => return answer,
            (503 | 504, _) => tokio::time::sleep(Duration::from_millis(20)).await,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_nobody_knows_is_decided_by_the_log() {
    on_a_node(async |data| {
        let rig = Rig::start(&data).await;
        let topic = TopicName::new("t");
        rig.inside.create_topic(&new_topic(&topic), false).await.expect("a topic");
        let faulty = Faulty::new(&rig.broker);
        let client = Client::over(Arc::clone(&faulty) as _, rig.inside.config().clone());
        let definition = r#"{"topic":"t","limits":{"timeout_ms":200}}"#.to_owned();
        let store = OneEndpoint(Arc::new(BTreeMap::from([("e".to_owned(), definition)])));
        let options = Options { delivery_timeout: Some(Duration::from_millis(300)), ..Options::default() };
        let ingest =
            Ingest::new(client, Arc::new(store), Arc::new(highway_ingest::schema::NoSchemas), options);
        let listener =
            HttpListener::bind("127.0.0.1", 0, HttpOptions::new("ingest", 1 << 20)).await.expect("bound");
        let (at, stop) = (listener.address().to_string(), CancellationToken::new());
        let serving = tokio::spawn(listener.serve(http_router(ingest), stop.clone()));
        let to: Endpoint = rig.inside.config().bootstrap[0].clone();

        until_known(&at, "before").await;
        let mut late = Vec::new();
        for round in 0..3 {
            // On its way when it was given up, and it comes after the repeat.
            faulty.set(WITHHOLD);
            let (id, end) = (format!("slow-{round}"), end_offset(&rig.inside, &topic).await);
            assert_eq!(post(&at, &id).await.0, 504);
            assert_eq!(post(&at, &id).await.0, 504);
            // The marker: it is decided.
            let decided = async {
                while end_offset(&rig.inside, &topic).await == end {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(30), decided).await.expect("a fence");
            faulty.set(PASS);
            if round > 0 {
                // It was decided by now that it is not there: it may not come any more.
                late.extend(faulty.deliver(&to).await);
            }
            let stored = until_known(&at, &id).await;
            assert_eq!(stored["status"], "stored", "it was not there: {stored}");
            late.extend(faulty.deliver(&to).await);
            assert_eq!(until_known(&at, &id).await["offset"], stored["offset"]);

            // Stored, and nobody was told.
            faulty.set(LOSE_ANSWERS);
            let id = format!("lost-{round}");
            assert_eq!(post(&at, &id).await.0, 504);
            faulty.set(PASS);
            let known = until_known(&at, &id).await;
            assert_eq!(known["status"], "duplicate", "it was there: {known}");
        }
        assert!(
            late.len() >= 3 && late.iter().all(|code| *code != 0),
            "none of the late ones was taken: {late:?}"
        );
        let expected = ["before", "slow-0", "lost-0", "slow-1", "lost-1", "slow-2", "lost-2"];
        assert_eq!(until_known(&at, "after").await["status"], "stored");
        let values = read(&rig.inside, &topic, expected.len() + 1).await;
        let ids: Vec<String> = values
            .iter()
            .map(|value| {
                let event: Value = serde_json::from_str(value).expect("JSON");
                event["metadata"]["id"].as_str().expect("an id").to_owned()
            })
            .collect();
        assert_eq!(ids[..expected.len()], expected);
        stop.cancel();
        serving.await.expect("no panic");
        rig.end().await;
    });
}
