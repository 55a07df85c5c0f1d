//! Values as JSON, as Connect's JsonConverter writes them without its envelope (`schemas.enable=false`).

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use highway_connect_data::schema::logical::{DATE, DAY_MS, TIME};
use highway_connect_data::{Decimal, Schema, Struct, Value};

/// `json.decimal.format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalText {
    /// The unscaled number's bytes in base 64.
    #[default]
    Base64,
    /// A number.
    Numeric,
}

/// Writes a value on one line.
pub fn write_json(value: &Value, schema: Option<&Schema>, decimals: DecimalText, out: &mut Vec<u8>) {
    match value {
        Value::Null => match schema.and_then(Schema::default_value) {
            Some(default) if !default.is_null() => write_json(default, schema, decimals, out),
            _ => out.extend_from_slice(b"null"),
        },
        Value::Int8(v) => integer(out, i64::from(*v)),
        Value::Int16(v) => integer(out, i64::from(*v)),
        Value::Int32(v) => integer(out, i64::from(*v)),
        Value::Int64(v) => integer(out, *v),
        Value::Float32(v) => {
            if v.is_finite() {
                let _ = serde_json::to_writer(&mut *out, v);
            } else {
                not_a_number(out, f64::from(*v));
            }
        }
        Value::Float64(v) => {
            if v.is_finite() {
                let _ = serde_json::to_writer(&mut *out, v);
            } else {
                not_a_number(out, *v);
            }
        }
        Value::Boolean(v) => out.extend_from_slice(if *v { b"true" } else { b"false" }),
        Value::String(v) => string(out, v),
        Value::Bytes(v) => base64(out, v),
        Value::Decimal(v) => decimal(out, v, decimals),
        Value::Instant(v) => integer(out, stored(*v, schema)),
        Value::Array(items) => {
            let element = schema.and_then(Schema::value_schema);
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_json(item, element.map(|s| &**s), decimals, out);
            }
            out.push(b']');
        }
        Value::Map(_) => map(value, schema, decimals, out),
        Value::Struct(data) => structure(data, decimals, out),
    }
}

fn structure(data: &Struct, decimals: DecimalText, out: &mut Vec<u8>) {
    out.push(b'{');
    for (i, field) in data.schema().fields().iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        string(out, &field.name);
        out.push(b':');
        write_json(&data.values()[i], Some(&field.schema), decimals, out);
    }
    out.push(b'}');
}

/// Maps with text as keys are objects, all others arrays of pairs.
fn map(value: &Value, schema: Option<&Schema>, decimals: DecimalText, out: &mut Vec<u8>) {
    let Some(map) = value.as_map() else { return };
    let key_schema = schema.and_then(Schema::key_schema).map(|s| &**s);
    let value_schema = schema.and_then(Schema::value_schema).map(|s| &**s);
    let object = map.iter().all(|(key, _)| matches!(key, Value::String(_)));
    out.push(if object { b'{' } else { b'[' });
    for (i, (key, value)) in map.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if !object {
            out.push(b'[');
        }
        write_json(key, key_schema, decimals, out);
        out.push(if object { b':' } else { b',' });
        write_json(value, value_schema, decimals, out);
        if !object {
            out.push(b']');
        }
    }
    out.push(if object { b'}' } else { b']' });
}

/// Dates are stored as days, times as milliseconds of their day, timestamps as milliseconds.
pub(super) fn stored(millis: i64, schema: Option<&Schema>) -> i64 {
    match schema.and_then(Schema::name) {
        Some(DATE) => millis.div_euclid(DAY_MS),
        Some(TIME) => millis.rem_euclid(DAY_MS),
        _ => millis,
    }
}

fn integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn string(out: &mut Vec<u8>, text: &str) {
    // Most text needs no escapes: one pass to see, one copy.
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        let _ = serde_json::to_writer(out, text);
    }
}

fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(BASE64_STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

fn decimal(out: &mut Vec<u8>, value: &Decimal, decimals: DecimalText) {
    match decimals {
        DecimalText::Base64 => base64(out, &value.to_bytes()),
        DecimalText::Numeric => drop(write!(out, "{value}")),
    }
}

/// JSON has no such numbers; Jackson writes them as text.
fn not_a_number(out: &mut Vec<u8>, value: f64) {
    let text: &[u8] = if value.is_nan() {
        b"\"NaN\""
    } else if value > 0.0 {
        b"\"Infinity\""
    } else {
        b"\"-Infinity\""
    };
    out.extend_from_slice(text);
}
