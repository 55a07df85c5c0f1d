//! Bodies as they travel: gzip and zstd, unpacked piece by piece with a bound on what comes out.

use std::fmt;
use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use highway_types::limits::INGEST_ZSTD_WINDOW_LOG;
use http::{HeaderMap, header};
use zstd::stream::{raw, zio};

use super::decoded::RequestError;

/// A `Content-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// gzip, also of several members.
    Gzip,
    /// zstd, with a window of 8 MiB at the most (RFC 9659).
    Zstd,
}

impl Encoding {
    /// The encoding that the headers name. Only one layer is taken: stacked encodings only serve bombs.
    ///
    /// # Errors
    /// One that is not taken.
    pub fn of(headers: &HeaderMap) -> Result<Self, RequestError> {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let (first, second) = (values.next(), values.next());
        let text = first.map_or(&b""[..], |v| v.as_bytes().trim_ascii());
        match (&text.to_ascii_lowercase()[..], second) {
            (b"" | b"identity", None) => Ok(Self::Identity),
            (b"gzip" | b"x-gzip", None) => Ok(Self::Gzip),
            (b"zstd", None) => Ok(Self::Zstd),
            _ => Err(RequestError::Encoding(String::from_utf8_lossy(text).into_owned())),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Bytes up to a bound; the write that would pass it fails.
struct Bounded {
    bytes: Vec<u8>,
    max: usize,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.max - self.bytes.len() {
            self.full = true;
            return Err(io::Error::other("full"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Decoder {
    Identity(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Zstd(Box<zio::Writer<Bounded, raw::Decoder<'static>>>),
}

/// Unpacks a body while it arrives: no more than `max_packed` bytes go in, no more than `max_unpacked` come out, and the piece that
/// would pass either bound is where it stops.
pub struct Unpacker {
    encoding: Encoding,
    decoder: Decoder,
    packed: usize,
    max_packed: usize,
    max_unpacked: usize,
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacker")
            .field("encoding", &self.encoding)
            .field("packed", &self.packed)
            .finish_non_exhaustive()
    }
}

impl Unpacker {
    /// For one body.
    ///
    /// # Errors
    /// The decoder cannot be made.
    pub fn new(encoding: Encoding, max_packed: usize, max_unpacked: usize) -> Result<Self, RequestError> {
        let out = Bounded { bytes: Vec::new(), max: max_unpacked, full: false };
        let decoder = match encoding {
            Encoding::Identity => Decoder::Identity(out),
            Encoding::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(out))),
            Encoding::Zstd => {
                let unpack =
                    |error: io::Error| RequestError::Unpack { encoding: "zstd", reason: error.to_string() };
                let mut decoder = raw::Decoder::new().map_err(unpack)?;
                decoder
                    .set_parameter(raw::DParameter::WindowLogMax(INGEST_ZSTD_WINDOW_LOG))
                    .map_err(unpack)?;
                Decoder::Zstd(Box::new(zio::Writer::new(out, decoder)))
            }
        };
        Ok(Self { encoding, decoder, packed: 0, max_packed, max_unpacked })
    }

    /// Adds a piece as it was received.
    ///
    /// # Errors
    /// A bound was passed, or the bytes are not of that encoding.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), RequestError> {
        self.packed = self.packed.saturating_add(piece.len());
        if self.packed > self.max_packed {
            return Err(RequestError::TooLarge { max: self.max_packed, unpacked: false });
        }
        let done = match &mut self.decoder {
            Decoder::Identity(out) => out.write_all(piece),
            Decoder::Gzip(decoder) => decoder.write_all(piece),
            Decoder::Zstd(decoder) => decoder.write_all(piece),
        };
        done.map_err(|error| self.error(&error))
    }

    fn out(&self) -> &Bounded {
        match &self.decoder {
            Decoder::Identity(out) => out,
            Decoder::Gzip(decoder) => decoder.get_ref(),
            Decoder::Zstd(decoder) => decoder.writer(),
        }
    }

    fn error(&self, error: &io::Error) -> RequestError {
        if self.out().full {
            return RequestError::TooLarge {
                max: self.max_unpacked,
                unpacked: self.encoding != Encoding::Identity,
            };
        }
        RequestError::Unpack { encoding: self.encoding.name(), reason: error.to_string() }
    }

    /// Bytes that came out so far, for the memory budget.
    #[must_use]
    pub fn unpacked(&self) -> usize {
        self.out().bytes.len()
    }

    /// The whole body.
    ///
    /// # Errors
    /// It ended early, or its last bytes passed the bound.
    pub fn finish(mut self) -> Result<Bytes, RequestError> {
        let done = match &mut self.decoder {
            Decoder::Identity(_) => Ok(()),
            Decoder::Gzip(decoder) => decoder.try_finish(),
            // The writer of the streams module does not tell of a frame that is incomplete; this one does.
            Decoder::Zstd(decoder) => decoder.finish(),
        };
        if let Err(error) = done {
            return Err(self.error(&error));
        }
        let bytes = match self.decoder {
            Decoder::Identity(out) => out.bytes,
            Decoder::Gzip(decoder) => decoder.finish().map_err(|e| gone(&e))?.bytes,
            Decoder::Zstd(decoder) => decoder.into_inner().0.bytes,
        };
        Ok(bytes.into())
    }
}

fn gone(error: &io::Error) -> RequestError {
    RequestError::Unpack { encoding: "gzip", reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::testing::headers;
    use proptest::prelude::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(encoding: Encoding, packed: &[u8], step: usize, max: usize) -> Result<Bytes, RequestError> {
        let mut unpacker = Unpacker::new(encoding, 1 << 20, max)?;
        for piece in packed.chunks(step) {
            unpacker.push(piece)?;
            assert!(unpacker.unpacked() <= max);
        }
        unpacker.finish()
    }

    #[test]
    fn encodings_are_named_by_one_header() {
        let of = |pairs: &[(&str, &str)]| Encoding::of(&headers(pairs));
        assert_eq!(of(&[]), Ok(Encoding::Identity));
        assert_eq!(of(&[("content-encoding", " GZip ")]), Ok(Encoding::Gzip));
        assert_eq!(of(&[("content-encoding", "zstd")]), Ok(Encoding::Zstd));
        assert!(of(&[("content-encoding", "br")]).is_err());
        assert!(of(&[("content-encoding", "gzip, gzip")]).is_err());
        assert!(of(&[("content-encoding", "gzip"), ("content-encoding", "gzip")]).is_err());
    }

    #[test]
    fn bombs_stop_at_the_bound() {
        let zeros = vec![0; 4 << 20];
        for (encoding, packed) in [
            (Encoding::Gzip, gzip(&zeros)),
            (Encoding::Zstd, zstd::bulk::compress(&zeros, 3).unwrap()),
            (Encoding::Identity, zeros[..100_001].to_vec()),
        ] {
            let error = unpack(encoding, &packed, 4096, 100_000).unwrap_err();
            let unpacked = encoding != Encoding::Identity;
            assert_eq!(error, RequestError::TooLarge { max: 100_000, unpacked }, "{encoding:?}");
        }
        let mut unpacker = Unpacker::new(Encoding::Gzip, 10, 1000).unwrap();
        assert_eq!(unpacker.push(&[0; 11]), Err(RequestError::TooLarge { max: 10, unpacked: false }));
        // A window of 128 MiB is more than RFC 9659 lets senders ask for.
        let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(b"x").unwrap();
        let wide = encoder.finish().unwrap();
        assert!(matches!(unpack(Encoding::Zstd, &wide, 4096, 1000), Err(RequestError::Unpack { .. })));
    }

    #[test]
    fn bodies_that_are_cut_or_no_such_thing() {
        for (encoding, packed) in
            [(Encoding::Gzip, gzip(b"hello")), (Encoding::Zstd, zstd::bulk::compress(b"hello", 1).unwrap())]
        {
            for cut in 0..packed.len() {
                let got = unpack(encoding, &packed[..cut], 3, 100);
                assert!(
                    matches!(got, Err(RequestError::Unpack { .. })),
                    "{encoding:?} cut at {cut}: {got:?}"
                );
            }
            assert!(unpack(encoding, b"{\"no\": \"such thing\"}", 3, 100).is_err());
        }
        let two = [gzip(b"hel"), gzip(b"lo")].concat();
        assert_eq!(unpack(Encoding::Gzip, &two, 1, 100).unwrap(), "hello");
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out(bytes in proptest::collection::vec(any::<u8>(), 0..5000), step in 1_usize..500) {
            prop_assert_eq!(&unpack(Encoding::Gzip, &gzip(&bytes), step, 5000).unwrap(), &bytes);
            let packed = zstd::bulk::compress(&bytes, 1).unwrap();
            prop_assert_eq!(&unpack(Encoding::Zstd, &packed, step, 5000).unwrap(), &bytes);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (encoding, magic) in [(Encoding::Gzip, &[0x1f, 0x8b, 8, 0][..]), (Encoding::Zstd, &[0x28, 0xb5, 0x2f, 0xfd])] {
                let _ = unpack(encoding, &bytes, 7, 1000);
                let _ = unpack(encoding, &[magic, &bytes].concat(), 7, 1000);
            }
        }
    }
}
