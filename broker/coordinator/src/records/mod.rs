//! The records of `__consumer_offsets`, in Kafka's byte formats.
//!
//! Every key begins with an int16 that names its kind: 0 and 1 are offsets, 2 is a classic group; from 3
//! on the groups of KIP-848 and later, which [`RecordKey::decode`] passes over. Every value begins with an
//! int16 version. Written: offset keys 1 with values 3 (1 if the commit carries its own expiry, as Kafka
//! does), group keys 2 with values 3. Read: all versions up to 4.

mod group_metadata;
mod key;
mod offset_commit;
pub(crate) mod read;
mod write;

pub use group_metadata::{GroupMetadataValue, MemberMetadata};
pub use key::RecordKey;
pub use offset_commit::OffsetCommitValue;

/// Why bytes are not a record of `__consumer_offsets`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Fewer bytes than a field needs.
    #[error("the record ends {missing} bytes too early")]
    Truncated {
        /// How many more there should be.
        missing: usize,
    },
    /// A length below zero, or null where null is not allowed.
    #[error("invalid length {0}")]
    InvalidLength(i64),
    /// A string that is not UTF-8.
    #[error("a string is not utf-8")]
    NotUtf8,
    /// A version that is not known.
    #[error("unknown version {version} of {kind}")]
    UnknownVersion {
        /// Which structure.
        kind: &'static str,
        /// The version found.
        version: i16,
    },
    /// A varint of more than five bytes.
    #[error("a varint is too long")]
    VarintTooLong,
    /// Members, but no protocol that their metadata belongs to.
    #[error("a group with members has no protocol")]
    MembersWithoutProtocol,
    /// A member id or instance id that comes twice.
    #[error("member {member} comes twice in one group")]
    DuplicateMember {
        /// The member.
        member: String,
    },
}

/// Key and value of a commit.
#[must_use]
pub fn offset_commit(
    group: &highway_types::GroupId,
    topic: &highway_types::TopicName,
    partition: highway_types::PartitionIndex,
    committed: &crate::CommittedOffset,
) -> crate::Record {
    let key = RecordKey::OffsetCommit { group: group.clone(), topic: topic.clone(), partition };
    crate::Record { key: key.encode(), value: Some(OffsetCommitValue::from(committed).encode()) }
}

/// The tombstone of a commit.
#[must_use]
pub fn offset_tombstone(
    group: &highway_types::GroupId,
    topic: &highway_types::TopicName,
    partition: highway_types::PartitionIndex,
) -> crate::Record {
    let key = RecordKey::OffsetCommit { group: group.clone(), topic: topic.clone(), partition };
    crate::Record { key: key.encode(), value: None }
}

/// Key and value of a classic group.
#[must_use]
pub fn group_metadata(group: &highway_types::GroupId, value: &GroupMetadataValue) -> crate::Record {
    crate::Record {
        key: RecordKey::GroupMetadata { group: group.clone() }.encode(),
        value: Some(value.encode()),
    }
}

/// The tombstone of a classic group.
#[must_use]
pub fn group_tombstone(group: &highway_types::GroupId) -> crate::Record {
    crate::Record { key: RecordKey::GroupMetadata { group: group.clone() }.encode(), value: None }
}
