//! Zig-zag variable-length integers, as records carry them (Protocol Buffers' encoding).

/// Reads a 64-bit varint; returns the value and the bytes behind it. `None` if it is cut off or longer than 10 bytes.
#[must_use]
#[inline]
pub fn read_long(bytes: &[u8]) -> Option<(i64, &[u8])> {
    if let [a @ 0..0x80, rest @ ..] = bytes {
        return Some((i64::from(zigzag(u32::from(*a))), rest));
    }
    let mut raw = 0u64;
    for (i, byte) in bytes.iter().take(10).enumerate() {
        raw |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some(((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed(), &bytes[i + 1..]));
        }
    }
    None
}

/// Reads a 32-bit varint; `None` also if the value needs more than 32 bits.
#[must_use]
#[inline]
pub fn read_int(bytes: &[u8]) -> Option<(i32, &[u8])> {
    // Nearly all numbers of a record take one or two bytes.
    match bytes {
        [a @ 0..0x80, rest @ ..] => return Some((zigzag(u32::from(*a)), rest)),
        [a, b @ 0..0x80, rest @ ..] => return Some((zigzag(u32::from(a & 0x7f) | u32::from(*b) << 7), rest)),
        _ => {}
    }
    let (value, rest) = read_long(bytes)?;
    Some((i32::try_from(value).ok()?, rest))
}

#[inline]
const fn zigzag(raw: u32) -> i32 {
    (raw >> 1).cast_signed() ^ -(raw & 1).cast_signed()
}

/// Appends a 64-bit varint.
pub fn write_long(out: &mut Vec<u8>, value: i64) {
    let mut raw = (value << 1 ^ value >> 63).cast_unsigned();
    while raw >= 0x80 {
        out.push((raw & 0x7f) as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

/// Appends a 32-bit varint.
pub fn write_int(out: &mut Vec<u8>, value: i32) {
    write_long(out, i64::from(value));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_was_written(value: i64) {
            let mut out = Vec::new();
            write_long(&mut out, value);
            prop_assert_eq!(read_long(&out), Some((value, &[][..])));
        }
    }

    #[test]
    fn known_bytes() {
        for (value, bytes) in [(0, &[0u8][..]), (-1, &[1]), (1, &[2]), (63, &[0x7e]), (64, &[0x80, 1])] {
            let mut out = Vec::new();
            write_long(&mut out, value);
            assert_eq!(out, bytes);
        }
        assert_eq!(read_long(&[0x80; 12]), None);
        assert_eq!(read_long(&[0x80]), None);
    }
}
