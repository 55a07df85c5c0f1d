//! The vocabulary of Highway: ids, offsets, epochs, time, limits and topic settings.
//!
//! Nothing here does I/O and nothing here depends on another crate of the workspace.

mod base64_url;
pub mod checksum;
mod epoch;
mod ids;
pub mod limits;
mod offset;
mod time;
pub mod topic_config;

pub use base64_url::base64_url;
pub use epoch::{LeaderEpoch, ProducerEpoch};
pub use ids::{
    ClusterId, GroupId, InvalidTopicName, NodeId, PartitionIndex, ProducerId, TopicId, TopicIdPartition,
    TopicName, TopicPartition,
};
pub use offset::{JournalPosition, Offset};
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use topic_config::TopicConfig;
