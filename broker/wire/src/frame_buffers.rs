//! Memory of large frames, used again while it is still in the processor's caches.
//!
//! Fresh memory for each frame costs a fault for each page, and copying out of the socket into memory that no cache holds
//! costs more than twice as much as into memory that was just used.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

/// Larger frames have memory of their own.
const LARGEST: usize = 2 << 20;
/// Buffers that are kept ready.
const READY: usize = 8;
/// Sizes are rounded up to this: frames of about one size share buffers.
const STEP: usize = 256 << 10;

/// Buffers that nobody uses; the one that came last is used first.
#[derive(Debug, Default)]
pub(crate) struct FrameBuffers(Mutex<Ready>);

#[derive(Debug, Default)]
struct Ready {
    buffers: Vec<Vec<u8>>,
    /// The fewest there were since the last trim: these were not needed.
    fewest: usize,
}

impl FrameBuffers {
    /// An empty buffer for `len` bytes; a small one that must grow if so many are not worth keeping.
    pub(crate) fn take(&self, len: usize) -> Vec<u8> {
        if len > LARGEST {
            return Vec::with_capacity(STEP);
        }
        let ready = {
            let mut ready = self.0.lock();
            let last = ready.buffers.pop();
            ready.fewest = ready.fewest.min(ready.buffers.len());
            last
        };
        ready
            .filter(|b| b.capacity() >= len)
            .unwrap_or_else(|| Vec::with_capacity(len.next_multiple_of(STEP)))
    }

    /// The bytes of `frame`; its memory comes back here with the last of them.
    pub(crate) fn lend(self: &Arc<Self>, frame: Vec<u8>) -> Bytes {
        if frame.capacity() > LARGEST {
            return frame.into();
        }
        Bytes::from_owner(Lent { frame, home: Arc::clone(self) })
    }

    /// Drops what was not needed since the last call.
    pub(crate) fn trim(&self) {
        let unused: Vec<_> = {
            let mut ready = self.0.lock();
            let unused = ready.fewest;
            ready.fewest = ready.buffers.len() - unused;
            ready.buffers.drain(..unused).collect()
        };
        drop(unused);
    }

    fn give_back(&self, mut frame: Vec<u8>) {
        frame.clear();
        let mut ready = self.0.lock();
        if ready.buffers.len() < READY {
            ready.buffers.push(frame);
        }
    }
}

struct Lent {
    frame: Vec<u8>,
    home: Arc<FrameBuffers>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.home.give_back(std::mem::take(&mut self.frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_with_the_last_slice_and_is_used_again() {
        let buffers = Arc::new(FrameBuffers::default());
        let mut frame = buffers.take(1_000_000);
        frame.extend_from_slice(&[7; 1000]);
        let place = frame.as_ptr();
        let bytes = buffers.lend(frame);
        let slice = bytes.slice(500..);
        drop(bytes);
        let other = buffers.take(1_000_000);
        assert_ne!(other.as_ptr(), place, "somebody still reads it");
        drop(slice);
        let again = buffers.take(1_000_000);
        assert_eq!((again.as_ptr(), again.len()), (place, 0));
    }

    #[test]
    fn few_are_kept_and_none_that_is_not_needed() {
        let buffers = Arc::new(FrameBuffers::default());
        let frames: Vec<_> = (0..READY + 3).map(|_| buffers.lend(buffers.take(100_000))).collect();
        drop(frames);
        let ready = || buffers.0.lock().buffers.len();
        assert_eq!(ready(), READY);
        buffers.trim();
        let three: Vec<_> = (0..3).map(|_| buffers.lend(buffers.take(100_000))).collect();
        drop(three);
        buffers.trim();
        assert_eq!(ready(), 3, "three were used at a time");
        buffers.trim();
        assert_eq!(ready(), 0);
        drop(buffers.lend(buffers.take(LARGEST + 1)));
        assert_eq!(ready(), 1, "what grew no further than others may stay");
    }
}
