//! The segments of a log, in offset order. Readers take a snapshot and never wait for the appender.

use std::sync::Arc;

use arc_swap::ArcSwap;
use highway_types::Offset;

use crate::segment::LogSegment;

/// See the module.
pub struct Segments {
    list: ArcSwap<Vec<Arc<LogSegment>>>,
}

impl Segments {
    /// Segments in offset order; at least one.
    #[must_use]
    pub fn new(segments: impl IntoIterator<Item = Arc<LogSegment>>) -> Self {
        let list: Vec<_> = segments.into_iter().collect();
        assert!(!list.is_empty(), "a log has an active segment");
        assert!(list.windows(2).all(|w| w[0].base_offset() < w[1].base_offset()), "segments are in offset order");
        Self { list: ArcSwap::from_pointee(list) }
    }

    /// All of this moment.
    #[must_use]
    pub fn iter(&self) -> Arc<Vec<Arc<LogSegment>>> {
        self.list.load_full()
    }

    /// The segment that holds `offset`, if it is not below the first.
    #[must_use]
    pub fn floor(&self, offset: Offset) -> Option<Arc<LogSegment>> {
        let list = self.list.load();
        let behind = list.partition_point(|s| s.base_offset() <= offset);
        behind.checked_sub(1).map(|at| Arc::clone(&list[at]))
    }

    /// The segments from the one that holds `offset` on.
    #[must_use]
    pub fn from(&self, offset: Offset) -> Vec<Arc<LogSegment>> {
        let list = self.list.load();
        let behind = list.partition_point(|s| s.base_offset() <= offset);
        list[behind.saturating_sub(1)..].to_vec()
    }

    /// Adds the new active segment.
    pub fn add(&self, segment: Arc<LogSegment>) {
        self.list.rcu(|list| {
            assert!(list.last().is_none_or(|l| l.base_offset() < segment.base_offset()), "segments only grow");
            let mut list = Vec::clone(list);
            list.push(Arc::clone(&segment));
            list
        });
    }

    /// Takes out the segments that lie wholly below `offset`, never the active one.
    pub fn remove_below(&self, offset: Offset) -> Vec<Arc<LogSegment>> {
        let before = self.list.load_full();
        let keep_from = before.windows(2).take_while(|w| w[1].base_offset() <= offset).count();
        if keep_from > 0 {
            self.list.rcu(|list| list[keep_from.min(list.len() - 1)..].to_vec());
        }
        before[..keep_from].to_vec()
    }
}
