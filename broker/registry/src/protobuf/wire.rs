//! The wire format: tags and values, one after another.

/// One field as it stands in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64,
    Bytes(&'a [u8]),
    GroupStart,
    GroupEnd,
    Fixed32,
}

/// Reads fields from bytes.
pub(super) struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn varint(&mut self) -> Result<u64, &'static str> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or("a number ends early")?;
            self.at += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return if shift == 63 && byte > 1 {
                    Err("a number is longer than 64 bits")
                } else {
                    Ok(value)
                };
            }
        }
        Err("a number is longer than 64 bits")
    }

    pub fn skip(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let bytes =
            self.bytes.get(self.at..).and_then(|rest| rest.get(..count)).ok_or("a field ends early")?;
        self.at += count;
        Ok(bytes)
    }

    /// The next field; nothing at the end.
    pub fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, &'static str> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3)
            .ok()
            .filter(|n| (1..=536_870_911).contains(n))
            .ok_or("a field's number is out of range")?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => {
                self.skip(8)?;
                Value::Fixed64
            }
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| "a field ends early")?;
                Value::Bytes(self.skip(length)?)
            }
            3 => Value::GroupStart,
            4 => Value::GroupEnd,
            5 => {
                self.skip(4)?;
                Value::Fixed32
            }
            _ => return Err("an unknown wire type"),
        };
        Ok(Some((number, value)))
    }
}
