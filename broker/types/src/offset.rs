//! Positions in logs.

use std::fmt;
use std::ops::{Add, Sub};

/// The offset of a record in a partition, or the first offset behind a range of records.
///
/// Fields and functions say which of the two they mean: `base`, `first` and `last` name a record;
/// `end` is the first offset that is not part of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Offset(pub i64);

impl Offset {
    /// Where every log begins.
    pub const ZERO: Self = Self(0);
    /// "No such offset" on the wire.
    pub const NONE: Self = Self(-1);

    /// The offset after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Add<i64> for Offset {
    type Output = Self;
    fn add(self, rhs: i64) -> Self {
        Self(self.0 + rhs)
    }
}

impl Sub for Offset {
    type Output = i64;
    fn sub(self, rhs: Self) -> i64 {
        self.0 - rhs.0
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A position in a commit log: the number of bytes before it since the log was created.
///
/// It is not a file position; files are recycled and positions only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct JournalPosition(pub u64);

impl fmt::Display for JournalPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
