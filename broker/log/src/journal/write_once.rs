//! When large batches are written once: `docs/decisions/0008-large-batches-are-written-once.md`.
//!
//! Writing a batch to the journal and later to its segment costs the disk twice its bytes, but answers after a write of
//! pre-zeroed space. Writing it once costs a sync of a growing file. The first is right until the disk is what limits, the
//! second from then on. No I/O and no clock here.

use std::time::Duration;

/// Batches from this size on are worth it.
const BATCH_BYTES: usize = 256 << 10;
/// Groups from this size on tell how fast the disk is.
const SAMPLE_BYTES: u64 = 512 << 10;
/// How long demand is counted.
const WINDOW: Duration = Duration::from_millis(100);
/// Writing time after which the disk's rate is known anew.
const SETTLES: Duration = Duration::from_millis(100);
/// Begin when so much of what the disk takes is asked for, and go back below the second.
const BEGIN: f64 = 0.4;
const END: f64 = 0.3;

/// What to do with large batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LargeBatches {
    /// Written once when the disk is what limits.
    Adaptive,
    /// Always written once.
    Once,
}

/// Watches groups and decides.
#[derive(Debug)]
pub(super) struct WriteOnce {
    on: bool,
    window: Option<(Duration, u64)>,
    /// Bytes a second that the journal's own writes reach, synced.
    disk: f64,
}

impl Default for WriteOnce {
    fn default() -> Self {
        Self { on: false, window: None, disk: 1e9 }
    }
}

impl WriteOnce {
    /// Whether a batch is large enough to be asked about.
    pub(super) fn is_large(bytes: usize) -> bool {
        bytes >= BATCH_BYTES
    }

    /// A group of batches of `weight` bytes was made durable at `now`, of which `stored` bytes took the journal `busy`.
    /// True if large batches should be written once from now on.
    pub(super) fn group(&mut self, now: Duration, busy: Duration, stored: u64, weight: u64) -> bool {
        if stored >= SAMPLE_BYTES && stored * 10 >= weight * 9 && !busy.is_zero() {
            // By time, not by number: a slow disk is known after a few groups, which take long there.
            let new = (busy.as_secs_f64() / SETTLES.as_secs_f64()).clamp(0.05, 0.5);
            self.disk += new * (stored as f64 / busy.as_secs_f64() - self.disk);
        }
        let (since, bytes) = self.window.get_or_insert((now, 0));
        *bytes += weight;
        let elapsed = now.saturating_sub(*since);
        if elapsed >= WINDOW {
            let share = *bytes as f64 / elapsed.as_secs_f64() / self.disk;
            self.on = share > if self.on { END } else { BEGIN };
            self.window = Some((now, 0));
        }
        self.on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of `bytes` every `every` ms for a second, of which `busy` ms were writing, all stored in the journal.
    fn run(policy: &mut WriteOnce, start: u64, every: u64, bytes: u64, busy: u64) -> bool {
        let ms = Duration::from_millis;
        (0..1000 / every).fold(false, |_, n| policy.group(ms(start + n * every), ms(busy), bytes, bytes))
    }

    #[test]
    fn a_disk_that_is_not_busy_keeps_what_is_quick() {
        let mut policy = WriteOnce::default();
        assert!(!run(&mut policy, 0, 10, 2 << 20, 2), "200 MB/s of 1 GB/s");
        assert!(!run(&mut policy, 5000, 100, 2 << 20, 2));
    }

    #[test]
    fn a_disk_that_limits_writes_once_until_there_is_less_to_do() {
        let mut policy = WriteOnce::default();
        assert!(run(&mut policy, 0, 4, 4 << 20, 4), "1 GB/s of 1 GB/s");
        let named = |policy: &mut WriteOnce, start: u64, bytes: u64| {
            let ms = Duration::from_millis;
            (0..100).fold(false, |_, n| policy.group(ms(start + n * 10), ms(1), 4096, bytes))
        };
        assert!(named(&mut policy, 1000, 4 << 20), "400 MB/s: still more than it would take twice");
        assert!(!named(&mut policy, 2000, 2 << 20), "200 MB/s");
    }

    #[test]
    fn a_slow_disk_is_known_by_what_it_took() {
        let mut policy = WriteOnce::default();
        assert!(run(&mut policy, 0, 20, 1 << 20, 17), "52 MB/s of 62 MB/s");
    }

    #[test]
    fn a_slow_disk_is_known_within_half_a_second() {
        let mut policy = WriteOnce::default();
        let ms = Duration::from_millis;
        let on = (0..4).map(|n| policy.group(ms(n * 130), ms(125), 8 << 20, 8 << 20)).last();
        assert_eq!(on, Some(true), "64 MB/s of 67 MB/s");
    }
}
