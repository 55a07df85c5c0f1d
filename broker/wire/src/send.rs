//! Writing responses: what is in memory by vectored writes, what is read meanwhile through one buffer.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::piece::{Piece, RecordSource};

/// Bytes that are read and sent in one go: small enough to stay in a core's cache between the two.
const STAGE_BYTES: usize = 256 * 1024;

/// Writes all pieces; `pieces` is empty afterwards.
///
/// # Errors
/// The connection failed, or a source did: a part of a response is on its way then.
pub async fn write_pieces<W: AsyncWrite + Unpin>(
    writer: &mut W,
    pieces: &mut VecDeque<Piece>,
) -> io::Result<()> {
    if pieces.iter().any(|p| matches!(p, Piece::Source(_))) {
        write_staged(writer, pieces).await?;
    } else {
        write_vectored(writer, pieces).await?;
    }
    writer.flush().await
}

async fn write_vectored<W: AsyncWrite + Unpin>(
    writer: &mut W,
    pieces: &mut VecDeque<Piece>,
) -> io::Result<()> {
    while !pieces.is_empty() {
        let mut slices = [IoSlice::new(&[]); 64];
        let mut count = 0;
        for (slot, piece) in slices.iter_mut().zip(pieces.iter()) {
            if let Piece::Bytes(bytes) = piece {
                *slot = IoSlice::new(bytes);
            }
            count += 1;
        }
        let mut written = writer.write_vectored(&slices[..count]).await?;
        if written == 0 && pieces.iter().any(|p| !p.is_empty()) {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while let Some(Piece::Bytes(front)) = pieces.front_mut() {
            if written < front.len() {
                front.advance(written);
                break;
            }
            written -= front.len();
            pieces.pop_front();
        }
    }
    Ok(())
}

/// Everything goes through one buffer: the small pieces around records cost no call of their own then.
async fn write_staged<W: AsyncWrite + Unpin>(writer: &mut W, pieces: &mut VecDeque<Piece>) -> io::Result<()> {
    let total: usize = pieces.iter().map(Piece::len).sum();
    let mut stage = vec![0; total.min(STAGE_BYTES)];
    let mut used = 0;
    while let Some(front) = pieces.pop_front() {
        let mut rest = Some(front);
        while let Some(piece) = rest.take() {
            if used == stage.len() {
                writer.write_all(&stage).await?;
                used = 0;
            }
            match piece {
                Piece::Bytes(bytes) => rest = stage_bytes(bytes, &mut stage, &mut used),
                Piece::Source(source) if source.remaining() == 0 => {}
                Piece::Source(mut source) => {
                    if let Some(n) = source.read_cached(&mut stage[used..])? {
                        used += some(n)?;
                    } else {
                        // What is there goes out before the disk is waited for.
                        writer.write_all(&stage[..used]).await?;
                        (source, stage, used) = read_elsewhere(source, stage).await?;
                    }
                    rest = Some(Piece::Source(source));
                }
            }
        }
    }
    writer.write_all(&stage[..used]).await
}

/// Copies as much as fits and gives back the rest.
fn stage_bytes(mut bytes: Bytes, stage: &mut [u8], used: &mut usize) -> Option<Piece> {
    let n = bytes.len().min(stage.len() - *used);
    stage[*used..*used + n].copy_from_slice(&bytes[..n]);
    *used += n;
    bytes.advance(n);
    (!bytes.is_empty()).then_some(Piece::Bytes(bytes))
}

type Source = Box<dyn RecordSource>;

async fn read_elsewhere(mut source: Source, mut stage: Vec<u8>) -> io::Result<(Source, Vec<u8>, usize)> {
    tokio::task::spawn_blocking(move || {
        let n = source.read_blocking(&mut stage)?;
        Ok((source, stage, some(n)?))
    })
    .await
    .map_err(io::Error::other)?
}

/// A source that promised bytes and has none would be asked for ever.
fn some(n: usize) -> io::Result<usize> {
    if n == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(n) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt;

    use super::*;

    /// Bytes in portions; every third time the disk must be waited for.
    #[derive(Debug)]
    struct Portions {
        bytes: Bytes,
        portion: usize,
        asked: usize,
        fails_at: usize,
    }

    impl Portions {
        fn give(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.bytes.len() <= self.fails_at {
                return Err(io::Error::other("damaged"));
            }
            let n = into.len().min(self.portion).min(self.bytes.len());
            into[..n].copy_from_slice(&self.bytes.split_to(n));
            Ok(n)
        }
    }

    impl RecordSource for Portions {
        fn remaining(&self) -> usize {
            self.bytes.len()
        }

        fn read_cached(&mut self, into: &mut [u8]) -> io::Result<Option<usize>> {
            self.asked += 1;
            if self.asked.is_multiple_of(3) { Ok(None) } else { self.give(into).map(Some) }
        }

        fn read_blocking(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.give(into)
        }
    }

    fn send(mut pieces: VecDeque<Piece>, pipe: usize) -> (io::Result<()>, Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async move {
            let (mut writer, mut reader) = tokio::io::duplex(pipe);
            let task = tokio::spawn(async move { write_pieces(&mut writer, &mut pieces).await });
            let mut seen = Vec::new();
            reader.read_to_end(&mut seen).await.unwrap();
            (task.await.unwrap(), seen)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pieces_are_written_in_order(
            parts in proptest::collection::vec((0usize..4000, any::<bool>(), 1usize..900), 0..30),
            large in 0usize..3,
            pipe in 1usize..5000,
        ) {
            let mut expected = Vec::new();
            let mut pieces = VecDeque::new();
            for (at, (len, source, portion)) in parts.into_iter().enumerate() {
                let len = if at < large { len + STAGE_BYTES } else { len };
                let bytes = Bytes::from(vec![u8::try_from(at).unwrap(); len]);
                expected.extend_from_slice(&bytes);
                let portion = if at < large { portion * 500 } else { portion };
                pieces.push_back(if source {
                    Piece::Source(Box::new(Portions { bytes, portion, asked: 0, fails_at: 0 }))
                } else {
                    Piece::Bytes(bytes)
                });
            }
            pieces.retain(|p| !p.is_empty() || matches!(p, Piece::Bytes(_)));
            let (outcome, seen) = send(pieces, if large > 0 { pipe * 20 } else { pipe });
            outcome.unwrap();
            prop_assert!(seen == expected);
        }
    }

    #[test]
    fn a_source_that_fails_ends_the_response() {
        let source = Portions { bytes: Bytes::from(vec![7; 1000]), portion: 100, asked: 0, fails_at: 500 };
        let pieces = [Piece::Bytes(Bytes::from_static(b"head")), Piece::Source(Box::new(source))];
        let (outcome, seen) = send(pieces.into(), 64);
        assert_eq!(outcome.unwrap_err().to_string(), "damaged");
        assert!(seen.len() <= 504);
    }
}
