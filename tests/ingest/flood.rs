//! More datagrams than anybody takes: none is lost without being counted.

use std::net::UdpSocket;

use highway_tests::{Node, wait_until};

use super::{PATIENCE, counted};

#[test]
fn received_and_dropped_are_what_was_sent() {
    const SENT: u64 = 200_000;
    let node = Node::builder().set("highway.syslog.udp.listener", "127.0.0.1:0").start();
    let at = node.part("syslog-udp");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(&at).expect("an address");
    for n in 0..SENT {
        let line = format!("<13>Nov 25 12:00:00 host app[1]: message {n} of a flood that nobody asked for");
        // The loopback takes what it takes; what does not get out was not sent.
        while socket.send(line.as_bytes()).is_err() {
            std::thread::yield_now();
        }
    }
    let number = |name: &str| counted(&node)["syslog"][name].as_u64().expect("a count");
    wait_until("all is accounted for", PATIENCE, || number("datagrams") + number("kernel_dropped") == SENT);
    let read = number("datagrams") - number("queue_dropped");
    wait_until("all that was read is stored", PATIENCE, || {
        number("stored") + number("failed") + number("rejected") == read
    });
    assert_eq!((number("failed"), number("rejected"), number("messages")), (0, 0, read));
    eprintln!("{SENT} sent, {read} stored, {} dropped: {}", SENT - read, counted(&node)["syslog"]);
    assert_eq!(super::records(&node, "syslog").len() as u64, read);
}
