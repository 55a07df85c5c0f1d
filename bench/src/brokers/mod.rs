//! The brokers that are compared: how each is started, and the one that does no work.

pub mod system;
pub mod zero;
