//! The protobuf wire format, read in place: bounded, nothing allocated.

use crate::envelope::{Code, Violation};

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Levels of messages within each other.
pub(super) const MAX_DEPTH: usize = 48;

/// The fields of a message, in order.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

pub(super) fn broken(what: &str) -> Violation {
    Violation::new(Code::Malformed, "", format!("not protobuf: {what}"))
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn varint(&mut self) -> Result<u64, Violation> {
        let mut value = 0_u64;
        for (index, byte) in self.rest.iter().take(10).enumerate() {
            // The tenth byte has room for one bit.
            if index == 9 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        Err(broken("a number that does not end"))
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], Violation> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count > self.rest.len() {
            return Err(broken("a field that is longer than its message"));
        }
        let (head, tail) = self.rest.split_at(count);
        self.rest = tail;
        Ok(head)
    }

    /// The number and value of the next field.
    pub(super) fn next_field(&mut self) -> Result<Option<(u64, Wire<'a>)>, Violation> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.take(8)?.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))),
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Fixed32(self.take(4)?.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b))),
            other => return Err(broken(&format!("wire type {other}"))),
        };
        Ok(Some((tag >> 3, value)))
    }
}

/// A string field.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Violation> {
    std::str::from_utf8(bytes).map_err(|_| Violation::new(Code::Encoding, "", "a string field is not UTF-8"))
}
