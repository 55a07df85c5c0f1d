//! Refused events are data: they go to a topic of their own, with the bytes as they came and the reason beside them, and can be
//! sent again.

mod record;
mod replay;
mod sampler;

pub use record::{Origin, reject_record};
pub use replay::{Replay, ReplayError};
pub use sampler::{Counted, Sampler};

#[cfg(test)]
mod rejects_test;
