use highway_types::LeaderEpoch;
use highway_types::checksum::crc32c;
use proptest::prelude::*;

use super::*;
use crate::batch::header::{Attributes, BatchHeader};
use crate::batch::validate::Origin;
use crate::producer_state::{EndTxnMarker, MarkerType, Verdict};

fn header(producer: i64, epoch: i16, sequence: i32, at: i64, attributes: i16) -> BatchHeader {
    BatchHeader {
        base_offset: Offset(at),
        batch_length: 49,
        leader_epoch: LeaderEpoch(0),
        crc: 0,
        attributes: Attributes(attributes),
        last_offset_delta: 1,
        base_timestamp: 1000,
        max_timestamp: 1000 + at,
        producer_id: ProducerId(producer),
        producer_epoch: ProducerEpoch(epoch),
        base_sequence: sequence,
        count: 2,
    }
}

const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

/// Producer 1 with seven batches, 2 in a transaction, 3 known by a marker only.
fn state() -> ProducerStateMap {
    let mut map = ProducerStateMap::default();
    for i in 0..7 {
        map.update(&header(1, 0, i * 2, i64::from(i) * 2, 0));
    }
    map.update(&header(2, 4, 0, 14, TRANSACTIONAL));
    let marker = EndTxnMarker { marker_type: MarkerType::Commit, coordinator_epoch: 9 };
    map.update_marker(&header(3, 2, -1, 16, TRANSACTIONAL | CONTROL), &marker);
    map
}

#[test]
fn the_window_and_the_open_transaction_survive() {
    let map = state();
    let bytes = map.encode_snapshot();
    assert_eq!(bytes.len(), HEAD_LEN + 7 * ENTRY_LEN);
    let read = ProducerStateMap::decode_snapshot(&bytes, Offset(18)).unwrap();
    assert_eq!(read, map);
    assert_eq!(read.first_unstable_offset(), Some(Offset(14)));
    let oldest_kept = header(1, 0, 4, 0, 0);
    assert!(matches!(read.check(&oldest_kept, Origin::Client), Ok(Verdict::Duplicate { .. })));
}

#[test]
fn every_flipped_byte_and_every_cut_is_seen() {
    let bytes = state().encode_snapshot();
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= 4;
        assert!(ProducerStateMap::decode_snapshot(&bad, Offset(18)).is_err(), "byte {at}");
        assert!(ProducerStateMap::decode_snapshot(&bytes[..at], Offset(18)).is_err(), "cut at {at}");
    }
}

#[test]
fn a_lying_count_is_seen() {
    let mut bytes = state().encode_snapshot();
    bytes[6..10].copy_from_slice(&i32::MAX.to_be_bytes());
    let crc = crc32c(&bytes[6..]);
    bytes[2..6].copy_from_slice(&crc.to_be_bytes());
    let error = ProducerStateMap::decode_snapshot(&bytes, Offset(18)).unwrap_err();
    assert_eq!(error, SnapshotError::Length { len: bytes.len(), count: i32::MAX });
}

#[test]
fn known_bytes() {
    let mut map = ProducerStateMap::default();
    map.update(&header(0x0102, 3, 5, 0x10, 0));
    let bytes = map.encode_snapshot();
    assert_eq!(bytes[..2], [0, 1]);
    assert_eq!(bytes[6..10], [0, 0, 0, 1]);
    let expected = [
        &[0, 0, 0, 0, 0, 0, 1, 2][..], // producer id
        &[0, 3],                       // epoch
        &[0, 0, 0, 6],                 // last sequence
        &[0, 0, 0, 0, 0, 0, 0, 0x11],  // last offset
        &[0, 0, 0, 1],                 // offset delta
        &[0, 0, 0, 0, 0, 0, 3, 0xf8],  // timestamp
        &[255; 4],                     // coordinator epoch
        &[255; 8],                     // no transaction
    ];
    assert_eq!(bytes[10..], expected.concat());
}

fn names(dir: &Path) -> Vec<i64> {
    list(dir).unwrap().into_iter().map(|(offset, _)| offset.0).collect()
}

#[test]
fn the_newest_good_snapshot_counts() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(ProducerStateMap::load_snapshot(dir, Offset(99)), (ProducerStateMap::default(), Offset::ZERO));
    let map = state();
    for end in [18, 20, 30, 40] {
        map.write_snapshot(dir, Offset(end)).unwrap();
    }
    assert_eq!(names(dir), [30, 40]);

    let (read, from) = ProducerStateMap::load_snapshot(dir, Offset(40));
    assert_eq!((read.producers, from), (map.producers.clone(), Offset(40)));
    // A log that lost its end: what comes behind 35 now may be something else.
    assert_eq!(ProducerStateMap::load_snapshot(dir, Offset(35)).1, Offset(30));
    assert_eq!(names(dir), [30]);

    map.write_snapshot(dir, Offset(40)).unwrap();
    fs::write(dir.join(format!("{:020}.snapshot", 40)), b"").unwrap();
    fs::write(dir.join(format!("{:020}.snapshot.tmp", 50)), b"half").unwrap();
    assert_eq!(
        ProducerStateMap::load_snapshot(dir, Offset(60)).1,
        Offset(30),
        "a damaged one is passed over"
    );
    assert_eq!((names(dir), fs::read_dir(dir).unwrap().count()), (vec![30], 1));
}

#[test]
fn a_marker_keeps_its_producer_young() {
    let mut map = state();
    map.update(&header(2, 4, -1, 5000, TRANSACTIONAL | CONTROL));
    let read = ProducerStateMap::decode_snapshot(&map.encode_snapshot(), map.end()).unwrap();
    let entry = read.get(ProducerId(2)).unwrap();
    assert_eq!((entry.last_timestamp(), entry.batches()[0].timestamp), (Timestamp(6000), Timestamp(6000)));
    assert_eq!(entry.last_offset(), Some(Offset(15)), "the marker is no batch");
}

#[test]
fn reading_on_from_a_snapshot_is_reading_it_all() {
    let map = state();
    let tail = [header(1, 0, 14, 18, 0), header(2, 4, -1, 20, TRANSACTIONAL | CONTROL)];
    let mut whole = map.clone();
    let mut resumed = ProducerStateMap::decode_snapshot(&map.encode_snapshot(), Offset(18)).unwrap();
    for batch in &tail {
        assert_eq!(whole.update(batch), resumed.update(batch));
    }
    assert_eq!(whole, resumed);
}

/// For a check with Kafka's own reader: `SNAPSHOT_DIR=dir cargo test write_for_kafka -- --ignored`, then
/// `kafka-dump-log --files dir/….snapshot`.
#[test]
#[ignore = "writes a file for another program"]
fn write_for_kafka() {
    let dir = std::env::var_os("SNAPSHOT_DIR").expect("SNAPSHOT_DIR names a directory");
    state().write_snapshot(Path::new(&dir), Offset(18)).unwrap();
}

proptest! {
    #[test]
    fn hostile_bytes_do_not_panic(mut bytes: Vec<u8>) {
        if bytes.len() >= HEAD_LEN {
            bytes[..2].copy_from_slice(&VERSION.to_be_bytes());
            let entries = u8::try_from((bytes.len() - HEAD_LEN) / ENTRY_LEN).unwrap_or(0);
            bytes[6..10].copy_from_slice(&[0, 0, 0, entries]);
            let crc = crc32c(&bytes[6..]);
            bytes[2..6].copy_from_slice(&crc.to_be_bytes());
        }
        let _ = ProducerStateMap::decode_snapshot(&bytes, Offset(0));
    }
}
