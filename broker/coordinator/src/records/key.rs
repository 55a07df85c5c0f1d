//! Keys.

use bytes::Bytes;
use highway_types::{GroupId, PartitionIndex, TopicName};

use super::RecordError;
use super::read::Reader;
use super::write::Writer;

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordKey {
    /// A committed offset (kinds 0 and 1; written as 1).
    OffsetCommit {
        /// The group.
        group: GroupId,
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: PartitionIndex,
    },
    /// A classic group (kind 2).
    GroupMetadata {
        /// The group.
        group: GroupId,
    },
    /// A kind that this version does not know: consumer, share and streams groups.
    Other(i16),
}

impl RecordKey {
    /// The bytes. `Other` has none but its kind.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        match self {
            Self::OffsetCommit { group, topic, partition } => {
                let mut writer = Writer::new(1);
                writer.string(group.as_str()).string(topic.as_str()).i32(partition.0);
                writer.finish()
            }
            Self::GroupMetadata { group } => {
                let mut writer = Writer::new(2);
                writer.string(group.as_str());
                writer.finish()
            }
            Self::Other(kind) => Writer::new(*kind).finish(),
        }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// Bytes that do not fit their kind.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(bytes);
        match reader.i16()? {
            0 | 1 => Ok(Self::OffsetCommit {
                group: GroupId::new(&reader.string()?),
                topic: TopicName::new(&reader.string()?),
                partition: PartitionIndex(reader.i32()?),
            }),
            2 => Ok(Self::GroupMetadata { group: GroupId::new(&reader.string()?) }),
            kind => Ok(Self::Other(kind)),
        }
    }
}
