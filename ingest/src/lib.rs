//! Events in: what HTTP and syslog senders say, turned into records.
//!
//! Everything here is pure: bytes in, records or reasons out; the time and randomness are handed in. Sockets are
//! thin shells on top of it.

pub mod dedup;
pub mod dialect;
pub mod endpoint;
pub mod envelope;
pub mod ids;
pub mod infer;
pub mod json;
pub mod outcome;
pub mod record;
pub mod rejects;
pub mod schema;
pub mod serve;
pub mod syslog;
pub mod time;
