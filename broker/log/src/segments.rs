//! The segments of a log, in offset order. Readers take a snapshot and never wait for the appender.

use std::sync::Arc;

use arc_swap::ArcSwap;
use highway_types::Offset;
use parking_lot::Mutex;

use crate::segment::LogSegment;

/// See the module. There is at least one segment; the last is the active one.
pub struct Segments {
    list: ArcSwap<Vec<Arc<LogSegment>>>,
    /// Held by whoever changes the list.
    change: Mutex<()>,
}

impl Segments {
    /// Segments in offset order; at least one. All but the last are sealed.
    #[must_use]
    pub fn new(segments: impl IntoIterator<Item = Arc<LogSegment>>) -> Self {
        let list: Vec<_> = segments.into_iter().collect();
        assert!(
            list.windows(2).all(|w| w[0].base_offset() < w[1].base_offset()),
            "segments are in offset order"
        );
        let Some((_, sealed)) = list.split_last() else { panic!("a log has an active segment") };
        sealed.iter().for_each(|s| s.assume_sealed());
        Self { list: ArcSwap::from_pointee(list), change: Mutex::new(()) }
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

    /// The segments from the one that holds `offset` on; all of them if it is below the first.
    #[must_use]
    pub fn from(&self, offset: Offset) -> Vec<Arc<LogSegment>> {
        let list = self.list.load();
        let behind = list.partition_point(|s| s.base_offset() <= offset);
        list[behind.saturating_sub(1)..].to_vec()
    }

    /// The segments that may hold offsets of `from..end`.
    #[must_use]
    pub fn range(&self, from: Offset, end: Offset) -> Vec<Arc<LogSegment>> {
        let mut found = self.from(from);
        found.truncate(found.partition_point(|s| s.base_offset() < end));
        found
    }

    /// Adds the new active segment.
    pub fn add(&self, segment: Arc<LogSegment>) {
        let _one = self.change.lock();
        let mut list = Vec::clone(&self.list.load());
        assert!(list.last().is_none_or(|l| l.base_offset() < segment.base_offset()), "segments only grow");
        list.push(segment);
        self.list.store(Arc::new(list));
    }

    /// Takes out the segments that lie wholly below `offset`, never the active one.
    #[must_use = "the files are still there"]
    pub fn remove_below(&self, offset: Offset) -> Vec<Arc<LogSegment>> {
        let _one = self.change.lock();
        let before = self.list.load_full();
        let keep_from = before.windows(2).take_while(|w| w[1].base_offset() <= offset).count();
        if keep_from > 0 {
            self.list.store(Arc::new(before[keep_from..].to_vec()));
        }
        before[..keep_from].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::SegmentOptions;

    fn bases(list: &[Arc<LogSegment>]) -> Vec<i64> {
        list.iter().map(|s| s.base_offset().0).collect()
    }

    #[test]
    fn look_ups_and_removal() {
        let dir = tempfile::tempdir().unwrap();
        let segment =
            |base| Arc::new(LogSegment::create(dir.path(), Offset(base), SegmentOptions::default()).unwrap());
        let segments = Segments::new([segment(10), segment(20)]);
        segments.add(segment(30));
        assert!(segments.floor(Offset(9)).is_none());
        let floors = [10, 19, 20, 99].map(|o| segments.floor(Offset(o)).unwrap().base_offset().0);
        assert_eq!(floors, [10, 10, 20, 30]);
        assert_eq!(bases(&segments.from(Offset(0))), [10, 20, 30]);
        assert_eq!(bases(&segments.from(Offset(25))), [20, 30]);
        assert_eq!(bases(&segments.range(Offset(15), Offset(30))), [10, 20]);
        let snapshot = segments.iter();
        assert_eq!(bases(&segments.remove_below(Offset(19))), [0i64; 0]);
        assert_eq!(bases(&segments.remove_below(Offset(20))), [10]);
        assert_eq!(bases(&segments.remove_below(Offset(1000))), [20], "the active one stays");
        assert_eq!(bases(&segments.iter()), [30]);
        assert_eq!(bases(&snapshot), [10, 20, 30], "a reader's snapshot does not change");
    }
}
