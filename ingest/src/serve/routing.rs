//! How many partitions events are spread over, while a topic gets more of them.
//!
//! The partition of an event follows from its key or id and the number of partitions. A repeat must meet its original, so the old number
//! holds for one window after the topic grew: by then nothing that is repeated can have been routed by it. Kept in memory: a
//! start within that window routes by the new number at once.

use std::collections::HashMap;
use std::time::Duration;

use highway_types::TopicId;

/// Beyond this many, what was learnt is forgotten; endpoints are far fewer.
const MOST: usize = 10_000;

struct Known {
    count: usize,
    grew: Option<Duration>,
}

/// What endpoints route by.
#[derive(Default)]
pub(super) struct Routing(HashMap<(String, TopicId), Known>);

impl Routing {
    /// The number of partitions to route by, of a topic that has `partitions` now.
    pub fn partitions(
        &mut self,
        endpoint: &str,
        topic: TopicId,
        partitions: usize,
        window: Duration,
        now: Duration,
    ) -> usize {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let fresh = || Known { count: partitions, grew: None };
        let known = self.0.entry((endpoint.to_owned(), topic)).or_insert_with(fresh);
        if partitions <= known.count {
            *known = fresh();
            return partitions;
        }
        if now.saturating_sub(*known.grew.get_or_insert(now)) >= window {
            *known = fresh();
        }
        known.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_number_holds_for_one_window() {
        let (mut routing, topic) = (Routing::default(), TopicId(uuid::Uuid::from_u128(1)));
        let window = Duration::from_secs(600);
        let mut at = |endpoint: &str, partitions, second| {
            routing.partitions(endpoint, topic, partitions, window, Duration::from_secs(second))
        };
        assert_eq!((at("a", 3, 0), at("a", 6, 100), at("a", 6, 699)), (3, 3, 3));
        assert_eq!((at("b", 6, 699), at("a", 6, 700), at("a", 6, 701)), (6, 6, 6));
        assert_eq!((at("a", 9, 800), at("a", 12, 1399), at("a", 12, 1400)), (6, 6, 12));
        assert_eq!(at("a", 1, 1401), 1, "a topic does not shrink, but nothing may be routed beyond its end");
    }
}
