//! What differs from the JVM and why. Each reason must still be shown by a case.

use serde_json::Value as Json;

use super::answers::Case;

/// A kind of difference.
pub struct Difference {
    /// Why it is so.
    pub why: &'static str,
    /// Whether a case that differs does so for this reason.
    shows: fn(&Case, &Json) -> bool,
}

pub const DIFFERENCES: &[Difference] = &[];

/// The index of the reason for which the case differs.
pub fn explained(case: &Case, ours: &Json) -> Option<usize> {
    DIFFERENCES.iter().position(|difference| (difference.shows)(case, ours))
}
