//! Another try, with a growing pause, until a time is over.

use std::time::Duration;

use rand::Rng;
use tokio::time::Instant;

use crate::config::ClientConfig;

/// The pauses of one call.
#[derive(Debug)]
pub(crate) struct Retry {
    end: Instant,
    pause: Duration,
    max: Duration,
}

impl Retry {
    pub(crate) fn new(config: &ClientConfig) -> Self {
        Self::within(config, config.api_timeout)
    }

    pub(crate) fn within(config: &ClientConfig, limit: Duration) -> Self {
        Self { end: Instant::now() + limit, pause: config.retry_backoff, max: config.retry_backoff_max }
    }

    /// Waits; false, at once, when the time is over.
    pub(crate) async fn again(&mut self) -> bool {
        // A fifth more or less, so that clients that failed together do not come back together.
        let pause = self.pause.mul_f64(rand::rng().random_range(0.8..1.2));
        if Instant::now() + pause >= self.end {
            return false;
        }
        tokio::time::sleep(pause).await;
        self.pause = (self.pause * 2).min(self.max);
        true
    }
}
