//! Protocol checklist N: records that lie, bombs, and requests that are merely enormous.

use std::time::{Duration, Instant};

use bytes::Bytes;
use highway_tests::{Broker, Node};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::*;

use crate::batches::{NOBODY, batch as good, set};
use crate::client::{encode, receive, send, text};
use crate::conn::Conn;
use crate::records::{batch, packed, record, varint};
use crate::requests::{coordinated, fetch_of, join, listed, make, metadata, produce, produced};
use crate::robustness::resident;

const NOW: i64 = 1_600_000_000_000;
const OLD: (&str, &str) = ("message.timestamp.before.max.ms", "9223372036854775807");

/// Fails when the node has taken more than `mib` MiB since `before`.
fn within(node: &Node, before: u64, mib: u64, what: &str) {
    let after = resident(node.pid());
    println!("{what}: {} MiB before, {} after", before >> 20, after >> 20);
    assert!(after < before + (mib << 20), "{what}: {} MiB before, {} after", before >> 20, after >> 20);
}

#[test]
fn n167_bombs_of_every_codec_are_refused_in_bounded_memory() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "bombs", 1, &[OLD, ("max.message.bytes", "10000000")]);
    let before = resident(node.pid());
    let zeros = record(0, 0, None, Some(&vec![0; 80 << 20]), &[]);
    // Snappy cannot shrink to less than a twentieth: what it can do is lie about its length.
    let mut lie = vec![0xff, 0xff, 0xff, 0xff, 0x07];
    lie.extend_from_slice(&[0; 100]);
    let bombs: Vec<(i16, Bytes)> = [1, 3, 4]
        .into_iter()
        .map(|codec| (codec, packed(codec, &zeros)))
        .chain([(2, lie)])
        .map(|(codec, bytes)| (codec, batch(codec, 1, NOW, NOW, &bytes)))
        .collect();
    std::thread::scope(|scope| {
        for (codec, bomb) in &bombs {
            for _ in 0..4 {
                let (bootstrap, bomb) = (node.bootstrap(), bomb.clone());
                scope.spawn(move || {
                    let answer = produced(&mut Conn::to(bootstrap), "bombs", bomb);
                    assert_ne!(answer.error_code, 0, "codec {codec}");
                    assert_eq!(answer.base_offset, -1);
                });
            }
        }
    });
    within(&node, before, 256, "16 bombs of 80 MB at once");
    assert_eq!(listed(&mut conn, "bombs", -1).1, 0, "nothing of them is stored");
}

#[test]
fn n167_records_that_lie_are_refused_and_nothing_is_allocated_for_them() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "lies", 1, &[OLD]);
    let before = resident(node.pid());
    let one = || good(NOBODY, &[(Some("a"), NOW)]);
    let header = |at: usize, bytes: &[u8]| {
        let mut batch = one();
        set(&mut batch, at, bytes);
        batch.freeze()
    };
    let claim = |count: i64, then: &[u8]| {
        let mut out = Vec::new();
        varint(&mut out, count);
        out.extend_from_slice(then);
        out
    };
    let max = i64::from(i32::MAX);
    let of_records = |bytes: &[u8]| batch(0, 1, NOW, NOW, bytes);
    let mut cases: Vec<(&str, Bytes)> = vec![
        ("2^31-1 records", {
            let mut batch = one();
            set(&mut batch, 23, &(i32::MAX - 1).to_be_bytes());
            set(&mut batch, 57, &i32::MAX.to_be_bytes());
            batch.freeze()
        }),
        ("-1 records", header(57, &(-1_i32).to_be_bytes())),
        ("the lowest count", header(57, &i32::MIN.to_be_bytes())),
        ("a length of 48", header(8, &48_i32.to_be_bytes())),
        ("a negative length", header(8, &(-1_i32).to_be_bytes())),
        ("the highest length", header(8, &i32::MAX.to_be_bytes())),
        ("one byte too many", header(8, &(one().len() as i32 - 11).to_be_bytes())),
        ("a record of 2^31-1 bytes", of_records(&claim(max, &[0; 20]))),
        ("a record of -5 bytes", of_records(&claim(-5, &[0; 20]))),
        ("a varint of ten bytes", of_records(&[0xff; 10])),
        ("a varint that does not end", of_records(&[0x80; 40])),
        ("no bytes at all", of_records(&[])),
        // length 12, attributes, time delta, offset delta, then key length
        (
            "a key of 2^31-1 bytes",
            of_records(&claim(12, &[0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0])),
        ),
        // ..., null key, null value, header count
        ("2^31-1 headers", of_records(&claim(10, &[0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f]))),
        ("-1 headers", of_records(&claim(6, &[0, 0, 0, 1, 1, 1]))),
    ];
    for codec in 1..=4 {
        cases.push(("2^31-1 records, compressed", {
            let mut batch = bytes::BytesMut::from(
                &batch(codec, 1, NOW, NOW, &packed(codec, &record(0, 0, None, None, &[])))[..],
            );
            set(&mut batch, 23, &(i32::MAX - 1).to_be_bytes());
            set(&mut batch, 57, &i32::MAX.to_be_bytes());
            batch.freeze()
        }));
        cases.push(("noise, said to be compressed", batch(codec, 1, NOW, NOW, &[0x5a; 300])));
    }
    for (label, records) in cases {
        let answer = produced(&mut conn, "lies", records);
        assert_ne!(answer.error_code, 0, "{label}");
    }
    within(&node, before, 32, "records that lie");
    assert_eq!(listed(&mut conn, "lies", -1).1, 0, "nothing of them is stored");
}

#[test]
fn a_million_topics_in_one_metadata_request_disturb_nobody() {
    let node = Node::start();
    let mut other = Conn::to(node.bootstrap());
    make(&mut other, "here", 1, &[]);
    let before = resident(node.pid());
    let names: Vec<String> = (0..1_000_000).map(|at| format!("t{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for create in [false, true] {
        let mut conn = Conn::to(node.bootstrap());
        conn.stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket takes a timeout");
        conn.send(4, &metadata(&names, create));
        // While it is worked on, and after: others are served.
        let mut slowest = Duration::ZERO;
        for _ in 0..50 {
            let began = Instant::now();
            other.call(1, &metadata(&["here"], true));
            slowest = slowest.max(began.elapsed());
        }
        println!("another client waited {slowest:?} at the most");
        // Refused by closing, or answered: either way with bounded memory.
        match receive(&mut conn.stream) {
            Ok(answer) => println!("answered with {} bytes", answer.len()),
            Err(error) => println!("closed: {error}"),
        }
        within(&node, before, 1024, "a million topics");
    }
    let there = other.call(1, &MetadataRequest::default().with_topics(None)).topics.len();
    assert!(there <= 10_001, "{there} topics were made by one request");
}

#[test]
fn a_fetch_of_a_hundred_thousand_partitions_disturbs_nobody() {
    let node = Node::start();
    let mut other = Conn::to(node.bootstrap());
    make(&mut other, "here", 1, &[]);
    let before = resident(node.pid());
    let parts: Vec<(&str, i32, i64)> = (0..100_000).map(|at| ("here", at, 0)).collect();
    let mut request = fetch_of(&parts[..1], 0, 1);
    request.topics[0].partitions =
        fetch_of(&parts, 0, 1).topics.into_iter().flat_map(|t| t.partitions).collect();
    for (version, session) in [(11, -1), (11, 0), (12, 0)] {
        let mut conn = Conn::to(node.bootstrap());
        conn.stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket takes a timeout");
        conn.send(version, &request.clone().with_session_epoch(session));
        other.call(1, &metadata(&["here"], true));
        let answer = conn.receive::<FetchRequest>(version).1;
        let answered: Vec<i16> =
            answer.responses.iter().flat_map(|t| &t.partitions).map(|p| p.error_code).collect();
        assert_eq!(answered.len(), 100_000);
        assert!(answered[1..].iter().all(|&code| code == 3), "but the first they are unknown");
    }
    within(&node, before, 512, "three fetches of 100,000 partitions");
}

#[test]
fn enormous_metadata_of_a_member_ends_in_an_answer() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    coordinated(&mut conn);
    let before = resident(node.pid());
    let huge = |member: &str| {
        join("huge", member, &[]).with_protocols(vec![
            JoinGroupRequestProtocol::default()
                .with_name(text("range"))
                .with_metadata(Bytes::from(vec![7; 40 << 20])),
        ])
    };
    let member = conn.call(5, &huge("")).member_id.to_string();
    let joined = conn.call(5, &huge(&member));
    println!("joined: {}", joined.error_code);
    if joined.error_code == 0 {
        let sync = SyncGroupRequest::default()
            .with_group_id(GroupId(text("huge")))
            .with_generation_id(joined.generation_id)
            .with_member_id(text(&member));
        let synced = conn.call(3, &sync);
        // Its record cannot be stored: Kafka says UNKNOWN_SERVER_ERROR, too.
        assert_ne!(synced.error_code, 0, "a group whose record is too large is not stable");
    }
    let mut other = Conn::to(node.bootstrap());
    assert_eq!(other.call(5, &join("small", "", &["range"])).error_code, 79, "other groups go on");
    within(&node, before, 512, "40 MB of metadata");
}

#[test]
fn half_frames_over_the_budget_hold_up_nobody() {
    let node = Node::builder().set("queued.max.request.bytes", "8388608").start();
    let mut other = Conn::to(node.bootstrap());
    make(&mut other, "budget", 1, &[("max.message.bytes", "10000000")]);
    let before = resident(node.pid());
    let body = encode(9, 1, &produce("budget", 0, -1, batch(0, 1, NOW, NOW, &vec![0; 4 << 20])))
        .expect("it encodes");
    let half: Vec<Conn> = (0..12)
        .map(|_| {
            let mut conn = Conn::to(node.bootstrap());
            conn.stream
                .set_write_timeout(Some(Duration::from_millis(100)))
                .expect("a socket takes a timeout");
            conn.write(&(body.len() as u32).to_be_bytes()).expect("the node reads");
            let _ = conn.write(&body[..body.len() - 1000]); // until the node stops reading
            conn
        })
        .collect();
    let began = Instant::now();
    for _ in 0..20 {
        other.call(1, &metadata(&["budget"], true));
    }
    assert!(began.elapsed() < Duration::from_secs(2), "small requests never wait: {:?}", began.elapsed());
    // Whole large requests come through one after the other.
    let values = vec![b'x'; 2 << 20];
    let large = crate::records::plain(crate::records::now(), &[&values]);
    for _ in 0..3 {
        let mut writer = Conn::to(node.bootstrap());
        writer.stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket takes a timeout");
        writer.stream.set_write_timeout(Some(Duration::from_secs(60))).expect("a socket takes a timeout");
        assert_eq!(produced(&mut writer, "budget", large.clone()).error_code, 0);
    }
    within(&node, before, 96, "12 half frames of 4 MB with a budget of 8 MB");
    drop(half);
    let free = highway_tests::eventually(Duration::from_secs(20), || {
        let mut conn = Conn::to(node.bootstrap());
        send(&mut conn.stream, &body).ok()?;
        receive(&mut conn.stream).ok()
    });
    assert!(free.is_some(), "what half frames held is free again");
}
