//! Protocol checklist D and E: what a producer can see that one request and one answer do not show.

use std::time::Duration;

use bytes::Bytes;
use highway_tests::{Broker, Node, wait_until};
use kafka_protocol::messages::*;

use crate::batches::{Producer, batch as by_producer};
use crate::conn::Conn;
use crate::records::{batch, packed, plain, record};
use crate::requests::{fetched, listed, make, metadata, produce, produced};

const SOON: Duration = Duration::from_secs(10);
const NOW: i64 = 1_600_000_000_000;
const OLD: (&str, &str) = ("message.timestamp.before.max.ms", "9223372036854775807");

#[test]
fn d42_acks_0_is_answered_by_nothing_and_an_error_closes() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "silent", 1, &[]);
    conn.send(9, &produce("silent", 0, 0, plain(1, &[b"v"])));
    // The next answer on the connection is that of the next request.
    assert_eq!(conn.call(1, &metadata(&[], true)).topics.len(), 0);
    wait_until("the record is there", SOON, || listed(&mut conn, "silent", -1).1 == 1);
    assert!(conn.is_silent(Duration::from_millis(50)));
    for (label, request) in [
        ("an unknown topic", produce("unknown", 0, 0, plain(1, &[b"v"]))),
        ("an unknown partition", produce("silent", 7, 0, plain(1, &[b"v"]))),
        ("a bad batch", produce("silent", 0, 0, Bytes::from_static(&[7; 80]))),
    ] {
        let mut bad = Conn::to(node.bootstrap());
        bad.send(9, &request);
        assert!(bad.closes_within(SOON), "{label}");
    }
    assert_eq!(listed(&mut conn, "silent", -1).1, 1, "other connections go on");
}

#[test]
fn d54_headers_keep_order_duplicates_nulls_and_any_bytes() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "headers", 1, &[]);
    let headers: [(&[u8], Option<&[u8]>); 5] = [
        (b"b", Some(b"1")),
        (b"a", None),
        (b"b", Some(b"")),
        (b"", Some(b"2")),
        (&[0xff, 0xfe], Some(&[0xff])),
    ];
    for codec in 0..=4 {
        let one = record(0, 0, None, None, &headers);
        let sent = batch(codec, 1, NOW, NOW, &packed(codec, &one));
        let answer = produced(&mut conn, "headers", sent.clone());
        assert_eq!(answer.error_code, 0, "{:?}", answer.error_message);
        let got = fetched(&mut conn, "headers", answer.base_offset).records.expect("records");
        assert_eq!(
            got[16..],
            sent[16..],
            "codec {codec}: what came is what was sent, but for offset and epoch"
        );
    }
}

/// D53: what is compressed is stored as it came.
#[test]
fn d44_every_codec_of_every_version_is_taken_but_zstd_before_7() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    let id = make(&mut conn, "codecs", 1, &[]);
    for version in 3..=13 {
        for codec in 0..=4 {
            let records: Vec<u8> =
                (0..50).flat_map(|at| record(at, 0, Some(b"key"), Some(&[b'v'; 50]), &[])).collect();
            let sent = batch(codec, 50, NOW, NOW, &packed(codec, &records));
            let mut request = produce("codecs", 0, -1, sent);
            if version >= 13 {
                request.topic_data[0].name = TopicName::default();
                request.topic_data[0].topic_id = id;
            }
            let answer = conn.call(version, &request).responses.remove(0).partition_responses.remove(0);
            let expected = if version < 7 && codec == 4 { 76 } else { 0 };
            assert_eq!(answer.error_code, expected, "version {version} codec {codec}");
        }
    }
}

#[test]
fn d47_d52_sizes_are_those_of_the_batch_as_sent() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    let sent = plain(NOW, &[&[b'v'; 500]]);
    let exact = sent.len().to_string();
    let less = (sent.len() - 1).to_string();
    make(&mut conn, "fits", 1, &[("max.message.bytes", &exact)]);
    make(&mut conn, "does-not", 1, &[("max.message.bytes", &less)]);
    assert_eq!(produced(&mut conn, "fits", sent.clone()).error_code, 0);
    assert_eq!(produced(&mut conn, "does-not", sent).error_code, 10);
    let zeros = record(0, 0, None, Some(&[0; 5000]), &[]);
    let small = batch(1, 1, NOW, NOW, &packed(1, &zeros));
    assert_eq!(produced(&mut conn, "fits", small.clone()).error_code, 0, "compressed it fits");
    make(&mut conn, "plain", 1, &[("max.message.bytes", &exact), ("compression.type", "uncompressed")]);
    assert_eq!(produced(&mut conn, "plain", small).error_code, 10, "what is stored is measured again");
}

#[test]
fn d50_log_append_time_is_told_and_stored() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "stamped", 1, &[("message.timestamp.type", "LogAppendTime")]);
    make(&mut conn, "created", 1, &[OLD]);
    let sent = plain(NOW, &[b"a", b"b"]);
    let stamped = produced(&mut conn, "stamped", sent.clone());
    assert!(stamped.log_append_time_ms > NOW);
    let stored = fetched(&mut conn, "stamped", 0).records.expect("records");
    assert_eq!(
        stored[35..43],
        stamped.log_append_time_ms.to_be_bytes(),
        "the largest time is that of the answer"
    );
    assert_eq!(stored[22] & 8, 8, "the bit says so");
    assert_eq!(stored[27..35], NOW.to_be_bytes(), "the base time stays");
    assert_eq!(stored[61..], sent[61..], "the records stay");
    assert_eq!(produced(&mut conn, "created", sent).log_append_time_ms, -1);
    assert_eq!(
        listed(&mut conn, "stamped", stamped.log_append_time_ms),
        (0, 0, stamped.log_append_time_ms),
        "H114"
    );
}

#[test]
fn d56_no_more_replicas_in_sync_are_asked_for_than_there_are() {
    // Apache Kafka 4.3.1 takes these, too: the differential test with other settings asks it.
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "two", 1, &[("min.insync.replicas", "2")]);
    assert_eq!(produced(&mut conn, "two", plain(1, &[b"v"])).error_code, 0);
    let one = conn.call(9, &produce("two", 0, 1, plain(1, &[b"v"])));
    assert_eq!(one.responses[0].partition_responses[0].error_code, 0);
    wait_until("both are there", SOON, || listed(&mut conn, "two", -1).1 == 2);
}

#[test]
fn e61_producer_ids_are_never_given_out_twice() {
    let mut node = Node::start();
    let ask =
        InitProducerIdRequest::default().with_transaction_timeout_ms(60_000).with_transactional_id(None);
    let mut seen = std::collections::HashSet::new();
    for round in 0..4 {
        let mut conn = Conn::to(node.bootstrap());
        for _ in 0..30 {
            let answer = conn.call(4, &ask);
            assert_eq!((answer.error_code, answer.producer_epoch), (0, 0));
            assert!(seen.insert(answer.producer_id.0), "{} came twice", answer.producer_id.0);
        }
        if round % 2 == 0 {
            node.kill()
        } else {
            node.stop()
        }
        node.restart();
    }
}

#[test]
fn e66_the_window_of_a_producer_survives_kill_and_stop() {
    let mut node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "idem", 1, &[OLD]);
    let send = |conn: &mut Conn, sequence| {
        let by = Producer { id: 9000, epoch: 0, sequence };
        let answer = produced(conn, "idem", by_producer(by, &[(Some("k"), NOW)]).freeze());
        (answer.error_code, answer.base_offset)
    };
    for at in 0..8 {
        assert_eq!(send(&mut conn, at), (0, i64::from(at)));
    }
    for kill in [true, false] {
        if kill {
            node.kill()
        } else {
            node.stop()
        }
        node.restart();
        conn = Conn::to(node.bootstrap());
        assert_eq!(send(&mut conn, 7), (0, 7), "the last is a duplicate with its own offset (D55)");
        assert_eq!(send(&mut conn, 3), (0, 3), "the fifth last, too");
        assert_eq!(send(&mut conn, 9).0, 45, "a gap is a gap");
    }
    assert_eq!(send(&mut conn, 8), (0, 8));
    assert_eq!(listed(&mut conn, "idem", -1).1, 9, "nothing twice");
}

#[test]
fn e68_five_requests_in_flight_keep_their_order() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "flight", 1, &[OLD]);
    let mut sent = 0;
    let mut answered = 0;
    while answered < 200 {
        while sent < 200 && sent - answered < 5 {
            let by = Producer { id: 9001, epoch: 0, sequence: sent * 3 };
            let records = by_producer(by, &[(Some("k"), NOW); 3]).freeze();
            conn.send(9, &produce("flight", 0, -1, records));
            sent += 1;
        }
        let answer = conn.receive::<ProduceRequest>(9).1;
        let part = &answer.responses[0].partition_responses[0];
        assert_eq!((part.error_code, part.base_offset), (0, i64::from(answered) * 3));
        answered += 1;
    }
}
