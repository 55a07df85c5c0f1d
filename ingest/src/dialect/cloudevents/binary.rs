//! Binary mode: attributes in `ce-` headers, the data is the body.

use std::borrow::Cow;

use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;
use http::HeaderMap;

use super::attributes::{Attributes, is_json};
use crate::dialect::decoded::{Decoded, Form};
use crate::envelope::{Code, Payload, Stamp, Violation};
use crate::json::Value;
use crate::record::Record;

pub(super) fn decode(headers: &HeaderMap, media: &str, body: &Bytes, stamp: &mut Stamp<'_>) -> Decoded {
    let mut decoded = Decoded::new(Form::Single);
    let id = || headers.get("ce-id").and_then(|id| header_text("ce-id", id.as_bytes()).ok());
    decoded.push(event(headers, media, body, stamp), || (body.clone(), id()));
    decoded
}

fn event(headers: &HeaderMap, media: &str, body: &Bytes, stamp: &mut Stamp<'_>) -> Result<Record, Violation> {
    let mut attributes = Attributes::default();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix("ce-") else { continue };
        if name == "datacontenttype" {
            let message = "in binary mode the Content-Type header says this; leave ce-datacontenttype out";
            return Err(Violation::new(Code::Unknown, "/datacontenttype", message));
        }
        attributes.set(name, Cow::Owned(header_text(name, value.as_bytes())?))?;
    }
    if !media.is_empty() {
        attributes.datacontenttype = Some(Cow::Owned(media.to_owned()));
    }
    let payload = if body.is_empty() {
        Payload::Empty
    } else if is_json(media) {
        Payload::Json(Value::parse(body, INGEST_JSON_MAX_DEPTH)?)
    } else {
        match std::str::from_utf8(body) {
            Ok(text) if media.starts_with("text/") => Payload::Text(text),
            _ => Payload::Binary(body),
        }
    };
    attributes.record(payload, stamp)
}

/// A header's value: quotes of older senders undone, then one round of percent decoding, then UTF-8.
fn header_text(name: &str, value: &[u8]) -> Result<String, Violation> {
    let mut bytes = Vec::with_capacity(value.len());
    match value {
        [b'"', inner @ .., b'"'] => {
            let mut inner = inner.iter();
            while let Some(&byte) = inner.next() {
                bytes.push(if byte == b'\\' { *inner.next().unwrap_or(&byte) } else { byte });
            }
        }
        _ => bytes.extend_from_slice(value),
    }
    let hex = |byte: u8| char::from(byte).to_digit(16).map(|d| d as u8);
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = &bytes[..];
    while let [first, behind @ ..] = rest {
        rest = behind;
        if let (b'%', [high, low, behind @ ..]) = (first, behind)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            decoded.push(high << 4 | low);
            rest = behind;
        } else {
            decoded.push(*first);
        }
    }
    String::from_utf8(decoded).map_err(|_| {
        let message = format!(
            "the header ce-{name} is not UTF-8 once decoded; encode it as UTF-8 and then with percent signs"
        );
        Violation::new(Code::Encoding, &format!("/{name}"), message)
    })
}
