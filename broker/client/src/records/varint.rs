//! Zigzag varints.

/// Appends `value`.
pub(crate) fn put(out: &mut Vec<u8>, value: i64) {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Bytes that [`put`] appends.
pub(crate) fn len(value: i64) -> usize {
    let rest = (value << 1 ^ value >> 63).cast_unsigned();
    (64 - (rest | 1).leading_zeros() as usize).div_ceil(7)
}

/// Reads a value at `at` and moves `at` behind it; `None` for one that is cut off or longer than 10 bytes.
pub(crate) fn get(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    None
}
