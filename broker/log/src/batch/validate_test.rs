//! Protocol checklist D43-D54, by number.

use highway_types::topic_config::CleanupPolicy;
use highway_types::{ProducerEpoch, ProducerId};

use super::super::builder::BatchBuilder;
use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn batch_of(records: &[(i64, Option<&[u8]>, Option<&[u8]>)], codec: Compression) -> Bytes {
    let mut builder = BatchBuilder::new().compression(codec);
    for (time, key, value) in records {
        builder.push(Timestamp(*time), *key, *value, &[]);
    }
    builder.try_build().unwrap()
}

fn plain() -> Bytes {
    batch_of(&[(NOW.0, Some(b"k"), Some(b"v")), (NOW.0 + 5, None, Some(b"w"))], Compression::None)
}

fn check(batch: Bytes, config: &TopicConfig) -> Result<ValidBatch, BatchError> {
    validate(batch, config, Origin::Client, NOW)
}

fn patched(batch: &Bytes, patch: impl FnOnce(&mut BatchHeader)) -> Bytes {
    let mut header = BatchHeader::parse(batch).unwrap();
    patch(&mut header);
    header.seal(&batch[HEADER_LEN..]);
    [&header.encode()[..], &batch[HEADER_LEN..]].concat().into()
}

#[test]
fn a_good_batch_passes_without_a_copy() {
    let batch = plain();
    let valid = check(batch.clone(), &TopicConfig::default()).unwrap();
    assert_eq!(valid.payload().as_ptr(), batch[HEADER_LEN..].as_ptr());
    assert_eq!(valid.header_bytes()[..], batch[..HEADER_LEN]);
}

#[test]
fn d43_exactly_one_batch_of_magic_2() {
    let config = TopicConfig::default();
    assert_eq!(check(Bytes::new(), &config).unwrap_err(), BatchError::NotOneBatch);
    let two = [plain(), plain()].concat();
    assert_eq!(check(two.into(), &config).unwrap_err(), BatchError::NotOneBatch);
    let mut old = plain().to_vec();
    old[16] = 1;
    assert_eq!(check(old.into(), &config).unwrap_err(), BatchError::Magic(1));
    let cut = plain().slice(..70);
    assert!(matches!(check(cut, &config).unwrap_err(), BatchError::Length(_)));
}

#[test]
fn d45_headers_that_contradict_themselves() {
    let config = TopicConfig::default();
    let patches: [fn(&mut BatchHeader); 6] = [
        |h| h.base_offset = Offset(1),
        |h| h.attributes = h.attributes.with_control(),
        |h| h.count = 0,
        |h| h.count = -1,
        |h| h.last_offset_delta = 5,
        |h| (h.producer_id, h.producer_epoch) = (ProducerId(1), ProducerEpoch(0)),
    ];
    for (i, patch) in patches.into_iter().enumerate() {
        let error = check(patched(&plain(), patch), &config).unwrap_err();
        assert!(matches!(error, BatchError::Header(_)), "{i}: {error}");
    }
    let control = patched(&plain(), |h| h.attributes = h.attributes.with_control());
    assert!(validate(control, &config, Origin::Coordinator, NOW).is_ok());
}

#[test]
fn d46_every_flipped_byte_behind_the_checksum_is_seen() {
    let batch = plain();
    for at in 17..batch.len() {
        let mut flipped = batch.to_vec();
        flipped[at] ^= 1;
        let error = check(flipped.into(), &TopicConfig::default()).unwrap_err();
        assert!(matches!(error, BatchError::Checksum { .. }), "byte {at}: {error}");
    }
}

#[test]
fn d47_sizes() {
    let config = TopicConfig { max_message_bytes: 70, ..TopicConfig::default() };
    assert!(matches!(check(plain(), &config).unwrap_err(), BatchError::TooLarge { max: 70, .. }));
    let config = TopicConfig { segment_bytes: 70, ..TopicConfig::default() };
    assert!(matches!(check(plain(), &config).unwrap_err(), BatchError::LargerThanSegment { max: 70, .. }));
}

#[test]
fn d48_null_keys_on_a_compacted_topic_are_named_one_by_one() {
    let config = TopicConfig {
        cleanup_policy: CleanupPolicy { delete: false, compact: true },
        ..TopicConfig::default()
    };
    for codec in [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let batch = batch_of(&[(NOW.0, Some(b"k"), None), (NOW.0, None, None), (NOW.0, None, None)], codec);
        let BatchError::InvalidRecords(faults) = check(batch, &config).unwrap_err() else { panic!("{codec:?}") };
        assert_eq!(faults.iter().map(|f| f.batch_index).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(faults[0].message, "Compacted topic cannot accept message without key.");
    }
}

#[test]
fn d49_timestamps_out_of_range() {
    let config = TopicConfig { message_timestamp_before_max_ms: 1000, ..TopicConfig::default() };
    let batch = batch_of(
        &[(NOW.0, None, None), (NOW.0 - 1001, None, None), (NOW.0 + 3_600_001, None, None), (NOW.0, None, None)],
        Compression::None,
    );
    let BatchError::InvalidTimestamps(faults) = check(batch, &config).unwrap_err() else { panic!() };
    assert_eq!(faults.iter().map(|f| f.batch_index).collect::<Vec<_>>(), [1, 2]);
    let none = batch_of(&[(-1, None, None)], Compression::None);
    assert!(check(none, &config).is_ok(), "no timestamp is legal");
}

#[test]
fn d50_create_time_recomputes_a_wrong_max_timestamp() {
    let lied = patched(&plain(), |h| h.max_timestamp = 1);
    let valid = check(lied, &TopicConfig::default()).unwrap();
    assert_eq!(valid.header.max_timestamp, NOW.0 + 5);
    assert_eq!(valid.header.crc, valid.header.checksum(valid.payload()));
}

#[test]
fn d50_log_append_time_sets_bit_3_and_the_max_timestamp_only() {
    let config =
        TopicConfig { message_timestamp_type: TimestampType::LogAppendTime, ..TopicConfig::default() };
    let before = BatchHeader::parse(&plain()).unwrap();
    let valid = check(plain(), &config).unwrap();
    assert!(valid.header.attributes.is_log_append_time());
    assert_eq!(valid.header.max_timestamp, NOW.0);
    assert_eq!(valid.header.base_timestamp, before.base_timestamp);
    assert_eq!(valid.header.crc, valid.header.checksum(valid.payload()));
}

#[test]
fn d52_compression_type_recompresses() {
    for (setting, codec) in [
        (CompressionType::Gzip, Compression::Gzip),
        (CompressionType::Zstd, Compression::Zstd),
        (CompressionType::Lz4, Compression::Lz4),
        (CompressionType::Snappy, Compression::Snappy),
        (CompressionType::Uncompressed, Compression::None),
    ] {
        let config = TopicConfig { compression_type: setting, ..TopicConfig::default() };
        let sent = batch_of(&[(NOW.0, Some(b"k"), Some(&[7; 1000]))], Compression::Lz4);
        let valid = check(sent, &config).unwrap();
        assert_eq!(valid.header.attributes.compression(), Some(codec));
        assert_eq!(valid.header.total_len(), valid.len());
        assert_eq!(valid.header.crc, valid.header.checksum(valid.payload()));
        let mut out = Vec::new();
        decompress(codec, valid.payload(), 10_000, &mut out).unwrap();
        assert_eq!(records(&out, 1).next().unwrap().unwrap().value, Some(&[7; 1000][..]));
    }
}

#[test]
fn d53_wrong_inner_deltas_of_compressed_batches_are_rewritten() {
    let good = batch_of(&[(NOW.0, None, Some(b"a")), (NOW.0, None, Some(b"b"))], Compression::None);
    let mut body = good[HEADER_LEN..].to_vec();
    body[3] = 0x10; // offset delta of the first record: 8
    let packed = compress(Compression::Gzip, None, &body).unwrap();
    let mut header = BatchHeader::parse(&good).unwrap();
    header.attributes = header.attributes.with_compression(Compression::Gzip);
    header.batch_length = i32::try_from(49 + packed.len()).unwrap();
    header.seal(&packed);
    let valid = check([&header.encode()[..], &packed].concat().into(), &TopicConfig::default()).unwrap();
    let mut out = Vec::new();
    decompress(Compression::Gzip, valid.payload(), 10_000, &mut out).unwrap();
    let deltas: Vec<_> = records(&out, 2).map(|r| r.unwrap().offset_delta).collect();
    assert_eq!(deltas, [0, 1]);
}

#[test]
fn a_bomb_is_refused() {
    let bomb = batch_of(&[(NOW.0, None, Some(&vec![0; 8 << 20]))], Compression::Zstd);
    assert!(matches!(check(bomb, &TopicConfig::default()).unwrap_err(), BatchError::Bomb(_)));
}
