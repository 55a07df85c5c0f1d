//! The 61 bytes in front of a batch's records.
//!
//! ```text
//!  0 base offset i64 · 8 batch length i32 · 12 leader epoch i32 · 16 magic i8 · 17 CRC-32C u32
//! 21 attributes i16 · 23 last offset delta i32 · 27 base timestamp i64 · 35 max timestamp i64
//! 43 producer id i64 · 51 producer epoch i16 · 53 base sequence i32 · 57 record count i32 · 61 records
//! ```
//!
//! The checksum covers 21 to the end: a broker may write base offset and leader epoch without touching it.

use highway_types::checksum::{crc32c, crc32c_append};
use highway_types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Timestamp};

use super::compression::Compression;

/// Bytes of the header.
pub const HEADER_LEN: usize = 61;
/// Bytes in front of what the batch length counts.
pub const LENGTH_OVERHEAD: usize = 12;
/// Where the checksummed part starts.
pub const CRC_START: usize = 21;
const MAGIC: i8 = 2;

/// Bits 0-2 codec, 3 LogAppendTime, 4 transactional, 5 control, 6 delete horizon (KIP-534).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Attributes(pub i16);

impl Attributes {
    const LOG_APPEND_TIME: i16 = 1 << 3;
    const TRANSACTIONAL: i16 = 1 << 4;
    const CONTROL: i16 = 1 << 5;

    /// The codec, `None` for a number that is not one.
    #[must_use]
    pub fn compression(self) -> Option<Compression> {
        Compression::from_id(self.0 & 7)
    }

    /// The broker's time counts, not the producer's.
    #[must_use]
    pub fn is_log_append_time(self) -> bool {
        self.0 & Self::LOG_APPEND_TIME != 0
    }

    /// Part of a transaction.
    #[must_use]
    pub fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    /// A marker, not data.
    #[must_use]
    pub fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    /// The same with another codec.
    #[must_use]
    pub fn with_compression(self, compression: Compression) -> Self {
        Self(self.0 & !7 | compression.id())
    }

    /// The same with the broker's time.
    #[must_use]
    pub fn with_log_append_time(self) -> Self {
        Self(self.0 | Self::LOG_APPEND_TIME)
    }

    /// The same with the producer's time.
    #[must_use]
    pub fn with_create_time(self) -> Self {
        Self(self.0 & !Self::LOG_APPEND_TIME)
    }

    /// The same as part of a transaction.
    #[must_use]
    pub fn with_transactional(self) -> Self {
        Self(self.0 | Self::TRANSACTIONAL)
    }

    /// The same as a marker.
    #[must_use]
    pub fn with_control(self) -> Self {
        Self(self.0 | Self::CONTROL)
    }
}

/// A batch's header, field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record.
    pub base_offset: Offset,
    /// Bytes behind this field.
    pub batch_length: i32,
    /// Epoch of the leader that appended it.
    pub leader_epoch: LeaderEpoch,
    /// CRC-32C of everything from the attributes on.
    pub crc: u32,
    /// Codec and flags.
    pub attributes: Attributes,
    /// Offset of the last record, counted from the base; stays when compaction removes records.
    pub last_offset_delta: i32,
    /// Time that the records' deltas count from, ms.
    pub base_timestamp: i64,
    /// Largest time of a record, ms.
    pub max_timestamp: i64,
    /// Whose, or `NONE`.
    pub producer_id: ProducerId,
    /// The producer's epoch, or `NONE`.
    pub producer_epoch: ProducerEpoch,
    /// Sequence of the first record, or -1.
    pub base_sequence: i32,
    /// Records in it.
    pub count: i32,
}

/// Why bytes are no header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Fewer bytes than a header has.
    #[error("{0} bytes are less than a batch header")]
    Short(usize),
    /// A format before or after version 2.
    #[error("magic {0} is not supported, only 2")]
    Magic(i8),
    /// A length that cannot be.
    #[error("batch length {0} is impossible")]
    Length(i32),
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`. The batch length is plausible afterwards, but the bytes may hold less.
    ///
    /// # Errors
    /// Too few bytes, another magic, an impossible length.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let Some(raw) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(HeaderError::Short(bytes.len()));
        };
        let magic = raw[16].cast_signed();
        if magic != MAGIC {
            return Err(HeaderError::Magic(magic));
        }
        let batch_length = i32::from_be_bytes(array(raw, 8));
        if usize::try_from(batch_length).map_or(true, |l| l < HEADER_LEN - LENGTH_OVERHEAD) {
            return Err(HeaderError::Length(batch_length));
        }
        Ok(Self {
            base_offset: Offset(i64::from_be_bytes(array(raw, 0))),
            batch_length,
            leader_epoch: LeaderEpoch(i32::from_be_bytes(array(raw, 12))),
            crc: u32::from_be_bytes(array(raw, 17)),
            attributes: Attributes(i16::from_be_bytes(array(raw, 21))),
            last_offset_delta: i32::from_be_bytes(array(raw, 23)),
            base_timestamp: i64::from_be_bytes(array(raw, 27)),
            max_timestamp: i64::from_be_bytes(array(raw, 35)),
            producer_id: ProducerId(i64::from_be_bytes(array(raw, 43))),
            producer_epoch: ProducerEpoch(i16::from_be_bytes(array(raw, 51))),
            base_sequence: i32::from_be_bytes(array(raw, 53)),
            count: i32::from_be_bytes(array(raw, 57)),
        })
    }

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        out[0..8].copy_from_slice(&self.base_offset.0.to_be_bytes());
        out[8..12].copy_from_slice(&self.batch_length.to_be_bytes());
        out[12..16].copy_from_slice(&self.leader_epoch.0.to_be_bytes());
        out[16] = MAGIC.cast_unsigned();
        out[17..21].copy_from_slice(&self.crc.to_be_bytes());
        out[21..23].copy_from_slice(&self.attributes.0.to_be_bytes());
        out[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        out[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        out[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        out[43..51].copy_from_slice(&self.producer_id.0.to_be_bytes());
        out[51..53].copy_from_slice(&self.producer_epoch.0.to_be_bytes());
        out[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        out[57..61].copy_from_slice(&self.count.to_be_bytes());
        out
    }

    /// Sets the checksum for these records.
    pub fn seal(&mut self, payload: &[u8]) {
        self.crc = self.checksum(payload);
    }

    /// The checksum of this header with these records.
    #[must_use]
    pub fn checksum(&self, payload: &[u8]) -> u32 {
        let head = self.encode();
        crc32c_append(crc32c(&head[CRC_START..]), payload)
    }

    /// Bytes of the whole batch.
    #[must_use]
    pub fn total_len(&self) -> usize {
        LENGTH_OVERHEAD + usize::try_from(self.batch_length).unwrap_or(0)
    }

    /// Offset of the last record, also of one that compaction removed.
    #[must_use]
    pub fn last_offset(&self) -> Offset {
        self.base_offset + i64::from(self.last_offset_delta)
    }

    /// The largest time.
    #[must_use]
    pub fn max_timestamp(&self) -> Timestamp {
        Timestamp(self.max_timestamp)
    }

    /// True if an idempotent producer sent it.
    #[must_use]
    pub fn has_producer(&self) -> bool {
        self.producer_id > ProducerId::NONE
    }

    /// Sequence of the last record; wraps to 0 behind 2^31-1.
    #[must_use]
    pub fn last_sequence(&self) -> i32 {
        if self.base_sequence < 0 {
            return -1;
        }
        let last = i64::from(self.base_sequence) + i64::from(self.last_offset_delta);
        i32::try_from(last % (i64::from(i32::MAX) + 1)).unwrap_or(0)
    }
}

/// True if the stored checksum fits the bytes of a whole batch.
#[must_use]
pub fn stored_crc_matches(batch: &[u8]) -> bool {
    batch.len() >= HEADER_LEN && u32::from_be_bytes(array(batch, 17)) == crc32c(&batch[CRC_START..])
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_what_encode_wrote() {
        let header = BatchHeader {
            base_offset: Offset(7),
            batch_length: 100,
            leader_epoch: LeaderEpoch(3),
            crc: 0xdead_beef,
            attributes: Attributes(0x33),
            last_offset_delta: 4,
            base_timestamp: 1000,
            max_timestamp: 2000,
            producer_id: ProducerId(9),
            producer_epoch: ProducerEpoch(2),
            base_sequence: i32::MAX - 1,
            count: 5,
        };
        assert_eq!(BatchHeader::parse(&header.encode()), Ok(header));
        assert_eq!(header.last_sequence(), 2, "sequences wrap to 0");
        assert_eq!(header.last_offset(), Offset(11));
    }

    #[test]
    fn lies_are_refused() {
        assert_eq!(BatchHeader::parse(&[0; 60]), Err(HeaderError::Short(60)));
        assert_eq!(BatchHeader::parse(&[0; 61]), Err(HeaderError::Magic(0)));
        let mut raw = [0; 61];
        raw[16] = 2;
        raw[8..12].copy_from_slice(&48i32.to_be_bytes());
        assert_eq!(BatchHeader::parse(&raw), Err(HeaderError::Length(48)));
        raw[8..12].copy_from_slice(&(-1i32).to_be_bytes());
        assert_eq!(BatchHeader::parse(&raw), Err(HeaderError::Length(-1)));
    }

    #[test]
    fn the_checksum_is_castagnoli() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
