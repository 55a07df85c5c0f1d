//! Memory in the same state for every window.
//!
//! A virtual machine may give free memory back to its host (free page reporting, 2 s after it was freed). The first touch
//! afterwards costs up to 2 CPU-s a GB, more than all that a broker does: whoever runs first after a pause would pay for
//! it. So the bench holds memory that it has touched, waits until the kernel has reported what else is free, and lets go
//! of it right before a window that is shorter than those 2 s. Brokers write into warm memory then, as they do on a
//! machine whose page cache is full.
//!
//! The memory must be held in huge pages. The kernel reports free blocks of 2 MB and more, and file systems take such
//! blocks for the page cache; small pages come from what is left of broken blocks, go back to there, and warm nothing that
//! a broker uses: with them a plain read of a file ran at 650 MB/s here, with huge pages at 1,900.

use std::time::{Duration, Instant};

use memmap2::{Advice, MmapMut};

/// More than any broker writes in a window.
const POOL_BYTES: usize = 4 << 30;
/// The kernel reports 2 s after memory was freed.
const REPORT_DELAY: Duration = Duration::from_millis(2300);

/// Touched memory, held until it is dropped.
#[derive(Debug)]
pub struct Pool {
    parts: Vec<MmapMut>,
    since: Instant,
}

impl Pool {
    /// Takes and touches memory, on two threads.
    pub fn fill() -> Pool {
        let since = Instant::now();
        let threads: Vec<_> = (0..2).map(|_| std::thread::spawn(|| part(POOL_BYTES / 2))).collect();
        Pool { parts: threads.into_iter().filter_map(|t| t.join().ok().flatten()).collect(), since }
    }

    /// Waits until nothing that was freed before the pool was filled is left to be reported, and frees the pool.
    pub fn release(self) {
        if let Some(left) = REPORT_DELAY.checked_sub(self.since.elapsed()) {
            std::thread::sleep(left);
        }
        drop(self.parts);
    }
}

fn part(bytes: usize) -> Option<MmapMut> {
    let mut memory = MmapMut::map_anon(bytes).ok()?;
    let _ = memory.advise(Advice::HugePage); // a kernel without them has small pages only
    for page in memory.chunks_mut(4096) {
        page[0] = 1;
    }
    Some(memory)
}
