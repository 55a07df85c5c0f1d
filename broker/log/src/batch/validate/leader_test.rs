//! Protocol checklist D43-D54, by number.

use highway_types::checksum::crc32c;
use highway_types::topic_config::{CleanupPolicy, CompressionType};
use highway_types::{PartitionIndex, ProducerEpoch, ProducerId, TopicName};
use proptest::prelude::*;

use super::super::error::{FAULTS_MAX, RecordFault};
use super::*;
use crate::batch::builder::BatchBuilder;
use crate::batch::compression::compress;
use crate::batch::records::records;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

type Sent<'a> = (i64, Option<&'a [u8]>, Option<&'a [u8]>);

fn batch_of(records: &[Sent<'_>], codec: Compression) -> Bytes {
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
    assert_eq!(check(cut, &config).unwrap_err(), BatchError::NotOneBatch);
    let mut short = plain().to_vec();
    short[8..12].copy_from_slice(&48i32.to_be_bytes());
    assert!(matches!(check(short.into(), &config).unwrap_err(), BatchError::Length(_)));
}

#[test]
fn d45_headers_that_contradict_themselves() {
    let config = TopicConfig::default();
    let patches: [fn(&mut BatchHeader); 8] = [
        |h| h.last_offset_delta = -1,
        |h| h.attributes = h.attributes.with_transactional(),
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
    for codec in
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd]
    {
        let batch = batch_of(&[(NOW.0, Some(b"k"), None), (NOW.0, None, None), (NOW.0, None, None)], codec);
        let BatchError::InvalidRecords(faults) = check(batch, &config).unwrap_err() else {
            panic!("{codec:?}")
        };
        assert_eq!(faults.iter().map(|f| f.batch_index).collect::<Vec<_>>(), [1, 2]);
        let named = BatchError::InvalidRecords(faults).in_partition(&TopicName::from("t"), PartitionIndex(3));
        assert_eq!(
            named.to_string(),
            "One or more records have been rejected due to 2 record errors in total, and only showing the first three \
             errors at most: [RecordError(batchIndex=1, message='Compacted topic cannot accept message without key in \
             topic partition t-3'), RecordError(batchIndex=2, message='Compacted topic cannot accept message without \
             key in topic partition t-3')]"
        );
    }
}

#[test]
fn d49_timestamps_out_of_range() {
    let config = TopicConfig { message_timestamp_before_max_ms: 1000, ..TopicConfig::default() };
    let batch = batch_of(
        &[
            (NOW.0, None, None),
            (NOW.0 - 1001, None, None),
            (NOW.0 + 3_600_001, None, None),
            (NOW.0, None, None),
        ],
        Compression::None,
    );
    let BatchError::InvalidTimestamps(faults) = check(batch, &config).unwrap_err() else { panic!() };
    assert_eq!(faults.iter().map(|f| f.batch_index).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        faults[0].message,
        "Timestamp 1699999998999 of message with offset 1 is out of range. The timestamp should be within \
         [1699999999000, 1700003600000]"
    );
    let bounds = batch_of(&[(NOW.0 - 1000, None, None), (NOW.0 + 3_600_000, None, None)], Compression::None);
    assert!(check(bounds, &config).is_ok(), "the bounds themselves are inside");
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
fn d53_wrong_deltas_of_plain_batches_are_rewritten_too() {
    let mut batch = plain().to_vec();
    batch[HEADER_LEN + 3] = 0x10; // offset delta of the first record: 8
    let mut header = BatchHeader::parse(&batch).unwrap();
    header.seal(&batch[HEADER_LEN..]);
    batch[..HEADER_LEN].copy_from_slice(&header.encode());
    let valid = check(batch.into(), &TopicConfig::default()).unwrap();
    assert_eq!(&valid.payload()[..], &plain()[HEADER_LEN..]);
    assert_eq!(valid.header.crc, valid.header.checksum(valid.payload()));
}

#[test]
fn one_bad_timestamp_makes_the_whole_list_an_invalid_timestamp() {
    let config = TopicConfig {
        cleanup_policy: CleanupPolicy { delete: false, compact: true },
        message_timestamp_before_max_ms: 1000,
        ..TopicConfig::default()
    };
    let batch = batch_of(
        &[(NOW.0 - 5000, None, None), (NOW.0 - 5000, Some(b"k"), None), (NOW.0, Some(b"k"), None)],
        Compression::None,
    );
    let BatchError::InvalidTimestamps(faults) = check(batch, &config).unwrap_err() else { panic!() };
    let indexes: Vec<_> =
        faults.iter().map(|f| (f.batch_index, f.message.starts_with("Timestamp"))).collect();
    assert_eq!(indexes, [(0, false), (1, true)], "the key's fault comes first, one fault a record");
}

#[test]
fn a_client_may_not_say_log_append_time() {
    let sent = patched(&plain(), |h| h.attributes = h.attributes.with_log_append_time());
    let config =
        TopicConfig { message_timestamp_type: TimestampType::LogAppendTime, ..TopicConfig::default() };
    let BatchError::InvalidTimestamps(faults) = check(sent.clone(), &config).unwrap_err() else { panic!() };
    assert_eq!(
        faults[0],
        RecordFault {
            batch_index: 0,
            message: "Invalid timestamp type in message DefaultRecord(offset=0, timestamp=1700000000005, \
                      key=1 bytes, value=1 bytes). Producer should not set timestamp type to LogAppendTime."
                .to_owned()
        }
    );
    let valid = check(sent, &TopicConfig::default()).unwrap();
    assert!(
        !valid.header.attributes.is_log_append_time(),
        "a topic with CreateTime clears it, as Kafka does"
    );
}

#[test]
fn coordinators_may_write_markers_and_batches_without_sequence() {
    let config = TopicConfig { compression_type: CompressionType::Zstd, ..TopicConfig::default() };
    let producer =
        |h: &mut BatchHeader| (h.producer_id, h.producer_epoch) = (ProducerId(1), ProducerEpoch(0));
    let offsets = patched(&plain(), producer);
    assert!(validate(offsets, &config, Origin::Coordinator, NOW).is_ok());
    let marker = patched(&plain(), |h| h.attributes = h.attributes.with_control());
    let valid = validate(marker.clone(), &config, Origin::Coordinator, NOW).unwrap();
    assert_eq!(valid.payload(), &marker.slice(HEADER_LEN..), "markers are not compressed");
}

#[test]
fn a_recompressed_batch_is_measured_again() {
    let config = TopicConfig {
        compression_type: CompressionType::Uncompressed,
        max_message_bytes: 500,
        ..TopicConfig::default()
    };
    let sent = batch_of(&[(NOW.0, None, Some(&[7; 1000]))], Compression::Gzip);
    assert!(sent.len() < 500);
    assert!(matches!(check(sent, &config).unwrap_err(), BatchError::TooLarge { max: 500, .. }));
}

#[test]
fn a_bomb_is_refused_and_regular_data_is_not() {
    for codec in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let regular = batch_of(&[(NOW.0, None, Some(&vec![0; 8 << 20]))], codec);
        assert!(check(regular, &TopicConfig::default()).is_ok(), "{codec:?}");
    }
    let bomb = batch_of(&[(NOW.0, None, Some(&vec![0; 20 << 20]))], Compression::Zstd);
    assert_eq!(check(bomb, &TopicConfig::default()).unwrap_err(), BatchError::Bomb(16 << 20));
}

#[test]
fn the_list_of_faults_is_bounded() {
    let config = TopicConfig {
        cleanup_policy: CleanupPolicy { delete: false, compact: true },
        ..TopicConfig::default()
    };
    let batch = batch_of(&vec![(NOW.0, None, None); FAULTS_MAX + 5], Compression::Lz4);
    let BatchError::InvalidRecords(faults) = check(batch, &config).unwrap_err() else { panic!() };
    assert_eq!(faults.len(), FAULTS_MAX);
}

type Record = (i64, Option<Vec<u8>>, Option<Vec<u8>>);

fn any_records() -> impl Strategy<Value = Vec<Record>> {
    let bytes = || proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
    proptest::collection::vec((0..NOW.0, bytes(), bytes()), 1..30)
}

fn contents(plain: &[u8], header: &BatchHeader) -> Vec<Record> {
    records(plain, header.count)
        .map(Result::unwrap)
        .map(|r| {
            let time = header.base_timestamp + r.timestamp_delta;
            (time, r.key.map(<[u8]>::to_vec), r.value.map(<[u8]>::to_vec))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_codecs_the_records_stay(sent in any_records(), from in 0i16..5, to in 0usize..6) {
        let batch = {
            let mut builder = BatchBuilder::new().compression(Compression::from_id(from).unwrap());
            for (time, key, value) in &sent {
                builder.push(Timestamp(*time), key.as_deref(), value.as_deref(), &[("h", None)]);
            }
            builder.try_build().unwrap()
        };
        let setting = [
            CompressionType::Producer, CompressionType::Uncompressed, CompressionType::Gzip,
            CompressionType::Snappy, CompressionType::Lz4, CompressionType::Zstd,
        ][to];
        let valid = check(batch, &TopicConfig { compression_type: setting, ..TopicConfig::default() }).unwrap();
        let whole = [&valid.header_bytes()[..], valid.payload()].concat();
        prop_assert!(crate::batch::header::stored_crc_matches(&whole));
        prop_assert_eq!(valid.header.max_timestamp, sent.iter().map(|r| r.0).max().unwrap());
        let mut out = Vec::new();
        decompress(valid.header.attributes.compression().unwrap(), valid.payload(), 1 << 20, &mut out).unwrap();
        prop_assert_eq!(contents(&out, &valid.header), sent);
    }

    /// Bytes behind a header that is right in all else, checksum included.
    #[test]
    fn hostile_records_are_refused_or_read(
        payload in proptest::collection::vec(any::<u8>(), 0..200), count in 1i32..5, codec in 0i16..8,
    ) {
        let mut header = BatchHeader::parse(&plain()).unwrap();
        header.count = count;
        header.last_offset_delta = count - 1;
        header.attributes.0 = codec;
        header.batch_length = i32::try_from(49 + payload.len()).unwrap();
        header.seal(&payload);
        let _ = check([&header.encode()[..], &payload].concat().into(), &TopicConfig::default());
    }

    #[test]
    fn hostile_batches_do_not_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if bytes.len() > 61 {
            bytes[16] = 2;
            let length = i32::try_from(bytes.len() - 12).unwrap();
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            let crc = crc32c(&bytes[21..]);
            bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        }
        let _ = validate(bytes.into(), &TopicConfig::default(), Origin::Coordinator, NOW);
    }
}

/// Not a check: prints how fast the way without compression is. `cargo test --release speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn speed_of_the_plain_way() {
    for size in [100usize, 1000] {
        let mut builder = BatchBuilder::new();
        for _ in 0..(800_000 / size) {
            builder.push(NOW, Some(b"key-0001"), Some(&vec![7; size]), &[]);
        }
        let batch = builder.build();
        let config = TopicConfig::default();
        let started = std::time::Instant::now();
        for _ in 0..1000 {
            std::hint::black_box(check(batch.clone(), &config).unwrap());
        }
        let took = started.elapsed();
        println!("{size} B records: {:.2} GB/s", batch.len() as f64 * 1000.0 / took.as_secs_f64() / 1e9);
    }
}
