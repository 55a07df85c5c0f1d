//! Writing a batch.

use bytes::Bytes;
use highway_types::Timestamp;
use highway_types::checksum::crc32c;

use super::{Compression, HEADER_LEN, Header, RecordsError, compression, varint};

/// Where the part begins that the checksum covers.
pub(super) const CRC_COVERS_FROM: usize = 21;
/// Where the producer's id, epoch and first sequence number lie.
const PRODUCER_AT: usize = 43;

/// Collects records.
#[derive(Debug)]
pub struct BatchBuilder {
    /// Room for the header, then records.
    bytes: Vec<u8>,
    count: i32,
    first: Timestamp,
    max: Timestamp,
}

impl BatchBuilder {
    /// An empty batch that will likely grow to `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.resize(HEADER_LEN, 0);
        Self { bytes, count: 0, first: Timestamp::NONE, max: Timestamp::NONE }
    }

    /// Records in it.
    #[must_use]
    pub fn count(&self) -> i32 {
        self.count
    }

    /// Bytes without compression, header included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// No record yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The most that a record can add to a batch.
    #[must_use]
    pub fn record_bound(key: Option<&[u8]>, value: Option<&[u8]>, headers: &[Header]) -> usize {
        let of = |part: Option<usize>| part.unwrap_or(0) + 5;
        let headers: usize =
            headers.iter().map(|h| of(Some(h.name.len())) + of(h.value.as_ref().map(Bytes::len))).sum();
        // Length, attributes, timestamp delta, offset delta, number of headers.
        5 + 1 + 10 + 5 + 5 + of(key.map(<[u8]>::len)) + of(value.map(<[u8]>::len)) + headers
    }

    /// Appends a record; its place in the batch.
    pub fn push(
        &mut self,
        timestamp: Timestamp,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header],
    ) -> i32 {
        if self.count == 0 {
            self.first = timestamp;
        }
        self.max = self.max.max(timestamp);
        let time_delta = timestamp.0 - self.first.0;
        let of = |part: Option<&[u8]>| match part {
            Some(bytes) => varint::len(size(bytes.len())) + bytes.len(),
            None => 1,
        };
        let body = 1
            + varint::len(time_delta)
            + varint::len(i64::from(self.count))
            + of(key)
            + of(value)
            + varint::len(size(headers.len()))
            + headers.iter().map(|h| of(Some(&h.name)) + of(h.value.as_deref())).sum::<usize>();
        self.bytes.reserve(body + 5);
        varint::put(&mut self.bytes, size(body));
        self.bytes.push(0);
        varint::put(&mut self.bytes, time_delta);
        varint::put(&mut self.bytes, i64::from(self.count));
        self.put(key);
        self.put(value);
        varint::put(&mut self.bytes, size(headers.len()));
        for header in headers {
            self.put(Some(&header.name));
            self.put(header.value.as_deref());
        }
        self.count += 1;
        self.count - 1
    }

    fn put(&mut self, part: Option<&[u8]>) {
        match part {
            Some(bytes) => {
                varint::put(&mut self.bytes, size(bytes.len()));
                self.bytes.extend_from_slice(bytes);
            }
            None => varint::put(&mut self.bytes, -1),
        }
    }

    /// Compresses and writes the header, all but what [`SealedBatch::stamp`] writes.
    ///
    /// # Errors
    /// The codec failed.
    pub fn seal(self, codec: Compression) -> Result<SealedBatch, RecordsError> {
        let mut bytes = self.bytes;
        if codec != Compression::None {
            let mut packed = Vec::with_capacity(HEADER_LEN + bytes.len() / 2);
            packed.resize(HEADER_LEN, 0);
            compression::compress(codec, &bytes[HEADER_LEN..], &mut packed)
                .map_err(|e| RecordsError::Compression { offset: -1, detail: e.to_string() })?;
            bytes = packed;
        }
        let length = i32::try_from(bytes.len() - 12)
            .map_err(|_| RecordsError::TooLarge { bytes: bytes.len(), max: i32::MAX as usize })?;
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(8, &length.to_be_bytes());
        put(12, &(-1i32).to_be_bytes());
        put(16, &[2]);
        put(21, &codec.id().to_be_bytes());
        put(23, &(self.count - 1).to_be_bytes());
        put(27, &self.first.0.to_be_bytes());
        put(35, &self.max.0.to_be_bytes());
        put(57, &self.count.to_be_bytes());
        Ok(SealedBatch { bytes, count: self.count })
    }
}

fn size(len: usize) -> i64 {
    len as i64
}

/// A batch that lacks only its producer and its checksum.
#[derive(Debug)]
pub struct SealedBatch {
    bytes: Vec<u8>,
    count: i32,
}

impl SealedBatch {
    /// A copy of a batch that was stamped, to be stamped again.
    pub(crate) fn again(bytes: &[u8], count: i32) -> Self {
        Self { bytes: bytes.to_vec(), count }
    }

    /// Records in it.
    #[must_use]
    pub fn count(&self) -> i32 {
        self.count
    }

    /// Writes producer and checksum: -1, -1, -1 for a producer that is not idempotent.
    #[must_use]
    pub fn stamp(mut self, producer_id: i64, epoch: i16, sequence: i32) -> Bytes {
        let at = PRODUCER_AT;
        self.bytes[at..at + 8].copy_from_slice(&producer_id.to_be_bytes());
        self.bytes[at + 8..at + 10].copy_from_slice(&epoch.to_be_bytes());
        self.bytes[at + 10..at + 14].copy_from_slice(&sequence.to_be_bytes());
        let crc = crc32c(&self.bytes[CRC_COVERS_FROM..]);
        self.bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        Bytes::from(self.bytes)
    }
}
