//! Writes a batch's records anew: with another codec, or with right offset deltas.

use bytes::Bytes;
use highway_types::TopicConfig;
use highway_types::topic_config::CompressionType;

use super::error::BatchError;
use crate::batch::compression::{Compression, compress};
use crate::batch::header::{BatchHeader, HEADER_LEN, LENGTH_OVERHEAD};
use crate::batch::records::{RecordView, records};
use crate::batch::varint::{write_int, write_long};

/// The codec that the topic wants (`compression.type`).
pub(super) fn target_codec(config: &TopicConfig, sent: Compression) -> Compression {
    match config.compression_type {
        CompressionType::Producer => sent,
        CompressionType::Uncompressed => Compression::None,
        CompressionType::Gzip => Compression::Gzip,
        CompressionType::Snappy => Compression::Snappy,
        CompressionType::Lz4 => Compression::Lz4,
        CompressionType::Zstd => Compression::Zstd,
    }
}

/// The payload for `header`, whose codec and length are set to it; its checksum is left to the caller.
pub(super) fn repack(
    header: &mut BatchHeader,
    plain: &[u8],
    target: Compression,
    config: &TopicConfig,
    deltas_right: bool,
) -> Result<Bytes, BatchError> {
    let renumbered;
    let plain = if deltas_right {
        plain
    } else {
        renumbered = renumber(plain, header.count)?;
        &renumbered
    };
    let level = match target {
        Compression::Gzip => Some(config.compression_gzip_level),
        Compression::Zstd => Some(config.compression_zstd_level),
        _ => None,
    };
    let payload = Bytes::from(compress(target, level, plain)?);
    header.attributes = header.attributes.with_compression(target);
    header.batch_length = i32::try_from(HEADER_LEN - LENGTH_OVERHEAD + payload.len()).map_err(|_| {
        BatchError::TooLarge { size: HEADER_LEN + payload.len(), max: config.max_message_bytes }
    })?;
    Ok(payload)
}

/// The same records with offset deltas 0, 1, 2...
fn renumber(plain: &[u8], count: i32) -> Result<Vec<u8>, BatchError> {
    let mut out = Vec::with_capacity(plain.len() + 16);
    let mut body = Vec::new();
    for (index, record) in (0i32..).zip(records(plain, count)) {
        write_record(&mut out, &mut body, index, &record?);
    }
    Ok(out)
}

fn write_record(out: &mut Vec<u8>, body: &mut Vec<u8>, offset_delta: i32, record: &RecordView<'_>) {
    // Every length below was an i32 when it was read and only the delta's varint changes, so the casts cannot fail.
    let len = |bytes: &[u8]| i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    body.clear();
    body.push(0);
    write_long(body, record.timestamp_delta);
    write_int(body, offset_delta);
    for field in [record.key, record.value] {
        match field {
            Some(bytes) => {
                write_int(body, len(bytes));
                body.extend_from_slice(bytes);
            }
            None => write_int(body, -1),
        }
    }
    write_int(body, record.header_count);
    body.extend_from_slice(record.headers);
    write_int(out, len(body));
    out.extend_from_slice(body);
}
