//! What every decoder gives.

use bytes::Bytes;
use http::HeaderMap;

use crate::envelope::{Envelope, Stamp, Violation};
use crate::json::Value;
use crate::record::Record;

/// A request, taken apart.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Its events, in order.
    pub items: Vec<Item>,
    /// How they came: the answer has the same form.
    pub form: Form,
}

/// How events came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One event: the status is its own.
    Single,
    /// Any number: each has a result.
    Batch,
}

/// One event of a request.
#[derive(Clone, Debug)]
pub enum Item {
    /// To be appended.
    Event(Record),
    /// To be put aside.
    Refused(Refused),
}

/// An event that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its id, as far as one could be read.
    pub id: Option<String>,
    /// Its bytes as they came.
    pub raw: Bytes,
    /// Why.
    pub violation: Violation,
}

/// Why a request as a whole was refused. Nothing of it was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It cannot be taken apart.
    #[error("{0}")]
    Malformed(Violation),
    /// No dialect of the endpoint has this media type.
    #[error("content type '{got}' is not taken here; send {wanted}")]
    MediaType {
        /// What came.
        got: String,
        /// What is taken.
        wanted: &'static str,
    },
    /// A `Content-Encoding` that is not known.
    #[error("content encoding '{0}' is not taken; send gzip, zstd or identity")]
    Encoding(String),
    /// The body is not what its encoding says.
    #[error("the body is not valid {encoding}: {reason}")]
    Unpack {
        /// The encoding.
        encoding: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// Too many bytes, as sent or unpacked.
    #[error("the body has more than {max} bytes{}; send smaller batches", if *.unpacked { " once unpacked" } else { "" })]
    TooLarge {
        /// What is allowed.
        max: usize,
        /// Unpacked bytes are meant.
        unpacked: bool,
    },
    /// Too many events.
    #[error("the request has more than {max} events; send smaller batches")]
    TooMany {
        /// What is allowed.
        max: usize,
    },
}

impl From<Violation> for RequestError {
    fn from(violation: Violation) -> Self {
        Self::Malformed(violation)
    }
}

/// The media type of a request in lower case, without parameters; empty if there is none.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(http::header::CONTENT_TYPE).map_or(&b""[..], |v| v.as_bytes());
    let end = value.iter().position(|&b| b == b';').unwrap_or(value.len());
    String::from_utf8_lossy(value[..end].trim_ascii()).to_ascii_lowercase()
}

/// A header as text, if it is there and is text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl Decoded {
    pub(super) fn new(form: Form) -> Self {
        Self { items: Vec::new(), form }
    }

    /// Adds an event, or why it is none. The bytes that are kept of it are `raw`.
    pub(super) fn push(
        &mut self,
        made: Result<Record, Violation>,
        raw: impl FnOnce() -> (Bytes, Option<String>),
    ) {
        self.items.push(match made {
            Ok(record) => Item::Event(record),
            Err(violation) => {
                let (raw, id) = raw();
                Item::Refused(Refused { id, raw, violation })
            }
        });
    }

    /// Adds a native event that is a part of `body`.
    pub(super) fn push_native(&mut self, value: Value<'_>, body: &Bytes, stamp: &mut Stamp<'_>) {
        let made = Envelope::read(value).and_then(|envelope| envelope.record(body, stamp));
        self.push(made, || (part(body, value), Envelope::id_of(value)));
    }

    pub(super) fn room(&self, max: usize) -> Result<(), RequestError> {
        if self.items.len() < max { Ok(()) } else { Err(RequestError::TooMany { max }) }
    }
}

/// The bytes of a value that was read from `body`.
pub(super) fn part(body: &Bytes, value: Value<'_>) -> Bytes {
    let (start, end) = (value.at(), value.at() + value.text().len());
    match body.get(start..end) {
        Some(bytes) if bytes == value.text().as_bytes() => body.slice(start..end),
        _ => Bytes::copy_from_slice(value.text().as_bytes()),
    }
}
