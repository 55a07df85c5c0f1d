//! One budget of memory for the requests of all connections (Kafka's `queued.max.request.bytes`).
//!
//! A large frame is admitted a step at a time, each step before its bytes are read, first come first served. A frame
//! that claims much and sends nothing so costs nothing, and small frames, which fit into a connection's read buffer,
//! never wait. When the budget is used up by frames that are all half there, one of them may go on beyond it: whatever
//! happens, somebody gets done. So the most that is ever taken is the budget and one frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::frame_buffers::FrameBuffers;

/// The unit that is counted.
const UNIT: usize = 1024;

/// The budget.
#[derive(Debug)]
pub struct RequestMemory {
    room: Arc<Semaphore>,
    beyond: Arc<Semaphore>,
    capacity: usize,
    waiting: AtomicUsize,
    buffers: Arc<FrameBuffers>,
}

/// What one frame was given; given back when it is dropped.
#[derive(Debug, Default)]
pub struct Admitted {
    room: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
}

/// Counts a frame that waits, also when the wait is given up.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl RequestMemory {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Arc<Self> {
        let units = (bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            room: Arc::new(Semaphore::new(units)),
            beyond: Arc::new(Semaphore::new(1)),
            capacity: units,
            waiting: AtomicUsize::new(0),
            buffers: Arc::default(),
        })
    }

    /// Bytes that frames hold now, what is beyond the budget left out.
    #[must_use]
    pub fn used(&self) -> usize {
        self.capacity.saturating_sub(self.room.available_permits()) * UNIT
    }

    /// Empty memory for a frame of `len` bytes, for as much of it as is worth to be kept ready.
    pub(crate) fn buffer(&self, len: usize) -> Vec<u8> {
        self.buffers.take(len)
    }

    /// A frame's bytes, whose memory comes back when the last of them is dropped.
    pub(crate) fn lend(&self, frame: Vec<u8>) -> Bytes {
        self.buffers.lend(frame)
    }

    /// Gives back memory that was not needed since the last call.
    pub fn trim(&self) {
        self.buffers.trim();
    }

    /// Frames that wait for room.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Adds `bytes` to what a frame holds, when there is room for them. Cancelling loses nothing but the place in line.
    pub async fn admit(&self, admitted: &mut Admitted, bytes: usize) {
        if admitted.beyond.is_some() {
            return;
        }
        let units = u32::try_from(bytes.div_ceil(UNIT).min(self.capacity)).unwrap_or(u32::MAX);
        let room = match Arc::clone(&self.room).try_acquire_many_owned(units) {
            Ok(room) => Ok(room),
            Err(_) => {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                let _waiting = Waiting(&self.waiting);
                tokio::select! {
                    biased;
                    room = Arc::clone(&self.room).acquire_many_owned(units) => room,
                    // The semaphores are never closed, so an error cannot be; nothing is held then.
                    beyond = Arc::clone(&self.beyond).acquire_owned() => {
                        admitted.beyond = beyond.ok();
                        return;
                    }
                }
            }
        };
        match (&mut admitted.room, room) {
            (Some(held), Ok(more)) => held.merge(more),
            (none, Ok(room)) => *none = Some(room),
            (_, Err(_)) => {}
        }
    }
}

impl Admitted {
    /// True if nothing was given.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.room.is_none() && self.beyond.is_none()
    }

    /// Whether the frame goes on beyond the budget.
    #[must_use]
    pub fn is_beyond(&self) -> bool {
        self.beyond.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn waits(memory: &RequestMemory, admitted: &mut Admitted, bytes: usize) -> bool {
        tokio::select! {
            biased;
            () = memory.admit(admitted, bytes) => false,
            () = tokio::task::yield_now() => true,
        }
    }

    #[tokio::test]
    async fn what_is_dropped_is_given_back() {
        let memory = RequestMemory::new(10 * UNIT);
        let mut one = Admitted::default();
        memory.admit(&mut one, 4 * UNIT).await;
        memory.admit(&mut one, 3 * UNIT + 1).await;
        assert_eq!(memory.used(), 8 * UNIT);
        drop(one);
        assert_eq!((memory.used(), memory.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn one_frame_goes_beyond_and_the_next_waits() {
        let memory = RequestMemory::new(4 * UNIT);
        let (mut a, mut b, mut c) = (Admitted::default(), Admitted::default(), Admitted::default());
        memory.admit(&mut a, 2 * UNIT).await;
        memory.admit(&mut b, 2 * UNIT).await;
        assert!(!waits(&memory, &mut a, UNIT).await, "somebody has to get done");
        assert!(a.is_beyond() && !waits(&memory, &mut a, 100 * UNIT).await);
        assert!(waits(&memory, &mut b, UNIT).await, "only one");
        assert!(waits(&memory, &mut c, UNIT).await, "only one");
        assert_eq!(memory.waiting(), 0, "who gave up waits no more");
        drop(a);
        assert!(!waits(&memory, &mut c, UNIT).await);
        assert!(!c.is_beyond(), "there is room now");
    }

    #[tokio::test]
    async fn first_come_first_served() {
        let memory = RequestMemory::new(4 * UNIT);
        let (mut holder, mut beyond) = (Admitted::default(), Admitted::default());
        memory.admit(&mut holder, 4 * UNIT).await;
        memory.admit(&mut beyond, UNIT).await;
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let wait = |name: &'static str, units: usize| {
            let (memory, order) = (Arc::clone(&memory), Arc::clone(&order));
            tokio::spawn(async move {
                let mut mine = Admitted::default();
                memory.admit(&mut mine, units * UNIT).await;
                order.lock().unwrap().push(name);
                mine
            })
        };
        let large = wait("large", 4);
        while memory.waiting() < 1 {
            tokio::task::yield_now().await;
        }
        let small = wait("small", 1);
        while memory.waiting() < 2 {
            tokio::task::yield_now().await;
        }
        drop(holder);
        drop(large.await.unwrap());
        drop(small.await.unwrap());
        assert_eq!(*order.lock().unwrap(), ["large", "small"], "a small one does not overtake for ever");
    }
}
