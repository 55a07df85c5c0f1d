//! The files of a journal: which are in use, ready, or free.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::JournalFile;
use super::format::FileHeader;

/// A file, whatever it is used for.
pub(super) struct Slot {
    pub path: PathBuf,
    pub file: Arc<dyn JournalFile>,
}

/// A file with a header that is on disk.
#[derive(Clone)]
pub(super) struct Stamped {
    pub slot: Arc<Slot>,
    pub header: FileHeader,
}

/// A file with groups that are not released.
#[derive(Clone)]
pub(super) struct InUse {
    pub stamped: Stamped,
    /// Position of its first set.
    pub base: u64,
    /// Position behind its last set; `None` while it is being written.
    pub end: Option<u64>,
}

/// A file that holds nothing anybody needs.
pub(super) struct Free {
    pub slot: Arc<Slot>,
    /// It has its full size and no unwritten extents; it needs a new header only.
    pub zeroed: bool,
}

/// All files.
#[derive(Default)]
pub(super) struct Pool {
    /// In the order of positions; the last may be the one that is being written.
    pub in_use: Vec<InUse>,
    /// Unreadable files that may be evidence: kept until everything up to the position is released.
    pub held: Vec<(Arc<Slot>, u64)>,
    /// To be stamped, oldest first.
    pub free: VecDeque<Free>,
    /// Stamped and empty, in the order of epochs, which is the order of use.
    pub ready: VecDeque<Stamped>,
    /// Files that the prepare thread has in hand.
    pub preparing: usize,
    /// Everything before is released.
    pub released: u64,
}

impl Pool {
    pub(super) fn total(&self) -> usize {
        self.in_use.len() + self.held.len() + self.free.len() + self.ready.len() + self.preparing
    }

    /// Gives back the files that nobody needs below `up_to`. True if there are any.
    pub(super) fn release(&mut self, up_to: u64) -> bool {
        self.released = self.released.max(up_to);
        let released = self.released;
        let needed = self.in_use.iter().position(|f| f.end.is_none_or(|end| end > released));
        let done = self.in_use.drain(..needed.unwrap_or(self.in_use.len()));
        let before = self.free.len();
        self.free.extend(done.map(|f| Free { slot: f.stamped.slot, zeroed: true }));
        self.held.retain(|(slot, until)| {
            if *until <= released {
                self.free.push_back(Free { slot: Arc::clone(slot), zeroed: false });
            }
            *until > released
        });
        self.free.len() > before
    }

    /// Starts writing the next ready file at `position`.
    pub(super) fn roll(&mut self, position: u64) -> Option<Stamped> {
        let next = self.ready.pop_front()?;
        if let Some(last) = self.in_use.last_mut() {
            last.end.get_or_insert(position);
        }
        self.in_use.push(InUse { stamped: next.clone(), base: position, end: None });
        Some(next)
    }
}
