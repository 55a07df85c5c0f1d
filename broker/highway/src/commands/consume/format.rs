//! How a record is written out.

use std::io::{self, Write};

use bytes::Bytes;
use highway_client::Record;
use highway_types::TopicPartition;
use serde_json::{Map, Value, json};

use super::base64;
use super::template::Template;
use crate::failure::Failure;

/// A format that was chosen.
#[derive(Debug)]
pub enum RecordFormat {
    /// The value and a delimiter.
    Value(Vec<u8>),
    /// Key, tab, value and a delimiter.
    KeyValue(Vec<u8>),
    /// A JSON object a line.
    Json,
    /// As the template says.
    Template(Template),
}

impl RecordFormat {
    /// Reads the name of a format, or a template.
    pub fn parse(text: &str, delimiter: &str) -> Result<Self, Failure> {
        let bad = |e: String| Failure::usage(format!("--format {text}: {e}"));
        let delimiter = unescape(delimiter).map_err(|e| Failure::usage(format!("--delimiter: {e}")))?;
        Ok(match text {
            "value" => Self::Value(delimiter),
            "key-value" => Self::KeyValue(delimiter),
            "json" => Self::Json,
            _ if text.contains('%') => Self::Template(Template::parse(text).map_err(bad)?),
            _ => return Err(bad("give value, key-value, json, or a template with %".to_owned())),
        })
    }

    /// Writes one record.
    pub fn write(&self, out: &mut impl Write, at: &TopicPartition, record: &Record) -> io::Result<()> {
        match self {
            Self::Value(end) => {
                out.write_all(record.value.as_deref().unwrap_or_default())?;
                out.write_all(end)
            }
            Self::KeyValue(end) => {
                out.write_all(record.key.as_deref().unwrap_or_default())?;
                out.write_all(b"\t")?;
                out.write_all(record.value.as_deref().unwrap_or_default())?;
                out.write_all(end)
            }
            Self::Json => {
                serde_json::to_writer(&mut *out, &shape(at, record))?;
                out.write_all(b"\n")
            }
            Self::Template(template) => template.write(out, at, record),
        }
    }
}

/// The documented shape of a record. What is no text is given in base64, under a name of its own.
fn shape(at: &TopicPartition, record: &Record) -> Value {
    let mut object = Map::new();
    object.insert("topic".to_owned(), json!(at.topic.as_str()));
    object.insert("partition".to_owned(), json!(at.partition.0));
    object.insert("offset".to_owned(), json!(record.offset.0));
    object.insert("timestamp".to_owned(), json!(record.timestamp.0));
    put(&mut object, "key", record.key.as_ref());
    put(&mut object, "value", record.value.as_ref());
    let headers: Vec<_> = record
        .headers
        .iter()
        .map(|h| {
            let mut header = Map::new();
            put(&mut header, "name", Some(&h.name));
            put(&mut header, "value", h.value.as_ref());
            Value::Object(header)
        })
        .collect();
    object.insert("headers".to_owned(), Value::Array(headers));
    Value::Object(object)
}

fn put(object: &mut Map<String, Value>, name: &str, bytes: Option<&Bytes>) {
    match bytes.map(|b| std::str::from_utf8(b)) {
        None => object.insert(name.to_owned(), Value::Null),
        Some(Ok(text)) => object.insert(name.to_owned(), json!(text)),
        Some(Err(_)) => {
            let encoded = base64::encode(bytes.map_or(&[][..], |b| b));
            object.insert(format!("{name}_base64"), json!(encoded))
        }
    };
}

/// Bytes written with escapes; nothing at all is allowed.
pub fn unescape(text: &str) -> Result<Vec<u8>, String> {
    if text.is_empty() { Ok(Vec::new()) } else { crate::commands::produce::escaped(text).map(|e| e.0) }
}
