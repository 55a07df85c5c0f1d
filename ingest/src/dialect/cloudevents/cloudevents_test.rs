use bytes::Bytes;

use super::*;
use crate::dialect::testing::{events, headers, json, refused, with_stamp};
use crate::envelope::Code;

fn run(pairs: &[(&str, &str)], body: &[u8]) -> Result<Decoded, RequestError> {
    with_stamp(|stamp| decode(&headers(pairs), &Bytes::copy_from_slice(body), 3, stamp))
}

const BINARY: [(&str, &str); 5] = [
    ("ce-specversion", "1.0"),
    ("ce-id", "1"),
    ("ce-source", "/mine"),
    ("ce-type", "a.b"),
    ("content-type", "application/json"),
];

fn with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    BINARY.iter().filter(|(name, _)| !more.iter().any(|(n, _)| n == name)).chain(more).copied().collect()
}

#[test]
fn the_three_modes_store_the_same() {
    let event = r#"{"specversion":"1.0","id":"1","source":"/mine","type":"a.b","time":"2026-11-25T12:00:00Z",
        "subject":"s","ext":"x","data":{"n":1e999}}"#;
    let binary = run(
        &with(&[("ce-time", "2026-11-25T12:00:00Z"), ("ce-subject", "s"), ("ce-ext", "x")]),
        br#"{"n":1e999}"#,
    );
    let structured =
        run(&[("content-type", "application/cloudevents+json; charset=utf-8")], event.as_bytes());
    let batch = run(&[("content-type", BATCHED)], format!("[{event}]").as_bytes());
    for decoded in [binary, structured, batch] {
        let decoded = decoded.unwrap();
        let record = events(&decoded)[0];
        assert_eq!(record.id, "/mine 1");
        let text = std::str::from_utf8(record.value.as_ref().unwrap()).unwrap();
        assert!(text.starts_with(
            r#"{"metadata":{"id":"1","timestamp":"2026-11-25T12:00:00Z","source":"/mine","subject":"s""#
        ));
        assert!(text.contains(r#""extensions":{"ext":"x"}"#), "{text}");
        assert!(text.ends_with(r#""event_name":"a.b","payload":{"n":1e999}}"#), "{text}");
    }
}

#[test]
fn header_values_are_decoded_once() {
    for (sent, read) in [
        ("Euro%20%E2%82%AC", "Euro €"),
        ("\"quoted \\\"x\\\"\"", "quoted \"x\""),
        ("%2541", "%41"),
        ("100%", "100%"),
    ] {
        let pairs: Vec<_> = BINARY.into_iter().chain([("ce-subject", sent)]).collect();
        let decoded = run(&pairs, b"{}").unwrap();
        assert_eq!(json(events(&decoded)[0].value.as_ref())["metadata"]["subject"], read);
    }
    let decoded = run(&with(&[("ce-subject", "%C0%A0")]), b"{}").unwrap();
    assert_eq!(
        (refused(&decoded)[0].violation.code, refused(&decoded)[0].id.as_deref()),
        (Code::Encoding, Some("1"))
    );
}

#[test]
fn data_of_all_kinds() {
    let payload = |pairs: &[(&'static str, &'static str)], body: &[u8]| {
        json(events(&run(&with(pairs), body).unwrap())[0].value.as_ref())["payload"].clone()
    };
    assert_eq!(payload(&[("content-type", "text/plain")], b"hi"), serde_json::json!({"data": "hi"}));
    assert_eq!(
        payload(&[("content-type", "image/png")], b"\xff"),
        serde_json::json!({"data_base64": "/w=="})
    );
    assert_eq!(payload(&[("content-type", "application/x+json")], b"[1]"), serde_json::json!({"data": [1]}));
    assert_eq!(payload(&[], b""), serde_json::json!({}));
    let structured = |data: &str| {
        let event = format!(r#"{{"specversion":"1.0","id":"1","source":"s","type":"t",{data}}}"#);
        run(&[("content-type", STRUCTURED)], event.as_bytes()).unwrap()
    };
    let ok = |data: &str| json(events(&structured(data))[0].value.as_ref())["payload"].clone();
    assert_eq!(ok(r#""data":"text""#), serde_json::json!({"data": "text"}));
    assert_eq!(ok(r#""data_base64":"/w==""#), serde_json::json!({"data_base64": "/w=="}));
    assert_eq!(ok(r#""subject":null,"n":7,"b":true"#), serde_json::json!({}));
    for (data, path) in [
        (r#""data":1,"data_base64":"/w==""#, "/data_base64"),
        (r#""data_base64":"*""#, "/data_base64"),
        (r#""data":{},"datacontenttype":"text/xml""#, "/data"),
        (r#""Upper":"x""#, "/Upper"),
        (r#""id":"2""#, "/id"),
        (r#""ext":{}"#, "/ext"),
        (r#""time":"now""#, "/time"),
    ] {
        assert_eq!(refused(&structured(data))[0].violation.path, path, "{data}");
    }
}

#[test]
fn what_must_be_there() {
    for (name, path) in [("ce-id", "/id"), ("ce-source", "/source"), ("ce-type", "/type")] {
        let pairs: Vec<_> = BINARY.into_iter().filter(|(n, _)| *n != name).collect();
        assert_eq!(refused(&run(&pairs, b"{}").unwrap())[0].violation.path, path);
        assert_eq!(refused(&run(&with(&[(name, "")]), b"{}").unwrap())[0].violation.code, Code::Value);
    }
    assert_eq!(
        refused(&run(&with(&[("ce-specversion", "0.3")]), b"{}").unwrap())[0].violation.path,
        "/specversion"
    );
    let decoded = run(&with(&[("ce-datacontenttype", "application/json")]), b"{}").unwrap();
    assert_eq!(refused(&decoded)[0].violation.path, "/datacontenttype");
    assert_eq!(refused(&run(&BINARY, b"{").unwrap())[0].violation.code, Code::Malformed);
    let avro = [("content-type", "application/cloudevents+avro")];
    assert!(matches!(run(&avro, b""), Err(RequestError::MediaType { .. })));
    assert!(matches!(run(&[("content-type", BATCHED)], b"{}"), Err(RequestError::Malformed(_))));
    assert_eq!(
        run(&[("content-type", BATCHED)], b"[1,2,3,4]").unwrap_err(),
        RequestError::TooMany { max: 3 }
    );
    assert!(recognises(&headers(&BINARY)));
    assert!(!recognises(&headers(&[("content-type", "application/json")])));
}
