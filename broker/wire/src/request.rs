//! Decoding of request bodies: first the bounds, then the codec.

use bytes::Bytes;
use kafka_protocol::protocol::Request;

use crate::bounds::{self, BoundsError};

/// Why a body cannot be read. The connection is to be closed (protocol checklist A3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A length or count that the body does not have.
    #[error("request body: {0}")]
    Bounds(#[from] BoundsError),
    /// The codec refused it.
    #[error("request body: {0}")]
    Malformed(String),
}

/// Decodes a body. Records and texts are slices of the frame: copy those that live longer than the request.
/// Bytes behind the last field are ignored, as in Kafka.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode<T: Request>(version: i16, body: &Bytes) -> Result<T, DecodeError> {
    bounds::check_request(T::KEY, version, body)?;
    let mut rest = body.clone();
    T::decode(&mut rest, version).map_err(|e| DecodeError::Malformed(e.to_string()))
}
