//! More datagrams than anybody takes: none is lost without being counted.
//!
//! `HIGHWAY_FLOODS=5 HIGHWAY_FLOOD_MESSAGES=1000000` is the long form.

use std::net::UdpSocket;

use highway_tests::{Broker, Node, wait_until};
use rustix::process::Signal;

use super::{PATIENCE, counted, number, reader};

/// Sends them as fast as the system lets it.
fn flood(at: &str, messages: u64) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(at).expect("an address");
    for n in 0..messages {
        let line = format!("<13>Nov 25 12:00:00 host app[1]: message {n} of a flood that nobody asked for");
        // What does not get out was not sent.
        while socket.send(line.as_bytes()).is_err() {
            std::thread::yield_now();
        }
    }
}

/// Waits until all is accounted for, and compares with the log. How many were dropped.
fn account(node: &Node, sent: u64) -> u64 {
    let of = |name: &str| counted(node)["syslog"][name].as_u64().expect("a count");
    wait_until("all is counted", PATIENCE, || of("datagrams") + of("kernel_dropped") == sent);
    let read = of("datagrams") - of("queue_dropped");
    let settled = || of("stored") + of("failed") + of("rejected");
    wait_until("all that was read is settled", PATIENCE, || settled() == read);
    assert_eq!((of("failed"), of("rejected"), of("messages")), (0, 0, read));
    println!("{sent} sent, {read} stored, {} dropped: {}", sent - read, counted(node)["syslog"]);
    let mut stored = 0;
    reader::each(node.bootstrap(), "syslog", |_, _| stored += 1);
    assert_eq!(stored, read);
    sent - read
}

#[test]
fn received_and_dropped_are_what_was_sent() {
    let messages = number("HIGHWAY_FLOOD_MESSAGES", 200_000);
    let node = Node::builder().set("highway.syslog.udp.listener", "127.0.0.1:0").start();
    for round in 1..=number("HIGHWAY_FLOODS", 2) {
        flood(&node.part("syslog-udp"), messages);
        account(&node, round * messages);
    }
}

#[test]
fn what_the_kernel_drops_is_counted() {
    let mut node = Node::builder().set("highway.syslog.udp.listener", "127.0.0.1:0").start();
    // A node that does not read while they come: the socket's buffer holds fewer than that.
    assert!(node.pid() > 0);
    node.process().signal(Signal::STOP);
    flood(&node.part("syslog-udp"), 200_000);
    node.process().signal(Signal::CONT);
    assert!(account(&node, 200_000) > 0, "nothing was dropped: the test shows nothing");
}
