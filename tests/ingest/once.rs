//! The same id is stored once, over kills of the node while clients repeat.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use highway_tests::http::ask;
use highway_tests::{Node, wait_until};

use super::{PATIENCE, endpoint, records};

const BATCHES: usize = 60;
const OF_EACH: usize = 25;
const WRITERS: usize = 3;

#[test]
fn kills_and_repeats_store_every_event_once() {
    let mut node = Node::builder().set("num.partitions", "3").start();
    let at = node.part("ingest");
    node.set("highway.ingest.listener", &at);
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t"}"#).status, 201);
    let (done, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (at, done, over) = (&at, &done, &over);
            scope.spawn(move || {
                for batch in 0..BATCHES {
                    let event = |n: usize| {
                        format!(r#"{{"metadata":{{"id":"{writer}-{batch}-{n}"}},"event_name":"x","payload":{{}}}}"#)
                    };
                    let body = (0..OF_EACH).map(event).collect::<Vec<_>>().join("\n");
                    let media = [("content-type", "application/x-ndjson")];
                    // Until all of it is told to be stored, by whatever try.
                    wait_until("a batch is answered", PATIENCE, || {
                        over.load(Ordering::Relaxed)
                            || ask(at, "POST", "/v1/events/e", &media, &body).is_ok_and(|answer| answer.status == 200)
                    });
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let all = BATCHES * WRITERS;
        for part in 1..=4 {
            wait_until("batches are answered", PATIENCE, || done.load(Ordering::Relaxed) >= all * part / 6);
            node.kill();
            node.restart();
        }
        wait_until("all batches are answered", PATIENCE, || done.load(Ordering::Relaxed) == all);
        over.store(true, Ordering::Relaxed);
    });
    let stored = records(&node, "t");
    let id = |record: &serde_json::Value| {
        let event: serde_json::Value = serde_json::from_str(super::value(record)).expect("JSON");
        event["metadata"]["id"].as_str().expect("an id").to_owned()
    };
    let ids: BTreeSet<String> = stored.iter().map(id).collect();
    assert_eq!((stored.len(), ids.len()), (BATCHES * WRITERS * OF_EACH, BATCHES * WRITERS * OF_EACH));
}
