//! The commit log of one machine: pre-zeroed, recycled files and group commit by one thread.
//!
//! ```text
//! appender ── admit ── submit ──► queue ──► writer thread: gather · pwrite · `written` · fdatasync · `durable`
//!                 ▲                              │ next file
//!                 └─ room ── pool ◄── prepare thread: zero new files, stamp released ones with a new epoch
//! ```
//!
//! One group is written at a time and the next only after it is durable, so a crash can damage the last group only. A
//! group is taken at replay whole or not at all. Byte format: `docs/formats/journal.md`.

mod aligned;
mod elsewhere;
mod file;
mod format;
mod gate;
mod options;
mod pool;
mod prepare;
mod queue;
mod recover;
mod replay;
mod shared;
#[cfg(any(test, feature = "contract-tests"))]
pub mod sim;
mod store;
mod sync_pool;
mod write_once;
mod writer;

#[cfg(test)]
mod elsewhere_test;
#[cfg(test)]
mod fault_test;
#[cfg(test)]
mod journal_test;
#[cfg(test)]
mod power_test;

pub use file::{DiskIo, JournalFile, JournalIo};
pub use options::{IoMode, JournalOptions};
pub use store::Journal;
pub use write_once::LargeBatches;
