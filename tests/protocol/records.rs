//! Records and batches byte by byte, for what no encoder writes.

use bytes::{Bytes, BytesMut};

use crate::batches::set;

/// A header of a record: key and value.
pub type Header<'a> = (&'a [u8], Option<&'a [u8]>);

/// The time now, in ms.
pub fn now() -> i64 {
    use highway_types::Clock;
    highway_types::SystemClock::new().now().0
}

/// A zigzag varint.
pub fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn blob(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    varint(out, bytes.map_or(-1, |b| b.len() as i64));
    out.extend_from_slice(bytes.unwrap_or_default());
}

/// One record.
pub fn record(
    offset_delta: i64,
    time_delta: i64,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header<'_>],
) -> Vec<u8> {
    let mut body = vec![0];
    varint(&mut body, time_delta);
    varint(&mut body, offset_delta);
    blob(&mut body, key);
    blob(&mut body, value);
    varint(&mut body, headers.len() as i64);
    for (key, value) in headers {
        blob(&mut body, Some(key));
        blob(&mut body, *value);
    }
    let mut out = Vec::new();
    varint(&mut out, body.len() as i64);
    out.extend_from_slice(&body);
    out
}

/// A batch around records that are packed with `codec` already.
pub fn batch(codec: i16, count: i32, first: i64, last: i64, packed: &[u8]) -> Bytes {
    let mut out = BytesMut::zeroed(61);
    out.extend_from_slice(packed);
    let len = (out.len() - 12) as i32;
    out[8..12].copy_from_slice(&len.to_be_bytes());
    out[12..16].copy_from_slice(&(-1_i32).to_be_bytes());
    out[16] = 2;
    out[21..23].copy_from_slice(&codec.to_be_bytes());
    out[23..27].copy_from_slice(&(count - 1).to_be_bytes());
    out[27..35].copy_from_slice(&first.to_be_bytes());
    out[35..43].copy_from_slice(&last.to_be_bytes());
    out[43..51].copy_from_slice(&(-1_i64).to_be_bytes());
    out[51..53].copy_from_slice(&(-1_i16).to_be_bytes());
    out[53..57].copy_from_slice(&(-1_i32).to_be_bytes());
    set(&mut out, 57, &count.to_be_bytes());
    out.freeze()
}

/// A batch of plain records with one time for all.
pub fn plain(time: i64, values: &[&[u8]]) -> Bytes {
    let records: Vec<u8> =
        (0..).zip(values).flat_map(|(at, v)| record(at, 0, Some(b"k"), Some(v), &[])).collect();
    batch(0, values.len() as i32, time, time, &records)
}

/// The names of the codecs, and bytes packed with each, by its number.
pub fn packed(codec: i16, bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    match codec {
        0 => bytes.to_vec(),
        1 => {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            out.write_all(bytes).and_then(|()| out.finish()).expect("gzip packs")
        }
        2 => snap::raw::Encoder::new().compress_vec(bytes).expect("snappy packs"),
        3 => {
            let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
            out.write_all(bytes).expect("lz4 packs");
            out.finish().expect("lz4 packs")
        }
        4 => zstd::stream::encode_all(bytes, 19).expect("zstd packs"),
        _ => panic!("no codec {codec}"),
    }
}
