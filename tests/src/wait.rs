//! Waiting for a condition, with a limit.

use std::time::{Duration, Instant};

/// Polls `probe` every few milliseconds until it answers `Some`; `None` after `limit`.
pub fn eventually<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(found) = probe() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Like [`eventually`] for a plain condition; panics with `what` when the limit is over.
pub fn wait_until(what: &str, limit: Duration, mut held: impl FnMut() -> bool) {
    if eventually(limit, || held().then_some(())).is_none() {
        panic!("not within {limit:?}: {what}");
    }
}
