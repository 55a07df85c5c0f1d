//! `ExportLogsServiceRequest` in JSON: lowerCamelCase names, hexadecimal ids, whole numbers as numbers or strings, enums as
//! numbers, unknown members ignored.

use std::collections::BTreeSet;

use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;

use super::log::{Common, Log, string};
use super::proto::MAX_DEPTH;
use crate::dialect::decoded::{Decoded, Form, RequestError};
use crate::envelope::{Code, Stamp, Violation};
use crate::json::{Kind, Members, Value, push_number, push_string};

pub(super) fn decode(
    body: &Bytes,
    max_events: usize,
    stamp: &mut Stamp<'_>,
) -> Result<Decoded, RequestError> {
    // An attribute's value takes three levels where its own JSON takes one; 128 is what the scanner can count.
    let document = Value::parse(body, INGEST_JSON_MAX_DEPTH * 2).map_err(Violation::from)?;
    if document.kind() != Kind::Object {
        return Err(Violation::kind("", document, "an object with resourceLogs").into());
    }
    let mut decoded = Decoded::new(Form::Batch);
    each(document, "resourceLogs", |resource_logs| {
        let mut common = Common::default();
        if let Some(resource) = resource_logs.get("resource") {
            common.resource = attributes(resource)?;
        }
        each(resource_logs, "scopeLogs", |scope_logs| {
            common.scope = match scope_logs.get("scope") {
                Some(value) => scope(value)?,
                None => String::new(),
            };
            each(scope_logs, "logRecords", |record| {
                log(record)?.push(&common, &mut decoded, max_events, stamp)
            })
        })
    })?;
    Ok(decoded)
}

/// Calls `run` for the elements of the array `name`, if it is there.
fn each<'a>(
    value: Value<'a>,
    name: &str,
    mut run: impl FnMut(Value<'a>) -> Result<(), RequestError>,
) -> Result<(), RequestError> {
    let Some(list) = value.get(name).filter(|v| v.kind() != Kind::Null) else { return Ok(()) };
    let mut array = list.array().ok_or_else(|| Violation::kind(&format!("/{name}"), list, "an array"))?;
    while let Some(element) = array.next_element().map_err(Violation::from)? {
        run(element)?;
    }
    Ok(())
}

fn log(record: Value<'_>) -> Result<Log, Violation> {
    let mut object =
        record.object().ok_or_else(|| Violation::kind("/logRecords", record, "an array of objects"))?;
    let mut log = Log::default();
    while let Some(member) = object.next_member()? {
        let value = member.value;
        let text = || value.as_str().unwrap_or_default().into_owned();
        match &*member.name()? {
            "timeUnixNano" => log.time_unix_nano = whole("/timeUnixNano", value)?,
            "observedTimeUnixNano" => log.observed_time_unix_nano = whole("/observedTimeUnixNano", value)?,
            "severityNumber" => log.severity_number = whole("/severityNumber", value)?,
            "droppedAttributesCount" => {
                log.dropped_attributes_count = whole("/droppedAttributesCount", value)?
            }
            "flags" => log.flags = whole("/flags", value)?,
            "severityText" => log.severity_text = text(),
            "traceId" => log.trace_id = id("/traceId", value)?,
            "spanId" => log.span_id = id("/spanId", value)?,
            "eventName" => log.event_name = text(),
            "body" => {
                let mut out = Vec::new();
                any_value(&mut out, value, 0)?;
                log.body = Some(string(out));
            }
            _ => {}
        }
    }
    log.attributes = attributes(record)?;
    Ok(log)
}

fn id(path: &str, value: Value<'_>) -> Result<String, Violation> {
    let text = value.as_str().unwrap_or_default().to_ascii_lowercase();
    if value.kind() == Kind::Null || text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text);
    }
    Err(Violation::value(path, &text, "hexadecimal digits, not base64"))
}

/// A whole number, as a number or a string.
fn whole(path: &str, value: Value<'_>) -> Result<u64, Violation> {
    let text = value.as_str().unwrap_or(value.text().into());
    match value.kind() {
        Kind::Null => Ok(0),
        _ => {
            text.parse().map_err(|_| Violation::value(path, &text, "a whole number, as a number or a string"))
        }
    }
}

fn scope(value: Value<'_>) -> Result<String, Violation> {
    let attributes = attributes(value)?;
    let mut out = Vec::new();
    let mut members = Members::open(&mut out);
    for name in ["name", "version"] {
        if let Some(text) = value.get(name).and_then(|v| v.as_str()).filter(|t| !t.is_empty()) {
            members.string(name, &text);
        }
    }
    if !attributes.is_empty() {
        members.raw("attributes", &attributes);
    }
    members.close();
    Ok(string(out))
}

/// The member `attributes` as an object; empty if there is none.
fn attributes(value: Value<'_>) -> Result<String, Violation> {
    let mut out = Vec::new();
    match value.get("attributes").filter(|v| v.kind() != Kind::Null) {
        Some(list) => Ok(if key_values(&mut out, list, 0)? { string(out) } else { String::new() }),
        None => Ok(String::new()),
    }
}

fn key_values(out: &mut Vec<u8>, list: Value<'_>, depth: usize) -> Result<bool, Violation> {
    let mut array =
        list.array().ok_or_else(|| Violation::kind("/attributes", list, "an array of key and value"))?;
    let mut seen = BTreeSet::new();
    let mut members = Members::open(out);
    while let Some(pair) = array.next_element()? {
        let key = pair.get("key").and_then(|k| k.as_str()).unwrap_or_default();
        if seen.insert(key.clone()) {
            let out = members.member(&key);
            match pair.get("value") {
                Some(value) => any_value(out, value, depth + 1)?,
                None => out.extend_from_slice(b"null"),
            }
        }
    }
    members.close();
    Ok(!seen.is_empty())
}

fn any_value(out: &mut Vec<u8>, value: Value<'_>, depth: usize) -> Result<(), Violation> {
    if depth > MAX_DEPTH {
        return Err(Violation::new(Code::Depth, "", format!("more than {MAX_DEPTH} levels of values")));
    }
    let mut known = None;
    if let Some(mut object) = value.object() {
        while let Some(member) = object.next_member()? {
            if member.value.kind() != Kind::Null {
                known = Some((member.name()?, member.value));
            }
        }
    }
    let Some((kind, value)) = known else {
        out.extend_from_slice(b"null");
        return Ok(());
    };
    let wrong = |wanted| Violation::kind(&format!("/{kind}"), value, wanted);
    match &*kind {
        "stringValue" => push_string(out, &value.as_str().ok_or_else(|| wrong("a string"))?),
        "boolValue" if value.kind() == Kind::Bool => out.extend_from_slice(value.text().as_bytes()),
        "intValue" => {
            let text = value.as_str().unwrap_or(value.text().into());
            push_number(out, text.parse::<i64>().map_err(|_| wrong("a whole number of 64 bits"))?);
        }
        "doubleValue" if value.kind() == Kind::Number => out.extend_from_slice(value.text().as_bytes()),
        "doubleValue" => {
            let text = value.as_str().unwrap_or_default();
            push_double(out, text.parse().map_err(|_| wrong("a number"))?);
        }
        "bytesValue" => push_string(out, &value.as_str().ok_or_else(|| wrong("base64 in a string"))?),
        "arrayValue" => {
            out.push(b'[');
            if let Some(mut array) = value.get("values").and_then(|v| v.array()) {
                let mut first = true;
                while let Some(element) = array.next_element()? {
                    if !std::mem::take(&mut first) {
                        out.push(b',');
                    }
                    any_value(out, element, depth + 1)?;
                }
            }
            out.push(b']');
        }
        "kvlistValue" => match value.get("values") {
            Some(list) => {
                key_values(out, list, depth)?;
            }
            None => out.extend_from_slice(b"{}"),
        },
        _ => return Err(wrong("a value of OTLP's AnyValue")),
    }
    Ok(())
}

/// A double; what JSON has no number for is a string, as protobuf's JSON has it.
pub(super) fn push_double(out: &mut Vec<u8>, double: f64) {
    match serde_json::Number::from_f64(double) {
        Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
        None if double.is_nan() => out.extend_from_slice(b"\"NaN\""),
        None if double > 0.0 => out.extend_from_slice(b"\"Infinity\""),
        None => out.extend_from_slice(b"\"-Infinity\""),
    }
}
