//! A bounded reader of Kafka's primitive types.

use super::RecordError;

/// Reads from the front of a slice. Nothing is allocated before its bytes were seen.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], RecordError> {
        let Some((head, rest)) = self.rest.split_at_checked(len) else {
            return Err(RecordError::Truncated { missing: len - self.rest.len() });
        };
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, RecordError> {
        self.array().map(i16::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, RecordError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, RecordError> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn uvarint(&mut self) -> Result<u32, RecordError> {
        let mut value = 0_u32;
        for shift in (0..35).step_by(7) {
            let [byte] = self.array()?;
            value |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(RecordError::VarintTooLong)
    }

    fn text(&mut self, len: i64) -> Result<String, RecordError> {
        let len = usize::try_from(len).map_err(|_| RecordError::InvalidLength(len))?;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| RecordError::NotUtf8)
    }

    pub(crate) fn string(&mut self) -> Result<String, RecordError> {
        let len = self.i16()?;
        self.text(i64::from(len))
    }

    pub(crate) fn nullable_string(&mut self) -> Result<Option<String>, RecordError> {
        match self.i16()? {
            -1 => Ok(None),
            len => self.text(i64::from(len)).map(Some),
        }
    }

    pub(crate) fn compact_string(&mut self) -> Result<String, RecordError> {
        let len = self.uvarint()?;
        self.text(i64::from(len) - 1)
    }

    pub(crate) fn compact_nullable_string(&mut self) -> Result<Option<String>, RecordError> {
        match self.uvarint()? {
            0 => Ok(None),
            len => self.text(i64::from(len) - 1).map(Some),
        }
    }

    /// Bytes; null reads as empty, as members without assignment may be written either way.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], RecordError> {
        match self.i32()? {
            -1 => Ok(&[]),
            len => self.take(usize::try_from(len).map_err(|_| RecordError::InvalidLength(i64::from(len)))?),
        }
    }

    pub(crate) fn compact_bytes(&mut self) -> Result<&'a [u8], RecordError> {
        match self.uvarint()? {
            0 => Ok(&[]),
            len => self.take(len as usize - 1),
        }
    }

    fn counted(&self, count: i64, least: usize) -> Result<usize, RecordError> {
        let count = usize::try_from(count).map_err(|_| RecordError::InvalidLength(count))?;
        let need = count.saturating_mul(least);
        if need > self.rest.len() {
            return Err(RecordError::Truncated { missing: need - self.rest.len() });
        }
        Ok(count)
    }

    /// The length of an array whose elements take `least` bytes or more.
    pub(crate) fn array_len(&mut self, least: usize) -> Result<usize, RecordError> {
        let count = self.i32()?;
        self.counted(i64::from(count), least)
    }

    pub(crate) fn compact_array_len(&mut self, least: usize) -> Result<usize, RecordError> {
        let count = self.uvarint()?;
        self.counted(i64::from(count) - 1, least)
    }

    /// Passes over tagged fields: those known (a topic id in offset values) are not used here.
    pub(crate) fn skip_tags(&mut self) -> Result<(), RecordError> {
        for _ in 0..self.uvarint()? {
            self.uvarint()?;
            let len = self.uvarint()?;
            self.take(len as usize)?;
        }
        Ok(())
    }
}
