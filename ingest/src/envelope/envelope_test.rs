use bytes::Bytes;
use highway_types::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::ids::IdMaker;
use crate::json::{Pointer, Value};
use crate::record::{Record, header};

const NOW: Timestamp = Timestamp(1_795_608_000_123);

fn record_with(text: &[u8], rules: &Rules) -> Result<Record, Violation> {
    use rand::SeedableRng;
    let mut ids = IdMaker::new(rand::rngs::StdRng::seed_from_u64(1));
    let provenance = Provenance::new("orders/native", NOW);
    let mut stamp = Stamp { now: NOW, ids: &mut ids, rules, provenance: &provenance, schema: None };
    let body = Bytes::copy_from_slice(text);
    Envelope::read(Value::parse(&body, 64)?)?.record(&body, &mut stamp)
}

fn record(text: &str) -> Result<Record, Violation> {
    record_with(text.as_bytes(), &Rules::default())
}

#[track_caller]
fn refused(text: &str, code: Code, path: &str) -> String {
    let violation = record(text).expect_err(text);
    assert_eq!((violation.code, violation.path.as_str()), (code, path), "{text}: {violation}");
    violation.message
}

const FULL: &str = r#"{"metadata": {"id": "e-1", "timestamp": "2026-11-25T12:00:00.5+01:00", "version": 3, "x": [1]},
    "payload": {"n": 1.50000000000000000000000001e400, "n": 2}, "event_name": "order.placed"}"#;

#[test]
fn a_complete_event_is_stored_byte_for_byte() {
    let record = record(FULL).unwrap();
    assert_eq!(record.value.as_deref(), Some(FULL.as_bytes()));
    assert_eq!(record.id, "e-1");
    assert_eq!(record.timestamp, Timestamp(1_795_604_400_500));
    let header = |key: &str| String::from_utf8(record.header(key).unwrap().to_vec()).unwrap();
    assert_eq!(header(header::EVENT_ID), "e-1");
    assert_eq!(header(header::EVENT_NAME), "order.placed");
    assert_eq!(header(header::EVENT_TIMESTAMP), "2026-11-25T12:00:00.5+01:00");
    assert_eq!(header(header::EVENT_VERSION), "3");
    assert_eq!(header(header::INGEST), "orders/native");
    assert_eq!(header(header::RECEIVED_AT), "1795608000123");
}

#[test]
fn what_is_missing_is_put_in_and_all_else_stays() {
    for text in [
        r#"{"payload":{"n":1e999},"event_name":"n"}"#,
        r#"{ "payload" : {"n":1e999}, "metadata" : { } , "event_name":"n"}"#,
        r#"{"payload":{"n":1e999},"metadata":{"tracer":{"id":7}},"event_name":"n"}"#,
        r#"{"metadata":{"id":"given"},"payload":{"n":1e999},"event_name":"n"}"#,
        r#"{"metadata":{"timestamp":"2026-11-25T12:00:00Z"},"payload":{"n":1e999}}"#,
        r#"{"payload":{"n":1e999}}"#,
    ] {
        let rules = Rules { event_name: Some("n".to_owned()), ..Rules::default() };
        let made = record_with(text.as_bytes(), &rules).unwrap();
        let value = made.value.clone().unwrap();
        let again = Envelope::read(Value::parse(&value, 64).unwrap()).unwrap();
        assert_eq!(again.id.as_deref(), Some(made.id.as_str()), "{text}");
        assert_eq!(again.event_name.as_deref(), Some("n"));
        assert_eq!(again.timestamp.as_ref().unwrap().1.timestamp(), made.timestamp);
        assert_eq!(again.payload.text(), r#"{"n":1e999}"#);
        if text.contains("tracer") {
            assert!(std::str::from_utf8(&value).unwrap().contains(r#""tracer":{"id":7}"#));
        }
        // Once complete, an event is not touched again: a reject that is replayed keeps its id.
        assert_eq!(record_with(&value, &rules).unwrap().value, Some(value));
    }
    assert_eq!(record(r#"{"payload":{},"event_name":"n"}"#).unwrap().timestamp, NOW);
}

#[test]
fn refusals_say_where_and_what_to_do() {
    refused("", Code::Malformed, "");
    refused("{", Code::Malformed, "");
    refused("[]", Code::Type, "");
    refused("{}", Code::Missing, "/payload");
    refused(r#"{"payload":{}}"#, Code::Missing, "/event_name");
    assert!(
        refused(r#"{"payload":[1]}"#, Code::Type, "/payload").contains("[1] is an array; send an object")
    );
    refused(r#"{"payload":null}"#, Code::Type, "/payload");
    refused(r#"{"payload":{},"event_name":""}"#, Code::Value, "/event_name");
    refused(r#"{"payload":{},"event_name":7}"#, Code::Type, "/event_name");
    refused(r#"{"payload":{},"event_name":"a\u0007"}"#, Code::Value, "/event_name");
    refused(r#"{"payload":{},"event_name":"\ud800"}"#, Code::Malformed, "");
    refused(r#"{"payload":{},"event_name":"n","user/id":1}"#, Code::Unknown, "/user~1id");
    refused(r#"{"payload":{},"payload":{},"event_name":"n"}"#, Code::Duplicate, "/payload");
    refused(r#"{"payload":{},"p\u0061yload":{},"event_name":"n"}"#, Code::Duplicate, "/payload");
    refused(r#"{"payload":{},"event_name":"n","metadata":null}"#, Code::Type, "/metadata");
    refused(r#"{"payload":{},"event_name":"n","metadata":{"id":1}}"#, Code::Type, "/metadata/id");
    refused(
        r#"{"payload":{},"event_name":"n","metadata":{"id":"a","id":"b"}}"#,
        Code::Duplicate,
        "/metadata/id",
    );
    let long = "x".repeat(257);
    let message = refused(
        &format!(r#"{{"payload":{{}},"event_name":"n","metadata":{{"id":"{long}"}}}}"#),
        Code::Value,
        "/metadata/id",
    );
    assert!(message.len() < 250, "{message}");
    for bad in ["yesterday", "1795604400", "2026-02-29T00:00:00Z", "2026-11-25T12:00:00"] {
        let text = format!(r#"{{"payload":{{}},"event_name":"n","metadata":{{"timestamp":"{bad}"}}}}"#);
        assert!(refused(&text, Code::Value, "/metadata/timestamp").contains("RFC 3339"));
    }
    refused(
        r#"{"payload":{},"event_name":"n","metadata":{"timestamp":1}}"#,
        Code::Type,
        "/metadata/timestamp",
    );
    refused(r#"{"payload":{},"event_name":"n","metadata":{"version":{}}}"#, Code::Type, "/metadata/version");
    let deep = format!(r#"{{"payload":{{"a":{}1{}}},"event_name":"n"}}"#, "[".repeat(70), "]".repeat(70));
    refused(&deep, Code::Depth, "");
    let violation =
        record_with(b"{\"payload\":{\"a\":\"\xff\"},\"event_name\":\"n\"}", &Rules::default()).unwrap_err();
    assert_eq!(violation.code, Code::Encoding);
}

#[test]
fn an_event_that_is_too_large_is_refused() {
    let size = record(FULL).unwrap().size();
    let limited = |max_event_bytes| {
        record_with(FULL.as_bytes(), &Rules { max_event_bytes, ..Rules::default() }).map_err(|v| v.code)
    };
    assert!(limited(size).is_ok());
    assert_eq!(limited(size - 1).unwrap_err(), Code::Size);
}

#[test]
fn keys_are_selected() {
    let text = r#"{"metadata":{"id":"i"},"payload":{"s":"a\n","n":1.0,"z":null,"o":{"k": [1]},"d":1,"d":2},"event_name":"n"}"#;
    let key = |rule: KeyRule| {
        let rules = Rules { key: rule, ..Rules::default() };
        record_with(text.as_bytes(), &rules).map(|r| r.key.map(|k| String::from_utf8(k.to_vec()).unwrap()))
    };
    let at =
        |pointer: &str, required| KeyRule::Pointer { pointer: Pointer::parse(pointer).unwrap(), required };
    assert_eq!(key(KeyRule::None).unwrap(), None);
    assert_eq!(key(KeyRule::Id).unwrap().unwrap(), "i");
    assert_eq!(key(KeyRule::EventName).unwrap().unwrap(), "n");
    assert_eq!(key(at("/payload/s", true)).unwrap().unwrap(), "a\n");
    assert_eq!(key(at("/payload/n", true)).unwrap().unwrap(), "1.0");
    assert_eq!(key(at("/payload/o", true)).unwrap().unwrap(), r#"{"k": [1]}"#);
    assert_eq!(key(at("/payload/z", false)).unwrap(), None);
    assert_eq!(key(at("/payload/z", true)).unwrap_err().code, Code::Key);
    assert_eq!(key(at("/payload/none", true)).unwrap_err().path, "/payload/none");
    assert_eq!(key(at("/payload/d", false)).unwrap_err().code, Code::Key);
}

#[test]
fn composed_events_are_native_events() {
    use rand::SeedableRng;
    let mut ids = IdMaker::new(rand::rngs::StdRng::seed_from_u64(1));
    let (rules, provenance) = (Rules::default(), Provenance::new("e/x", NOW));
    for (payload, expected) in [
        (Payload::Json(Value::parse(br#"{"a": 1}"#, 8).unwrap()), r#"{"a": 1}"#),
        (Payload::Json(Value::parse(b"[1]", 8).unwrap()), r#"{"data":[1]}"#),
        (Payload::Text("a\"b"), r#"{"data":"a\"b"}"#),
        (Payload::Binary(b"\xff\x00"), r#"{"data_base64":"/wA="}"#),
        (Payload::Empty, "{}"),
    ] {
        let mut stamp =
            Stamp { now: NOW, ids: &mut ids, rules: &rules, provenance: &provenance, schema: None };
        let metadata = [("source", "\"s\"".to_owned())];
        let parts = Parts {
            id: Some("i"),
            identity: Some("s i".to_owned()),
            timestamp: None,
            version: Some("2"),
            event_name: "n",
            metadata: &metadata,
            payload,
        };
        let record = parts.record(&mut stamp).unwrap();
        assert_eq!(record.id, "s i");
        let value = record.value.unwrap();
        let read = Envelope::read(Value::parse(&value, 64).unwrap()).unwrap();
        assert_eq!((read.id.as_deref(), read.version.as_deref()), (Some("i"), Some("2")));
        assert_eq!(read.payload.text(), expected);
    }
}

proptest! {
    #[test]
    fn any_payload_is_kept(payload in "\\{\"[a-zé]{0,5}\":(\"[^\"\\\\\\x00-\\x1f]{0,20}\"|-?[1-9][0-9]{0,30}|null|\\[\\])\\}", id in "[ -~]{1,40}") {
        let id = serde_json::to_string(&id).unwrap();
        let text = format!(r#"{{"event_name":"n","payload":{payload},"metadata":{{"id":{id}}}}}"#);
        let made = record(&text).unwrap();
        let value = made.value.unwrap();
        let read = Envelope::read(Value::parse(&value, 64).unwrap()).unwrap();
        prop_assert_eq!(read.payload.text(), &payload);
        prop_assert_eq!(read.id.unwrap().into_owned(), made.id);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), cut in 0..FULL.len()) {
        let _ = record_with(&bytes, &Rules::default());
        let _ = record_with(&FULL.as_bytes()[..cut], &Rules::default());
    }
}
