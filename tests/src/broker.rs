//! What tests need to know of a broker, whichever it is.

/// A running broker that clients can reach: [`crate::Node`] or [`crate::Oracle`].
pub trait Broker {
    /// "highway" or "kafka".
    fn kind(&self) -> &'static str;

    /// HOST:PORT for clients.
    fn bootstrap(&self) -> &str;

    /// The process id of the broker.
    fn pid(&self) -> u32;
}
