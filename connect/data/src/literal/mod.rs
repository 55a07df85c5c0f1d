//! Values as literals in text: `org.apache.kafka.connect.data.Values`, which InsertHeader and SimpleHeaderConverter use.

mod align;
mod parse;
mod tokens;

#[cfg(test)]
mod literal_test;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::dates::DatePattern;
use crate::error::Result;
use crate::schema::logical::DAY_MS;
use crate::value::Value;

pub use align::{as_double, as_long};
pub use parse::parse;

/// The value as text (`Values.convertToString`). Texts stand without quotes unless they are inside a list or map.
pub fn text(value: &Value) -> Result<String> {
    let mut out = String::new();
    append(&mut out, value, false)?;
    Ok(out)
}

/// An instant as Kafka writes it: a time before 1970-01-02, a date at midnight, otherwise both; UTC.
pub fn instant_text(ms: i64) -> String {
    let pattern = if ms < DAY_MS {
        "HH:mm:ss.SSS'Z'"
    } else if ms % DAY_MS == 0 {
        "yyyy-MM-dd"
    } else {
        "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
    };
    DatePattern::new(pattern).map(|p| p.format(ms)).unwrap_or_default()
}

fn quoted(out: &mut String, text: &str, embedded: bool) {
    if embedded {
        out.push('"');
        out.push_str(&text.replace('\\', "\\\\").replace('"', "\\\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

fn append(out: &mut String, value: &Value, embedded: bool) -> Result<()> {
    let pair = |out: &mut String, i: usize, key: &Value, value: &Value| -> Result<()> {
        if i > 0 {
            out.push(',');
        }
        append(out, key, true)?;
        out.push(':');
        append(out, value, true)
    };
    match value {
        Value::String(text) => quoted(out, text, embedded),
        Value::Bytes(bytes) => quoted(out, &STANDARD.encode(bytes), embedded),
        Value::Instant(ms) => out.push_str(&instant_text(*ms)),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                append(out, item, true)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                pair(out, i, key, value)?;
            }
            out.push('}');
        }
        Value::Struct(inner) => {
            out.push('{');
            for (i, field) in inner.schema().fields().iter().enumerate() {
                pair(out, i, &Value::String(field.name.clone()), inner.at(i))?;
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
    Ok(())
}
