//! Decoding of request bodies.

use bytes::Bytes;
use kafka_protocol::protocol::Request;

/// Why a body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The codec refused it.
    #[error("request body: {0}")]
    Malformed(String),
}

/// Decodes a body. Records and texts are slices of the frame.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode<T: Request>(version: i16, body: &Bytes) -> Result<T, DecodeError> {
    let mut rest = body.clone();
    T::decode(&mut rest, version).map_err(|e| DecodeError::Malformed(e.to_string()))
}
