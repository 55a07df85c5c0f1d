//! The bucket: what the sink asks of a store, the stores that there are, and the log on top of one.

mod bucket;
mod local;
mod log;
mod object;
mod open;
mod probe;

#[cfg(test)]
mod store_test;

pub use bucket::{Bucket, Complete, Put, StoreError};
pub use local::LocalBucket;
pub use log::{LogError, PartitionLog, Progress};
pub use object::{Habits, ObjectBucket};
pub use open::{Credentials, Location, Retries, open};
pub use probe::{Guarantee, ProbeError, probe};
