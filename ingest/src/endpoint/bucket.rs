//! Rates: token buckets, in whole numbers, with the time handed in.

use std::time::Duration;

/// A rate and how much of it may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In a second; 0 is no bound.
    pub per_second: u64,
    /// At once.
    pub burst: u64,
}

/// One bucket. It holds up to `burst`; a request larger than that is let in when the bucket is full and leaves a debt, so that a large batch
/// is slowed down and not refused for ever.
#[derive(Clone, Debug)]
pub struct Limiter {
    rate: Rate,
    /// In units of a thousand-millionth, negative while in debt.
    level: i128,
    at: Duration,
}

const NANO: i128 = 1_000_000_000;

impl Limiter {
    /// A full bucket.
    #[must_use]
    pub fn new(rate: Rate, now: Duration) -> Self {
        let rate = Rate { burst: rate.burst.max(1), ..rate };
        Self { rate, level: i128::from(rate.burst) * NANO, at: now }
    }

    fn refill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_nanos() as i128;
        self.at = self.at.max(now);
        let full = i128::from(self.rate.burst) * NANO;
        self.level =
            full.min(self.level.saturating_add(passed.saturating_mul(i128::from(self.rate.per_second))));
    }

    /// How long until `amount` would be let in; zero: now.
    #[must_use]
    pub fn wait(&mut self, amount: u64, now: Duration) -> Duration {
        if self.rate.per_second == 0 {
            return Duration::ZERO;
        }
        self.refill(now);
        let needed = i128::from(amount.min(self.rate.burst)) * NANO - self.level;
        if needed <= 0 {
            return Duration::ZERO;
        }
        let per_second = i128::from(self.rate.per_second);
        let nanos = (needed + per_second - 1) / per_second;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Takes `amount`, whatever is there: what was let in counts, also what turned out larger than announced.
    pub fn take(&mut self, amount: u64, now: Duration) {
        if self.rate.per_second > 0 {
            self.refill(now);
            self.level -= i128::from(amount) * NANO;
        }
    }

    /// Takes `amount` if it may be let in now.
    ///
    /// # Errors
    /// How long to wait.
    pub fn admit(&mut self, amount: u64, now: Duration) -> Result<(), Duration> {
        let wait = self.wait(amount, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.take(amount, now);
        Ok(())
    }
}
