//! The states of a classic group.

use std::fmt;

/// Kafka's states and their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupState {
    /// Members are joining.
    PreparingRebalance,
    /// Members have joined and wait for the leader's assignment.
    CompletingRebalance,
    /// Every member has its assignment.
    Stable,
    /// No members; maybe offsets.
    Empty,
    /// There is no such group.
    Dead,
}

impl GroupState {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Empty => "Empty",
            Self::Dead => "Dead",
        }
    }

    /// Whether a group may come into this state from `from`.
    pub(crate) fn may_follow(self, from: Self) -> bool {
        match self {
            Self::PreparingRebalance => {
                matches!(from, Self::Stable | Self::CompletingRebalance | Self::Empty)
            }
            Self::CompletingRebalance | Self::Empty => from == Self::PreparingRebalance,
            Self::Stable => from == Self::CompletingRebalance,
            Self::Dead => true,
        }
    }
}

impl fmt::Display for GroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
