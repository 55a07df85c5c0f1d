//! Memory of open objects, counted over all tasks of a node.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use highway_types::limits;

/// A budget that tasks share. It is kept by the tasks: whoever adds to it when it is full writes its own largest objects to
/// disk.
#[derive(Clone, Debug)]
pub struct Budget {
    limit: usize,
    used: Arc<AtomicUsize>,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, used: Arc::new(AtomicUsize::new(0)) }
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.used() > self.limit
    }

    /// How much should be free again once something is written out: not every record should have to do it.
    pub(super) fn low_mark(&self) -> usize {
        self.limit / 4 * 3
    }

    pub(super) fn changed(&self, before: usize, after: usize) {
        if after >= before {
            self.used.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.used.fetch_sub(before - after, Ordering::Relaxed);
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(limits::S3_MEMORY)
    }
}
