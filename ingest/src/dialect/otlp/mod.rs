//! OTLP/HTTP logs: `POST /v1/logs`, protobuf and JSON (`opentelemetry-proto`, specification 1.x).
//!
//! Each log record is an event: `event_name` is the record's own or `otlp.log`, the payload has the record's fields in snake
//! case, its attributes as an object, and resource and scope beside them. OTLP has no ids, so a repeat is not recognised: an exporter
//! that repeats after a 504 stores twice, as with every OTLP receiver.

mod answer;
mod json;
mod log;
mod proto;
mod protobuf;

use bytes::Bytes;
use http::HeaderMap;

use super::decoded::{Decoded, RequestError, media_type};
use crate::envelope::Stamp;

pub use answer::{answer, turned};

/// The two encodings; an answer has the one of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

impl Wire {
    /// The encoding that the headers name.
    ///
    /// # Errors
    /// Neither.
    pub fn of(headers: &HeaderMap) -> Result<Self, RequestError> {
        match media_type(headers).as_str() {
            "application/x-protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            other => Err(RequestError::MediaType {
                got: other.to_owned(),
                wanted: "application/x-protobuf or application/json",
            }),
        }
    }
}

/// Decodes an `ExportLogsServiceRequest`. One without records is a success.
///
/// # Errors
/// A body that is not of that encoding.
pub fn decode(
    wire: Wire,
    body: &Bytes,
    max_events: usize,
    stamp: &mut Stamp<'_>,
) -> Result<Decoded, RequestError> {
    match wire {
        Wire::Protobuf => protobuf::decode(body, max_events, stamp),
        Wire::Json => json::decode(body, max_events, stamp),
    }
}

#[cfg(test)]
mod otlp_test;
