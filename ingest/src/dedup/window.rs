//! Ids and where they are, as far back as the bounds reach.

use std::collections::VecDeque;

use hashbrown::HashTable;
use highway_types::Timestamp;

use super::id::EventId;

/// How far a window reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Ids at the most.
    pub max_ids: usize,
    /// Milliseconds at the most.
    pub max_age_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: EventId,
    pub(super) offset: i64,
    pub(super) at: Timestamp,
}

/// The ids of one partition's newest records. Derived from the log: records are observed in the order of their offsets.
///
/// A ring of 32 bytes for each id, and a table of 4 bytes (8 with its room) that finds a place in the ring. The oldest leaves when
/// there are too many or it is too old; both bounds are exact.
#[derive(Debug)]
pub struct Window {
    bounds: Bounds,
    ring: VecDeque<Entry>,
    /// The sequence number of `ring[0]`; numbers wrap, as a ring is far smaller than 2^32.
    base: u32,
    table: HashTable<u32>,
    /// The offset behind the newest record that was observed or passed over.
    end: i64,
    /// Never goes back, whatever the clock does: an id that was too old stays so.
    newest: Timestamp,
}

impl Window {
    /// An empty window of a log that is observed from `start` on.
    #[must_use]
    pub fn new(bounds: Bounds, start: i64) -> Self {
        let max_ids = bounds.max_ids.clamp(1, highway_types::limits::DEDUP_MAX_IDS_LIMIT);
        let bounds = Bounds { max_ids, ..bounds };
        Self {
            bounds,
            ring: VecDeque::new(),
            base: 0,
            table: HashTable::new(),
            end: start,
            newest: Timestamp(i64::MIN),
        }
    }

    /// The bounds.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Ids in the window.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// True if it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// The offset to go on observing at.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.ring.capacity() * size_of::<Entry>() + self.table.capacity() * 5
    }

    /// Notes that the record at `offset` has this id and was received at `now`. An offset that was observed before changes
    /// nothing, so a replay may overlap. An id that is there already keeps its first offset.
    pub fn observe(&mut self, offset: i64, id: EventId, now: Timestamp) {
        if offset < self.end {
            return;
        }
        self.end = offset + 1;
        self.advance(now);
        if self.find(id).is_some() {
            return;
        }
        if self.ring.len() == self.bounds.max_ids {
            self.drop_oldest();
        }
        let sequence = self.base.wrapping_add(self.ring.len() as u32);
        // The time that only grows: eviction is by the front of the ring.
        self.ring.push_back(Entry { id, offset, at: self.newest });
        let (ring, base) = (&self.ring, self.base);
        let hash = |s: &u32| ring.get(s.wrapping_sub(base) as usize).map_or(0, |e| e.id.hash());
        self.table.insert_unique(id.hash(), sequence, hash);
    }

    /// Passes over a record without an id.
    pub fn pass(&mut self, offset: i64) {
        self.end = self.end.max(offset + 1);
    }

    /// Lets the time go on: what is too old leaves.
    pub fn advance(&mut self, now: Timestamp) {
        self.newest = self.newest.max(now);
        let oldest = self.newest.0.saturating_sub(self.bounds.max_age_ms);
        while self.ring.front().is_some_and(|e| e.at.0 < oldest) {
            self.drop_oldest();
        }
    }

    /// The offset of the record with this id.
    #[must_use]
    pub fn seen(&self, id: EventId) -> Option<i64> {
        self.find(id).map(|e| e.offset)
    }

    /// Forgets what was observed at `end` and behind: the log was cut there.
    pub fn truncate(&mut self, end: i64) {
        while let Some(entry) = self.ring.back().copied().filter(|e| e.offset >= end) {
            self.remove(entry.id);
            self.ring.pop_back();
        }
        self.end = self.end.min(end);
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.ring.iter()
    }

    fn find(&self, id: EventId) -> Option<&Entry> {
        let place = |s: u32| self.ring.get(s.wrapping_sub(self.base) as usize);
        let sequence = self.table.find(id.hash(), |s| place(*s).is_some_and(|e| e.id == id))?;
        place(*sequence)
    }

    fn remove(&mut self, id: EventId) {
        let (ring, base) = (&self.ring, self.base);
        let same = |s: &u32| ring.get(s.wrapping_sub(base) as usize).is_some_and(|e| e.id == id);
        if let Ok(entry) = self.table.find_entry(id.hash(), same) {
            entry.remove();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(entry) = self.ring.front().copied() {
            self.remove(entry.id);
            self.ring.pop_front();
            self.base = self.base.wrapping_add(1);
        }
    }
}
