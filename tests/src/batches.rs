//! Record batches, right and wrong ones, made without the broker's own encoder.

use bytes::{Bytes, BytesMut};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::records::{Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType};

/// Who produced a batch.
#[derive(Clone, Copy)]
pub struct Producer {
    /// -1: not idempotent.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// Sequence of the first record.
    pub sequence: i32,
}

/// No idempotent producer.
pub const NOBODY: Producer = Producer { id: -1, epoch: -1, sequence: -1 };

/// A batch with one record for each (key, timestamp).
pub fn batch(by: Producer, records: &[(Option<&'static str>, i64)]) -> BytesMut {
    let records: Vec<Record> = records
        .iter()
        .enumerate()
        .map(|(at, &(key, timestamp))| Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: -1,
            producer_id: by.id,
            producer_epoch: by.epoch,
            timestamp_type: TimestampType::Creation,
            offset: at as i64,
            // The encoder starts a new batch where offset and sequence do not rise together.
            sequence: by.sequence + at as i32,
            timestamp,
            key: key.map(|k| Bytes::from_static(k.as_bytes())),
            value: Some(Bytes::from_static(b"value")),
            headers: IndexMap::new(),
        })
        .collect();
    let mut out = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut out, &records, &options).expect("records can be encoded");
    set(&mut out, 23, &(records.len() as i32 - 1).to_be_bytes());
    set(&mut out, 43, &by.id.to_be_bytes());
    set(&mut out, 51, &by.epoch.to_be_bytes());
    set(&mut out, 53, &by.sequence.to_be_bytes());
    out
}

/// Writes over bytes of a batch and makes its checksum right again.
pub fn set(batch: &mut [u8], at: usize, bytes: &[u8]) {
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    let crc = crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
}

fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
