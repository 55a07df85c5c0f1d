//! The cluster's metadata: control records, the image they add up to, the controller's decisions and the settings.
//!
//! Everything here is pure: no I/O, no clock, no randomness. The server appends the records that [`controller`]
//! returns to `__cluster_metadata` and swaps in the image that [`apply()`] gives once they are durable.
//!
//! - [`record`]: control records and their bytes
//! - [`image`]: the immutable [`MetadataImage`]
//! - [`apply`](mod@apply): records onto an image
//! - [`controller`]: requests to records, with Kafka's errors
//! - [`configs`]: broker and topic settings, where each value comes from, describing and altering them

pub mod apply;
pub mod configs;
pub mod controller;
pub mod image;
pub mod record;
mod shards;
pub mod snapshot;

pub use apply::{ApplyError, apply, apply_in_place};
pub use image::{MetadataImage, PartitionImage, TopicImage};
pub use record::{BrokerScope, MetadataRecord, RecordError};
pub use snapshot::{apply_part, changed_parts, snapshot};
