use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::dialect::testing::{events, headers, json as value, with_stamp};
use crate::envelope::{Code, Violation};
use crate::outcome::{EventResult, Outcome, Turned};

/// A message of length-delimited, varint and fixed fields.
#[derive(Default)]
struct Proto(Vec<u8>);

impl Proto {
    fn varint(out: &mut Vec<u8>, mut n: u64) {
        while n >= 0x80 {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
    }
    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        Self::varint(&mut self.0, field << 3 | 2);
        Self::varint(&mut self.0, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }
    fn number(mut self, field: u64, n: u64) -> Self {
        Self::varint(&mut self.0, field << 3);
        Self::varint(&mut self.0, n);
        self
    }
    fn fixed64(mut self, field: u64, n: u64) -> Self {
        Self::varint(&mut self.0, field << 3 | 1);
        self.0.extend_from_slice(&n.to_le_bytes());
        self
    }
}

fn p() -> Proto {
    Proto::default()
}

fn pair(key: &str, value: Proto) -> Vec<u8> {
    p().bytes(1, key.as_bytes()).bytes(2, &value.0).0
}

const TIME: u64 = 1_795_608_000_000_000_001;

fn protobuf() -> Vec<u8> {
    let list = p().bytes(1, &pair("x", p().number(3, (-5_i64) as u64)));
    let array = p()
        .bytes(1, &p().bytes(1, b"s").0)
        .bytes(1, &p().number(2, 1).0)
        .bytes(1, &p().fixed64(4, 1.5_f64.to_bits()).0);
    let record = p()
        .fixed64(1, TIME)
        .number(2, 17)
        .bytes(3, b"ERROR")
        .bytes(5, &p().bytes(1, "it f\"ailed".as_bytes()).0)
        .bytes(6, &pair("list", p().bytes(6, &list.0)))
        .bytes(6, &pair("array", p().bytes(5, &array.0)))
        .bytes(6, &pair("bytes", p().bytes(7, b"\xff")))
        .bytes(6, &pair("none", p()))
        .bytes(9, &[0xab; 16])
        .bytes(10, &[1; 8])
        .bytes(99, b"unknown");
    let scope_logs = p().bytes(2, &record.0).bytes(1, &p().bytes(1, b"lib").bytes(2, b"1").0);
    let resource = p().bytes(1, &pair("service.name", p().bytes(1, b"shop")));
    p().bytes(1, &p().bytes(2, &scope_logs.0).bytes(1, &resource.0).0).0
}

const JSON: &str = r#"{"unknown":1,"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
  "scopeLogs":[{"scope":{"name":"lib","version":"1"},"logRecords":[{"timeUnixNano":"1795608000000000001","severityNumber":17,
  "severityText":"ERROR","body":{"stringValue":"it f\"ailed"},"attributes":[
   {"key":"list","value":{"kvlistValue":{"values":[{"key":"x","value":{"intValue":"-5"}}]}}},
   {"key":"array","value":{"arrayValue":{"values":[{"stringValue":"s"},{"boolValue":true},{"doubleValue":1.5}]}}},
   {"key":"bytes","value":{"bytesValue":"/w=="}},{"key":"none","value":{}}],
  "traceId":"ABABABABABABABABABABABABABABABAB","spanId":"0101010101010101"}]}]}]}"#;

fn run(wire: Wire, body: &[u8]) -> Result<Decoded, RequestError> {
    with_stamp(|stamp| decode(wire, &Bytes::copy_from_slice(body), 3, stamp))
}

#[test]
fn both_encodings_store_the_same() {
    for decoded in [run(Wire::Protobuf, &protobuf()), run(Wire::Json, JSON.as_bytes())] {
        let decoded = decoded.unwrap();
        let [record] = events(&decoded)[..] else { panic!() };
        let event = value(record.value.as_ref());
        assert_eq!(event["event_name"], "otlp.log");
        assert_eq!(event["metadata"]["timestamp"], "2026-11-25T12:00:00.000000001Z");
        assert_eq!(
            event["payload"],
            json!({"time_unix_nano": TIME, "severity_number": 17, "severity_text": "ERROR", "body": "it f\"ailed",
                "trace_id": "ab".repeat(16), "span_id": "01".repeat(8),
                "attributes": {"list": {"x": -5}, "array": ["s", true, 1.5], "bytes": "/w==", "none": null},
                "resource": {"service.name": "shop"}, "scope": {"name": "lib", "version": "1"}})
        );
    }
}

#[test]
fn empty_requests_are_a_success() {
    for (wire, body) in [(Wire::Protobuf, ""), (Wire::Json, "{}"), (Wire::Json, r#"{"resourceLogs":null}"#)] {
        assert_eq!(run(wire, body.as_bytes()).unwrap().items.len(), 0);
        let answer = answer(wire, &[]);
        assert_eq!(
            (answer.status.as_u16(), answer.body.len()),
            (200, if wire == Wire::Json { 2 } else { 0 })
        );
    }
}

#[test]
fn broken_requests() {
    for body in ["\x0a\x05ab", "\x0b", "\x08", "\x0a\u{7f}", "\x0a\x02\x12\x05"] {
        assert!(matches!(run(Wire::Protobuf, body.as_bytes()), Err(RequestError::Malformed(_))), "{body:?}");
    }
    for (from, to) in [
        ("\"ABAB", "\"+/=="),
        ("\"-5\"", "\"1e3\""),
        ("17,", "\"x\","),
        ("[{\"resource\"", "{\"x\":[],\"resource\""),
    ] {
        let body = JSON.replace(from, to);
        assert_ne!(body, JSON);
        assert!(run(Wire::Json, body.as_bytes()).is_err(), "{to}");
    }
    let mut deep = p().bytes(1, b"x");
    for _ in 0..200 {
        deep = p().bytes(5, &p().bytes(1, &deep.0).0);
    }
    let body = p().bytes(1, &p().bytes(2, &p().bytes(2, &p().bytes(5, &deep.0).0).0).0);
    assert!(matches!(run(Wire::Protobuf, &body.0), Err(RequestError::Malformed(_))));
    let records = p().bytes(2, b"").bytes(2, b"").bytes(2, b"").bytes(2, b"");
    let many = p().bytes(1, &p().bytes(2, &records.0).0);
    assert_eq!(run(Wire::Protobuf, &many.0).unwrap_err(), RequestError::TooMany { max: 3 });
    assert!(Wire::of(&headers(&[("content-type", "text/plain")])).is_err());
    assert_eq!(Wire::of(&headers(&[("content-type", "application/x-protobuf")])), Ok(Wire::Protobuf));
}

#[test]
fn answers_in_the_encoding_of_the_request() {
    let stored =
        EventResult { id: None, outcome: Outcome::Stored { partition: 0, offset: 0, duplicate: false } };
    let refused =
        EventResult { id: None, outcome: Outcome::Refused(Violation::new(Code::Size, "", "too big")) };
    let unknown = EventResult { id: None, outcome: Outcome::Unknown };
    let partial = answer(Wire::Json, &[stored.clone(), refused.clone(), refused.clone()]);
    assert_eq!(partial.status.as_u16(), 200);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&partial.body).unwrap(),
        json!({"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "too big"}})
    );
    let partial = answer(Wire::Protobuf, &[stored, refused.clone(), refused.clone()]);
    assert_eq!(partial.body, p().bytes(1, &p().number(1, 2).bytes(2, b"too big").0).0);
    let again = answer(Wire::Protobuf, &[refused, unknown]);
    assert_eq!((again.status.as_u16(), again.retry_after, again.body[1]), (504, Some(1), 4));
    let away = turned(Wire::Protobuf, &Turned::Unauthorized("no key".to_owned()));
    assert_eq!(away.body, p().number(1, 16).bytes(2, b"no key").0);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), at in 0..protobuf().len(), byte: u8) {
        let _ = run(Wire::Protobuf, &bytes);
        let mut changed = protobuf();
        changed[at] = byte;
        let _ = run(Wire::Protobuf, &changed);
    }
}
