//! Why the controller refuses.

use highway_types::InvalidTopicName;
use highway_types::topic_config::ConfigError;

/// Kafka's error, by name; the server maps it to the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// 1
    OffsetOutOfRange,
    /// 3
    UnknownTopicOrPartition,
    /// 17
    InvalidTopic,
    /// 36
    TopicAlreadyExists,
    /// 37
    InvalidPartitions,
    /// 38
    InvalidReplicationFactor,
    /// 39
    InvalidReplicaAssignment,
    /// 40
    InvalidConfig,
    /// 42
    InvalidRequest,
    /// 44
    PolicyViolation,
    /// 73
    TopicDeletionDisabled,
    /// 100
    UnknownTopicId,
}

impl ErrorKind {
    /// Kafka's error code.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::OffsetOutOfRange => 1,
            Self::UnknownTopicOrPartition => 3,
            Self::InvalidTopic => 17,
            Self::TopicAlreadyExists => 36,
            Self::InvalidPartitions => 37,
            Self::InvalidReplicationFactor => 38,
            Self::InvalidReplicaAssignment => 39,
            Self::InvalidConfig => 40,
            Self::InvalidRequest => 42,
            Self::PolicyViolation => 44,
            Self::TopicDeletionDisabled => 73,
            Self::UnknownTopicId => 100,
        }
    }

    /// What Kafka says where it says nothing more.
    #[must_use]
    pub const fn default_message(self) -> &'static str {
        match self {
            Self::OffsetOutOfRange => {
                "The requested offset is not within the range of offsets maintained by the server."
            }
            Self::UnknownTopicOrPartition => "This server does not host this topic-partition.",
            Self::InvalidTopic => "The request attempted to perform an operation on an invalid topic.",
            Self::TopicAlreadyExists => "Topic with this name already exists.",
            Self::InvalidPartitions => "Number of partitions is below 1.",
            Self::InvalidReplicationFactor => {
                "Replication factor is below 1 or larger than the number of available brokers."
            }
            Self::InvalidReplicaAssignment => "Replica assignment is invalid.",
            Self::InvalidConfig => "Configuration is invalid.",
            Self::InvalidRequest => "The request is malformed.",
            Self::PolicyViolation => "Request parameters do not satisfy the configured policy.",
            Self::TopicDeletionDisabled => "Topic deletion is disabled.",
            Self::UnknownTopicId => "This server does not host this topic ID.",
        }
    }
}

/// A refusal: Kafka's error and the message that goes with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ControllerError {
    /// The error.
    pub kind: ErrorKind,
    /// The message for people.
    pub message: String,
}

impl ControllerError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn bare(kind: ErrorKind) -> Self {
        Self::new(kind, kind.default_message())
    }

    pub(crate) fn topic_name(reason: InvalidTopicName) -> Self {
        Self::new(ErrorKind::InvalidTopic, format!("Topic name is invalid: {reason}"))
    }

    pub(crate) fn config(reason: ConfigError) -> Self {
        Self::new(ErrorKind::InvalidConfig, reason.to_string())
    }
}
