//! `ExportLogsServiceRequest` in protobuf. Field numbers as in `opentelemetry/proto/{logs,common,resource}/v1`.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::log::{Common, Log, string};
use super::proto::{Fields, MAX_DEPTH, Wire, broken, text};
use crate::dialect::decoded::{Decoded, Form, RequestError};
use crate::envelope::{Stamp, Violation};
use crate::json::{Members, push_number, push_string};

pub(super) fn decode(
    body: &Bytes,
    max_events: usize,
    stamp: &mut Stamp<'_>,
) -> Result<Decoded, RequestError> {
    let mut decoded = Decoded::new(Form::Batch);
    let mut request = Fields::new(body);
    while let Some((number, value)) = request.next_field()? {
        if let (1, Wire::Bytes(resource_logs)) = (number, value) {
            resource(resource_logs, &mut decoded, max_events, stamp)?;
        }
    }
    Ok(decoded)
}

/// `ResourceLogs`. The resource may stand behind its records, so it is looked for first.
fn resource(
    message: &[u8],
    decoded: &mut Decoded,
    max: usize,
    stamp: &mut Stamp<'_>,
) -> Result<(), RequestError> {
    let mut common = Common::default();
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next_field()? {
        if let (1, Wire::Bytes(resource)) = (number, value) {
            common.resource = attributes(resource, 1)?;
        }
    }
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next_field()? {
        if let (2, Wire::Bytes(scope_logs)) = (number, value) {
            scope(scope_logs, &mut common, decoded, max, stamp)?;
        }
    }
    Ok(())
}

/// `ScopeLogs`
fn scope(
    message: &[u8],
    common: &mut Common,
    decoded: &mut Decoded,
    max: usize,
    stamp: &mut Stamp<'_>,
) -> Result<(), RequestError> {
    common.scope.clear();
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next_field()? {
        if let (1, Wire::Bytes(scope)) = (number, value) {
            common.scope = instrumentation(scope)?;
        }
    }
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next_field()? {
        if let (2, Wire::Bytes(record)) = (number, value) {
            log(record)?.push(common, decoded, max, stamp)?;
        }
    }
    Ok(())
}

/// `InstrumentationScope`
fn instrumentation(message: &[u8]) -> Result<String, Violation> {
    let (mut name, mut version) = ("", "");
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next_field()? {
        match field {
            (1, Wire::Bytes(bytes)) => name = text(bytes)?,
            (2, Wire::Bytes(bytes)) => version = text(bytes)?,
            _ => {}
        }
    }
    let attributes = attributes(message, 3)?;
    let mut out = Vec::new();
    let mut members = Members::open(&mut out);
    for (key, value) in [("name", name), ("version", version)] {
        if !value.is_empty() {
            members.string(key, value);
        }
    }
    if !attributes.is_empty() {
        members.raw("attributes", &attributes);
    }
    members.close();
    Ok(string(out))
}

/// `LogRecord`
fn log(message: &[u8]) -> Result<Log, Violation> {
    let mut log = Log::default();
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next_field()? {
        match field {
            (1, Wire::Fixed64(nanos)) => log.time_unix_nano = nanos,
            (2, Wire::Varint(number)) => log.severity_number = number,
            (3, Wire::Bytes(bytes)) => log.severity_text = text(bytes)?.to_owned(),
            (5, Wire::Bytes(value)) => {
                let mut out = Vec::new();
                any_value(&mut out, value, 0)?;
                log.body = Some(string(out));
            }
            (7, Wire::Varint(count)) => log.dropped_attributes_count = count,
            (8, Wire::Fixed32(flags)) => log.flags = u64::from(flags),
            (9, Wire::Bytes(id)) => log.trace_id = hex(id),
            (10, Wire::Bytes(id)) => log.span_id = hex(id),
            (11, Wire::Fixed64(nanos)) => log.observed_time_unix_nano = nanos,
            (12, Wire::Bytes(name)) => log.event_name = text(name)?.to_owned(),
            _ => {}
        }
    }
    log.attributes = attributes(message, 6)?;
    Ok(log)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The `KeyValue`s in field `number` as an object; empty if there are none. Of a key that occurs twice the first counts.
fn attributes(message: &[u8], number: u64) -> Result<String, Violation> {
    let mut out = Vec::new();
    if key_values(&mut out, message, number, 0)? { Ok(string(out)) } else { Ok(String::new()) }
}

fn key_values(out: &mut Vec<u8>, message: &[u8], wanted: u64, depth: usize) -> Result<bool, Violation> {
    let mut seen = BTreeSet::new();
    let mut members = Members::open(out);
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next_field()? {
        let Wire::Bytes(pair) = value else { continue };
        if number != wanted {
            continue;
        }
        let (mut key, mut value) = ("", &[][..]);
        let mut inner = Fields::new(pair);
        while let Some(field) = inner.next_field()? {
            match field {
                (1, Wire::Bytes(bytes)) => key = text(bytes)?,
                (2, Wire::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        if seen.insert(key) {
            any_value(members.member(key), value, depth + 1)?;
        }
    }
    members.close();
    Ok(!seen.is_empty())
}

/// `AnyValue`; one without a value is null.
fn any_value(out: &mut Vec<u8>, message: &[u8], depth: usize) -> Result<(), Violation> {
    if depth > MAX_DEPTH {
        return Err(broken(&format!("more than {MAX_DEPTH} levels of values")));
    }
    let mut last = None;
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next_field()? {
        last = Some(field);
    }
    match last {
        Some((1, Wire::Bytes(bytes))) => push_string(out, text(bytes)?),
        Some((2, Wire::Varint(bool))) => out.extend_from_slice(if bool == 0 { b"false" } else { b"true" }),
        Some((3, Wire::Varint(int))) => push_number(out, int as i64),
        Some((4, Wire::Fixed64(bits))) => super::json::push_double(out, f64::from_bits(bits)),
        Some((5, Wire::Bytes(array))) => {
            out.push(b'[');
            let (mut fields, mut first) = (Fields::new(array), true);
            while let Some((number, value)) = fields.next_field()? {
                if let (1, Wire::Bytes(value)) = (number, value) {
                    if !std::mem::take(&mut first) {
                        out.push(b',');
                    }
                    any_value(out, value, depth + 1)?;
                }
            }
            out.push(b']');
        }
        Some((6, Wire::Bytes(list))) => {
            key_values(out, list, 1, depth)?;
        }
        Some((7, Wire::Bytes(bytes))) => push_string(out, &STANDARD.encode(bytes)),
        _ => out.extend_from_slice(b"null"),
    }
    Ok(())
}
