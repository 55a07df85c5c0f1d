//! How a record names its schema: before the value (version 0), or in a header (version 1).

use crate::schema::Guid;

/// The header that names a value's schema.
pub const VALUE_SCHEMA_HEADER: &str = "__value_schema_id";
/// The header that names a key's schema.
pub const KEY_SCHEMA_HEADER: &str = "__key_schema_id";

/// The first byte of a value with a number before it.
pub const MAGIC_ID: u8 = 0;
/// The first byte of a header with a GUID.
pub const MAGIC_GUID: u8 = 1;

/// Message indexes of one value at the most: as deep as messages can be nested.
const INDEXES_MAX: usize = highway_types::limits::SCHEMA_MAX_DEPTH;

/// The schema that a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaName {
    /// A number.
    Id(i32),
    /// A GUID.
    Guid(Guid),
}

/// Why bytes name no schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Shorter than magic byte and name.
    #[error("{0} bytes are too short for a schema's name")]
    Short(usize),
    /// Another first byte.
    #[error("the first byte is {0}, neither 0 (a schema id) nor 1 (a GUID)")]
    Magic(u8),
    /// Message indexes that end early, are negative or too many.
    #[error("malformed Protobuf message indexes")]
    Indexes,
}

/// The schema's id, and the bytes after it.
///
/// # Errors
/// [`WireError`] for a value that does not begin with one.
pub fn read_prefix(value: &[u8]) -> Result<(SchemaName, &[u8]), WireError> {
    match value {
        [MAGIC_ID, a, b, c, d, rest @ ..] => Ok((SchemaName::Id(i32::from_be_bytes([*a, *b, *c, *d])), rest)),
        [MAGIC_GUID, rest @ ..] if rest.len() >= 16 => {
            let (guid, rest) = rest.split_at(16);
            let guid = guid.try_into().map_err(|_| WireError::Short(value.len()))?;
            Ok((SchemaName::Guid(Guid(guid)), rest))
        }
        [MAGIC_ID | MAGIC_GUID, ..] | [] => Err(WireError::Short(value.len())),
        [magic, ..] => Err(WireError::Magic(*magic)),
    }
}

/// The same of a header, which holds nothing else but, for Protobuf, message indexes.
///
/// # Errors
/// As [`read_prefix`].
pub fn read_header(header: &[u8]) -> Result<(SchemaName, &[u8]), WireError> {
    read_prefix(header)
}

/// The first bytes of a value with a schema's id.
pub fn prefix(id: i32) -> [u8; 5] {
    let [a, b, c, d] = id.to_be_bytes();
    [MAGIC_ID, a, b, c, d]
}

/// The value of a header with a GUID.
pub fn header(guid: Guid) -> [u8; 17] {
    let mut bytes = [MAGIC_GUID; 17];
    bytes[1..].copy_from_slice(&guid.0);
    bytes
}

/// Message indexes and what follows them: a count and as many numbers, zig-zag; a count of 0 stands for the first message.
///
/// # Errors
/// [`WireError::Indexes`].
pub fn read_indexes(bytes: &[u8]) -> Result<(Vec<i32>, &[u8]), WireError> {
    let mut rest = bytes;
    let count = usize::try_from(zigzag(&mut rest)?).map_err(|_| WireError::Indexes)?;
    if count > INDEXES_MAX {
        return Err(WireError::Indexes);
    }
    if count == 0 {
        return Ok((vec![0], rest));
    }
    let mut indexes = Vec::with_capacity(count);
    for _ in 0..count {
        let index = zigzag(&mut rest)?;
        if index < 0 {
            return Err(WireError::Indexes);
        }
        indexes.push(index);
    }
    Ok((indexes, rest))
}

/// Message indexes as they are written.
pub fn write_indexes(indexes: &[i32]) -> Vec<u8> {
    if indexes == [0] {
        return vec![0];
    }
    let mut out = Vec::new();
    for value in std::iter::once(indexes.len() as i32).chain(indexes.iter().copied()) {
        let mut zigzag = ((value << 1) ^ (value >> 31)) as u32;
        while zigzag >= 0x80 {
            out.push(zigzag as u8 | 0x80);
            zigzag >>= 7;
        }
        out.push(zigzag as u8);
    }
    out
}

fn zigzag(bytes: &mut &[u8]) -> Result<i32, WireError> {
    let mut value = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first().ok_or(WireError::Indexes)?;
        *bytes = rest;
        if shift == 28 && *byte > 0x0f {
            return Err(WireError::Indexes);
        }
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((value >> 1) as i32 ^ -((value & 1) as i32));
        }
    }
    Err(WireError::Indexes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prefixes_and_headers() {
        assert_eq!(read_prefix(b"\0\0\0\x01\x02abc"), Ok((SchemaName::Id(258), &b"abc"[..])));
        assert_eq!(prefix(258), *b"\0\0\0\x01\x02");
        let guid = Guid([7; 16]);
        assert_eq!(read_header(&header(guid)), Ok((SchemaName::Guid(guid), &b""[..])));
        assert_eq!(read_prefix(b""), Err(WireError::Short(0)));
        assert_eq!(read_prefix(b"\0abc"), Err(WireError::Short(4)));
        assert_eq!(read_prefix(b"{}"), Err(WireError::Magic(b'{')));
    }

    #[test]
    fn indexes() {
        assert_eq!(read_indexes(b"\0x"), Ok((vec![0], &b"x"[..])));
        assert_eq!(read_indexes(b"\x02\0x"), Ok((vec![0], &b"x"[..])));
        assert_eq!(read_indexes(b"\x04\x02\0x"), Ok((vec![1, 0], &b"x"[..])));
        assert_eq!(write_indexes(&[1, 0]), b"\x04\x02\0");
        for wrong in [&b""[..], b"\x02", b"\x01", b"\x02\x01", b"\xff\xff\xff\xff\xff", b"\xfe\xff\x03"] {
            assert_eq!(read_indexes(wrong), Err(WireError::Indexes), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn indexes_are_read_back(indexes in prop::collection::vec(0..i32::MAX, 1..8)) {
            let mut bytes = write_indexes(&indexes);
            bytes.push(9);
            prop_assert_eq!(read_indexes(&bytes), Ok((indexes, &[9][..])));
        }

        #[test]
        fn whatever_comes(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            let _ = read_prefix(&bytes);
            let _ = read_indexes(&bytes);
        }
    }
}
