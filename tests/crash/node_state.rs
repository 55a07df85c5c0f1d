//! What can be seen of a node from outside: health, memory, open files.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use highway_tests::{Broker, Node};

/// Bytes of memory in use.
pub fn resident(node: &Node) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", node.pid())).expect("the process is there");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("a resident size");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).expect("a number") << 10
}

/// Whether `/readyz` says so.
pub fn ready(node: &Node) -> bool {
    let mut stream = TcpStream::connect(node.admin()).expect("the admin listener is there");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket takes a timeout");
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .expect("the listener reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.starts_with("HTTP/1.1 200")
}
