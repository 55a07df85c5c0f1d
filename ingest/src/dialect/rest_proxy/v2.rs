//! `POST /topics/{topic}` and `/topics/{topic}/partitions/{n}` of API v2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;
use http::HeaderMap;

use super::Sent;
use crate::dialect::answer::Answer;
use crate::dialect::decoded::{Decoded, Form, RequestError, media_type, part};
use crate::envelope::{Code, Stamp, Violation};
use crate::json::{Kind, Members, Value};
use crate::outcome::{EventResult, Outcome, Status};
use crate::record::Record;

/// The media type of answers.
pub const ANSWER: &str = "application/vnd.kafka.v2+json";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Embedded {
    Json,
    Binary,
}

/// Decodes a request; `partition` is the one of the path.
///
/// # Errors
/// A body that is not `{"records": […]}`, or an embedded format that is not taken.
pub fn decode(
    headers: &HeaderMap,
    body: &Bytes,
    partition: Option<i32>,
    max_events: usize,
    stamp: &mut Stamp<'_>,
) -> Result<Decoded, RequestError> {
    let media = media_type(headers);
    let embedded = match media.as_str() {
        "application/vnd.kafka.json.v2+json" | "application/vnd.kafka.json+json" => Embedded::Json,
        // What the proxy takes for binary when nothing more is said.
        "application/vnd.kafka.binary.v2+json"
        | "application/vnd.kafka.v2+json"
        | "application/vnd.kafka+json"
        | "application/json" => Embedded::Binary,
        _ => {
            return Err(RequestError::MediaType {
                got: media,
                wanted: "application/vnd.kafka.json.v2+json or application/vnd.kafka.binary.v2+json",
            });
        }
    };
    let document = Value::parse(body, INGEST_JSON_MAX_DEPTH + 3).map_err(Violation::from)?;
    let records = document.get("records").ok_or_else(|| {
        Violation::new(
            Code::Missing,
            "/records",
            "there are no records; send {\"records\": [{\"value\": …}]}",
        )
    })?;
    let mut array = records.array().ok_or_else(|| Violation::kind("/records", records, "an array"))?;
    let mut decoded = Decoded::new(Form::Batch);
    while let Some(value) = array.next_element().map_err(Violation::from)? {
        decoded.room(max_events)?;
        let made = record(value, body, embedded, partition, stamp);
        decoded.push(made, || (part(body, value), None));
    }
    Ok(decoded)
}

fn record(
    value: Value<'_>,
    body: &Bytes,
    embedded: Embedded,
    partition: Option<i32>,
    stamp: &mut Stamp<'_>,
) -> Result<Record, Violation> {
    let mut object =
        value.object().ok_or_else(|| Violation::kind("", value, "an object with key and value"))?;
    let mut sent = Sent { key: None, value: None, partition, timestamp: None, headers: Vec::new() };
    while let Some(member) = object.next_member()? {
        let value = member.value;
        match &*member.name()? {
            "key" => sent.key = embed("/key", value, body, embedded)?,
            "value" => sent.value = embed("/value", value, body, embedded)?,
            "partition" if value.kind() == Kind::Null => {}
            "partition" => {
                let number = value.text().parse().ok().filter(|n| *n >= 0);
                sent.partition =
                    Some(number.ok_or_else(|| Violation::kind("/partition", value, "a partition's number"))?);
            }
            other => {
                let message = "a record has only key, value and partition; leave this out";
                return Err(Violation::new(Code::Unknown, &format!("/{other}"), message));
            }
        }
    }
    sent.record(stamp)
}

fn embed(path: &str, value: Value<'_>, body: &Bytes, embedded: Embedded) -> Result<Option<Bytes>, Violation> {
    match (embedded, value.kind()) {
        (_, Kind::Null) => Ok(None),
        (Embedded::Json, _) => Ok(Some(part(body, value))),
        (Embedded::Binary, Kind::String) => {
            let text = value.as_str().unwrap_or_default();
            let bytes = STANDARD
                .decode(text.as_bytes())
                .map_err(|error| Violation::new(Code::Value, path, format!("not base64: {error}")))?;
            Ok(Some(bytes.into()))
        }
        (Embedded::Binary, _) => Err(Violation::kind(path, value, "base64 in a string, or null")),
    }
}

/// The answer: an entry for each record, in order. It is 200 if the request could be read, as the proxy's is.
#[must_use]
pub fn answer(results: &[EventResult]) -> Answer {
    let mut body = Vec::with_capacity(64 + results.len() * 64);
    let mut members = Members::open(&mut body);
    let out = members.member("offsets");
    out.push(b'[');
    for (index, result) in results.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let mut entry = Members::open(out);
        match &result.outcome {
            Outcome::Stored { partition, offset, .. } => {
                entry.number("partition", *partition);
                entry.number("offset", *offset);
                entry.raw("error_code", "null");
                entry.raw("error", "null");
            }
            failed => {
                // 1: for good, 2: may be tried again (the proxy's own numbers).
                let (code, message) = match failed {
                    Outcome::Refused(violation) => (1, violation.to_string()),
                    Outcome::Failed { reason } => (2, reason.clone()),
                    _ => (2, "timeout: not known whether it is stored".to_owned()),
                };
                entry.raw("partition", "null");
                entry.raw("offset", "null");
                entry.number("error_code", code);
                entry.string("error", &message);
            }
        }
        entry.close();
    }
    out.push(b']');
    members.raw("key_schema_id", "null");
    members.raw("value_schema_id", "null");
    members.close();
    let status = Status::of_results(&[], Form::Batch);
    Answer { status: status.code, content_type: ANSWER, retry_after: None, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::testing::{events, headers, refused, with_stamp};
    use serde_json::json;

    fn run(kind: &str, body: &str) -> Result<Decoded, RequestError> {
        let media = format!("application/vnd.kafka.{kind}+json");
        let headers = headers(&[("content-type", &media)]);
        with_stamp(|stamp| decode(&headers, &Bytes::from(body.to_owned()), None, 3, stamp))
    }

    #[test]
    fn records_are_stored_as_sent() {
        let decoded =
            run("json.v2", r#"{"records":[{"key":"k","value":{"n": 1e999},"partition":2},{"value":null}]}"#)
                .unwrap();
        let [first, second] = events(&decoded)[..] else { panic!() };
        assert_eq!(first.key.as_deref(), Some(&b"\"k\""[..]));
        assert_eq!(first.value.as_deref(), Some(&br#"{"n": 1e999}"#[..]));
        assert_eq!((first.partition, second.partition, &second.value), (Some(2), None, &None));
        let decoded = run("binary.v2", r#"{"records":[{"value":"a\u0047k="}]}"#).unwrap();
        assert_eq!(events(&decoded)[0].value.as_deref(), Some(&b"hi"[..]));
    }

    #[test]
    fn refusals() {
        for (body, path) in [
            (r#"{"records":[{"value":"*"}]}"#, "/value"),
            (r#"{"records":[{"value":1}]}"#, "/value"),
            (r#"{"records":[{"valeu":"aGk="}]}"#, "/valeu"),
            (r#"{"records":[{"partition":-1}]}"#, "/partition"),
            (r#"{"records":[7]}"#, ""),
        ] {
            assert_eq!(refused(&run("binary.v2", body).unwrap())[0].violation.path, path, "{body}");
        }
        for body in ["{}", "[]", r#"{"records":{}}"#, "{"] {
            assert!(matches!(run("json.v2", body), Err(RequestError::Malformed(_))), "{body}");
        }
        assert!(matches!(run("avro.v2", "{}"), Err(RequestError::MediaType { .. })));
        assert!(matches!(
            run("json.v2", r#"{"records":[{},{},{},{}]}"#),
            Err(RequestError::TooMany { max: 3 })
        ));
    }

    #[test]
    fn answers() {
        let stored = Outcome::Stored { partition: 1, offset: 7, duplicate: false };
        let results = [stored, Outcome::Unknown].map(|outcome| EventResult { id: None, outcome });
        let answer = answer(&results);
        assert_eq!((answer.status.as_u16(), answer.content_type), (200, ANSWER));
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["offsets"][0], json!({"partition":1,"offset":7,"error_code":null,"error":null}));
        assert_eq!(body["offsets"][1]["error_code"], 2);
        assert_eq!(body["value_schema_id"], json!(null));
    }
}
