//! The decisions of the controller: requests to control records, with Kafka's error codes and messages.
//!
//! Nothing here changes anything. The caller appends the records in one batch and, once they are durable, publishes
//! the image that [`apply`](fn@crate::apply::apply) gives; for `validate_only` it drops them.

pub mod configs;
pub mod error;
pub mod partitions;
pub mod producer_ids;
pub mod records;
pub mod topics;

pub use configs::{AlterOp, AlterResource, ConfigChange, Resource, alter_configs, incremental_alter_configs};
pub use error::{ControllerError, ErrorKind};
pub use partitions::{NewPartitions, create_partitions};
pub use producer_ids::{PRODUCER_ID_BLOCK, ProducerIdBlock, allocate_producer_ids};
pub use records::{DeleteRecords, delete_records};
pub use topics::{
    CreatedTopic, DeleteTopic, DeletedTopic, NewTopic, TopicOutcome, create_topics, delete_topics,
};

/// Partitions that one request may create.
pub const MAX_PARTITIONS_PER_REQUEST: usize = 10_000;
