//! The records of a batch, read without allocating. Works on uncompressed bytes.
//!
//! ```text
//! length varint · attributes i8 · timestamp delta varlong · offset delta varint
//! key length varint (-1 null) · key · value length varint · value · header count varint · headers
//! ```

use super::varint::{read_int, read_long};

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordView<'a> {
    /// Added to the batch's base offset.
    pub offset_delta: i32,
    /// Added to the batch's base timestamp, ms.
    pub timestamp_delta: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Number of headers.
    pub header_count: i32,
    /// The headers' bytes.
    pub headers: &'a [u8],
}

/// Why bytes are no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A length or number runs over the end.
    #[error("record is cut off or its lengths do not fit")]
    Malformed,
    /// Bytes are left behind the last record.
    #[error("{0} bytes behind the last record")]
    Trailing(usize),
}

/// Iterates over `count` records.
#[must_use]
pub fn records(payload: &[u8], count: i32) -> RecordIter<'_> {
    RecordIter { rest: payload, left: count.max(0), failed: false }
}

/// See [`records`].
#[derive(Clone, Debug)]
pub struct RecordIter<'a> {
    rest: &'a [u8],
    left: i32,
    failed: bool,
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = Result<RecordView<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        if self.left == 0 {
            let trailing = std::mem::take(&mut self.rest).len();
            return (trailing > 0).then_some(Err(RecordError::Trailing(trailing)));
        }
        self.left -= 1;
        match split_record(self.rest) {
            Some((record, rest)) => {
                self.rest = rest;
                Some(Ok(record))
            }
            None => {
                self.failed = true;
                Some(Err(RecordError::Malformed))
            }
        }
    }
}

fn split_record(bytes: &[u8]) -> Option<(RecordView<'_>, &[u8])> {
    let (len, rest) = read_int(bytes)?;
    let (body, behind) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    let (_attributes, rest) = body.split_first()?;
    let (timestamp_delta, rest) = read_long(rest)?;
    let (offset_delta, rest) = read_int(rest)?;
    let (key, rest) = nullable(rest)?;
    let (value, rest) = nullable(rest)?;
    let (header_count, headers) = read_int(rest)?;
    let mut left = headers;
    if header_count < 0 {
        return None;
    }
    for _ in 0..header_count {
        let (key, rest) = nullable(left)?;
        key?;
        (_, left) = nullable(rest)?;
    }
    if !left.is_empty() {
        return None;
    }
    Some((RecordView { offset_delta, timestamp_delta, key, value, header_count, headers }, behind))
}

fn nullable(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (len, rest) = read_int(bytes)?;
    if len < 0 {
        return Some((None, rest)); // Java reads any negative length as null
    }
    let (value, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    Some((Some(value), rest))
}

impl<'a> RecordView<'a> {
    /// The headers in order: key bytes and value.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let mut rest = self.headers;
        (0..self.header_count).map_while(move |_| {
            let (key, behind) = nullable(rest)?;
            let (value, behind) = nullable(behind)?;
            rest = behind;
            Some((key?, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// attributes, timestamp delta, offset delta, null key, null value, no headers
    const BODY: [u8; 6] = [0, 0, 0, 1, 1, 0];

    fn read(body: &[u8]) -> Result<RecordView<'_>, RecordError> {
        records(body, 1).next().unwrap()
    }

    #[test]
    fn lengths_have_to_fit() {
        let with_len = |len: u8, tail: &[u8]| [&[len], &BODY[..], tail].concat();
        assert_eq!(read(&with_len(12, &[])).unwrap().header_count, 0);
        assert_eq!(read(&with_len(14, &[9])), Err(RecordError::Malformed), "a byte behind the headers");
        assert_eq!(read(&with_len(14, &[])), Err(RecordError::Malformed), "cut off");
        assert_eq!(read(&with_len(11, &[])), Err(RecordError::Malformed), "a negative length");
        let one_header = |key: &[u8]| [&[(6 + key.len() as u8) * 2, 0, 0, 0, 1, 1, 2], key].concat();
        assert!(read(&one_header(&[0, 1])).is_ok());
        assert_eq!(read(&one_header(&[1, 1])), Err(RecordError::Malformed), "a header without key");
        let two = [with_len(12, &[]), with_len(12, &[])].concat();
        let seen: Vec<_> = records(&two, 1).collect();
        assert_eq!(seen[1], Err(RecordError::Trailing(7)));
        assert_eq!(records(&two, 3).map(|r| r.is_ok()).collect::<Vec<_>>(), [true, true, false]);
    }

    proptest! {
        #[test]
        fn hostile_bytes_end_the_iteration(bytes: Vec<u8>, count: i32) {
            let seen = records(&bytes, count).take(10_000).filter(Result::is_ok).count();
            prop_assert!(seen <= bytes.len());
        }
    }
}
