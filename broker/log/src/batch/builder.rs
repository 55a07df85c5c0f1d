//! Builds batches: for internal topics and for tests.

use bytes::{BufMut, Bytes, BytesMut};
use highway_types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Timestamp};

use super::compression::{CompressError, Compression, compress};
use super::header::{Attributes, BatchHeader, HEADER_LEN, LENGTH_OVERHEAD};
use super::varint::{write_int, write_long};

/// Collects records into one batch with base offset 0.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    attributes: Attributes,
    compression: Compression,
    producer: (ProducerId, ProducerEpoch, i32),
    base_timestamp: Option<i64>,
    max_timestamp: i64,
    count: i32,
    payload: Vec<u8>,
    scratch: Vec<u8>,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchBuilder {
    /// An empty, uncompressed batch without producer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            attributes: Attributes::default(),
            compression: Compression::None,
            producer: (ProducerId::NONE, ProducerEpoch::NONE, -1),
            base_timestamp: None,
            max_timestamp: -1,
            count: 0,
            payload: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Compresses the records.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Makes it an idempotent producer's batch.
    #[must_use]
    pub fn producer(mut self, id: ProducerId, epoch: ProducerEpoch, base_sequence: i32) -> Self {
        self.producer = (id, epoch, base_sequence);
        self
    }

    /// Makes it part of a transaction.
    #[must_use]
    pub fn transactional(mut self) -> Self {
        self.attributes = self.attributes.with_transactional();
        self
    }

    /// Makes it a marker.
    #[must_use]
    pub fn control(mut self) -> Self {
        self.attributes = self.attributes.with_control();
        self
    }

    /// Records so far.
    #[must_use]
    pub fn count(&self) -> i32 {
        self.count
    }

    /// Bytes of the records so far, uncompressed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.payload.len()
    }

    /// True if there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a record.
    pub fn push(
        &mut self,
        timestamp: Timestamp,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&str, Option<&[u8]>)],
    ) {
        let base = *self.base_timestamp.get_or_insert(timestamp.0);
        self.max_timestamp = self.max_timestamp.max(timestamp.0);
        let mut body = std::mem::take(&mut self.scratch);
        body.clear();
        body.push(0);
        write_long(&mut body, timestamp.0 - base);
        write_int(&mut body, self.count);
        write_nullable(&mut body, key);
        write_nullable(&mut body, value);
        write_int(&mut body, i32::try_from(headers.len()).unwrap_or(i32::MAX));
        for (name, value) in headers {
            write_nullable(&mut body, Some(name.as_bytes()));
            write_nullable(&mut body, *value);
        }
        write_int(&mut self.payload, i32::try_from(body.len()).unwrap_or(i32::MAX));
        self.payload.extend_from_slice(&body);
        self.scratch = body;
        self.count += 1;
    }

    /// The batch, with base offset 0 and no leader epoch.
    ///
    /// # Errors
    /// The codec failed.
    pub fn try_build(&self) -> Result<Bytes, CompressError> {
        let compressed;
        let payload: &[u8] = if self.compression == Compression::None {
            &self.payload
        } else {
            compressed = compress(self.compression, None, &self.payload)?;
            &compressed
        };
        let mut header = BatchHeader {
            base_offset: Offset::ZERO,
            batch_length: i32::try_from(HEADER_LEN - LENGTH_OVERHEAD + payload.len()).unwrap_or(i32::MAX),
            leader_epoch: LeaderEpoch::NONE,
            crc: 0,
            attributes: self.attributes.with_compression(self.compression),
            last_offset_delta: self.count - 1,
            base_timestamp: self.base_timestamp.unwrap_or(-1),
            max_timestamp: self.max_timestamp,
            producer_id: self.producer.0,
            producer_epoch: self.producer.1,
            base_sequence: self.producer.2,
            count: self.count,
        };
        header.seal(payload);
        let mut out = BytesMut::with_capacity(HEADER_LEN + payload.len());
        out.put_slice(&header.encode());
        out.put_slice(payload);
        Ok(out.freeze())
    }

    /// The batch of uncompressed records, which cannot fail.
    ///
    /// # Panics
    /// If a codec was chosen and failed; use [`BatchBuilder::try_build`] with one.
    #[must_use]
    pub fn build(&self) -> Bytes {
        self.try_build().expect("only a codec can fail")
    }
}

fn write_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            write_int(out, i32::try_from(bytes.len()).unwrap_or(i32::MAX));
            out.extend_from_slice(bytes);
        }
        None => write_int(out, -1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::stored_crc_matches;
    use super::super::records::records;
    use super::*;

    #[test]
    fn what_is_built_can_be_read() {
        let mut builder = BatchBuilder::new();
        builder.push(Timestamp(1000), Some(b"k"), Some(b"v"), &[("h", None), ("h", Some(b"2"))]);
        builder.push(Timestamp(900), None, None, &[]);
        let batch = builder.build();
        assert!(stored_crc_matches(&batch));
        let header = BatchHeader::parse(&batch).unwrap();
        assert_eq!((header.count, header.last_offset_delta, header.max_timestamp), (2, 1, 1000));
        let read: Vec<_> = records(&batch[HEADER_LEN..], 2).map(Result::unwrap).collect();
        assert_eq!((read[0].key, read[0].value), (Some(&b"k"[..]), Some(&b"v"[..])));
        let headers: Vec<_> = read[0].headers().collect();
        assert_eq!(headers, [(&b"h"[..], None), (&b"h"[..], Some(&b"2"[..]))]);
        assert_eq!((read[1].timestamp_delta, read[1].offset_delta, read[1].key), (-100, 1, None));
    }
}
