//! Random moments that can be had again: the seed is printed, and `HIGHWAY_SEED` sets it.

use std::hash::{BuildHasher, RandomState};

/// xorshift64.
#[derive(Debug)]
pub struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    /// With the seed in `HIGHWAY_SEED`, or a new one.
    pub fn from_environment() -> Random {
        let given = std::env::var("HIGHWAY_SEED").ok().and_then(|seed| seed.parse().ok());
        Random::of_seed(given.unwrap_or_else(|| RandomState::new().hash_one(0) >> 32))
    }

    /// With this seed.
    pub fn of_seed(seed: u64) -> Random {
        Random { seed, state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// What it began with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % limit
    }
}
