//! Deadlines by key, in O(log n) each.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// A queue of deadlines. A key has one deadline at the most; setting it again moves it.
#[derive(Debug)]
pub(crate) struct TimerQueue<K, A> {
    by_key: HashMap<K, (Duration, u64)>,
    by_time: BTreeMap<(Duration, u64), (K, A)>,
    /// Makes equal deadlines distinct and keeps them in the order in which they were set.
    next: u64,
}

impl<K: Clone + Eq + Hash, A> TimerQueue<K, A> {
    pub(crate) fn new() -> Self {
        Self { by_key: HashMap::new(), by_time: BTreeMap::new(), next: 0 }
    }

    /// Sets or moves the deadline of `key`.
    pub(crate) fn set(&mut self, key: K, at: Duration, action: A) {
        let slot = (at, self.next);
        self.next += 1;
        if let Some(old) = self.by_key.insert(key.clone(), slot) {
            self.by_time.remove(&old);
        }
        self.by_time.insert(slot, (key, action));
    }

    /// Forgets the deadline of `key`, if there is one.
    pub(crate) fn cancel(&mut self, key: &K) {
        if let Some(slot) = self.by_key.remove(key) {
            self.by_time.remove(&slot);
        }
    }

    /// The earliest deadline.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.by_time.first_key_value().map(|(slot, _)| slot.0)
    }

    /// Takes the earliest deadline that is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<(K, A)> {
        let entry = self.by_time.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let (key, action) = entry.remove();
        self.by_key.remove(&key);
        Some((key, action))
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.by_key.len(), self.by_time.len());
        self.by_key.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_fire_in_order_once() {
        let s = Duration::from_secs;
        let mut queue = TimerQueue::new();
        queue.set("a", s(3), 1);
        queue.set("b", s(2), 2);
        queue.set("c", s(2), 3);
        queue.set("a", s(1), 4);
        queue.set("d", s(1), 5);
        queue.cancel(&"d");
        assert_eq!(queue.len(), 3);
        assert_eq!(queue.next_deadline(), Some(s(1)));
        assert_eq!(queue.pop_due(Duration::from_millis(999)), None);
        assert_eq!(queue.pop_due(s(2)), Some(("a", 4)));
        assert_eq!(queue.pop_due(s(2)), Some(("b", 2)));
        assert_eq!(queue.pop_due(s(2)), Some(("c", 3)));
        assert_eq!(queue.pop_due(s(9)), None);
        assert_eq!(queue.len(), 0);
    }
}
