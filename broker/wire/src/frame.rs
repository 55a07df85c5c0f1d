//! Frames: an int32 length, then that many bytes.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Memory for a large frame grows by this much at a time, as its bytes arrive.
const GROWTH: usize = 1 << 20;
/// Bytes that one read of small frames asks for.
const READ_AHEAD: usize = 64 * 1024;

/// Why no more frames can be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A length that cannot be, or is not allowed.
    #[error("frame of {length} bytes (allowed are 0 to {max})")]
    Length {
        /// As sent.
        length: i32,
        /// `socket.request.max.bytes`.
        max: usize,
    },
    /// The connection ended within a frame.
    #[error("connection ended within a frame")]
    CutOff,
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads frames from a connection. Cancelling `next_frame` loses nothing.
#[derive(Debug)]
pub struct FrameReader<R> {
    inner: R,
    buffer: BytesMut,
    max: usize,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Frames of at most `max` bytes.
    pub fn new(inner: R, max: usize) -> Self {
        Self { inner, buffer: BytesMut::new(), max }
    }

    /// The next frame without its length, or `None` at the end of the connection.
    ///
    /// # Errors
    /// See [`FrameError`]; the connection is of no use afterwards.
    pub async fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        loop {
            if let Some(head) = self.buffer.first_chunk::<4>() {
                let length = i32::from_be_bytes(*head);
                let len = usize::try_from(length)
                    .ok()
                    .filter(|l| *l <= self.max)
                    .ok_or(FrameError::Length { length, max: self.max })?;
                if self.buffer.len() >= 4 + len {
                    self.buffer.advance(4);
                    let frame = self.buffer.split_to(len).freeze();
                    if len > READ_AHEAD {
                        // What follows shares the frame's memory: an idle connection would keep all of it.
                        self.buffer = BytesMut::from(&self.buffer[..]);
                    }
                    return Ok(Some(frame));
                }
                let missing = 4 + len - self.buffer.len();
                self.buffer.reserve(missing.min(GROWTH.max(self.buffer.len())));
            } else {
                self.buffer.reserve(READ_AHEAD);
            }
            if self.inner.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(FrameError::CutOff) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn frames_come_whole_however_they_arrive() {
        let (mut client, server) = tokio::io::duplex(7);
        let sender = tokio::spawn(async move {
            for frame in [&b"first"[..], b"", b"a longer third frame"] {
                client.write_all(&u32::try_from(frame.len()).unwrap().to_be_bytes()).await.unwrap();
                client.write_all(frame).await.unwrap();
            }
        });
        let mut reader = FrameReader::new(server, 100);
        assert_eq!(reader.next_frame().await.unwrap().unwrap(), "first");
        assert_eq!(reader.next_frame().await.unwrap().unwrap(), "");
        assert_eq!(reader.next_frame().await.unwrap().unwrap(), "a longer third frame");
        assert!(reader.next_frame().await.unwrap().is_none());
        sender.await.unwrap();
    }

    #[tokio::test]
    async fn memory_grows_only_as_bytes_arrive() {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let mut reader = FrameReader::new(server, 100 << 20);
        client.write_all(&(100_u32 << 20).to_be_bytes()).await.unwrap();
        client.write_all(&[7; 3000]).await.unwrap();
        tokio::select! {
            biased;
            frame = reader.next_frame() => panic!("{frame:?}"),
            () = tokio::task::yield_now() => {}
        }
        assert!(reader.buffer.len() >= 3004 && reader.buffer.capacity() <= 3 * GROWTH);
    }

    #[tokio::test]
    async fn a_large_frame_is_not_kept_by_what_follows() {
        let mut bytes = (300_000_u32).to_be_bytes().to_vec();
        bytes.resize(300_004, 7);
        bytes.extend_from_slice(&[0, 0, 0, 1]);
        let mut reader = FrameReader::new(&bytes[..], 1 << 20);
        let frame = reader.next_frame().await.unwrap().unwrap();
        assert_eq!(frame.len(), 300_000);
        assert!(frame.is_unique(), "the reader shares the frame's memory");
        assert!(matches!(reader.next_frame().await, Err(FrameError::CutOff)));
    }

    #[tokio::test]
    async fn lengths_that_lie_are_refused() {
        for bytes in [&[0x7f, 0xff, 0xff, 0xff][..], &[0xff, 0xff, 0xff, 0xff], &[0, 0, 0, 101]] {
            let error = FrameReader::new(bytes, 100).next_frame().await.unwrap_err();
            assert!(matches!(error, FrameError::Length { .. }));
        }
        let error = FrameReader::new(&[0, 0, 0, 9, 1][..], 100).next_frame().await.unwrap_err();
        assert!(matches!(error, FrameError::CutOff));
    }
}
