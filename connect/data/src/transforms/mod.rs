//! Kafka's single message transforms, by their names and settings (`org.apache.kafka.connect.transforms`), predicates, chains of
//! them, and beyond them `Filter` and `Compute` by CEL.

mod cache;
mod cast;
mod chain;
mod enrich;
mod extract_field;
mod field_path;
mod flatten;
mod header_from;
mod headers;
mod hoist_field;
mod insert_field;
mod mask_field;
mod part;
mod plugins;
mod predicates;
mod regex;
mod replace_field;
mod routers;
mod schema_metadata;
mod timestamp_converter;
mod value_to_key;

#[cfg(test)]
mod bench_test;
#[cfg(test)]
mod chain_test;
#[cfg(test)]
mod oracle_test;

pub use chain::{Chain, Stage};
pub use enrich::enrich;
pub use part::Part;
pub use plugins::{Kind, Plugin, new_predicate, new_transformation, plugin, plugins};
pub use predicates::Predicate;
pub use regex::JavaRegex;

use crate::error::Result;
use crate::record::ConnectRecord;

/// `Transformation`: makes a record into another one, or drops it. Each task has its own, so that they may keep caches.
pub trait Transformation: Send {
    /// The record that goes on; None drops it.
    fn apply(&mut self, record: ConnectRecord) -> Result<Option<ConnectRecord>>;
}
