//! The five codecs of Kafka, each with a hard cap on what comes out.
//!
//! snappy comes in two forms: one raw block, and the framing of the Java library (magic `\x82SNAPPY\0`, versions, then
//! length-prefixed blocks), which Java clients write and expect. lz4 is the LZ4 frame format.

use std::io::{self, Read, Write};

/// A codec, with its number in the attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// 0
    None,
    /// 1
    Gzip,
    /// 2
    Snappy,
    /// 3
    Lz4,
    /// 4
    Zstd,
}

impl Compression {
    /// The number in a batch's attributes.
    #[must_use]
    pub fn id(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// The codec with this number.
    #[must_use]
    pub fn from_id(id: i16) -> Option<Self> {
        Some(match id {
            0 => Self::None,
            1 => Self::Gzip,
            2 => Self::Snappy,
            3 => Self::Lz4,
            4 => Self::Zstd,
            _ => return None,
        })
    }
}

/// Why bytes could not be decompressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecompressError {
    /// More came out than is allowed.
    #[error("decompresses to more than {0} bytes")]
    TooLarge(usize),
    /// Not what the codec writes.
    #[error("{codec:?} data is corrupt: {detail}")]
    Corrupt {
        /// Which.
        codec: Compression,
        /// What the codec says.
        detail: String,
    },
}

/// Why bytes could not be compressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{codec:?} compression failed: {detail}")]
pub struct CompressError {
    codec: Compression,
    detail: String,
}

const SNAPPY_MAGIC: &[u8; 8] = b"\x82SNAPPY\0";
const SNAPPY_BLOCK: usize = 32 * 1024;

/// Decompresses `input` into `out`, which is cleared first, and stops at `max_output` bytes.
///
/// # Errors
/// More than `max_output` bytes, or corrupt data.
pub fn decompress(
    codec: Compression,
    input: &[u8],
    max_output: usize,
    out: &mut Vec<u8>,
) -> Result<(), DecompressError> {
    out.clear();
    let outcome = match codec {
        Compression::None => {
            if input.len() > max_output {
                return Err(DecompressError::TooLarge(max_output));
            }
            out.extend_from_slice(input);
            return Ok(());
        }
        Compression::Gzip => read_capped(flate2::read::MultiGzDecoder::new(input), max_output, out),
        Compression::Lz4 => read_capped(lz4_flex::frame::FrameDecoder::new(input), max_output, out),
        Compression::Zstd => zstd::stream::read::Decoder::with_buffer(input).and_then(|mut decoder| {
            decoder.window_log_max(27)?; // what zstd itself accepts without being told
            read_capped(decoder, max_output, out)
        }),
        Compression::Snappy => unsnappy(input, max_output, out),
    };
    match outcome {
        Ok(true) => Ok(()),
        Ok(false) => Err(DecompressError::TooLarge(max_output)),
        Err(error) => Err(DecompressError::Corrupt { codec, detail: error.to_string() }),
    }
}

/// False if the cap was reached.
fn read_capped(reader: impl Read, max_output: usize, out: &mut Vec<u8>) -> io::Result<bool> {
    reader.take(max_output as u64 + 1).read_to_end(out)?;
    Ok(out.len() <= max_output)
}

fn unsnappy(input: &[u8], max_output: usize, out: &mut Vec<u8>) -> io::Result<bool> {
    if !input.starts_with(SNAPPY_MAGIC) {
        return unsnappy_block(input, max_output, out);
    }
    let truncated = || io::Error::new(io::ErrorKind::UnexpectedEof, "block is cut off");
    let mut rest = input.get(16..).ok_or_else(truncated)?;
    while !rest.is_empty() {
        let (len, behind) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
        let len = u32::from_be_bytes(*len) as usize;
        let (block, behind) = behind.split_at_checked(len).ok_or_else(truncated)?;
        if !unsnappy_block(block, max_output, out)? {
            return Ok(false);
        }
        rest = behind;
    }
    Ok(true)
}

fn unsnappy_block(block: &[u8], max_output: usize, out: &mut Vec<u8>) -> io::Result<bool> {
    let len = snap::raw::decompress_len(block)?;
    // Snappy cannot expand more than about 64 times per copy element of 3 bytes: a length beyond is a lie.
    if out.len().saturating_add(len) > max_output {
        return Ok(false);
    }
    if len > block.len().saturating_mul(64) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "claimed length is impossible"));
    }
    let start = out.len();
    out.resize(start + len, 0);
    snap::raw::Decoder::new().decompress(block, &mut out[start..])?;
    Ok(true)
}

/// Compresses `input`. `level` is for gzip and zstd; the lz4 encoder has one level.
///
/// # Errors
/// The codec failed.
pub fn compress(codec: Compression, level: Option<i32>, input: &[u8]) -> Result<Vec<u8>, CompressError> {
    let mut out = Vec::with_capacity(input.len() / 2 + 64);
    let outcome = match codec {
        Compression::None => {
            out.extend_from_slice(input);
            Ok(())
        }
        Compression::Gzip => {
            let level = match level.and_then(|l| u32::try_from(l).ok()) {
                Some(level) => flate2::Compression::new(level.min(9)),
                None => flate2::Compression::default(),
            };
            let mut encoder = flate2::write::GzEncoder::new(&mut out, level);
            encoder.write_all(input).and_then(|()| encoder.finish().map(drop))
        }
        Compression::Snappy => snappy(input, &mut out),
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(&mut out);
            encoder.write_all(input).and_then(|()| encoder.finish().map(drop).map_err(io::Error::other))
        }
        Compression::Zstd => zstd::stream::copy_encode(input, &mut out, level.unwrap_or(3)),
    };
    match outcome {
        Ok(()) => Ok(out),
        Err(error) => Err(CompressError { codec, detail: error.to_string() }),
    }
}

fn snappy(input: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    out.extend_from_slice(SNAPPY_MAGIC);
    out.extend_from_slice(&1u32.to_be_bytes());
    out.extend_from_slice(&1u32.to_be_bytes());
    for block in input.chunks(SNAPPY_BLOCK) {
        let packed = snap::raw::Encoder::new().compress_vec(block)?;
        out.extend_from_slice(&u32::try_from(packed.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    #[test]
    fn every_codec_reads_what_it_wrote_and_stops_at_the_cap() {
        let input: Vec<u8> = (0..200_000u32).map(|i| (i / 100) as u8).collect();
        for codec in ALL {
            let packed = compress(codec, None, &input).unwrap();
            let mut out = Vec::new();
            decompress(codec, &packed, input.len(), &mut out).unwrap();
            assert_eq!(out, input, "{codec:?}");
            let capped = decompress(codec, &packed, input.len() - 1, &mut out);
            assert_eq!(capped, Err(DecompressError::TooLarge(input.len() - 1)), "{codec:?}");
        }
    }

    #[test]
    fn raw_snappy_is_read_too() {
        let packed = snap::raw::Encoder::new().compress_vec(b"hello hello hello").unwrap();
        let mut out = Vec::new();
        decompress(Compression::Snappy, &packed, 100, &mut out).unwrap();
        assert_eq!(out, b"hello hello hello");
    }

    proptest! {
        #[test]
        fn hostile_bytes_neither_panic_nor_blow_up(bytes: Vec<u8>, codec in 1i16..5) {
            let mut out = Vec::new();
            let _ = decompress(Compression::from_id(codec).unwrap(), &bytes, 1 << 16, &mut out);
            prop_assert!(out.len() <= (1 << 16) + 1);
        }
    }
}
