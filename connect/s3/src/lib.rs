//! The S3 sink: records into objects of a bucket, each exactly once.
//!
//! [`commit`] is the protocol that makes it so, a state machine without I/O; [`store`] carries it out. [`partition`] says where a
//! record goes, [`format`] how it is written, [`rotation`] when; [`task`] is what the connect runtime drives.

pub mod commit;
pub mod config;
pub mod format;
pub mod partition;
pub mod rotation;
pub mod settings;
pub mod store;
pub mod task;
