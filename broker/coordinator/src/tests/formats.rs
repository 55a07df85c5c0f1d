//! The byte formats of `__consumer_offsets`, against bytes written by hand from Kafka's schemas.

use proptest::prelude::*;

use super::*;
use crate::records::{GroupMetadataValue, MemberMetadata, OffsetCommitValue, RecordError, RecordKey};

#[test]
fn keys() {
    let key = RecordKey::OffsetCommit {
        group: group(),
        topic: TopicName::new("to"),
        partition: PartitionIndex(258),
    };
    let bytes = [0, 1, 0, 1, b'g', 0, 2, b't', b'o', 0, 0, 1, 2];
    assert_eq!(key.encode(), &bytes[..]);
    assert_eq!(RecordKey::decode(&bytes), Ok(key.clone()));
    let mut version_0 = bytes;
    version_0[1] = 0;
    assert_eq!(RecordKey::decode(&version_0), Ok(key));
    let key = RecordKey::GroupMetadata { group: group() };
    assert_eq!(key.encode(), &[0, 2, 0, 1, b'g'][..]);
    assert_eq!(RecordKey::decode(&[0, 2, 0, 1, b'g']), Ok(key));
    assert_eq!(RecordKey::decode(&[0, 3, 9, 9]), Ok(RecordKey::Other(3)));
    assert_eq!(RecordKey::decode(&[0, 1, 0, 9, b'g']), Err(RecordError::Truncated { missing: 8 }));
}

#[test]
fn offset_values_of_every_version() {
    let offset = [0, 0, 0, 0, 0, 0, 0, 5];
    let time = [0, 0, 0, 0, 0, 0, 0, 9];
    let value = |leader_epoch, expire_timestamp| OffsetCommitValue {
        offset: 5,
        leader_epoch,
        metadata: "m".into(),
        commit_timestamp: 9,
        expire_timestamp,
    };
    let v0 = [&[0, 0][..], &offset, &[0, 1, b'm'], &time].concat();
    let v1 = [&[0, 1][..], &offset, &[0, 1, b'm'], &time, &[0, 0, 0, 0, 0, 0, 0, 99]].concat();
    let v2 = [&[0, 2][..], &offset, &[0, 1, b'm'], &time].concat();
    let v3 = [&[0, 3][..], &offset, &[0, 0, 0, 4], &[0, 1, b'm'], &time].concat();
    // flexible, with one tagged field: tag 0, 16 bytes (a topic id)
    let v4 = [&[0, 4][..], &offset, &[0, 0, 0, 4], &[2, b'm'], &time, &[1, 0, 16], &[7; 16]].concat();
    for (bytes, expected) in [
        (&v0, value(-1, -1)),
        (&v1, value(-1, 99)),
        (&v2, value(-1, -1)),
        (&v3, value(4, -1)),
        (&v4, value(4, -1)),
    ] {
        assert_eq!(OffsetCommitValue::decode(bytes), Ok(expected));
        for cut in 0..bytes.len() {
            assert!(OffsetCommitValue::decode(&bytes[..cut]).is_err(), "version {} cut at {cut}", bytes[1]);
        }
    }
    assert_eq!(value(4, -1).encode(), v3, "written as 3");
    assert_eq!(value(-1, 99).encode(), v1, "with an expiry as 1");
    let unknown = OffsetCommitValue::decode(&[0, 5]);
    assert_eq!(unknown, Err(RecordError::UnknownVersion { kind: "OffsetCommitValue", version: 5 }));
}

#[test]
fn group_values_of_every_version() {
    let value = |instance: Option<&str>, rebalance, stamp| GroupMetadataValue {
        protocol_type: "consumer".into(),
        generation: 3,
        protocol: Some("range".into()),
        leader: None,
        state_timestamp: stamp,
        members: vec![MemberMetadata {
            member_id: "m".into(),
            instance_id: instance.map(str::to_owned),
            client_id: "c".into(),
            client_host: "/h".into(),
            rebalance_timeout_ms: rebalance,
            session_timeout_ms: 6,
            subscription: Bytes::from_static(b"sub"),
            assignment: Bytes::new(),
        }],
    };
    let head = |version: u8| {
        [&[0, version, 0, 8][..], b"consumer", &[0, 0, 0, 3, 0, 5], b"range", &[0xff, 0xff]].concat()
    };
    let stamp = [0, 0, 0, 0, 0, 0, 0, 8];
    let one = [0, 0, 0, 1];
    let member = [0, 1, b'm'];
    let client = [0, 1, b'c', 0, 2, b'/', b'h'];
    let (rebalance, session) = ([0, 0, 0, 7], [0, 0, 0, 6]);
    let blobs = [0, 0, 0, 3, b's', b'u', b'b', 0, 0, 0, 0];
    let v0 = [&head(0)[..], &one, &member, &client, &session, &blobs].concat();
    let v1 = [&head(1)[..], &one, &member, &client, &rebalance, &session, &blobs].concat();
    let v2 = [&head(2)[..], &stamp, &one, &member, &client, &rebalance, &session, &blobs].concat();
    let instance = [0, 1, b'i'];
    let v3 = [&head(3)[..], &stamp, &one, &member, &instance, &client, &rebalance, &session, &blobs].concat();
    let v4 = [
        &[0, 4, 9][..],
        b"consumer",
        &[0, 0, 0, 3, 6],
        b"range",
        &[0],
        &stamp,
        &[2],
        &[2, b'm', 2, b'i', 2, b'c', 3, b'/', b'h'],
        &rebalance,
        &session,
        &[4, b's', b'u', b'b', 1, 0],
        &[0],
    ]
    .concat();
    for (bytes, expected) in [
        (&v0, value(None, -1, -1)),
        (&v1, value(None, 7, -1)),
        (&v2, value(None, 7, 8)),
        (&v3, value(Some("i"), 7, 8)),
        (&v4, value(Some("i"), 7, 8)),
    ] {
        assert_eq!(GroupMetadataValue::decode(bytes), Ok(expected), "version {}", bytes[1]);
        for cut in 0..bytes.len() {
            assert!(GroupMetadataValue::decode(&bytes[..cut]).is_err(), "version {} cut at {cut}", bytes[1]);
        }
    }
    assert_eq!(value(Some("i"), 7, 8).encode(), v3, "written as 3");
}

#[test]
fn replay_names_the_offset_and_passes_over_unknown_kinds() {
    let mut shard = GroupShard::new(config());
    assert_eq!(shard.replay(&[0, 3, 1, 2], None, Offset(1)), Ok(Replayed::Ignored { kind: 3 }));
    let error = shard.replay(&[0, 2, 0, 1, b'g'], Some(&[0, 9]), Offset(42)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the group record at offset 42 cannot be read: unknown version 9 of GroupMetadataValue"
    );
}

proptest! {
    #[test]
    fn garbage_never_panics(key in proptest::collection::vec(any::<u8>(), 0..64),
                            version in 0_u8..6,
                            tail in proptest::collection::vec(any::<u8>(), 0..128)) {
        let mut value = vec![0, version];
        value.extend(tail);
        let _ = RecordKey::decode(&key);
        let _ = OffsetCommitValue::decode(&value);
        let _ = GroupMetadataValue::decode(&value);
        let mut shard = GroupShard::new(config());
        let _ = shard.replay(&[0, 2, 0, 1, b'g'], Some(&value), Offset(0));
        let _ = shard.replay(&key, Some(&value), Offset(1));
        let _ = shard.loaded(secs(1), Timestamp(1));
        for group in shard.groups_for_test() {
            group.check();
        }
    }
}
