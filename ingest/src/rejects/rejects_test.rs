use std::time::Duration;

use bytes::Bytes;
use highway_types::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::dialect::Refused;
use crate::envelope::{Code, Violation};
use crate::record::Record;

fn refused(raw: &[u8]) -> Refused {
    let violation = Violation::new(Code::Schema, "/payload/n", "'x' is no number; send one");
    Refused { id: Some("i".to_owned()), raw: Bytes::copy_from_slice(raw), violation }
}

fn origin() -> Origin {
    Origin {
        endpoint: "orders".to_owned(),
        topic: "t".to_owned(),
        dialect: "native".to_owned(),
        content_type: "application/json".to_owned(),
        key_id: Some("k".to_owned()),
        client: None,
        attempt: 0,
    }
}

fn replay(record: &Record, edited: Option<Bytes>) -> Result<Replay, ReplayError> {
    let headers: Vec<_> = record.headers.iter().map(|h| (&*h.key, &h.value[..])).collect();
    Replay::of(&headers, record.value.clone().unwrap(), edited, 3)
}

#[test]
fn a_reject_says_why_and_whence() {
    let record = reject_record(&refused(b"raw"), 4, &origin(), Timestamp(7), 100);
    let header =
        |key: &str| record.header(key).map(|v| String::from_utf8(v.to_vec()).unwrap()).unwrap_or_default();
    assert_eq!(record.value.as_deref(), Some(&b"raw"[..]));
    assert_eq!(record.key.as_deref(), Some(&b"i"[..]));
    for (key, value) in [
        ("hw-reject-endpoint", "orders"),
        ("hw-reject-topic", "t"),
        ("hw-reject-code", "schema"),
        ("hw-reject-path", "/payload/n"),
        ("hw-reject-message", "'x' is no number; send one"),
        ("hw-reject-index", "4"),
        ("hw-received-at", "7"),
        ("hw-key-id", "k"),
        ("hw-client-addr", ""),
    ] {
        assert_eq!(header(key), value, "{key}");
    }
}

#[test]
fn a_replay_is_what_was_sent_until_it_was_tried_too_often() {
    let mut origin = origin();
    for attempt in 0..3 {
        let record = reject_record(&refused(b"raw"), 0, &origin, Timestamp(7), 100);
        let again = replay(&record, None).unwrap();
        assert_eq!((again.origin.attempt, &again.body[..]), (attempt + 1, &b"raw"[..]));
        origin = again.origin;
    }
    let record = reject_record(&refused(b"raw"), 0, &origin, Timestamp(7), 100);
    assert_eq!(replay(&record, None), Err(ReplayError::Attempts(3)));
    assert_eq!(replay(&record, Some("fixed".into())).unwrap().body, "fixed");
    let cut = reject_record(&refused(b"raw"), 0, &super::rejects_test::origin(), Timestamp(7), 2);
    assert_eq!(replay(&cut, None), Err(ReplayError::Cut { kept: 2, sent: 3 }));
    assert_eq!(Replay::of(&[], Bytes::new(), None, 3), Err(ReplayError::Header("hw-reject-raw-bytes")));
}

#[test]
fn a_flood_is_counted_and_not_kept() {
    let mut sampler = Sampler::new(10, Duration::ZERO);
    let kept = (0..1000).filter(|_| sampler.keep(Code::Schema, Duration::ZERO)).count();
    assert_eq!(kept, 10);
    assert!(sampler.keep(Code::Depth, Duration::ZERO), "the first of a reason is kept");
    assert!(!sampler.keep(Code::Depth, Duration::ZERO));
    assert!(sampler.keep(Code::Schema, Duration::from_secs(1)));
    let counts: Vec<_> = sampler.counts().collect();
    assert_eq!(
        counts,
        [("depth", Counted { refused: 2, kept: 1 }), ("schema", Counted { refused: 1001, kept: 11 })]
    );
}

proptest! {
    #[test]
    fn any_bytes_come_back(raw in proptest::collection::vec(any::<u8>(), 0..100)) {
        let record = reject_record(&refused(&raw), 0, &origin(), Timestamp(7), 100);
        let again = replay(&record, None).unwrap();
        prop_assert_eq!(&again.body[..], &raw[..]);
        prop_assert_eq!(again.origin, Origin { attempt: 1, ..origin() });
    }
}
