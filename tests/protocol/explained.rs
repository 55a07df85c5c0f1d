//! The differences from Kafka 4.3.1 that are meant, each with its reason.

/// A difference that is meant.
pub struct Explained {
    /// Start of the label: request, version, case.
    pub request: &'static str,
    /// Part of the line that tells the difference.
    pub line: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// All of them.
pub const EXPLAINED: &[Explained] = &[];
