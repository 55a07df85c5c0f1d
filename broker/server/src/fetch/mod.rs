//! Fetch sessions and the long poll.

pub mod session;
