//! Mutated lines over UDP, TCP and RELP: none is lost, nothing ends but the connection that sent it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::time::Duration;

use highway_tests::random::Random;
use highway_tests::{Broker, Node, wait_until};

use super::super::{PATIENCE, counted, number, reader};
use super::mutate;

const LINES: [&str; 8] = [
    "<34>Nov 20 10:00:00 host su[9]: text",
    "<165>1 2026-11-20T10:00:00.003Z host app 123 ID47 [ex@32473 k=\"v\\\"\" l=\"\\]\"][y] \u{feff}text",
    "<189>29: foo: *Apr 29 13:58:40.411: %SYS-5-CONFIG_I: Configured",
    "<189>1: RP/0/RP0/CPU0:Jan 11 12:00:00.123 UTC: config[65704]: %MGBL-SYS-5-CONFIG_I : done",
    "<166>%ASA-6-302013: Built<166>%ASA-6-302014: Teardown",
    "<189>date=2026-11-20 time=10:00:00 devname=\"fw\"",
    "<13>CEF:0|V|P|1|100|name|5|src=10.0.0.1",
    "<13>{\"a\": [1, {\"b\": null}]}",
];

fn line(random: &mut Random) -> Vec<u8> {
    let mut line = LINES[random.below(LINES.len() as u64) as usize].as_bytes().to_vec();
    mutate::bytes(&mut line, random);
    line.truncate(60_000);
    line
}

#[test]
fn mutated_lines_are_stored_or_counted() {
    let count = number("HIGHWAY_FUZZ_REQUESTS", 1200);
    let mut random = Random::from_environment();
    println!("seed {}", random.seed());
    let mut builder = Node::builder();
    for kind in ["udp", "tcp", "relp"] {
        builder = builder.set(&format!("highway.syslog.{kind}.listener"), "127.0.0.1:0");
    }
    let mut node = builder.start();
    let of = |node: &Node, name: &str| counted(node)["syslog"][name].as_u64().expect("a count");

    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(node.part("syslog-udp")).expect("an address");
    let mut sent = 0;
    for _ in 0..count {
        sent += u64::from(socket.send(&line(&mut random)).is_ok());
    }
    wait_until("every datagram is read or counted", PATIENCE, || {
        of(&node, "datagrams") + of(&node, "kernel_dropped") == sent
    });
    let settled = |node: &Node| of(node, "stored") + of(node, "rejected") + of(node, "failed");
    wait_until("every message is settled", PATIENCE, || of(&node, "messages") == settled(&node));
    let after_udp = of(&node, "messages");
    assert!(after_udp >= sent, "a datagram is at least one message");

    let frames = |random: &mut Random| {
        let lines = (0..1 + random.below(10)).map(|_| match random.below(2) {
            0 => [line(random), b"\n".to_vec()].concat(),
            _ => {
                let line = line(random);
                [format!("{} ", line.len()).as_bytes(), &line].concat()
            }
        });
        let mut bytes = lines.collect::<Vec<_>>().concat();
        if random.below(3) == 0 {
            mutate::bytes(&mut bytes, random);
        }
        bytes
    };
    for _ in 0..count / 10 {
        let mut stream = TcpStream::connect(node.part("syslog-tcp")).expect("a connection");
        let _ = stream.write_all(&frames(&mut random));
    }
    // RELP: a session that begins well, then frames of which some are none.
    for _ in 0..count / 10 {
        let mut stream = TcpStream::connect(node.part("syslog-relp")).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let offers = "relp_version=0\nrelp_software=fuzz\ncommands=syslog";
        let mut bytes = format!("1 open {} {offers}\n", offers.len()).into_bytes();
        for number in 2..2 + random.below(8) {
            let line = line(&mut random);
            bytes.extend_from_slice(format!("{number} syslog {} ", line.len()).as_bytes());
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
        }
        if random.below(2) == 0 {
            mutate::bytes(&mut bytes, &mut random);
        }
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        // It ends by itself: with answers, or with a goodbye.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(node.is_running(), "{}", node.log_tail());
    let mut last = TcpStream::connect(node.part("syslog-tcp")).expect("a connection");
    last.write_all(b"<13>the last one\n").expect("a line");
    drop(last);
    let (mut quiet, mut there) = (0, 0);
    wait_until("all is settled", PATIENCE, || {
        let now = of(&node, "messages");
        quiet = if now == there && settled(&node) == now { quiet + 1 } else { 0 };
        there = now;
        quiet == 5
    });
    assert!(there > after_udp && of(&node, "failed") == 0);
    let mut stored = 0;
    let mut found = false;
    reader::each(node.bootstrap(), "syslog", |_, record| {
        stored += 1;
        let value = record.value.as_deref().unwrap_or_default();
        let event: serde_json::Value = serde_json::from_slice(value).expect("every record is JSON");
        found |= event["payload"]["message"] == "the last one";
    });
    assert!(found, "a line that is whole is stored after all that");
    assert_eq!(stored, of(&node, "stored"));
    println!("{there} messages, {stored} stored, {} refused", of(&node, "rejected"));
    assert!(!node.log_tail().contains("panicked"), "{}", node.log_tail());
    node.stop();
}
