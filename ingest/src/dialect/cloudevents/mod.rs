//! CloudEvents 1.0 over HTTP: binary, structured and batched mode (`cloudevents/spec`, HTTP binding 1.0.2).
//!
//! The envelope's id is the event's; what repeats are recognised by is source and id together, as the specification says. `type`
//! becomes the event's name, `time` its timestamp, `dataschema` its version; source, subject and extensions go into `metadata`.

mod attributes;
mod binary;
mod structured;

use bytes::Bytes;
use http::HeaderMap;

use super::decoded::{Decoded, RequestError, media_type};
use crate::envelope::Stamp;

/// The media type of one structured event.
pub const STRUCTURED: &str = "application/cloudevents+json";
/// The media type of a batch.
pub const BATCHED: &str = "application/cloudevents-batch+json";

/// True if a request speaks CloudEvents: by its media type, or by the header that every binary event has.
#[must_use]
pub fn recognises(headers: &HeaderMap) -> bool {
    headers.contains_key("ce-specversion") || media_type(headers).starts_with("application/cloudevents")
}

/// Decodes a request in any of the three modes.
///
/// # Errors
/// A body that is not JSON where it must be, too many events, or another format such as
/// `application/cloudevents+avro`.
pub fn decode(
    headers: &HeaderMap,
    body: &Bytes,
    max_events: usize,
    stamp: &mut Stamp<'_>,
) -> Result<Decoded, RequestError> {
    match media_type(headers).as_str() {
        STRUCTURED => structured::one(body, stamp),
        BATCHED => structured::batch(body, max_events, stamp),
        other if other.starts_with("application/cloudevents") => Err(RequestError::MediaType {
            got: other.to_owned(),
            wanted: "application/cloudevents+json, application/cloudevents-batch+json or binary mode",
        }),
        media => Ok(binary::decode(headers, media, body, stamp)),
    }
}

#[cfg(test)]
mod cloudevents_test;
