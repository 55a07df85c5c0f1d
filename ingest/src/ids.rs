//! Event ids that Highway makes: UUID version 7 (RFC 9562), from a clock and randomness that are handed in.

use highway_types::Timestamp;
use rand::RngCore;
use uuid::Uuid;

/// Makes ids that grow: the time in milliseconds, then a counter of 12 bits that starts anywhere in its lower half
/// (RFC 9562 section 6.2 method 1), then 62 random bits.
#[derive(Debug)]
pub struct IdMaker<R> {
    random: R,
    millis: u64,
    counter: u16,
}

impl<R: RngCore> IdMaker<R> {
    /// Draws from `random`.
    pub fn new(random: R) -> Self {
        Self { random, millis: 0, counter: 0 }
    }

    /// An id for the time `now`. If the clock went back, or the counter ran out, the last time or the one after it is
    /// used, so that ids of one maker always grow.
    pub fn next(&mut self, now: Timestamp) -> Uuid {
        let now = u64::try_from(now.0).unwrap_or(0);
        let random = self.random.next_u64();
        if now > self.millis {
            self.millis = now;
            self.counter = (random >> 53) as u16;
        } else if self.counter < 0xfff {
            self.counter += 1;
        } else {
            self.millis += 1;
            self.counter = (random >> 53) as u16;
        }
        let high = self.millis << 16 | 0x7000 | u64::from(self.counter);
        let low = 0x8000_0000_0000_0000 | (self.random.next_u64() >> 2);
        Uuid::from_u64_pair(high, low)
    }
}

/// What decoders ask for an id; [`IdMaker`] behind a name, so that they need not be generic.
pub trait Ids {
    /// An id for the time `now`, in the text form of 36 characters.
    fn next_id(&mut self, now: Timestamp) -> String;
}

impl<R: RngCore> Ids for IdMaker<R> {
    fn next_id(&mut self, now: Timestamp) -> String {
        self.next(now).as_hyphenated().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn ids_grow_even_when_the_clock_does_not() {
        let mut maker = IdMaker::new(StdRng::seed_from_u64(7));
        let mut last = Uuid::nil();
        for step in 0..20_000_i64 {
            // Back by a second in the middle.
            let now = Timestamp(1_700_000_000_000 + step / 9000 - if step > 10_000 { 1000 } else { 0 });
            let id = maker.next(now);
            assert!(id > last, "{step}");
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
            last = id;
        }
    }

    #[test]
    fn an_id_tells_its_time() {
        let id = IdMaker::new(StdRng::seed_from_u64(1)).next(Timestamp(1_700_000_000_123));
        assert_eq!(id.as_u128() >> 80, 1_700_000_000_123);
    }
}
