//! Structured and batched mode: the event is a JSON object.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;

use super::attributes::{Attributes, is_json};
use crate::dialect::decoded::{Decoded, Form, RequestError, part};
use crate::envelope::{Code, Payload, Stamp, Violation};
use crate::json::{Kind, Value};
use crate::record::Record;

pub(super) fn one(body: &Bytes, stamp: &mut Stamp<'_>) -> Result<Decoded, RequestError> {
    let value = Value::parse(body, INGEST_JSON_MAX_DEPTH).map_err(Violation::from)?;
    let mut decoded = Decoded::new(Form::Single);
    push(&mut decoded, value, body, stamp);
    Ok(decoded)
}

pub(super) fn batch(body: &Bytes, max_events: usize, stamp: &mut Stamp<'_>) -> Result<Decoded, RequestError> {
    let value = Value::parse(body, INGEST_JSON_MAX_DEPTH + 1).map_err(Violation::from)?;
    let mut array = value
        .array()
        .ok_or_else(|| Violation::new(Code::Type, "", "a batch of CloudEvents is a JSON array; send one"))?;
    let mut decoded = Decoded::new(Form::Batch);
    while let Some(value) = array.next_element().map_err(Violation::from)? {
        decoded.room(max_events)?;
        push(&mut decoded, value, body, stamp);
    }
    Ok(decoded)
}

fn push(decoded: &mut Decoded, value: Value<'_>, body: &Bytes, stamp: &mut Stamp<'_>) {
    let made = event(value, stamp);
    let id = || value.get("id").and_then(|id| id.as_str()).map(|id| id.chars().take(256).collect());
    decoded.push(made, || (part(body, value), id()));
}

fn event(value: Value<'_>, stamp: &mut Stamp<'_>) -> Result<Record, Violation> {
    let mut object = value.object().ok_or_else(|| Violation::kind("", value, "a CloudEvent: an object"))?;
    let (mut attributes, mut data, mut binary) = (Attributes::default(), None, None);
    while let Some(member) = object.next_member()? {
        let name = member.name()?;
        let value = member.value;
        match (&*name, value.kind()) {
            ("data", _) if data.is_none() => data = Some(value),
            ("data_base64", Kind::String) if binary.is_none() => {
                let text = value.string().unwrap_or(Ok(Cow::Borrowed("")))?;
                let bytes = STANDARD.decode(text.as_bytes()).map_err(|error| {
                    Violation::new(Code::Value, "/data_base64", format!("not base64: {error}"))
                })?;
                binary = Some(bytes);
            }
            ("data" | "data_base64", Kind::String) => {
                let path = format!("/{name}");
                return Err(Violation::new(Code::Duplicate, &path, "this member occurs twice; send it once"));
            }
            // An attribute that is null counts as not there.
            (_, Kind::Null) if name != "data" => {}
            (_, Kind::String) => {
                let text = value.string().unwrap_or(Ok(Cow::Borrowed("")))?;
                attributes.set(&name, text)?;
            }
            (
                "id" | "source" | "type" | "specversion" | "subject" | "time" | "dataschema"
                | "datacontenttype",
                _,
            )
            | (_, Kind::Object | Kind::Array) => {
                return Err(Violation::kind(&format!("/{name}"), value, "a string"));
            }
            _ => attributes.extension(&name, value.text().to_owned())?,
        }
    }
    let payload = match (data, &binary) {
        (Some(_), Some(_)) => {
            return Err(Violation::new(
                Code::Duplicate,
                "/data_base64",
                "data is there too; send one of the two",
            ));
        }
        (None, Some(bytes)) => Payload::Binary(bytes),
        (None, None) => Payload::Empty,
        // Data that is not JSON is a string here; JSON data is what it is, a string too.
        (Some(value), None) => {
            if value.kind() != Kind::String && !attributes.datacontenttype.as_deref().is_none_or(is_json) {
                return Err(Violation::kind(
                    "/data",
                    value,
                    "a string, as datacontenttype is not JSON, or data_base64",
                ));
            }
            Payload::Json(value)
        }
    };
    attributes.record(payload, stamp)
}
