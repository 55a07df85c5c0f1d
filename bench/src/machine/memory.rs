//! Memory in the same state for every window.
//!
//! A virtual machine may give free memory back to its host (free page reporting, 2 s after it was freed). The first touch
//! afterwards costs up to 2 CPU-s a GB, more than all that a broker does: whoever runs first after a pause would pay for
//! it. So the bench holds memory that it has touched, waits until the kernel has reported what else is free, and lets go
//! of it right before a window that is shorter than those 2 s. Brokers write into warm memory then, as they do on a
//! machine whose page cache is full.

use std::time::{Duration, Instant};

/// More than any broker writes in a window.
const POOL_BYTES: usize = 4 << 30;
/// The kernel reports 2 s after memory was freed.
const REPORT_DELAY: Duration = Duration::from_millis(2300);

/// Touched memory, held until it is dropped.
#[derive(Debug)]
pub struct Pool {
    parts: Vec<Vec<u8>>,
    since: Instant,
}

impl Pool {
    /// Takes and touches memory, on two threads.
    pub fn fill() -> Pool {
        let since = Instant::now();
        let threads: Vec<_> = (0..2).map(|_| std::thread::spawn(|| vec![1u8; POOL_BYTES / 2])).collect();
        Pool { parts: threads.into_iter().filter_map(|t| t.join().ok()).collect(), since }
    }

    /// Waits until nothing that was freed before the pool was filled is left to be reported, and frees the pool.
    pub fn release(self) {
        if let Some(left) = REPORT_DELAY.checked_sub(self.since.elapsed()) {
            std::thread::sleep(left);
        }
        drop(self.parts);
    }
}
