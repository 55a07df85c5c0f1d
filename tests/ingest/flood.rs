//! More datagrams than anybody takes: none is lost without being counted.

use std::net::UdpSocket;

use highway_tests::{Broker, Node, wait_until};
use rustix::process::Signal;

use super::{PATIENCE, counted};

const SENT: u64 = 200_000;

/// Sends them as fast as the system lets it.
fn flood(at: &str) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(at).expect("an address");
    for n in 0..SENT {
        let line = format!("<13>Nov 25 12:00:00 host app[1]: message {n} of a flood that nobody asked for");
        // What does not get out was not sent.
        while socket.send(line.as_bytes()).is_err() {
            std::thread::yield_now();
        }
    }
}

/// Waits until all is accounted for, and compares with the log. How many were dropped.
fn account(node: &Node) -> u64 {
    let number = |name: &str| counted(node)["syslog"][name].as_u64().expect("a count");
    wait_until("all is counted", PATIENCE, || number("datagrams") + number("kernel_dropped") == SENT);
    let read = number("datagrams") - number("queue_dropped");
    let settled = || number("stored") + number("failed") + number("rejected");
    wait_until("all that was read is settled", PATIENCE, || settled() == read);
    assert_eq!((number("failed"), number("rejected"), number("messages")), (0, 0, read));
    eprintln!("{SENT} sent, {read} stored, {} dropped: {}", SENT - read, counted(node)["syslog"]);
    assert_eq!(super::records(node, "syslog").len() as u64, read);
    SENT - read
}

#[test]
fn received_and_dropped_are_what_was_sent() {
    let node = Node::builder().set("highway.syslog.udp.listener", "127.0.0.1:0").start();
    flood(&node.part("syslog-udp"));
    account(&node);
}

#[test]
fn what_the_kernel_drops_is_counted() {
    let mut node = Node::builder().set("highway.syslog.udp.listener", "127.0.0.1:0").start();
    // A node that does not read while they come: the socket's buffer holds fewer than that.
    assert!(node.pid() > 0);
    node.process().signal(Signal::STOP);
    flood(&node.part("syslog-udp"));
    node.process().signal(Signal::CONT);
    assert!(account(&node) > 0, "nothing was dropped: the test shows nothing");
}
