//! The log engine: partitions as directories of segments in Kafka's format, and the journal that makes appends durable.
//!
//! Knows no network and no protocol. The way of an append: [`append`] → [`batch::validate`] → [`producer_state`] →
//! [`segment`] → [`commit_log`] → [`progress`]. The way of a read: [`read`] → [`segments`] → [`segment`]. Opening after a
//! stop or a crash: [`manager`] → [`recovery`].

pub mod append;
pub mod aside;
pub mod batch;
pub mod checkpoint;
pub mod commit_log;
pub mod doomed;
pub mod epoch_cache;
pub mod error;
pub mod file;
pub mod flush;
pub mod index;
pub mod journal;
pub mod log;
pub mod log_dir;
pub mod manager;
pub mod open_files;
pub mod producer_state;
pub mod progress;
pub mod read;
pub mod recovery;
pub mod recovery_point;
pub mod retention;
pub mod segment;
pub mod segments;
pub mod slice;
