//! Decoding of request bodies: first the bounds, then the codec.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::protocol::{Request, StrBytes};

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

/// A text from a request as one of its own. Texts of a request are slices of its frame, and would keep all of it (up to
/// `socket.request.max.bytes`) in memory; what outlives the request is copied with this.
#[must_use]
pub fn own(text: &StrBytes) -> Arc<str> {
    Arc::from(text.as_str())
}

/// Bytes from a request as bytes of their own; see [`own`].
#[must_use]
pub fn own_bytes(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::SyncGroupRequest;

    #[test]
    fn what_is_owned_keeps_no_frame() {
        let mut body = vec![0, 1, b'g', 0, 0, 0, 1, 0, 1, b'm', 0, 0, 0, 1, 0, 1, b'm', 0, 0, 0, 2, 8, 9];
        body.resize(body.len() + 100_000, 0);
        let body = Bytes::from(body);
        let request: SyncGroupRequest = decode(0, &body).unwrap();
        let (group, assignment) = (own(&request.group_id.0), own_bytes(&request.assignments[0].assignment));
        assert!(!body.is_unique(), "texts of a request are slices of its frame");
        drop(request);
        assert!(body.is_unique());
        assert_eq!((&*group, &assignment[..]), ("g", &[8, 9][..]));
    }
}
