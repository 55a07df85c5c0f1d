//! Request headers, read by hand: the codec panics on short ones.
//!
//! ```text
//! api key i16 · version i16 · correlation id i32 · client id nullable string (int16) · tagged fields (flexible versions)
//! ```

use std::sync::Arc;

use bytes::{Buf, Bytes};
use kafka_protocol::messages::ApiKey;

/// A request whose header is read.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// Which API.
    pub api_key: i16,
    /// In which version.
    pub api_version: i16,
    /// To be repeated in the answer.
    pub correlation_id: i32,
    /// Copied, so that it keeps no frame alive.
    pub client_id: Option<Arc<str>>,
    /// The rest.
    pub body: Bytes,
}

/// Why a header makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Fewer bytes than a header has.
    #[error("cut off after {0} bytes")]
    Short(usize),
    /// A client id that is no text, or longer than the frame.
    #[error("client id is not text of {0} bytes")]
    ClientId(i16),
    /// Tagged fields that do not fit.
    #[error("tagged fields do not fit")]
    Tags,
}

impl RequestHead {
    /// Reads the header of a frame.
    ///
    /// # Errors
    /// See [`HeaderError`].
    pub fn parse(mut frame: Bytes) -> Result<Self, HeaderError> {
        let whole = frame.len();
        if whole < 8 {
            return Err(HeaderError::Short(whole));
        }
        let (api_key, api_version, correlation_id) = (frame.get_i16(), frame.get_i16(), frame.get_i32());
        let header_version =
            ApiKey::try_from(api_key).map_or(1, |key| key.request_header_version(api_version));
        let mut client_id = None;
        if header_version >= 1 {
            if frame.len() < 2 {
                return Err(HeaderError::Short(whole));
            }
            let len = frame.get_i16();
            if len >= 0 {
                let bytes = usize::try_from(len)
                    .ok()
                    .filter(|l| *l <= frame.len())
                    .map(|l| frame.split_to(l))
                    .ok_or(HeaderError::ClientId(len))?;
                let text = std::str::from_utf8(&bytes).map_err(|_| HeaderError::ClientId(len))?;
                client_id = Some(Arc::from(text));
            } else if len != -1 {
                return Err(HeaderError::ClientId(len));
            }
        }
        if header_version >= 2 {
            skip_tags(&mut frame)?;
        }
        Ok(Self { api_key, api_version, correlation_id, client_id, body: frame })
    }
}

fn skip_tags(frame: &mut Bytes) -> Result<(), HeaderError> {
    let count = unsigned(frame)?;
    for _ in 0..count {
        unsigned(frame)?;
        let len = unsigned(frame)? as usize;
        if len > frame.len() {
            return Err(HeaderError::Tags);
        }
        frame.advance(len);
    }
    Ok(())
}

fn unsigned(frame: &mut Bytes) -> Result<u32, HeaderError> {
    let mut value = 0u32;
    for shift in (0..35).step_by(7) {
        if !frame.has_remaining() {
            return Err(HeaderError::Tags);
        }
        let byte = frame.get_u8();
        value |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(HeaderError::Tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_and_flexible_headers() {
        let plain = Bytes::from_static(&[0, 3, 0, 1, 0, 0, 0, 7, 0, 2, b'm', b'e', 9]);
        let head = RequestHead::parse(plain).unwrap();
        assert_eq!((head.api_key, head.api_version, head.correlation_id), (3, 1, 7));
        assert_eq!((head.client_id.as_deref(), &head.body[..]), (Some("me"), &[9][..]));
        let flexible = Bytes::from_static(&[0, 3, 0, 9, 0, 0, 0, 7, 0xff, 0xff, 1, 5, 2, 1, 1, 9]);
        let head = RequestHead::parse(flexible).unwrap();
        assert_eq!((head.client_id, &head.body[..]), (None, &[9][..]));
    }

    #[test]
    fn short_and_lying_headers_are_refused() {
        for len in 0..8 {
            assert_eq!(RequestHead::parse(Bytes::from(vec![0; len])).unwrap_err(), HeaderError::Short(len));
        }
        let lie = Bytes::from_static(&[0, 3, 0, 1, 0, 0, 0, 7, 0x7f, 0xff, 1]);
        assert_eq!(RequestHead::parse(lie).unwrap_err(), HeaderError::ClientId(0x7fff));
        let tags = Bytes::from_static(&[0, 3, 0, 9, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(RequestHead::parse(tags).unwrap_err(), HeaderError::Tags);
    }
}
