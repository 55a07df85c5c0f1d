//! Ids, one type each.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::limits::TOPIC_NAME_MAX_LEN;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Copies the text, so that the request frame it came in is not kept alive.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Arc::from(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

text_id! {
    /// A topic's name. Not checked here: names from outside go through [`TopicName::check`].
    TopicName
}
text_id! {
    /// A consumer group's id.
    GroupId
}
text_id! {
    /// The cluster's id: 22 characters of URL-safe base64, made once and kept.
    ClusterId
}

/// Why a name cannot be a topic's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTopicName {
    /// No characters at all.
    #[error("the empty string is not allowed")]
    Empty,
    /// `.` or `..`.
    #[error("'{0}' is not allowed")]
    Dots(String),
    /// Longer than [`TOPIC_NAME_MAX_LEN`].
    #[error("the length of '{0}' is longer than the max allowed length 249")]
    TooLong(String),
    /// A character other than `[a-zA-Z0-9._-]`.
    #[error("'{0}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'")]
    BadCharacter(String),
}

impl TopicName {
    /// Group offsets and group metadata, in Kafka's record format.
    pub const CONSUMER_OFFSETS: &'static str = "__consumer_offsets";
    /// Transactions, in Kafka's record format.
    pub const TRANSACTION_STATE: &'static str = "__transaction_state";
    /// State of share groups.
    pub const SHARE_GROUP_STATE: &'static str = "__share_group_state";
    /// The control records of the cluster.
    pub const CLUSTER_METADATA: &'static str = "__cluster_metadata";

    /// Kafka's rule for names: 1 to 249 of `[a-zA-Z0-9._-]`, neither `.` nor `..`.
    ///
    /// # Errors
    /// The rule that the name breaks.
    pub fn check(name: &str) -> Result<(), InvalidTopicName> {
        if name.is_empty() {
            return Err(InvalidTopicName::Empty);
        }
        if name == "." || name == ".." {
            return Err(InvalidTopicName::Dots(name.to_owned()));
        }
        if name.len() > TOPIC_NAME_MAX_LEN {
            return Err(InvalidTopicName::TooLong(name.to_owned()));
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            return Err(InvalidTopicName::BadCharacter(name.to_owned()));
        }
        Ok(())
    }

    /// True for topics that clients may read but not write.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        matches!(self.as_str(), Self::CONSUMER_OFFSETS | Self::TRANSACTION_STATE | Self::SHARE_GROUP_STATE)
    }

    /// The name with `.` replaced by `_`: two topics whose names agree in this would share metrics in Kafka
    /// and may not exist side by side.
    #[must_use]
    pub fn unified(name: &str) -> String {
        name.replace('.', "_")
    }
}

/// A topic's identity: stable over restarts and growth, new after delete and create (KIP-516).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicId(pub Uuid);

impl TopicId {
    /// "No id" on the wire.
    pub const ZERO: Self = Self(Uuid::nil());
    /// `__cluster_metadata`'s fixed id (Kafka's `Uuid.METADATA_TOPIC_ID`).
    pub const CLUSTER_METADATA: Self = Self(Uuid::from_u128(1));
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a partition within its topic, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartitionIndex(pub i32);

impl fmt::Display for PartitionIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A partition's identity everywhere but on old protocol versions and in directory names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicIdPartition {
    /// The topic.
    pub topic_id: TopicId,
    /// The partition within it.
    pub partition: PartitionIndex,
}

impl TopicIdPartition {
    /// The partition that holds the control records.
    pub const CLUSTER_METADATA: Self =
        Self { topic_id: TopicId::CLUSTER_METADATA, partition: PartitionIndex(0) };
}

impl fmt::Display for TopicIdPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic_id, self.partition)
    }
}

/// A partition by its topic's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// The partition within it.
    pub partition: PartitionIndex,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A broker's number in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub i32);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of an idempotent or transactional producer. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProducerId(pub i64);

impl ProducerId {
    /// A batch without producer state.
    pub const NONE: Self = Self(-1);
}

impl fmt::Display for ProducerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_names_follow_kafkas_rule() {
        for good in ["a", "A.b_c-1", &"x".repeat(249)] {
            assert_eq!(TopicName::check(good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", "a b", "ä", "a/b", &"x".repeat(250)] {
            assert!(TopicName::check(bad).is_err(), "{bad}");
        }
    }
}
