//! A node starts, answers, stops, and starts again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use highway_tests::{Broker, Node};

/// ApiVersions version 0 by hand, so that this test depends on none of our own encoders.
fn api_versions(address: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the node listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket takes a timeout");
    // length 10: api key 18, version 0, correlation id 77, null client id
    stream.write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 77, 0xff, 0xff]).expect("the node reads");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("an answer");
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).expect("a whole answer");
    answer
}

#[test]
fn a_node_answers_and_comes_back_with_its_data_directory() {
    let mut node = Node::start();
    let first = api_versions(node.bootstrap());
    assert_eq!(first[..4], [0, 0, 0, 77], "correlation id");
    assert_eq!(first[4..6], [0, 0], "error code");
    node.stop();
    node.restart();
    assert_eq!(api_versions(node.bootstrap()), first, "the same answer after a graceful restart");
    node.kill();
    node.restart();
    assert_eq!(api_versions(node.bootstrap()), first, "the same answer after kill -9");
}
