//! Avro's binary encoding: variable-length integers and what is counted with them.

use bytes::{BufMut as _, Bytes, BytesMut};
use highway_types::limits::CONNECT_AVRO_EMPTY_ELEMENTS;

use crate::error::{DataError, Result};

/// Reads from a record. Every length is checked against what is left.
pub(super) struct Input<'a> {
    bytes: &'a Bytes,
    at: usize,
}

fn ends() -> DataError {
    DataError::data("the record ends before its schema does")
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// So many bytes, not copied.
    pub(super) fn take(&mut self, count: usize) -> Result<Bytes> {
        if count > self.left() {
            return Err(ends());
        }
        self.at += count;
        Ok(self.bytes.slice(self.at - count..self.at))
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let found: Option<[u8; N]> = self.bytes.get(self.at..self.at + N).and_then(|b| b.try_into().ok());
        self.at += N;
        found.ok_or_else(ends)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn long(&mut self) -> Result<i64> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
            shift += 7;
            if shift > 63 {
                return Err(DataError::data("a number of more than ten bytes"));
            }
        }
    }

    pub(super) fn int(&mut self) -> Result<i32> {
        let value = self.long()?;
        i32::try_from(value).map_err(|_| DataError::data(format!("{value} is no 32-bit number")))
    }

    /// Bytes with their length before them.
    pub(super) fn counted(&mut self) -> Result<Bytes> {
        let count = self.long()?;
        self.take(usize::try_from(count).map_err(|_| DataError::data(format!("a length of {count}")))?)
    }

    /// Text with its length before it.
    pub(super) fn text(&mut self) -> Result<String> {
        String::from_utf8(self.counted()?.to_vec()).map_err(|_| DataError::data("a string that is not UTF-8"))
    }

    /// The blocks of an array or map: calls the function for each element.
    pub(super) fn blocks(&mut self, mut element: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let mut empty = 0;
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                // The block's size in bytes follows, for readers that skip it.
                self.long()?;
                count = count.checked_neg().ok_or_else(|| DataError::data("a block of too many elements"))?;
            }
            for _ in 0..count {
                let before = self.at;
                element(self)?;
                empty += usize::from(self.at == before);
                if empty > CONNECT_AVRO_EMPTY_ELEMENTS {
                    return Err(DataError::data(format!(
                        "more than {CONNECT_AVRO_EMPTY_ELEMENTS} elements without a byte"
                    )));
                }
            }
        }
    }
}

/// A variable-length integer.
pub(super) fn put_long(out: &mut BytesMut, value: i64) {
    let mut left = ((value << 1) ^ (value >> 63)) as u64;
    while left >= 0x80 {
        out.put_u8((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    out.put_u8(left as u8);
}

/// Bytes with their length before them.
pub(super) fn put_counted(out: &mut BytesMut, bytes: &[u8]) {
    put_long(out, bytes.len() as i64);
    out.put_slice(bytes);
}
