//! Requests that mean harm, at every decoder: an answer, never a panic.

use bytes::Bytes;
use proptest::prelude::*;

use super::testing::{headers, with_stamp};
use super::*;

/// Text that is nearly what decoders want.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>().prop_map(|v| v.into_iter().take(4).collect()),
        proptest::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "null",
            "1e999",
            "-1",
            "\"\\ud800\"",
            "\"metadata\":",
            "\"payload\":{}",
            "\"event_name\":\"n\"",
            "\"id\":\"1\"",
            "\"specversion\":\"1.0\"",
            "\"source\":\"s\"",
            "\"type\":\"track\"",
            "\"data\":",
            "\"records\":[{\"value\":",
            "\"entries\":[",
            "\"value\":{\"type\":\"JSON\",\"data\":",
            "\"resourceLogs\":[",
            "\"scopeLogs\":[",
            "\"logRecords\":[{",
            "\"attributes\":[{\"key\":",
            "\"batch\":[",
            "\"userId\":\"u\"",
            "\n",
            "é",
            "\"kvlistValue\":{\"values\":[",
            "\"timestamp\":\"2026-11-25T12:00:00Z\"",
        ])
        .prop_map(|s| s.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

fn everything(body: &Bytes) {
    for media in [
        "application/json",
        "application/x-ndjson",
        cloudevents::STRUCTURED,
        cloudevents::BATCHED,
        "text/plain",
    ] {
        let plain = headers(&[("content-type", media)]);
        let binary = headers(&[
            ("content-type", media),
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "s"),
            ("ce-type", "t"),
        ]);
        let _ = with_stamp(|stamp| native::decode(&plain, body, 10, stamp));
        let _ = with_stamp(|stamp| cloudevents::decode(&plain, body, 10, stamp));
        let _ = with_stamp(|stamp| cloudevents::decode(&binary, body, 10, stamp));
    }
    for kind in ["json", "binary"] {
        let headers = headers(&[("content-type", &format!("application/vnd.kafka.{kind}.v2+json"))]);
        let _ = with_stamp(|stamp| rest_proxy::v2::decode(&headers, body, None, 10, stamp));
    }
    let _ = with_stamp(|stamp| rest_proxy::v3::decode(body, 10, stamp));
    let _ = with_stamp(|stamp| rest_proxy::v3::decode_batch(body, stamp));
    for wire in [otlp::Wire::Json, otlp::Wire::Protobuf] {
        let _ = with_stamp(|stamp| otlp::decode(wire, body, 10, stamp));
    }
    for call in [segment::Call::Track, segment::Call::Batch] {
        let _ = with_stamp(|stamp| segment::decode(call, body, 10, stamp));
    }
    use webhook::Profile::{Github, Slack, StandardWebhooks, Stripe};
    for profile in [Github, Slack, StandardWebhooks, Stripe] {
        let _ = with_stamp(|stamp| webhook::decode(profile, &headers(&[]), body, stamp));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(700))]

    #[test]
    fn nothing_panics(body in body()) {
        everything(&Bytes::from(body));
    }

    #[test]
    fn what_is_accepted_is_whole(body in body()) {
        // Every event that any text gives is a native event that reads back.
        let body = Bytes::from(body);
        let json = headers(&[("content-type", "application/x-ndjson")]);
        if let Ok(decoded) = with_stamp(|stamp| native::decode(&json, &body, 10, stamp)) {
            for item in decoded.items {
                if let Item::Event(record) = item {
                    let value = record.value.unwrap();
                    let document = crate::json::Value::parse(&value, 128).unwrap();
                    let envelope = crate::envelope::Envelope::read(document).unwrap();
                    prop_assert_eq!(envelope.id.as_deref(), Some(record.id.as_str()));
                }
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused_everywhere_without_a_stack() {
    for open in ["[", "{\"a\":", "{\"batch\":[", "{\"data\":", "{\"resourceLogs\":["] {
        everything(&Bytes::from(open.repeat(200_000)));
    }
    let deep = format!("{{\"payload\":{{\"a\":{}{}}},\"event_name\":\"n\"}}", "[".repeat(60), "]".repeat(60));
    everything(&Bytes::from(deep));
}
