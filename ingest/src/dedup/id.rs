//! Ids as the window keeps them.

use ring::digest;

/// The first 128 bits of the SHA-256 of an event's id. Two ids that meet here would cost an event, so the hash is one that nobody can
/// make collide, and it needs no secret that a restart would have to find again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(pub u128);

impl EventId {
    /// Of an id as text.
    #[must_use]
    pub fn of(id: &str) -> Self {
        Self::of_bytes(id.as_bytes())
    }

    /// Of the bytes of the header `hw-event-id`.
    #[must_use]
    pub fn of_bytes(id: &[u8]) -> Self {
        let hash = digest::digest(&digest::SHA256, id);
        let mut first = [0; 16];
        first.copy_from_slice(&hash.as_ref()[..16]);
        Self(u128::from_be_bytes(first))
    }

    /// What a table places it by; already as good as random.
    pub(super) fn hash(self) -> u64 {
        self.0 as u64
    }
}
