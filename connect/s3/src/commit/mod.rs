//! The commit log in the bucket: what makes a record appear in exactly one visible object.
//!
//! One log for each connector and topic partition. An entry is an object whose name is the position where it starts, made
//! with put-if-absent, so that each position is decided once, whoever tries. Data is uploaded before as multipart uploads,
//! which nobody sees, and completed after. The protocol, its keys and bytes, and why it is right:
//! `docs/formats/s3-commit-log.md`; a model of it with crashes, zombies and lost answers: `model_test`.

mod entry;
mod keys;
mod machine;
mod position;
mod step;

#[cfg(test)]
mod machine_test;
#[cfg(test)]
mod model_sim;
#[cfg(test)]
mod model_test;

pub use entry::{Entry, EntryError, FileRef};
pub use keys::LogKeys;
pub use machine::{Command, CompleteOutcome, Effect, Machine, Outcome, PutOutcome, Reply};
pub use position::Position;
