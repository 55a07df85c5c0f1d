//! What was answered is there after the next start, also when the node was killed.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use highway_tests::{Node, eventually};

use super::{avro, call, try_call};

/// Everything that there is, as text.
fn everything(node: &Node) -> Vec<String> {
    [
        "GET /schemas?deleted=true",
        "GET /subjects?deleted=true",
        "GET /config/a",
        "GET /mode/b",
        "GET /contexts",
    ]
    .iter()
    .map(|line| call(node, line, "").body)
    .collect()
}

#[test]
fn a_restart_and_a_kill_keep_everything() {
    let mut node = Node::start();
    for fields in 1..=3 {
        assert_eq!(call(&node, "POST /subjects/a/versions", &avro(fields)).status, 200);
    }
    assert_eq!(call(&node, "POST /subjects/:.c:b/versions", &avro(1)).json()["id"], 1);
    assert_eq!(call(&node, "PUT /config/a", r#"{"compatibility":"FULL_TRANSITIVE"}"#).status, 200);
    assert_eq!(call(&node, "PUT /mode/b", r#"{"mode":"READONLY"}"#).status, 200);
    assert_eq!(call(&node, "DELETE /subjects/a/versions/2", "").status, 200);
    let before = everything(&node);
    assert!(before[2].contains("FULL_TRANSITIVE") && before[3].contains("READONLY"), "{before:?}");
    node.stop();
    node.restart();
    assert_eq!(everything(&node), before, "after a stop in order");
    node.kill();
    node.restart();
    assert_eq!(everything(&node), before, "after a kill");
    // Ids go on where they were, also those of what is deleted.
    assert_eq!(call(&node, "POST /subjects/d/versions", &avro(9)).json()["id"], 4);
}

/// Clients register while the node is killed and started again; whatever was answered 200 keeps its id, and no id is
/// given to two schemas.
#[test]
fn kills_lose_no_schema_that_was_answered() {
    let mut node = Node::start();
    // The topic and the port exist from here on.
    assert_eq!(call(&node, "POST /subjects/first/versions", &avro(1)).status, 200);
    let address = node.registry().to_owned();
    let (answered, over) = (Mutex::new(BTreeMap::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for writer in 0..3_usize {
            let (answered, over, address) = (&answered, &over, &address);
            scope.spawn(move || {
                for n in 0..100_000_usize {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let subject = format!("w{writer}-{n}");
                    let body = avro(2 + writer + 3 * (n % 200));
                    let line = format!("POST /subjects/{subject}/versions");
                    match try_call(address, &line, &body) {
                        Ok(answer) if answer.status == 200 => {
                            let id = answer.json()["id"].as_i64().expect("an id");
                            answered.lock().expect("no panic").insert(subject, (id, body));
                        }
                        _ => std::thread::sleep(Duration::from_millis(10)), // the node is away
                    }
                }
            });
        }
        for _ in 0..5 {
            let before = answered.lock().expect("no panic").len();
            let more = eventually(Duration::from_secs(60), || {
                (answered.lock().expect("no panic").len() > before + 50).then_some(())
            });
            assert!(more.is_some(), "schemas are registered again: {}", node.log_tail());
            node.kill();
            node.restart();
        }
        over.store(true, Ordering::Relaxed);
    });
    let answered = answered.into_inner().expect("no panic");
    let mut schemas = BTreeMap::new();
    for (subject, (id, body)) in &answered {
        let found = call(&node, &format!("GET /subjects/{subject}/versions/1"), "");
        assert_eq!((found.status, found.json()["id"].as_i64()), (200, Some(*id)), "{subject}");
        // Avro is kept in its printed form: compared as JSON.
        let text = |of: &serde_json::Value| of["schema"].as_str().expect("a schema").to_owned();
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        let schema = text(&found.json());
        assert_eq!(json(&schema), json(&text(&json(body))), "{subject}");
        assert_eq!(schemas.entry(*id).or_insert_with(|| schema.clone()), &schema, "id {id} means one schema");
    }
    println!("{} answered registrations over 5 kills", answered.len());
}
