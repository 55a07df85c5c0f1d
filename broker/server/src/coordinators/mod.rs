//! Runs the pure group machines: a task for each `__consumer_offsets` partition feeds its shard with requests, time and
//! the fate of its appends.

mod host;
mod loader;
mod shard_task;

pub use host::GroupHost;
pub use loader::{LoadError, LoadedRecord, Visited, load, load_from, load_some, mark_at};
pub use shard_task::TopicExists;
