//! Administration: topics, settings, groups, offsets, records, disks.
//!
//! All of it is on [`crate::Client`]; these modules hold the methods by subject, and what they return.

mod cluster;
mod configs;
mod groups;
mod offsets;
mod records;
mod topics;

pub use cluster::{ApiRange, LogDir, PartitionSize};
pub use configs::{ConfigChange, ConfigEntry, ConfigResource, ConfigSource};
pub use groups::{CommittedOffset, GroupDescription, GroupListing, GroupMember};
pub use offsets::{ListedOffset, OffsetSpec};
pub use topics::{CreatedTopic, NewTopic};
