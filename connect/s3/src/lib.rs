//! The S3 sink: records into objects of a bucket, each exactly once.
//!
//! [`commit`] is the protocol that makes it so, a state machine without I/O; [`store`] carries it out.

pub mod commit;
pub mod format;
pub mod partition;
pub mod store;
