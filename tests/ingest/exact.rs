//! Exactly once: events over HTTP from clients whose connections break at any byte, while the node is killed at any moment.
//!
//! A client repeats a batch under the same ids until it has read a whole answer that says of every event where it is. Then all of the
//! topic is read: each id is there once, and just where the answer said.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use highway_tests::random::Random;
use highway_tests::{Broker, Node, wait_until};
use rustix::net::sockopt::set_socket_linger;
use serde_json::Value;

use super::{endpoint, number, reader};

const WRITERS: u64 = 4;
/// How long a batch may take with all its tries: the node is killed and started meanwhile.
const PATIENCE: Duration = Duration::from_secs(180);

/// Where an answer said that an event is.
type Places = HashMap<String, (i64, i64)>;

#[derive(Default)]
struct Counts {
    tries: AtomicU64,
    resets: AtomicU64,
    cut: AtomicU64,
    refused: AtomicU64,
    unknown: AtomicU64,
    duplicates: AtomicU64,
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Sends a request and reads the answer on a connection of its own; with `reset_at` the connection is reset after so many bytes of
/// request and answer together, as by a machine that loses power.
fn attempt(at: &str, body: &str, reset_at: Option<usize>, counts: &Counts) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let head = format!(
        "POST /v1/events/e HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncontent-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), body.as_bytes()].concat();
    let sent = reset_at.map_or(request.len(), |at| at.min(request.len()));
    stream.write_all(&request[..sent]).ok()?;
    let wanted = reset_at.map_or(usize::MAX, |at| at - sent);
    let mut answer = vec![0; if sent < request.len() { 0 } else { wanted.min(1 << 20) }];
    let mut length = 0;
    while length < answer.len() {
        match stream.read(&mut answer[length..]) {
            Ok(0) | Err(_) => break,
            Ok(n) => length += n,
        }
    }
    if reset_at.is_some() {
        // No FIN: the other side gets a reset.
        set_socket_linger(&stream, Some(Duration::ZERO)).expect("linger");
        add(&counts.resets);
        return None;
    }
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    let whole = answer.split_once("\r\n\r\n").and_then(|(head, body)| {
        let of =
            |name: &str| head.lines().find_map(|l| l.strip_prefix(name)).and_then(|v| v.trim().parse().ok());
        let length: usize = of("content-length:")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        (length == body.len()).then(|| (status, body.to_owned()))
    });
    if whole.is_none() {
        add(&counts.cut);
    }
    whole
}

/// Repeats until every event of the batch has its place.
fn deliver(
    at: &str,
    ids: &[String],
    random: &mut Random,
    over: &AtomicBool,
    counts: &Counts,
) -> Option<Places> {
    let event =
        |id: &String| format!(r#"{{"metadata":{{"id":"{id}"}},"event_name":"x","payload":{{"of":"{id}"}}}}"#);
    let body = ids.iter().map(event).collect::<Vec<_>>().join("\n");
    let began = Instant::now();
    loop {
        if over.load(Ordering::Relaxed) {
            return None;
        }
        assert!(began.elapsed() < PATIENCE, "a batch has no answer after {PATIENCE:?}");
        add(&counts.tries);
        let reset = (random.below(100) < 25).then(|| random.below(2 * body.len() as u64 + 400) as usize);
        let Some((status, answer)) = attempt(at, &body, reset, counts) else {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        };
        match status {
            200 => {}
            503 | 207 => add(&counts.refused),
            504 => add(&counts.unknown),
            other => panic!("status {other}: {answer}"),
        }
        if status != 200 {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        }
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let results = answer["results"].as_array().expect("results");
        assert_eq!((results.len(), answer["topic"].as_str()), (ids.len(), Some("t")), "{answer}");
        let place = |(id, result): (&String, &Value)| {
            assert_eq!(result["id"].as_str(), Some(id.as_str()), "results are in the order of the events");
            if result["status"] == "duplicate" {
                add(&counts.duplicates);
            }
            let number =
                |name: &str| result[name].as_i64().unwrap_or_else(|| panic!("no {name} in {result}"));
            (id.clone(), (number("partition"), number("offset")))
        };
        return Some(ids.iter().zip(results).map(place).collect());
    }
}

#[test]
fn every_event_is_stored_once_and_where_the_answer_says() {
    let events = number("HIGHWAY_EXACT_EVENTS", 20_000);
    let kills = number("HIGHWAY_EXACT_KILLS", 4);
    let random = Random::from_environment();
    let seed = random.seed();
    let mut node = Node::builder().set("num.partitions", "4").start();
    let at = node.part("ingest");
    node.set("highway.ingest.listener", &at);
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t"}"#).status, 201);
    let (counts, over, done) = (Counts::default(), AtomicBool::new(false), AtomicU64::new(0));
    let places = Mutex::new(Places::new());
    let began = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (at, over, done, counts, places) = (&at, &over, &done, &counts, &places);
            scope.spawn(move || {
                let mut random = Random::of_seed(seed ^ (writer + 1) << 40);
                let mut next = writer * events / WRITERS;
                let end = (writer + 1) * events / WRITERS;
                while next < end {
                    let size = (1 + random.below(200)).min(end - next);
                    let ids: Vec<String> = (next..next + size).map(|n| format!("event-{n}")).collect();
                    let Some(found) = deliver(at, &ids, &mut random, over, counts) else { return };
                    places.lock().expect("no panic").extend(found);
                    done.fetch_add(size, Ordering::Relaxed);
                    next += size;
                }
            });
        }
        // The clients end when this thread panics, too.
        let end = Ending(&over);
        let mut moments = Random::of_seed(seed);
        for kill in 1..=kills {
            // At random within its part of the way.
            let share = events / (kills + 1);
            let moment = share * (kill - 1) + moments.below(share.max(1)) + share / 2;
            wait_until("events are answered", PATIENCE, || {
                done.load(Ordering::Relaxed) >= moment.min(events - 1)
            });
            std::thread::sleep(Duration::from_micros(moments.below(20_000)));
            node.kill();
            node.restart();
        }
        wait_until("all is answered", PATIENCE + PATIENCE, || done.load(Ordering::Relaxed) == events);
        std::mem::forget(end);
    });
    let took = began.elapsed();
    let told = places.into_inner().expect("no panic");
    assert_eq!(told.len() as u64, events);
    let mut there = 0_u64;
    let mut wrong = Vec::new();
    reader::each(node.bootstrap(), "t", |partition, record| {
        there += 1;
        let id = reader::header(record, "hw-event-id");
        let value: Value = serde_json::from_slice(record.value.as_deref().unwrap_or_default()).expect("JSON");
        assert_eq!(
            (value["metadata"]["id"].as_str(), value["payload"]["of"].as_str()),
            (Some(&id[..]), Some(&id[..]))
        );
        let here = (i64::from(partition), record.offset.0);
        if told.get(&id) != Some(&here) {
            wrong.push(format!("{id} is at {here:?}, told {:?}", told.get(&id)));
        }
    });
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "{events} events, {kills} kills in {took:.1?} (seed {seed}): {} tries, {} reset by the client, {} cut by a kill, {} refused for now, \
         {} unknown, {} answered as duplicates; {there} in the log",
        of(&counts.tries),
        of(&counts.resets),
        of(&counts.cut),
        of(&counts.refused),
        of(&counts.unknown),
        of(&counts.duplicates)
    );
    wrong.truncate(20);
    assert_eq!((there, wrong), (events, Vec::<String>::new()), "seed {seed}");
}

/// Tells the writers when the test panics.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
