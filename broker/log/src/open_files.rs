//! How many segment files may be open, and how many are.
//!
//! A segment keeps its file open between uses. The flush thread closes those that were not used for a while; when many
//! are open, all that have nothing to flush. Beyond the budget a file is opened for one read, or for one append and its
//! sync: slow, but nothing is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// See the module.
#[derive(Debug)]
pub struct OpenFiles {
    open: AtomicUsize,
    budget: usize,
}

impl OpenFiles {
    /// At most `budget` files.
    #[must_use]
    pub fn new(budget: usize) -> Arc<Self> {
        Arc::new(Self { open: AtomicUsize::new(0), budget })
    }

    /// Files that are kept open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// True if files should be given back at once.
    #[must_use]
    pub fn is_tight(&self) -> bool {
        self.open() >= self.budget / 4 * 3
    }

    /// Takes a place for a file that stays open; false if there is none.
    pub(crate) fn take(&self) -> bool {
        let taken = self.open.fetch_add(1, Ordering::Relaxed) < self.budget;
        if !taken {
            self.give_back();
        }
        taken
    }

    pub(crate) fn give_back(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for OpenFiles {
    fn default() -> Self {
        Self { open: AtomicUsize::new(0), budget: usize::MAX }
    }
}
