//! Compression of whole objects: `s3.compression.type`.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use snap::write::FrameEncoder;

/// Plain bytes that are gathered before they are compressed.
const GATHER: usize = 64 * 1024;

/// How an object is compressed. All are streams of members or frames that may follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Not.
    None,
    /// RFC 1952; the level, 0 to 9.
    Gzip(u32),
    /// RFC 8878; the level.
    Zstd(i32),
    /// Snappy's framing format.
    Snappy,
}

impl Codec {
    /// What is added to an object's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip(_) => ".gz",
            Self::Zstd(_) => ".zst",
            Self::Snappy => ".sz",
        }
    }

    /// Memory of a stream that is open, measured.
    fn state(self) -> usize {
        match self {
            Self::None => 0,
            Self::Gzip(_) => 300 * 1024,
            Self::Zstd(_) => 1300 * 1024,
            Self::Snappy => 150 * 1024,
        }
    }

    fn open(self) -> io::Result<Stream> {
        Ok(match self {
            Self::None => Stream::None,
            Self::Gzip(level) => Stream::Gzip(GzEncoder::new(Vec::new(), Compression::new(level))),
            Self::Zstd(level) => Stream::Zstd(zstd::Encoder::new(Vec::new(), level)?),
            Self::Snappy => Stream::Snappy(Box::new(FrameEncoder::new(Vec::new()))),
        })
    }
}

enum Stream {
    None,
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::Encoder<'static, Vec<u8>>),
    Snappy(Box<FrameEncoder<Vec<u8>>>),
}

impl Stream {
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::None => out.extend_from_slice(plain),
            Self::Gzip(gz) => {
                gz.write_all(plain)?;
                out.append(gz.get_mut());
            }
            Self::Zstd(zstd) => {
                zstd.write_all(plain)?;
                out.append(zstd.get_mut());
            }
            Self::Snappy(snappy) => {
                snappy.write_all(plain)?;
                out.append(snappy.get_mut());
            }
        }
        Ok(())
    }

    fn end(self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::None => {}
            Self::Gzip(gz) => out.append(&mut gz.finish()?),
            Self::Zstd(zstd) => out.append(&mut zstd.finish()?),
            Self::Snappy(snappy) => {
                out.append(&mut snappy.into_inner().map_err(|e| io::Error::other(e.to_string()))?);
            }
        }
        Ok(())
    }
}

/// Compresses what is written into [`Compressor::plain`].
pub struct Compressor {
    codec: Codec,
    plain: Vec<u8>,
    stream: Option<Stream>,
}

impl Compressor {
    /// One that has compressed nothing.
    pub fn new(codec: Codec) -> Self {
        Self { codec, plain: Vec::new(), stream: None }
    }

    /// Where plain bytes go; then [`Compressor::pump`]. Without compression they go straight out.
    pub fn plain<'a>(&'a mut self, out: &'a mut Vec<u8>) -> &'a mut Vec<u8> {
        if self.codec == Codec::None { out } else { &mut self.plain }
    }

    /// Compresses when enough is gathered.
    pub fn pump(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.plain.len() >= GATHER { self.compress(out) } else { Ok(()) }
    }

    fn compress(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.plain.is_empty() {
            return Ok(());
        }
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.codec.open()?,
        };
        stream.write(&self.plain, out)?;
        self.plain.clear();
        self.stream = Some(stream);
        Ok(())
    }

    /// Bytes held back.
    pub fn held(&self) -> usize {
        self.plain.capacity() + self.stream.as_ref().map_or(0, |_| self.codec.state())
    }

    /// Ends the member or frame. The next bytes begin another.
    pub fn end(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.compress(out)?;
        self.plain = Vec::new();
        self.stream.take().map_or(Ok(()), |stream| stream.end(out))
    }
}
