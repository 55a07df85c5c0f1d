//! Encoding of responses: length, header, body in one piece.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::{Encodable, HeaderVersion};

/// A response field that does not exist in the version: a defect of the handler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("response cannot be encoded in version {version}: {detail}")]
pub struct EncodeError {
    version: i16,
    detail: String,
}

impl EncodeError {
    pub(crate) fn new(version: i16, error: impl std::fmt::Display) -> Self {
        Self { version, detail: error.to_string() }
    }
}

/// A whole frame with a response. The header has tagged fields where the version has them; ApiVersions' never does.
///
/// # Errors
/// See [`EncodeError`].
pub fn encode<T: Encodable + HeaderVersion>(
    version: i16,
    correlation_id: i32,
    response: &T,
) -> Result<Bytes, EncodeError> {
    let mut out = BytesMut::with_capacity(512);
    out.put_i32(0);
    out.put_i32(correlation_id);
    if T::header_version(version) >= 1 {
        out.put_u8(0);
    }
    response.encode(&mut out, version).map_err(|e| EncodeError::new(version, e))?;
    let len = i32::try_from(out.len() - 4).map_err(|e| EncodeError::new(version, e))?;
    out[..4].copy_from_slice(&len.to_be_bytes());
    Ok(out.freeze())
}
