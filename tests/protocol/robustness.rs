//! Bad and heavy input: the process lives, its memory stays bounded, other connections are served.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use highway_tests::{Broker, Node, eventually};
use kafka_protocol::messages::{MetadataRequest, ProduceRequest};

use crate::client::{connect, encode, receive, send};
use crate::metrics::now;

/// What bad input may cost at most.
const ROOM: u64 = 64 << 20;

/// Bytes of memory that a process holds.
pub fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is there");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("a resident size");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).expect("a number") << 10
}

fn metadata(correlation: i32) -> Vec<u8> {
    encode(1, correlation, &MetadataRequest::default().with_topics(Some(vec![])))
        .expect("it encodes")
        .to_vec()
}

fn served(stream: &mut TcpStream, correlation: i32) {
    send(stream, &metadata(correlation)).expect("the node reads");
    let answer = receive(stream).expect("an answer");
    assert_eq!(answer[..4], correlation.to_be_bytes(), "the correlation id");
}

/// Whether the other end closes without a word.
fn closes(mut stream: TcpStream) -> bool {
    let mut byte = [0];
    match stream.read(&mut byte) {
        Ok(n) => n == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn frames_that_are_none_close_their_connection_only() {
    let mut node = Node::start();
    let mut other = connect(node.bootstrap());
    served(&mut other, 1);
    let before = resident(node.pid());
    let header = |key: i16, version: i16| {
        [&key.to_be_bytes()[..], &version.to_be_bytes(), &[0, 0, 0, 1, 0xff, 0xff]].concat()
    };
    let frame = |body: Vec<u8>| [&(body.len() as u32).to_be_bytes()[..], &body].concat();
    let with = |key, version, body: &[u8]| frame([&header(key, version)[..], body].concat());
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("a negative length", vec![0xff; 4]),
        ("the lowest length", i32::MIN.to_be_bytes().to_vec()),
        ("the highest length", i32::MAX.to_be_bytes().to_vec()),
        ("one byte over the limit", 104_857_601_i32.to_be_bytes().to_vec()),
        ("no header", frame(vec![])),
        ("two bytes", frame(vec![0, 18])),
        ("half a header", frame(vec![0, 18, 0, 0, 0, 0, 0])),
        ("an unknown key", with(999, 0, &[])),
        ("a negative key", with(-1, 0, &[])),
        ("a key between brokers", with(52, 0, &[0; 40])),
        ("an unknown version", with(3, 99, &[0; 8])),
        ("a negative version", with(3, -1, &[0; 8])),
        ("an old Produce", with(0, 2, &[0; 16])),
        ("2^31-1 topics", with(3, 1, &[0x7f, 0xff, 0xff, 0xff, 0, 0])),
        ("2^31-1 topics to make", with(19, 2, &[0x7f, 0xff, 0xff, 0xff, 0, 0])),
        ("a negative string", with(3, 1, &[0, 0, 0, 1, 0x80, 0])),
        ("a string over the end", with(3, 1, &[0, 0, 0, 1, 0x7f, 0xff, b'x'])),
        ("a varint of ten bytes", frame([&[0, 3, 0, 9, 0, 0, 0, 1, 0xff, 0xff][..], &[0xff; 10]].concat())),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("TLS", vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
        ("nothing but 0xff", vec![0xff; 1 << 16]),
    ];
    for (label, bytes) in &bad {
        let mut stream = connect(node.bootstrap());
        stream
            .write_all(bytes)
            .or_else(|e| {
                if e.kind() == ErrorKind::BrokenPipe || e.kind() == ErrorKind::ConnectionReset {
                    Ok(())
                } else {
                    Err(e)
                }
            })
            .expect("bytes go out");
        assert!(closes(stream), "{label}: the connection stays");
        served(&mut other, 2);
    }
    // A reproducible stream of noise, whole frames of it.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..500 {
        let mut stream = connect(node.bootstrap());
        let mut body: Vec<u8> = (0..random() % 200).map(|_| random() as u8).collect();
        if round % 2 == 0 {
            body.splice(0..0, header((random() % 80) as i16, (random() % 10) as i16));
        }
        stream.write_all(&frame(body)).expect("bytes go out");
    }
    served(&mut other, 3);
    assert!(node.is_running(), "the process lives");
    let after = resident(node.pid());
    assert!(after < before + ROOM, "{} MiB before, {} after", before >> 20, after >> 20);
}

#[test]
fn a_thousand_pipelined_requests_are_answered_in_order() {
    let node = Node::start();
    let mut stream = connect(node.bootstrap());
    let mut writer = stream.try_clone().expect("a second handle");
    let sender = std::thread::spawn(move || {
        (0..1000).for_each(|at| send(&mut writer, &metadata(at)).expect("the node reads"))
    });
    for at in 0..1000_i32 {
        assert_eq!(receive(&mut stream).expect("an answer")[..4], at.to_be_bytes(), "answers leave in order");
    }
    sender.join().expect("all were sent");
}

#[test]
fn readers_that_stop_reading_hold_up_nobody_and_little_memory() {
    let node = Node::start();
    let mut other = connect(node.bootstrap());
    served(&mut other, 1);
    let before = resident(node.pid());
    let mut request = Vec::new();
    for at in 0..1000 {
        let body = metadata(at);
        request.extend_from_slice(&(body.len() as u32).to_be_bytes());
        request.extend_from_slice(&body);
    }
    let slow: Vec<TcpStream> = (0..5)
        .map(|_| {
            let mut stream = connect(node.bootstrap());
            // Long enough that a node that is merely slow takes a byte.
            stream.set_write_timeout(Some(Duration::from_secs(2))).expect("a socket takes a timeout");
            // Until the node stops reading because nobody takes its answers.
            let stopped = (0..2_000).any(|_| stream.write_all(&request).is_err());
            assert!(stopped, "the node reads on and on");
            stream
        })
        .collect();
    served(&mut other, 2);
    let after = resident(node.pid());
    println!("{} slow readers: {} MiB before, {} after", slow.len(), before >> 20, after >> 20);
    assert!(after < before + ROOM, "{} MiB before, {} after", before >> 20, after >> 20);
}

#[test]
fn frames_that_never_end_cost_what_was_sent() {
    let node = Node::start();
    let mut other = connect(node.bootstrap());
    served(&mut other, 1);
    let before = resident(node.pid());
    let head = encode(9, 1, &ProduceRequest::default()).expect("it encodes");
    let half: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = connect(node.bootstrap());
            stream.write_all(&100_000_000_u32.to_be_bytes()).expect("the node reads");
            stream.write_all(&head).expect("the node reads");
            stream
        })
        .collect();
    let read = || now(&node, "highway_request_memory_bytes") >= f64::from(100 << 20);
    highway_tests::wait_until("the node waits for the rest of each", Duration::from_secs(20), read);
    served(&mut other, 2);
    let after = resident(node.pid());
    println!("{} half frames of 100 MB: {} MiB before, {} after", half.len(), before >> 20, after >> 20);
    assert!(after < before + ROOM, "{} MiB before, {} after", before >> 20, after >> 20);
}

#[test]
fn five_thousand_idle_connections_disturb_nobody() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let wanted = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, wanted).expect("the limit can be raised");
    if limit.maximum.is_some_and(|m| m < 6000) {
        println!("SKIPPED: this machine allows {:?} open files", limit.maximum);
        return;
    }
    let node = Node::start();
    let mut other = connect(node.bootstrap());
    served(&mut other, 1);
    let before = resident(node.pid());
    let mut idle: Vec<TcpStream> = (0..5000).map(|_| connect(node.bootstrap())).collect();
    for (at, stream) in idle.iter_mut().enumerate().step_by(50) {
        served(stream, at as i32);
    }
    served(idle.last_mut().expect("there are some"), 7);
    served(&mut other, 2);
    let after = resident(node.pid());
    println!("5,000 connections: {} MiB before, {} after", before >> 20, after >> 20);
    assert!(after < before + 2 * ROOM, "{} MiB before, {} after", before >> 20, after >> 20);
    drop(idle);
    let fds = format!("/proc/{}/fd", node.pid());
    let left = eventually(Duration::from_secs(30), || {
        std::fs::read_dir(&fds).ok().map(|d| d.count()).filter(|&n| n < 500)
    });
    assert!(left.is_some(), "the node keeps connections that are gone");
}
