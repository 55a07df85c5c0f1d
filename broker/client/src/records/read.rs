//! Reading batches, as Fetch returns them. Nothing is trusted: the bytes may come from a broken disk or proxy.

use bytes::Bytes;
use highway_types::checksum::crc32c;
use highway_types::{Offset, Timestamp};

use super::batch::CRC_COVERS_FROM;
use super::{Compression, HEADER_LEN, Header, Record, RecordsError, compression, varint};

/// The whole batches in a row of bytes. The last one may be cut off, as Fetch cuts at its byte limit.
#[derive(Debug)]
pub struct Batches {
    rest: Bytes,
}

impl Batches {
    /// Of a Fetch answer's records.
    #[must_use]
    pub fn new(records: Bytes) -> Self {
        Self { rest: records }
    }

    /// The next one with its checksum verified and its records unpacked.
    ///
    /// # Errors
    /// See [`RecordsError`]; what follows cannot be read either.
    #[allow(clippy::should_implement_trait)] // an error is final, which no Iterator says
    pub fn next(&mut self) -> Result<Option<RecordBatch>, RecordsError> {
        if self.rest.len() < 12 {
            return Ok(None);
        }
        let offset = i64::from_be_bytes(field(&self.rest, 0));
        let malformed = |detail| RecordsError::Malformed { offset, detail };
        let length = i32::from_be_bytes(field(&self.rest, 8));
        let whole = usize::try_from(length).map_err(|_| malformed("its length is negative"))? + 12;
        if self.rest.len() < whole {
            return Ok(None);
        }
        if whole >= 17 && self.rest[16] != 2 {
            return Err(RecordsError::Magic { offset, magic: self.rest[16].cast_signed() });
        }
        if whole < HEADER_LEN {
            return Err(malformed("it is shorter than its header"));
        }
        let bytes = self.rest.split_to(whole);
        let stored = u32::from_be_bytes(field(&bytes, 17));
        let computed = crc32c(&bytes[CRC_COVERS_FROM..]);
        if stored != computed {
            return Err(RecordsError::Checksum { offset, stored, computed });
        }
        let attributes = i16::from_be_bytes(field(&bytes, 21));
        let codec = Compression::from_id(attributes & 7).ok_or_else(|| RecordsError::Compression {
            offset,
            detail: format!("codec {} is not known", attributes & 7),
        })?;
        let payload = bytes.slice(HEADER_LEN..);
        let payload = match codec {
            Compression::None => payload,
            _ => Bytes::from(
                compression::decompress(codec, &payload)
                    .map_err(|e| RecordsError::Compression { offset, detail: format!("{codec}: {e}") })?,
            ),
        };
        Ok(Some(RecordBatch {
            base: offset,
            last_delta: i32::from_be_bytes(field(&bytes, 23)),
            codec,
            control: attributes & 0x20 != 0,
            append_time: (attributes & 8 != 0).then(|| i64::from_be_bytes(field(&bytes, 35))),
            first_timestamp: i64::from_be_bytes(field(&bytes, 27)),
            left: i32::from_be_bytes(field(&bytes, 57)),
            payload,
            at: 0,
        }))
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|b| b.first_chunk::<N>()).copied().unwrap_or([0; N])
}

/// A batch, and an iterator over its records.
#[derive(Debug)]
pub struct RecordBatch {
    base: i64,
    last_delta: i32,
    codec: Compression,
    control: bool,
    append_time: Option<i64>,
    first_timestamp: i64,
    left: i32,
    payload: Bytes,
    at: usize,
}

impl RecordBatch {
    /// The offset behind its last record, which compaction may have removed.
    #[must_use]
    pub fn end(&self) -> Offset {
        Offset(self.base + i64::from(self.last_delta) + 1)
    }

    /// How it was compressed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.codec
    }

    /// Transaction markers: not for users.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.control
    }

    fn read(&mut self) -> Option<Record> {
        let bytes = &self.payload;
        let at = &mut self.at;
        let length = usize::try_from(varint::get(bytes, at)?).ok()?;
        let end = at.checked_add(length).filter(|end| *end <= bytes.len())?;
        *at += 1; // attributes, unused
        let delta = varint_at(bytes, at, end)?;
        let timestamp = self.append_time.unwrap_or(self.first_timestamp.wrapping_add(delta));
        let offset = self.base.checked_add(varint_at(bytes, at, end)?)?;
        let key = part(bytes, at, end)?;
        let value = part(bytes, at, end)?;
        let count = usize::try_from(varint_at(bytes, at, end)?).ok()?;
        let mut headers = Vec::new();
        for _ in 0..count {
            let name = part(bytes, at, end)??;
            headers.push(Header { name, value: part(bytes, at, end)? });
        }
        (*at == end).then_some(())?;
        Some(Record { offset: Offset(offset), timestamp: Timestamp(timestamp), key, value, headers })
    }
}

fn varint_at(bytes: &[u8], at: &mut usize, end: usize) -> Option<i64> {
    let value = varint::get(bytes, at)?;
    (*at <= end).then_some(value)
}

/// Outer `None`: it does not fit. Inner `None`: null.
fn part(bytes: &Bytes, at: &mut usize, end: usize) -> Option<Option<Bytes>> {
    let len = varint_at(bytes, at, end)?;
    if len < 0 {
        return (len == -1).then_some(None);
    }
    let behind = at.checked_add(usize::try_from(len).ok()?).filter(|b| *b <= end)?;
    let slice = bytes.slice(*at..behind);
    *at = behind;
    Some(Some(slice))
}

impl Iterator for RecordBatch {
    type Item = Result<Record, RecordsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left <= 0 {
            return None;
        }
        self.left -= 1;
        let record = self.read();
        if record.is_none() {
            self.left = 0;
        }
        Some(record.ok_or(RecordsError::Malformed { offset: self.base, detail: "a record does not fit" }))
    }
}

/// The offset behind the last whole batch, without looking into batches.
pub(crate) fn end_of(records: &[u8]) -> Option<Offset> {
    let (mut rest, mut end) = (records, None);
    while rest.len() >= HEADER_LEN {
        let whole = usize::try_from(i32::from_be_bytes(field(rest, 8))).ok()?.checked_add(12)?;
        if whole < HEADER_LEN || rest.len() < whole {
            break;
        }
        let base = i64::from_be_bytes(field(rest, 0));
        let delta = i32::from_be_bytes(field(rest, 23));
        end = Some(Offset(base.wrapping_add(i64::from(delta)).wrapping_add(1)));
        rest = &rest[whole..];
    }
    end
}
