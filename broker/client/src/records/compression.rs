//! Kafka's five codecs. What comes out of a decompression is bounded.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use highway_types::limits::DECOMPRESSED_MAX_BYTES;

/// How the records of a batch are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// 0
    #[default]
    None,
    /// 1
    Gzip,
    /// 2; written in the framing that Java clients expect, read in both forms.
    Snappy,
    /// 3; the LZ4 frame format.
    Lz4,
    /// 4
    Zstd,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The number in a batch's attributes.
    #[must_use]
    pub fn id(self) -> i16 {
        self as i16
    }

    /// The codec with this number.
    #[must_use]
    pub fn from_id(id: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.id() == id)
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        })
    }
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|c| c.to_string() == text)
            .ok_or_else(|| format!("'{text}' is not one of none, gzip, snappy, lz4, zstd"))
    }
}

/// The xerial framing: magic, version and lowest compatible version.
const SNAPPY_HEAD: &[u8; 16] = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";
const SNAPPY_MAGIC_LEN: usize = 8;
const SNAPPY_BLOCK: usize = 32 * 1024;

pub(crate) fn compress(codec: Compression, input: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    match codec {
        Compression::None => out.extend_from_slice(input),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::default());
            encoder.write_all(input)?;
            encoder.finish()?;
        }
        Compression::Snappy => {
            out.extend_from_slice(SNAPPY_HEAD);
            let mut encoder = snap::raw::Encoder::new();
            for block in input.chunks(SNAPPY_BLOCK) {
                let packed = encoder.compress_vec(block)?;
                let len = u32::try_from(packed.len()).map_err(io::Error::other)?;
                out.extend_from_slice(&len.to_be_bytes());
                out.extend_from_slice(&packed);
            }
        }
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(out);
            encoder.write_all(input)?;
            encoder.finish().map_err(io::Error::other)?;
        }
        Compression::Zstd => zstd::stream::copy_encode(input, out, zstd::DEFAULT_COMPRESSION_LEVEL)?,
    }
    Ok(())
}

pub(crate) fn decompress(codec: Compression, input: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(input.len().saturating_mul(3).min(1 << 20));
    match codec {
        Compression::None => out.extend_from_slice(input),
        Compression::Gzip => bounded(flate2::read::MultiGzDecoder::new(input), &mut out)?,
        Compression::Lz4 => bounded(lz4_flex::frame::FrameDecoder::new(input), &mut out)?,
        Compression::Zstd => bounded(zstd::stream::read::Decoder::with_buffer(input)?, &mut out)?,
        Compression::Snappy if input.starts_with(&SNAPPY_HEAD[..SNAPPY_MAGIC_LEN]) => {
            let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "a snappy block is cut off");
            let mut rest = input.get(SNAPPY_HEAD.len()..).ok_or_else(cut)?;
            while let Some((len, behind)) = rest.split_first_chunk::<4>() {
                let (block, behind) =
                    behind.split_at_checked(u32::from_be_bytes(*len) as usize).ok_or_else(cut)?;
                snappy_block(block, &mut out)?;
                rest = behind;
            }
        }
        Compression::Snappy => snappy_block(input, &mut out)?,
    }
    Ok(out)
}

fn too_large() -> io::Error {
    io::Error::other(format!("it holds more than {DECOMPRESSED_MAX_BYTES} bytes"))
}

fn bounded(reader: impl Read, out: &mut Vec<u8>) -> io::Result<()> {
    reader.take(DECOMPRESSED_MAX_BYTES as u64 + 1).read_to_end(out)?;
    if out.len() > DECOMPRESSED_MAX_BYTES { Err(too_large()) } else { Ok(()) }
}

fn snappy_block(block: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let len = snap::raw::decompress_len(block)?;
    // Three bytes of snappy give 64 at the most: a length beyond that is a lie, and would allocate.
    if len > block.len().saturating_mul(64) || out.len().saturating_add(len) > DECOMPRESSED_MAX_BYTES {
        return Err(too_large());
    }
    let start = out.len();
    out.resize(start + len, 0);
    snap::raw::Decoder::new().decompress(block, &mut out[start..])?;
    Ok(())
}
