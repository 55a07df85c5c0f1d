//! The native event: `{"metadata": {"id", "timestamp", "version"}, "payload": {…}, "event_name"}`.
//!
//! [`Envelope::read`] enforces the shape over a checked text and says with a JSON pointer what is wrong;
//! [`Envelope::record`] makes the record: the bytes as they came, with id and timestamp put in where they were missing. The payload is never
//! read into a tree and never written anew, so its numbers keep their digits. Other dialects make the same form
//! with [`Parts`].
//!
//! Strict where a mistake would be silent: unknown members beside the three, a name given twice and a payload that is no object are
//! refused. `metadata` may carry more members; they are kept.

mod compose;
mod key;
mod read;
mod stamp;
mod violation;

pub use compose::{Parts, Payload};
pub use key::KeyRule;
pub use read::Envelope;
pub use stamp::{Provenance, Rules, Stamp};
pub use violation::{Code, Violation};

#[cfg(test)]
mod envelope_test;
