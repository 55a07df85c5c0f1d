//! What can go wrong between a client and a cluster.

use std::fmt;
use std::time::Duration;

use highway_types::TopicName;
use kafka_protocol::ResponseError;

use crate::records::RecordsError;
use crate::transport::Endpoint;

/// A Kafka error code other than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub i16);

impl ErrorCode {
    /// `UNKNOWN_TOPIC_OR_PARTITION`
    pub const UNKNOWN_TOPIC_OR_PARTITION: Self = Self(3);
    /// `OFFSET_OUT_OF_RANGE`
    pub const OFFSET_OUT_OF_RANGE: Self = Self(1);
    /// `LEADER_NOT_AVAILABLE`
    pub const LEADER_NOT_AVAILABLE: Self = Self(5);
    /// `NOT_LEADER_OR_FOLLOWER`
    pub const NOT_LEADER_OR_FOLLOWER: Self = Self(6);
    /// `COORDINATOR_LOAD_IN_PROGRESS`
    pub const COORDINATOR_LOAD_IN_PROGRESS: Self = Self(14);
    /// `COORDINATOR_NOT_AVAILABLE`
    pub const COORDINATOR_NOT_AVAILABLE: Self = Self(15);
    /// `NOT_COORDINATOR`
    pub const NOT_COORDINATOR: Self = Self(16);
    /// `INVALID_TOPIC_EXCEPTION`
    pub const INVALID_TOPIC: Self = Self(17);
    /// `ILLEGAL_GENERATION`
    pub const ILLEGAL_GENERATION: Self = Self(22);
    /// `UNKNOWN_MEMBER_ID`
    pub const UNKNOWN_MEMBER_ID: Self = Self(25);
    /// `REBALANCE_IN_PROGRESS`
    pub const REBALANCE_IN_PROGRESS: Self = Self(27);
    /// `TOPIC_ALREADY_EXISTS`
    pub const TOPIC_ALREADY_EXISTS: Self = Self(36);
    /// `NOT_CONTROLLER`
    pub const NOT_CONTROLLER: Self = Self(41);
    /// `MESSAGE_TOO_LARGE`
    pub const MESSAGE_TOO_LARGE: Self = Self(10);
    /// `INVALID_TIMESTAMP`
    pub const INVALID_TIMESTAMP: Self = Self(32);
    /// `INVALID_RECORD`
    pub const INVALID_RECORD: Self = Self(87);
    /// `OUT_OF_ORDER_SEQUENCE_NUMBER`
    pub const OUT_OF_ORDER_SEQUENCE_NUMBER: Self = Self(45);
    /// `DUPLICATE_SEQUENCE_NUMBER`
    pub const DUPLICATE_SEQUENCE_NUMBER: Self = Self(46);
    /// `NON_EMPTY_GROUP`
    pub const NON_EMPTY_GROUP: Self = Self(68);
    /// `GROUP_ID_NOT_FOUND`
    pub const GROUP_ID_NOT_FOUND: Self = Self(69);
    /// `MEMBER_ID_REQUIRED`
    pub const MEMBER_ID_REQUIRED: Self = Self(79);
    /// `GROUP_SUBSCRIBED_TO_TOPIC`
    pub const GROUP_SUBSCRIBED_TO_TOPIC: Self = Self(86);

    /// `None` for 0.
    #[must_use]
    pub fn of(code: i16) -> Option<Self> {
        (code != 0).then_some(Self(code))
    }

    /// Whether Kafka calls it retriable.
    #[must_use]
    pub fn is_retriable(self) -> bool {
        ResponseError::try_from_code(self.0).is_some_and(|e| e.is_retriable())
    }

    /// Another broker leads the partition, or none does yet: ask for the metadata again.
    #[must_use]
    pub fn is_stale_metadata(self) -> bool {
        // 3, 5, 6; 72 LISTENER_NOT_FOUND; 74 FENCED_LEADER_EPOCH; 75 UNKNOWN_LEADER_EPOCH; 103 INCONSISTENT_TOPIC_ID
        matches!(self.0, 3 | 5 | 6 | 72 | 74 | 75 | 100 | 103)
    }

    /// The coordinator moved or still loads.
    #[must_use]
    pub fn is_coordinator_moving(self) -> bool {
        matches!(self.0, 14..=16)
    }

    /// Kafka's name, `UNKNOWN_TOPIC_OR_PARTITION`.
    #[must_use]
    pub fn name(self) -> String {
        let Some(error) =
            ResponseError::try_from_code(self.0).filter(|e| !matches!(e, ResponseError::Unknown(_)))
        else {
            return format!("ERROR_{}", self.0);
        };
        let mut name = String::new();
        for c in error.to_string().chars() {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(c.to_ascii_uppercase());
        }
        name
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Why a call did not do what it was asked. Cheap to copy: one failure may concern many records.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection.
    #[error("cannot reach {address}: {detail}")]
    Unreachable {
        /// Where.
        address: Endpoint,
        /// What the system said.
        detail: String,
    },
    /// The connection ended before the answer came; the request may have been carried out.
    #[error("the connection to {address} was lost: {detail}")]
    Disconnected {
        /// Where.
        address: Endpoint,
        /// What the system said.
        detail: String,
    },
    /// No answer in time; the request may have been carried out.
    #[error("{what}: no answer within {after:?}")]
    TimedOut {
        /// What was asked.
        what: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// It could not be written in time, and surely is not.
    #[error("{what}: not written within {after:?}")]
    NotWritten {
        /// What was to be written.
        what: String,
        /// How long it was tried.
        after: Duration,
    },
    /// The broker is too old or too new.
    #[error("{address} does not serve {api} in versions {min} to {max}")]
    Unsupported {
        /// Where.
        address: Endpoint,
        /// Which API.
        api: String,
        /// The lowest version that would do.
        min: i16,
        /// The highest version that would do.
        max: i16,
    },
    /// A request that the codec cannot write: a defect here.
    #[error("cannot encode {api} in version {version}: {detail}")]
    Encode {
        /// Which API.
        api: String,
        /// In which version.
        version: i16,
        /// What the codec said.
        detail: String,
    },
    /// An answer that makes no sense.
    #[error("{address} answered {api} with something that cannot be read: {detail}")]
    Malformed {
        /// Where.
        address: Endpoint,
        /// Which API.
        api: String,
        /// What is wrong.
        detail: String,
    },
    /// The broker refused.
    #[error("{subject}: {code}{}", message.as_ref().map(|m| format!(" ({m})")).unwrap_or_default())]
    Broker {
        /// The topic, group or thing that it is about.
        subject: String,
        /// Why.
        code: ErrorCode,
        /// In the broker's words.
        message: Option<String>,
    },
    /// No such partition.
    #[error("topic {topic} has no partition {partition}; it has {count}, from 0 on")]
    NoPartition {
        /// The topic.
        topic: TopicName,
        /// The partition that was asked for.
        partition: i32,
        /// How many there are.
        count: usize,
    },
    /// Record batches that cannot be read or written.
    #[error("{subject}: {source}")]
    Records {
        /// The partition.
        subject: String,
        /// What is wrong.
        source: RecordsError,
    },
    /// The producer or consumer was closed, or failed before.
    #[error("{0}")]
    Closed(String),
}

impl ClientError {
    /// An error code about `subject`.
    pub fn broker(subject: impl fmt::Display, code: ErrorCode, message: Option<&str>) -> Self {
        let message = message.filter(|m| !m.is_empty()).map(str::to_owned);
        Self::Broker { subject: subject.to_string(), code, message }
    }

    /// The broker's error code, if it is one.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Broker { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// No connection or no answer.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Disconnected { .. } | Self::TimedOut { .. })
    }

    /// A request that failed like this may have been carried out all the same.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        match self {
            // UNKNOWN_SERVER_ERROR, REQUEST_TIMED_OUT, NETWORK_EXCEPTION, NOT_ENOUGH_REPLICAS_AFTER_APPEND, KAFKA_STORAGE_ERROR
            Self::Broker { code, .. } => matches!(code.0, -1 | 7 | 13 | 20 | 56),
            Self::Unreachable { .. }
            | Self::NotWritten { .. }
            | Self::Unsupported { .. }
            | Self::Encode { .. }
            | Self::NoPartition { .. }
            | Self::Records { .. } => false,
            Self::Disconnected { .. } | Self::TimedOut { .. } | Self::Malformed { .. } | Self::Closed(_) => {
                true
            }
        }
    }

    /// Worth another try after a while.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        self.is_connection() || self.code().is_some_and(ErrorCode::is_retriable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_kafkas_names() {
        assert_eq!(ErrorCode(3).name(), "UNKNOWN_TOPIC_OR_PARTITION");
        assert_eq!(ErrorCode::NON_EMPTY_GROUP.name(), "NON_EMPTY_GROUP");
        assert_eq!(ErrorCode(9999).name(), "ERROR_9999");
        assert!(
            ErrorCode::NOT_LEADER_OR_FOLLOWER.is_retriable()
                && !ErrorCode::TOPIC_ALREADY_EXISTS.is_retriable()
        );
    }
}
