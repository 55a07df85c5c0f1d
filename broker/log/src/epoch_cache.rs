//! Which leader epoch starts at which offset (KIP-101, KIP-320).
//!
//! The file `leader-epoch-checkpoint` has Kafka's text format: version 0, number of entries, then `epoch start` lines.
//! It can be deleted: batch headers hold the same.

use std::fs;
use std::io;
use std::path::Path;

use highway_types::{LeaderEpoch, Offset};

const FILE: &str = "leader-epoch-checkpoint";

/// Entries in rising order of both epoch and offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochCache {
    entries: Vec<(LeaderEpoch, Offset)>,
}

impl EpochCache {
    /// The newest epoch.
    #[must_use]
    pub fn latest(&self) -> Option<LeaderEpoch> {
        self.entries.last().map(|(epoch, _)| *epoch)
    }

    /// Notes that `epoch` appends at `start`; true if that is news.
    pub fn assign(&mut self, epoch: LeaderEpoch, start: Offset) -> bool {
        if epoch < LeaderEpoch::FIRST || self.latest().is_some_and(|latest| latest >= epoch) {
            return false;
        }
        assert!(
            self.entries.last().is_none_or(|(_, last)| *last <= start),
            "epoch {epoch} starts before the last one"
        );
        self.entries.push((epoch, start));
        true
    }

    /// Epochs with their start offsets, rising.
    #[must_use]
    pub fn entries(&self) -> &[(LeaderEpoch, Offset)] {
        &self.entries
    }

    /// The largest known epoch not above `epoch`, and where it ends. An epoch below all known ones ends where they
    /// begin; `None` for one above all, of which this log knows nothing (Kafka's `endOffsetFor`).
    #[must_use]
    pub fn end_offset_for(&self, epoch: LeaderEpoch, log_end: Offset) -> Option<(LeaderEpoch, Offset)> {
        let latest = self.latest().filter(|latest| epoch >= LeaderEpoch::FIRST && epoch <= *latest)?;
        let behind = self.entries.partition_point(|(e, _)| *e <= epoch);
        let found = self.entries[..behind].last().map_or(epoch, |(e, _)| *e);
        let end = self.entries.get(behind).map_or(log_end, |(_, start)| *start);
        debug_assert!(found <= latest);
        Some((found, end))
    }

    /// The epoch that a record at `offset` was written in.
    #[must_use]
    pub fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        let behind = self.entries.partition_point(|(_, start)| *start <= offset);
        behind.checked_sub(1).map(|at| self.entries[at].0)
    }

    /// Forgets epochs that start at or behind `end`.
    pub fn truncate_from_end(&mut self, end: Offset) {
        self.entries.retain(|(_, start)| *start < end);
    }

    /// Forgets epochs that end at or below `start`; the one that holds it starts there now.
    pub fn truncate_from_start(&mut self, start: Offset) {
        let behind = self.entries.partition_point(|(_, s)| *s <= start);
        if behind > 0 {
            self.entries.drain(..behind - 1);
            self.entries[0].1 = start;
        }
    }

    /// Reads the file; empty if there is none or it makes no sense.
    #[must_use]
    pub fn load(dir: &Path) -> Self {
        fs::read_to_string(dir.join(FILE)).ok().and_then(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        (lines.next()?.trim() == "0").then_some(())?;
        let count: usize = lines.next()?.trim().parse().ok()?;
        let mut cache = Self::default();
        for line in lines {
            let (epoch, start) = line.split_once(' ')?;
            let (epoch, start) = (LeaderEpoch(epoch.parse().ok()?), Offset(start.trim().parse().ok()?));
            let rises = cache.entries.last().map_or(start >= Offset::ZERO, |(_, last)| *last <= start);
            if !rises || !cache.assign(epoch, start) {
                return None;
            }
        }
        (cache.entries.len() == count).then_some(cache)
    }

    /// Writes the file, without syncing it.
    ///
    /// # Errors
    /// It could not be replaced.
    pub fn store(&self, dir: &Path) -> io::Result<()> {
        let mut text = format!("0\n{}\n", self.entries.len());
        for (epoch, start) in &self.entries {
            text.push_str(&format!("{epoch} {start}\n"));
        }
        crate::checkpoint::replace_unsynced(&dir.join(FILE), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cache() -> EpochCache {
        let mut cache = EpochCache::default();
        for (epoch, start) in [(0, 0), (2, 10), (5, 30)] {
            assert!(cache.assign(LeaderEpoch(epoch), Offset(start)));
        }
        assert!(!cache.assign(LeaderEpoch(5), Offset(40)));
        cache
    }

    #[test]
    fn ends_of_epochs() {
        let end = |epoch| cache().end_offset_for(LeaderEpoch(epoch), Offset(99)).map(|(e, o)| (e.0, o.0));
        assert_eq!(end(0), Some((0, 10)));
        assert_eq!(end(1), Some((0, 10)));
        assert_eq!(end(2), Some((2, 30)));
        assert_eq!(end(5), Some((5, 99)));
        assert_eq!(end(7), None);
        assert_eq!(end(-1), None);
        let mut cut = cache();
        cut.truncate_from_start(Offset(20));
        let ends = cut.end_offset_for(LeaderEpoch(1), Offset(99));
        assert_eq!(ends, Some((LeaderEpoch(1), Offset(20))), "an epoch whose records were deleted");
        assert_eq!(EpochCache::default().end_offset_for(LeaderEpoch(0), Offset(9)), None);
    }

    #[test]
    fn truncation() {
        let mut cut = cache();
        cut.truncate_from_end(Offset(30));
        assert_eq!(cut.latest(), Some(LeaderEpoch(2)));
        cut.truncate_from_start(Offset(15));
        assert_eq!(cut.entries, [(LeaderEpoch(2), Offset(15))]);
    }

    #[test]
    fn the_file_round_trips() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(EpochCache::load(dir.path()), EpochCache::default());
        cache().store(dir.path()).unwrap();
        assert_eq!(EpochCache::load(dir.path()), cache());
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), "0\n3\n0 0\n2 10\n5 30\n");
        for senseless in ["", "1\n0\n", "0\n5\n0 0\n", "0\n2\n0 5\n1 4\n", "0\n2\n3 5\n1 6\n", "0\n1\n0 -5\n"]
        {
            fs::write(dir.path().join(FILE), senseless).unwrap();
            assert_eq!(EpochCache::load(dir.path()), EpochCache::default(), "{senseless:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, lines in proptest::collection::vec((-2i32..9, -2i64..9), 0..5)) {
            let _ = EpochCache::parse(&text);
            let lines: String = lines.iter().map(|(epoch, start)| format!("{epoch} {start}\n")).collect();
            let _ = EpochCache::parse(&format!("0\n{}\n{lines}", lines.lines().count()));
        }

        /// Each offset keeps its epoch, whatever is cut from the two ends.
        #[test]
        fn cuts_keep_the_epochs_of_what_is_left(
            steps in proptest::collection::vec((1i32..4, 0i64..5), 1..10), start in 0i64..40, end in 0i64..40,
        ) {
            let mut cache = EpochCache::default();
            let (mut epoch, mut offset) = (-1, 0);
            for (rise, len) in steps {
                epoch += rise;
                cache.assign(LeaderEpoch(epoch), Offset(offset));
                offset += len;
            }
            let of = |c: &EpochCache, at: i64| c.entries.iter().rfind(|(_, s)| s.0 <= at).map(|(e, _)| *e);
            let mut cut = cache.clone();
            cut.truncate_from_start(Offset(start.min(offset)));
            cut.truncate_from_end(Offset(end));
            for at in start..end.min(offset) {
                prop_assert_eq!(of(&cut, at), of(&cache, at), "offset {}", at);
            }
        }
    }
}
