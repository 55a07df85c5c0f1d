//! Hostile input against the real binary: mutations of valid requests of each dialect, mutated syslog on every transport, packed bombs.
//!
//! `HIGHWAY_FUZZ_REQUESTS=10000` for each dialect is the long form; `HIGHWAY_SEED` repeats a run.

mod bombs;
mod mutate;
mod seeds;
mod syslog;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use highway_tests::Node;
use highway_tests::random::Random;

use super::idle::resident;
use super::{endpoint, number};
use seeds::Seed;

/// What a request may be answered with: done, or the sender's own fault.
const MEANT: [u16; 15] = [200, 204, 207, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 422, 431];
/// Requests that are sent at the same time.
const WORKERS: u64 = 6;

/// Sends bytes as they are and reads one answer, if there is one: its status and what it said.
fn send(stream: &mut TcpStream, request: &[u8]) -> Option<(u16, Vec<u8>)> {
    // The other side may close before it has read all of it.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        if let Some(end) = answer.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length:"));
            let length: usize = length.and_then(|l| l.trim().parse().ok()).unwrap_or(0);
            if answer.len() >= end + 4 + length {
                let status = head.split(' ').nth(1)?.parse().ok()?;
                return Some((status, answer[end + 4..].to_vec()));
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(n) => answer.extend_from_slice(&piece[..n]),
        }
    }
}

fn connect(at: &str) -> TcpStream {
    let stream = TcpStream::connect(at).expect("the node listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream
}

/// One worker's share; how often each status came, 0 for no answer.
fn work(at: &str, seed: &Seed, count: u64, mut random: Random) -> BTreeMap<u16, u64> {
    let mut statuses = BTreeMap::new();
    let mut stream = connect(at);
    for _ in 0..count {
        let (request, framed) = seed.mutated(at, &mut random);
        if !framed {
            // What waits for more learns that there is no more.
            let _ = stream.write_all(&request);
            let _ = stream.shutdown(Shutdown::Write);
        }
        let mut answer = send(&mut stream, if framed { &request } else { &[] });
        if framed && answer.is_none() {
            // The answer before may have ended the connection, where a body was not read.
            stream = connect(at);
            answer = send(&mut stream, &request);
        }
        let status = answer.as_ref().map_or(0, |(status, _)| *status);
        *statuses.entry(status).or_insert(0) += 1;
        if status != 0 && !MEANT.contains(&status) {
            let said = answer.map(|(_, body)| String::from_utf8_lossy(&body).into_owned());
            panic!("{}: status {status} {said:?} to\n{}", seed.name, String::from_utf8_lossy(&request));
        }
        if status >= 400 && status != 405 {
            let said = answer.map(|(_, body)| body).unwrap_or_default();
            assert!(!framed || !said.is_empty(), "{}: {status} without a word", seed.name);
        }
        assert!(status != 0 || !framed, "{}: no answer to\n{}", seed.name, String::from_utf8_lossy(&request));
        if !framed || status == 0 {
            // Who knows where the next request would begin.
            let _ = stream.shutdown(Shutdown::Both);
            stream = connect(at);
        }
    }
    statuses
}

#[test]
fn no_request_of_any_dialect_breaks_the_node() {
    let requests = number("HIGHWAY_FUZZ_REQUESTS", 1200);
    let random = Random::from_environment();
    let seed = random.seed();
    let mut node = Node::start();
    for (name, definition) in seeds::ENDPOINTS {
        assert_eq!(endpoint(&node, name, definition).status, 201, "{name}");
    }
    let at = node.part("ingest");
    let before = resident(&node);
    for (n, of) in seeds::all().iter().enumerate() {
        let shares: Vec<BTreeMap<u16, u64>> = std::thread::scope(|scope| {
            let worker = |worker: u64| {
                let (at, random) = (&at, Random::of_seed(seed ^ (n as u64 + 1) << 32 ^ worker << 48));
                scope.spawn(move || work(at, of, requests.div_ceil(WORKERS), random))
            };
            let workers: Vec<_> = (0..WORKERS).map(worker).collect();
            workers.into_iter().map(|w| w.join().unwrap_or_else(|_| panic!("seed {seed}"))).collect()
        });
        let mut statuses = BTreeMap::new();
        for (status, count) in shares.into_iter().flatten() {
            *statuses.entry(status).or_insert(0) += count;
        }
        println!("{}: {statuses:?}, {} MiB resident", of.name, resident(&node));
        assert!(node.is_running(), "{}: the node is gone (seed {seed})\n{}", of.name, node.log_tail());
        // Not only refusals, or it was no mutation of something valid; not only successes either.
        let answered = |status: u16| statuses.get(&status).copied().unwrap_or(0);
        assert!(
            answered(200) > 0 && answered(400) + answered(422) + answered(401) > 0,
            "{}: {statuses:?}",
            of.name
        );
        let (request, _) = of.valid(&at, &mut Random::of_seed(seed));
        let answer = send(&mut connect(&at), &request);
        // The REST Proxy's batches are answered 207 whatever came of them.
        let told = answer.as_ref().map(|(status, said)| (*status, String::from_utf8_lossy(said)));
        assert!(matches!(told, Some((200 | 207, _))), "{} afterwards: {told:?}", of.name);
    }
    let after = resident(&node);
    assert!(after < before + 500, "{before} MiB became {after}");
    assert!(!node.log_tail().contains("panicked"), "{}", node.log_tail());
    node.stop();
}
