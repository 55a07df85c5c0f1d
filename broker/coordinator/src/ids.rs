//! Ids that only groups know.

use std::fmt;
use std::sync::Arc;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Copies the text, so that the request frame it came in is not kept alive.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Arc::from(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// True for the empty text.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

text_id! {
    /// A member's id, given out by the coordinator. Empty means "not known yet" (Kafka's `UNKNOWN_MEMBER_ID`).
    MemberId
}
text_id! {
    /// A static member's own name, `group.instance.id` (KIP-345).
    InstanceId
}

impl MemberId {
    /// The empty id.
    #[must_use]
    pub fn unknown() -> Self {
        Self::new("")
    }
}

/// The number of a group's generation. Grows by one with each completed rebalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub i32);

impl Generation {
    /// "No generation" on the wire.
    pub const NONE: Self = Self(-1);
    /// A group that has never been joined.
    pub const ZERO: Self = Self(0);

    /// The generation after this one. Behind the largest number comes 1, never a negative one, which
    /// would mean "none".
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add(1).unwrap_or(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
