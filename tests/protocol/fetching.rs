//! Protocol checklist G and H: long polls, limits, order, and reading by time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use highway_tests::{Broker, Node};
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::*;

use crate::conn::Conn;
use crate::records::{batch, packed, plain, record};
use crate::requests::{fetch, fetch_of, fetched, listed, make, produce, produced, topic};

const NOW: i64 = 1_600_000_000_000;
const OLD: (&str, &str) = ("message.timestamp.before.max.ms", "9223372036854775807");
/// A poll that should not wait is told to wait so long.
const LONG: i32 = 20_000;

fn took(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn base_offsets(records: &[u8]) -> Vec<i64> {
    let mut rest = records;
    let mut out = Vec::new();
    while let Some((head, _)) = rest.split_first_chunk::<12>() {
        out.push(i64::from_be_bytes(head[..8].try_into().expect("8 bytes")));
        let len = i32::from_be_bytes(head[8..].try_into().expect("4 bytes"));
        rest = &rest[12 + len as usize..];
    }
    out
}

#[test]
fn g92_the_end_waits_and_beyond_it_is_an_error_at_once() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "ends", 1, &[]);
    produced(&mut conn, "ends", plain(NOW, &[b"a", b"b"]));
    let mut at =
        |offset, wait| conn.call(11, &fetch("ends", offset, wait, 1)).responses[0].partitions[0].clone();
    assert!(took(|| assert_eq!(at(2, 300).error_code, 0)) >= Duration::from_millis(300));
    for offset in [3, -1, i64::MAX] {
        let quick = took(|| {
            let part = at(offset, LONG);
            assert_eq!(
                (part.error_code, part.high_watermark, part.log_start_offset),
                (1, -1, -1),
                "{offset}"
            );
        });
        assert!(quick < Duration::from_secs(5), "{offset} waited {quick:?}");
    }
}

#[test]
fn g93_g94_g96_whole_batches_the_first_whatever_its_size_the_rest_within_the_limits() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "limits", 2, &[]);
    let large = vec![b'x'; 10_000];
    for partition in [0, 1] {
        for _ in 0..5 {
            let answer = conn.call(9, &produce("limits", partition, -1, plain(NOW, &[&large, &large])));
            assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
        }
    }
    let whole = fetched(&mut conn, "limits", 0).records.expect("records");
    let one = whole.len() / 5;
    assert_eq!(base_offsets(&whole), [0, 2, 4, 6, 8]);
    assert_eq!(base_offsets(&fetched(&mut conn, "limits", 5).records.expect("records")), [4, 6, 8], "G93");
    let mut read = |parts: &[(i32, i32)], max_bytes: usize| {
        let parts: Vec<(&str, i32, i64)> = parts.iter().map(|&(at, _)| ("limits", at, 0)).collect();
        let request = fetch_of(&parts, 0, 0).with_max_bytes(max_bytes as i32);
        let answer = conn.call(11, &request);
        answer
            .responses
            .iter()
            .flat_map(|t| &t.partitions)
            .map(|p| base_offsets(p.records.as_deref().unwrap_or_default()).len())
            .collect::<Vec<_>>()
    };
    assert_eq!(read(&[(0, 0), (1, 0)], 1), [1, 0], "one batch, whatever its size; nothing of the next");
    assert_eq!(read(&[(1, 0), (0, 0)], 1), [1, 0], "G95: in the order of the request");
    assert_eq!(read(&[(0, 0), (1, 0)], one * 2), [2, 0]);
    assert_eq!(read(&[(0, 0), (1, 0)], one * 7), [5, 2], "the second has what the first left");
    assert_eq!(read(&[(0, 0), (1, 0)], 1 << 24), [5, 5]);
    let mut narrow = fetch("limits", 0, 0, 0);
    narrow.topics[0].partitions[0].partition_max_bytes = (one * 3) as i32;
    let answer = conn.call(11, &narrow);
    assert_eq!(base_offsets(answer.responses[0].partitions[0].records.as_deref().expect("records")).len(), 3);
}

#[test]
fn g97_g98_a_poll_ends_with_enough_bytes_or_with_its_time() {
    let node = Node::start();
    let (mut reader, mut writer) = (Conn::to(node.bootstrap()), Conn::to(node.bootstrap()));
    make(&mut writer, "poll", 2, &[]);
    // The first record ends a poll for one byte.
    let asked = reader.send(11, &fetch("poll", 0, LONG, 1));
    assert!(reader.is_silent(Duration::from_millis(100)), "nothing is there");
    let sent = plain(NOW, &[&[b'x'; 100]]);
    produced(&mut writer, "poll", sent.clone());
    let (correlation, answer) = reader.receive::<FetchRequest>(11);
    assert_eq!((correlation, answer.responses[0].partitions[0].high_watermark), (asked, 1));
    // A poll for the bytes of three batches ends with the third.
    let enough = (sent.len() * 3) as i32;
    reader.send(11, &fetch("poll", 1, LONG, enough));
    for _ in 0..2 {
        produced(&mut writer, "poll", sent.clone());
        assert!(reader.is_silent(Duration::from_millis(100)), "not enough yet");
    }
    produced(&mut writer, "poll", sent);
    let answer = reader.receive::<FetchRequest>(11).1;
    assert_eq!(answer.responses[0].partitions[0].records.as_ref().map(Bytes::len), Some(enough as usize));
    // What is there is given when the time is over.
    reader.call(11, &fetch("poll", 0, 100, 1 << 20));
    // No partitions, no waiting; an error anywhere, no waiting.
    for request in [
        FetchRequest::default().with_max_wait_ms(LONG).with_min_bytes(1),
        fetch_of(&[("poll", 0, 4), ("unknown", 0, 0)], LONG, 1 << 20),
        fetch("poll", 4, 0, 1),
    ] {
        assert!(took(|| drop(reader.call(11, &request))) < Duration::from_secs(5));
    }
}

#[test]
fn g99_an_offset_in_an_older_segment_is_answered_at_once() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "old", 1, &[("segment.bytes", "1048576")]);
    let large = vec![b'x'; 600_000];
    for _ in 0..4 {
        produced(&mut conn, "old", plain(NOW, &[&large]));
    }
    // Each batch has its own segment: below min_bytes, but older data is not worth waiting with.
    let mut request = fetch("old", 0, LONG, 50_000_000);
    request.topics[0].partitions[0].partition_max_bytes = 1000;
    assert!(took(|| drop(conn.call(11, &request))) < Duration::from_secs(5));
    // Nor is it worth waiting for another partition, which could give enough one day.
    make(&mut conn, "empty", 1, &[]);
    let mut request = fetch_of(&[("old", 0, 0), ("empty", 0, 0)], LONG, 900_000);
    request.topics[0].partitions[0].partition_max_bytes = 1000;
    assert!(took(|| drop(conn.call(11, &request))) < Duration::from_secs(5));
    // The same limit in the newest segment: a partition that gives all it may does not wait either.
    let mut request = fetch("old", 3, LONG, 1000);
    request.topics[0].partitions[0].partition_max_bytes = 1000;
    assert!(took(|| drop(conn.call(11, &request))) < Duration::from_secs(5));
}

#[test]
fn g100_g103_a_session_polls_what_it_knows_and_tells_what_changed() {
    let node = Node::start();
    let (mut reader, mut writer) = (Conn::to(node.bootstrap()), Conn::to(node.bootstrap()));
    make(&mut writer, "session", 3, &[]);
    let full =
        fetch_of(&[("session", 0, 0), ("session", 1, 0), ("session", 2, 0)], 0, 1).with_session_epoch(0);
    let opened = reader.call(11, &full);
    assert!(opened.session_id > 0);
    assert_eq!(opened.responses.iter().map(|t| t.partitions.len()).sum::<usize>(), 3, "a full answer");
    let next = |epoch| {
        FetchRequest::default()
            .with_max_wait_ms(LONG)
            .with_min_bytes(1)
            .with_max_bytes(1 << 20)
            .with_session_id(opened.session_id)
            .with_session_epoch(epoch)
    };
    // Without partitions it polls all that it knows.
    reader.send(11, &next(1));
    assert!(reader.is_silent(Duration::from_millis(100)), "it waits");
    writer.call(9, &produce("session", 1, -1, plain(NOW, &[b"v"])));
    let answer = reader.receive::<FetchRequest>(11).1;
    let told: Vec<i32> =
        answer.responses.iter().flat_map(|t| &t.partitions).map(|p| p.partition_index).collect();
    assert_eq!(told, [1], "only what changed");
    // The same epoch again is not the expected one; what carries an error carries no partitions.
    let again = reader.call(11, &next(1));
    assert_eq!((again.error_code, again.responses.len()), (71, 0));
    // Forgotten partitions are not told of any more.
    let forget =
        fetch_request::ForgottenTopic::default().with_topic(topic("session")).with_partitions(vec![0, 1]);
    reader.call(11, &next(2).with_max_wait_ms(0).with_forgotten_topics_data(vec![forget]));
    writer.call(9, &produce("session", 0, -1, plain(NOW, &[b"v"])));
    writer.call(9, &produce("session", 2, -1, plain(NOW, &[b"v"])));
    let answer = reader.call(11, &next(3));
    let told: Vec<i32> =
        answer.responses.iter().flat_map(|t| &t.partitions).map(|p| p.partition_index).collect();
    assert_eq!(told, [2]);
    // A full fetch that names the session closes it.
    let closing = full.clone().with_session_id(opened.session_id).with_session_epoch(-1);
    assert_eq!(reader.call(11, &closing).session_id, 0);
    assert_eq!(reader.call(11, &next(4)).error_code, 70);
}

#[test]
fn g101_changing_from_names_to_ids_within_a_session_is_an_error() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    let id = make(&mut conn, "names", 1, &[]);
    let opened = conn.call(12, &fetch("names", 0, 0, 0).with_session_epoch(0));
    let mut by_id = fetch("names", 0, 0, 0).with_session_id(opened.session_id).with_session_epoch(1);
    by_id.topics[0].topic = TopicName::default();
    by_id.topics[0].topic_id = id;
    let answer = conn.call(13, &by_id);
    assert_eq!((answer.error_code, answer.responses.len()), (106, 0));
}

#[test]
fn g108_g109_the_watermark_is_the_latest_offset_and_the_start_moves() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "moves", 1, &[]);
    for _ in 0..10 {
        produced(&mut conn, "moves", plain(NOW, &[b"v"]));
    }
    let part = fetched(&mut conn, "moves", 10);
    assert_eq!((part.high_watermark, part.last_stable_offset), (10, 10), "G80: both, whatever the isolation");
    assert_eq!(listed(&mut conn, "moves", -1).1, 10);
    let delete = DeleteRecordsRequest::default().with_timeout_ms(30_000).with_topics(vec![
        DeleteRecordsTopic::default()
            .with_name(topic("moves"))
            .with_partitions(vec![DeleteRecordsPartition::default().with_offset(4)]),
    ]);
    assert_eq!(conn.call(2, &delete).topics[0].partitions[0].low_watermark, 4);
    assert_eq!(fetched(&mut conn, "moves", 3).error_code, 1);
    let at = fetched(&mut conn, "moves", 4);
    assert_eq!((at.error_code, at.log_start_offset), (0, 4));
    assert_eq!(listed(&mut conn, "moves", -2).1, 4);
    assert_eq!(produced(&mut conn, "moves", plain(NOW, &[b"v"])).log_start_offset, 4, "D55");
}

#[test]
fn h114_h116_by_time_the_record_is_found_and_not_its_batch() {
    let node = Node::start();
    let mut conn = Conn::to(node.bootstrap());
    make(&mut conn, "times", 1, &[OLD]);
    for codec in 0..=4 {
        let name = format!("times-{codec}");
        make(&mut conn, &name, 1, &[OLD]);
        // Times are not in order: 0, 100, 50, 200 behind NOW, and the next batch is older than this one.
        let records: Vec<u8> = [0, 100, 50, 200]
            .iter()
            .zip(0..)
            .flat_map(|(&t, at)| record(at, t, Some(b"k"), Some(b"v"), &[]))
            .collect();
        produced(&mut conn, &name, batch(codec, 4, NOW, NOW + 200, &packed(codec, &records)));
        let older = record(0, 0, None, Some(b"v"), &[]);
        produced(&mut conn, &name, batch(codec, 1, NOW + 20, NOW + 20, &packed(codec, &older)));
        let mut at = |time| listed(&mut conn, &name, time);
        assert_eq!(at(0), (0, 0, NOW), "codec {codec}");
        assert_eq!(at(NOW + 1), (0, 1, NOW + 100), "within the batch");
        assert_eq!(at(NOW + 100), (0, 1, NOW + 100));
        assert_eq!(at(NOW + 101), (0, 3, NOW + 200));
        assert_eq!(at(NOW + 201), (0, -1, -1), "H115: nothing found is no error");
        assert_eq!(at(-3), (0, 3, NOW + 200), "H117: the largest time");
    }
    make(&mut conn, "empty", 1, &[]);
    assert_eq!(listed(&mut conn, "empty", -3), (0, -1, -1));
    assert_eq!(listed(&mut conn, "empty", -1), (0, 0, -1));
}
