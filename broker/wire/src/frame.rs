//! Frames: an int32 length, then that many bytes.

use std::io;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use highway_types::limits::{FRAME_STALL, FRAME_STALL_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Duration, Instant, timeout_at};

use crate::memory::{Admitted, RequestMemory};

/// A large frame is read, and memory for it counted, by this much at a time or as much again as has come.
const GROWTH: usize = 1 << 20;
/// Bytes of a frame's length.
const HEAD: usize = 4;
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
    /// The rest of a large frame did not come while others wait for its memory.
    #[error("{had} of {length} bytes of a frame came, and no more in time while others wait for memory")]
    Stalled {
        /// What came.
        had: usize,
        /// What was announced.
        length: usize,
    },
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A frame without its length.
#[derive(Debug)]
pub struct Frame {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its part of the budget, to be kept as long as the bytes are. Nothing for a small frame.
    pub admitted: Admitted,
}

/// Reads frames from a connection. Cancelling `next_frame` loses nothing.
#[derive(Debug)]
pub struct FrameReader<R> {
    inner: R,
    /// Small frames, and the start of a large one until its length is known.
    buffer: BytesMut,
    /// A large frame with its length, as far as it has come, and how long it gets.
    large: Option<(Vec<u8>, usize)>,
    max: usize,
    memory: Arc<RequestMemory>,
    /// Of the frame that is being read.
    admitted: Admitted,
    admitted_bytes: usize,
    /// When the frame must have come so much further, and how far it was.
    checked: Option<(Instant, usize)>,
    stall: Duration,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Frames of at most `max` bytes, with memory from a budget.
    pub fn new(inner: R, max: usize, memory: Arc<RequestMemory>) -> Self {
        Self {
            inner,
            buffer: BytesMut::new(),
            large: None,
            max,
            memory,
            admitted: Admitted::default(),
            admitted_bytes: 0,
            checked: None,
            stall: FRAME_STALL,
        }
    }

    /// The next frame, or `None` at the end of the connection.
    ///
    /// # Errors
    /// See [`FrameError`]; the connection is of no use afterwards.
    pub async fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            if self.large.is_some() {
                return self.large_frame().await.map(Some);
            }
            if let Some(head) = self.buffer.first_chunk::<HEAD>() {
                let length = i32::from_be_bytes(*head);
                let len = usize::try_from(length)
                    .ok()
                    .filter(|l| *l <= self.max)
                    .ok_or(FrameError::Length { length, max: self.max })?;
                if self.buffer.len() >= HEAD + len {
                    self.buffer.advance(HEAD);
                    let frame = self.buffer.split_to(len).freeze();
                    return Ok(Some(Frame { bytes: frame, admitted: Admitted::default() }));
                }
                if len > READ_AHEAD {
                    let mut large = self.memory.buffer(HEAD + len);
                    large.extend_from_slice(&self.buffer);
                    // Not kept: an idle connection has no memory.
                    self.buffer = BytesMut::new();
                    self.large = Some((large, HEAD + len));
                    continue;
                }
                self.buffer.reserve(HEAD + len - self.buffer.len());
            } else {
                self.buffer.reserve(READ_AHEAD);
            }
            if self.inner.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(FrameError::CutOff) };
            }
        }
    }

    /// Reads the large frame that has begun. What follows it is left to the next read: it would have to be copied.
    async fn large_frame(&mut self) -> Result<Frame, FrameError> {
        while let Some((frame, total)) = &self.large
            && frame.len() < *total
        {
            let (had, total) = (frame.len(), *total);
            let step = (total - had).min(GROWTH.max(had));
            self.admit(had, step).await;
            let deadline = self.deadline(had);
            let Some((frame, _)) = &mut self.large else { break };
            frame.reserve(step);
            let mut rest = frame.limit(step);
            match timeout_at(deadline, self.inner.read_buf(&mut rest)).await {
                Ok(Ok(0)) => return Err(FrameError::CutOff),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => self.check_stall(had, total - HEAD)?,
            }
        }
        let frame = self.large.take().map(|(frame, _)| frame).unwrap_or_default();
        (self.admitted_bytes, self.checked) = (0, None);
        let bytes = self.memory.lend(frame).slice(HEAD..);
        Ok(Frame { bytes, admitted: std::mem::take(&mut self.admitted) })
    }

    /// Waits for room for the next `step` bytes of a frame of which `had` came.
    async fn admit(&mut self, had: usize, step: usize) {
        if had < self.admitted_bytes {
            return;
        }
        let wanted = had + step;
        self.memory.admit(&mut self.admitted, wanted - self.admitted_bytes).await;
        self.admitted_bytes = wanted;
        self.checked = None; // the wait was not the client's fault
    }

    fn deadline(&mut self, had: usize) -> Instant {
        self.checked.get_or_insert((Instant::now() + self.stall, had)).0
    }

    fn check_stall(&mut self, had: usize, length: usize) -> Result<(), FrameError> {
        let before = self.checked.take().map_or(0, |(_, before)| before);
        if self.memory.waiting() > 0 && had - before < FRAME_STALL_BYTES {
            return Err(FrameError::Stalled { had: had - HEAD, length });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    fn reader<R: AsyncRead + Unpin>(inner: R, max: usize) -> FrameReader<R> {
        FrameReader::new(inner, max, RequestMemory::new(1 << 30))
    }

    #[tokio::test]
    async fn frames_come_whole_however_they_arrive() {
        let (mut client, server) = tokio::io::duplex(7);
        let sender = tokio::spawn(async move {
            for frame in [&b"first"[..], b"", b"a longer third frame"] {
                client.write_all(&u32::try_from(frame.len()).unwrap().to_be_bytes()).await.unwrap();
                client.write_all(frame).await.unwrap();
            }
        });
        let mut reader = reader(server, 100);
        for expected in ["first", "", "a longer third frame"] {
            assert_eq!(reader.next_frame().await.unwrap().unwrap().bytes, expected);
        }
        assert!(reader.next_frame().await.unwrap().is_none());
        sender.await.unwrap();
    }

    #[tokio::test]
    async fn memory_grows_only_as_bytes_arrive() {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let mut reader = reader(server, 100 << 20);
        client.write_all(&(100_u32 << 20).to_be_bytes()).await.unwrap();
        client.write_all(&[7; 3000]).await.unwrap();
        tokio::select! {
            biased;
            frame = reader.next_frame() => panic!("{frame:?}"),
            () = tokio::task::yield_now() => {}
        }
        let (frame, _) = reader.large.as_ref().unwrap();
        assert!(
            frame.len() >= 3004 && frame.capacity() <= 3 * GROWTH,
            "{} of {}",
            frame.len(),
            frame.capacity()
        );
    }

    #[tokio::test]
    async fn a_large_frame_is_not_kept_by_what_follows() {
        let mut bytes = (300_000_u32).to_be_bytes().to_vec();
        bytes.resize(300_004, 7);
        bytes.extend_from_slice(&[0, 0, 0, 1]);
        let mut reader = reader(&bytes[..], 1 << 20);
        let frame = reader.next_frame().await.unwrap().unwrap().bytes;
        assert_eq!(frame.len(), 300_000);
        assert!(
            reader.large.is_none() && reader.buffer.capacity() == 0,
            "the reader shares the frame's memory"
        );
        assert!(matches!(reader.next_frame().await, Err(FrameError::CutOff)));
    }

    #[tokio::test]
    async fn lengths_that_lie_are_refused() {
        for bytes in [&[0x7f, 0xff, 0xff, 0xff][..], &[0xff, 0xff, 0xff, 0xff], &[0, 0, 0, 101]] {
            let error = reader(bytes, 100).next_frame().await.unwrap_err();
            assert!(matches!(error, FrameError::Length { .. }));
        }
        let error = reader(&[0, 0, 0, 9, 1][..], 100).next_frame().await.unwrap_err();
        assert!(matches!(error, FrameError::CutOff));
    }

    /// A frame of 300 kB of which the first 100 kB come.
    fn half() -> Vec<u8> {
        let mut bytes = 300_000_u32.to_be_bytes().to_vec();
        bytes.resize(100_000, 7);
        bytes
    }

    #[tokio::test]
    async fn a_frame_holds_its_memory_until_it_is_dropped() {
        let memory = RequestMemory::new(1 << 20);
        let mut bytes = half();
        bytes.resize(300_004, 7);
        let mut reader = FrameReader::new(&bytes[..], 1 << 20, Arc::clone(&memory));
        let frame = reader.next_frame().await.unwrap().unwrap();
        assert!((300_000..400_000).contains(&memory.used()), "{}", memory.used());
        drop(frame);
        assert_eq!(memory.used(), 0);
        let mut small = FrameReader::new(&[0, 0, 0, 1, 9][..], 100, Arc::clone(&memory));
        let _small = small.next_frame().await.unwrap().unwrap();
        assert_eq!(memory.used(), 0, "small frames are free");
    }

    #[tokio::test]
    async fn who_stalls_while_others_wait_is_closed_and_gives_room() {
        let memory = RequestMemory::new(200_000);
        let (mut slow, server) = tokio::io::duplex(1 << 20);
        let mut stalled = FrameReader::new(server, 1 << 20, Arc::clone(&memory));
        stalled.stall = Duration::from_millis(20);
        slow.write_all(&half()).await.unwrap();
        tokio::select! {
            frame = stalled.next_frame() => panic!("nobody waits: {frame:?}"),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        let mut whole = half();
        whole.resize(300_004, 7);
        let readers = (0..2).map(|_| {
            let (memory, whole) = (Arc::clone(&memory), whole.clone());
            tokio::spawn(async move {
                let mut reader = FrameReader::new(&whole[..], 1 << 20, memory);
                reader.next_frame().await.unwrap().unwrap()
            })
        });
        let readers: Vec<_> = readers.collect();
        let error = stalled.next_frame().await.unwrap_err();
        assert!(matches!(error, FrameError::Stalled { had: 99_996, length: 300_000 }), "{error}");
        drop(stalled);
        for reader in readers {
            assert_eq!(reader.await.unwrap().bytes.len(), 300_000);
        }
        drop(slow);
    }
}
