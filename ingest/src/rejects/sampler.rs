//! A flood of refused events must not fill the disk: above a rate they are counted and not kept.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::endpoint::{Limiter, Rate};
use crate::envelope::Code;

/// What was refused, exactly, whether or not it was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// All.
    pub refused: u64,
    /// Of these, those whose bytes were kept.
    pub kept: u64,
}

/// Decides which refused events of one endpoint are kept.
#[derive(Debug)]
pub struct Sampler {
    limiter: Limiter,
    counts: BTreeMap<&'static str, Counted>,
}

impl Sampler {
    /// Keeps `per_second` at the most.
    #[must_use]
    pub fn new(per_second: u64, now: Duration) -> Self {
        let rate = Rate { per_second, burst: per_second };
        Self { limiter: Limiter::new(rate, now), counts: BTreeMap::new() }
    }

    /// Counts one; true if its bytes are to be kept. The first of each reason is always kept: the rare reason must not drown in the
    /// frequent one.
    pub fn keep(&mut self, code: Code, now: Duration) -> bool {
        let counted = self.counts.entry(code.as_str()).or_default();
        counted.refused += 1;
        let room = self.limiter.admit(1, now).is_ok();
        let keep = room || counted.refused == 1;
        counted.kept += u64::from(keep);
        keep
    }

    /// The counts of each reason.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, Counted)> {
        self.counts.iter().map(|(code, counted)| (*code, *counted))
    }
}
