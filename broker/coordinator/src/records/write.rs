//! Writes Kafka's primitive types.

use bytes::{BufMut, Bytes, BytesMut};

/// Grows a buffer field by field.
pub(super) struct Writer(BytesMut);

impl Writer {
    pub(super) fn new(version: i16) -> Self {
        let mut writer = Self(BytesMut::with_capacity(128));
        writer.0.put_i16(version);
        writer
    }

    pub(super) fn i32(&mut self, value: i32) -> &mut Self {
        self.0.put_i32(value);
        self
    }

    pub(super) fn i64(&mut self, value: i64) -> &mut Self {
        self.0.put_i64(value);
        self
    }

    /// A string of at most 32,767 bytes. Longer ones are refused where requests come in.
    pub(super) fn string(&mut self, text: &str) -> &mut Self {
        let len = i16::try_from(text.len()).expect("requests with longer strings are refused before");
        self.0.put_i16(len);
        self.0.put_slice(text.as_bytes());
        self
    }

    pub(super) fn nullable_string(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.string(text),
            None => {
                self.0.put_i16(-1);
                self
            }
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let len = i32::try_from(bytes.len()).expect("larger than any request frame");
        self.0.put_i32(len);
        self.0.put_slice(bytes);
        self
    }

    pub(super) fn finish(self) -> Bytes {
        self.0.freeze()
    }
}
