//! `POST /v3/clusters/{cluster}/topics/{topic}/records` and `…/records:batch`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;

use super::Sent;
use crate::dialect::Item;
use crate::dialect::answer::{Answer, JSON};
use crate::dialect::decoded::{Decoded, Form, Refused, RequestError, part};
use crate::envelope::{Code, Stamp, Violation};
use crate::json::{JsonError, JsonErrorKind, Kind, Members, Scanner, Value, push_number};
use crate::outcome::{EventResult, Outcome, Status};
use crate::record::Record;
use crate::time::Moment;

/// Entries of one `records:batch` (`api.v3.produce.batch.maximum.entries`).
pub const BATCH_MAX: usize = 10;

/// Where the records go, for the answer.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The cluster's id.
    pub cluster: &'a str,
    /// The topic.
    pub topic: &'a str,
}

/// What is taken off a stream of records.
#[derive(Debug)]
pub enum Step {
    /// A record, or why it is none.
    Item(Item),
    /// More bytes are needed.
    More,
    /// The text is broken; the stream cannot go on, and what was taken before stays.
    Broken(Violation),
}

/// Takes the next record off the front of `buffer`, which fills while the request goes on; `last` says that it is
/// complete. A record is taken only with what follows it, or at the end, so that no number is cut.
pub fn next(buffer: &mut Bytes, last: bool, stamp: &mut Stamp<'_>) -> Step {
    let text = match std::str::from_utf8(buffer) {
        Ok(text) => text,
        // A character that is cut is not broken yet.
        Err(error) if error.error_len().is_none() && !last => {
            std::str::from_utf8(&buffer[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) => {
            return Step::Broken(JsonError { at: error.valid_up_to(), kind: JsonErrorKind::Utf8 }.into());
        }
    };
    let mut scanner = Scanner::new(text, INGEST_JSON_MAX_DEPTH + 2);
    scanner.blanks();
    if scanner.peek().is_none() {
        return Step::More;
    }
    let value = match Value::next(&mut scanner) {
        Ok(value) => value,
        // At the end, or at an escape or literal that the end may have cut: six bytes are the longest.
        Err(_) if !last && scanner.at() + 6 >= text.len() => return Step::More,
        Err(error) => return Step::Broken(error.into()),
    };
    if value.kind() == Kind::Number && !last && scanner.peek().is_none() {
        return Step::More;
    }
    let raw = part(buffer, value);
    let made = record(value, stamp);
    let end = scanner.at();
    let item = match made {
        Ok(record) => Item::Event(record),
        Err(violation) => Item::Refused(Refused { id: None, raw, violation }),
    };
    *buffer = buffer.slice(end..);
    Step::Item(item)
}

/// Decodes a whole body of records one after the other.
///
/// # Errors
/// A body that is broken from its start, or too many records.
pub fn decode(body: &Bytes, max_events: usize, stamp: &mut Stamp<'_>) -> Result<Decoded, RequestError> {
    let (mut rest, mut decoded) = (body.clone(), Decoded::new(Form::Batch));
    loop {
        match next(&mut rest, true, stamp) {
            Step::Item(item) => {
                decoded.room(max_events)?;
                decoded.items.push(item);
            }
            Step::More => return Ok(decoded),
            Step::Broken(violation) if decoded.items.is_empty() => return Err(violation.into()),
            Step::Broken(violation) => {
                decoded.items.push(Item::Refused(Refused { id: None, raw: rest, violation }));
                return Ok(decoded);
            }
        }
    }
}

/// Decodes `records:batch`: the records, and the ids of their entries.
///
/// # Errors
/// Not `{"entries": [{"id": "…", …}]}`, more than ten, or an id that is missing, too long or there twice.
pub fn decode_batch(body: &Bytes, stamp: &mut Stamp<'_>) -> Result<(Decoded, Vec<String>), RequestError> {
    let document = Value::parse(body, INGEST_JSON_MAX_DEPTH + 4).map_err(Violation::from)?;
    let entries = document.get("entries").ok_or_else(|| {
        Violation::new(
            Code::Missing,
            "/entries",
            "there are no entries; send {\"entries\": [{\"id\": \"1\", …}]}",
        )
    })?;
    let mut array = entries.array().ok_or_else(|| Violation::kind("/entries", entries, "an array"))?;
    let (mut decoded, mut ids) = (Decoded::new(Form::Batch), Vec::new());
    while let Some(value) = array.next_element().map_err(Violation::from)? {
        decoded.room(BATCH_MAX)?;
        let path = format!("/entries/{}/id", ids.len());
        let id = value.get("id").and_then(|id| id.as_str()).unwrap_or_default();
        if id.is_empty() || id.len() > 80 || ids.iter().any(|other| *other == id) {
            return Err(Violation::value(&path, &id, "an id of 1 to 80 bytes that no other entry has").into());
        }
        ids.push(id.into_owned());
        decoded.push(record(value, stamp), || (part(body, value), None));
    }
    Ok((decoded, ids))
}

fn record(value: Value<'_>, stamp: &mut Stamp<'_>) -> Result<Record, Violation> {
    let mut object =
        value.object().ok_or_else(|| Violation::kind("", value, "an object with key and value"))?;
    let mut sent = Sent { key: None, value: None, partition: None, timestamp: None, headers: Vec::new() };
    while let Some(member) = object.next_member()? {
        let value = member.value;
        match (&*member.name()?, value.kind()) {
            (_, Kind::Null) | ("id", _) => {}
            ("key", _) => sent.key = data("/key", value)?,
            ("value", _) => sent.value = data("/value", value)?,
            ("partition_id", _) => {
                let number = value.text().parse().ok().filter(|n| *n >= 0);
                sent.partition = Some(
                    number.ok_or_else(|| Violation::kind("/partition_id", value, "a partition's number"))?,
                );
            }
            ("timestamp", _) => {
                let text = value.as_str().unwrap_or_default();
                let moment = Moment::parse_rfc3339(&text);
                let wrong = || {
                    Violation::value("/timestamp", value.text(), "RFC 3339 such as \"2026-11-25T12:00:00Z\"")
                };
                sent.timestamp = Some(moment.ok_or_else(wrong)?.timestamp());
            }
            ("headers", _) => headers(value, &mut sent)?,
            // The proxy ignores members that it does not know here.
            _ => {}
        }
    }
    sent.record(stamp)
}

fn headers(value: Value<'_>, sent: &mut Sent) -> Result<(), Violation> {
    let mut array =
        value.array().ok_or_else(|| Violation::kind("/headers", value, "an array of name and value"))?;
    while let Some(header) = array.next_element()? {
        let path = format!("/headers/{}", sent.headers.len());
        let name = header.get("name").and_then(|n| n.as_str());
        let name = name.ok_or_else(|| {
            Violation::new(Code::Missing, &format!("{path}/name"), "a header needs a name; send one")
        })?;
        let bytes = match header.get("value").filter(|v| v.kind() != Kind::Null) {
            Some(value) => base64(&format!("{path}/value"), value)?,
            None => Bytes::new(),
        };
        sent.headers.push((name.into_owned(), bytes));
    }
    Ok(())
}

fn base64(path: &str, value: Value<'_>) -> Result<Bytes, Violation> {
    let text = value.as_str().ok_or_else(|| Violation::kind(path, value, "base64 in a string"))?;
    let bytes = STANDARD.decode(text.as_bytes());
    Ok(bytes.map_err(|error| Violation::new(Code::Value, path, format!("not base64: {error}")))?.into())
}

/// `{"type": "BINARY" | "JSON" | "STRING", "data": …}`
fn data(path: &str, value: Value<'_>) -> Result<Option<Bytes>, Violation> {
    let kind = value.get("type").and_then(|t| t.as_str()).unwrap_or_default();
    let data = value.get("data").filter(|d| d.kind() != Kind::Null);
    let at = format!("{path}/data");
    match (&*kind, data) {
        ("BINARY" | "JSON" | "STRING", None) => Ok(None),
        ("BINARY", Some(data)) => base64(&at, data).map(Some),
        ("JSON", Some(data)) => Ok(Some(Bytes::copy_from_slice(data.text().as_bytes()))),
        ("STRING", Some(data)) => {
            let text = data.as_str().ok_or_else(|| Violation::kind(&at, data, "a string"))?;
            Ok(Some(Bytes::copy_from_slice(text.as_bytes())))
        }
        (other, _) => Err(Violation::value(&format!("{path}/type"), other, "BINARY, JSON or STRING")),
    }
}

/// Appends the result of one record: the stream's answer is these, one after the other, each with a code of its own.
pub fn push_result(out: &mut Vec<u8>, target: Target<'_>, result: &EventResult) {
    push(out, target, result, None);
    out.extend_from_slice(b"\r\n");
}

fn push(out: &mut Vec<u8>, target: Target<'_>, result: &EventResult, id: Option<&str>) {
    let mut members = Members::open(out);
    if let Some(id) = id {
        members.string("id", id);
    }
    let status = Status::of_event(&result.outcome).code.as_u16();
    match &result.outcome {
        Outcome::Stored { partition, offset, .. } => {
            if id.is_none() {
                members.number("error_code", status);
            }
            members.string("cluster_id", target.cluster);
            members.string("topic_name", target.topic);
            members.number("partition_id", *partition);
            members.number("offset", *offset);
        }
        Outcome::Refused(violation) => {
            members.number("error_code", status);
            members.string("message", &violation.to_string());
        }
        Outcome::Failed { reason } => {
            members.number("error_code", status);
            members.string("message", reason);
        }
        Outcome::Unknown => {
            members.number("error_code", status);
            members.string("message", "not known whether it is stored");
        }
    }
    members.close();
}

/// The answer to a whole stream: 200, as the specification wants, whatever the records' own codes are.
#[must_use]
pub fn answer(target: Target<'_>, results: &[EventResult]) -> Answer {
    let mut body = Vec::with_capacity(results.len() * 128);
    for result in results {
        push_result(&mut body, target, result);
    }
    Answer { status: http::StatusCode::OK, content_type: JSON, retry_after: None, body }
}

/// The answer to `records:batch`: 207 with successes and failures by the ids of their entries.
#[must_use]
pub fn answer_batch(target: Target<'_>, ids: &[String], results: &[EventResult]) -> Answer {
    let mut body = Vec::with_capacity(results.len() * 128);
    let mut separator: &[u8] = b"";
    for (name, stored) in [("{\"successes\":[", true), ("],\"failures\":[", false)] {
        body.extend_from_slice(name.as_bytes());
        for (id, result) in ids.iter().zip(results) {
            if matches!(result.outcome, Outcome::Stored { .. }) == stored {
                body.extend_from_slice(separator);
                push(&mut body, target, result, Some(id));
                separator = b",";
            }
        }
        separator = b"";
    }
    body.extend_from_slice(b"]}");
    Answer { status: http::StatusCode::MULTI_STATUS, content_type: JSON, retry_after: None, body }
}

/// Appends the error that ends a stream which is broken.
pub fn push_broken(out: &mut Vec<u8>, violation: &Violation) {
    out.extend_from_slice(b"{\"error_code\":");
    push_number(out, 400);
    out.extend_from_slice(b",\"message\":");
    crate::json::push_string(out, &violation.to_string());
    out.extend_from_slice(b"}\r\n");
}

#[cfg(test)]
#[path = "v3_test.rs"]
mod v3_test;
