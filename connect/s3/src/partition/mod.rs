//! Which folder a record goes to: Confluent's partitioners.

mod error;
mod field;
mod partitioner;
mod path_format;
mod timestamp;
mod zone;

#[cfg(test)]
mod partition_test;

pub use error::PartitionError;
pub use partitioner::{Partitioner, TimeBased, TimeCache};
pub use path_format::{Locale, PathFormat, PathFormatError};
pub use timestamp::{Extractor, iso_millis};
pub use zone::Zone;
