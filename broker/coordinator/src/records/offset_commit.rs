//! Values of committed offsets.

use bytes::Bytes;
use highway_types::{LeaderEpoch, Offset, Timestamp};

use super::RecordError;
use super::read::Reader;
use super::write::Writer;
use crate::offsets::CommittedOffset;

/// Kafka's `OffsetCommitValue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetCommitValue {
    /// The offset to read next.
    pub offset: i64,
    /// v3+; -1 if not known.
    pub leader_epoch: i32,
    /// The client's note.
    pub metadata: String,
    /// Milliseconds since the epoch.
    pub commit_timestamp: i64,
    /// v1 only; -1 if there is none.
    pub expire_timestamp: i64,
}

impl OffsetCommitValue {
    /// The bytes: version 1 if there is an expiry (it has no room for the leader epoch), else 3.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        if self.expire_timestamp >= 0 {
            let mut writer = Writer::new(1);
            writer
                .i64(self.offset)
                .string(&self.metadata)
                .i64(self.commit_timestamp)
                .i64(self.expire_timestamp);
            return writer.finish();
        }
        let mut writer = Writer::new(3);
        writer.i64(self.offset).i32(self.leader_epoch).string(&self.metadata).i64(self.commit_timestamp);
        writer.finish()
    }

    /// Reads versions 0 to 4.
    ///
    /// # Errors
    /// Bytes that do not fit their version, or another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(bytes);
        let version = reader.i16()?;
        if !(0..=4).contains(&version) {
            return Err(RecordError::UnknownVersion { kind: "OffsetCommitValue", version });
        }
        let offset = reader.i64()?;
        let leader_epoch = if version >= 3 { reader.i32()? } else { -1 };
        let metadata = if version >= 4 { reader.compact_string()? } else { reader.string()? };
        let commit_timestamp = reader.i64()?;
        let expire_timestamp = if version == 1 { reader.i64()? } else { -1 };
        if version >= 4 {
            reader.skip_tags()?;
        }
        Ok(Self { offset, leader_epoch, metadata, commit_timestamp, expire_timestamp })
    }
}

impl From<&CommittedOffset> for OffsetCommitValue {
    fn from(committed: &CommittedOffset) -> Self {
        Self {
            offset: committed.offset.0,
            leader_epoch: committed.leader_epoch.0,
            metadata: committed.metadata.as_ref().to_owned(),
            commit_timestamp: committed.commit_timestamp.0,
            expire_timestamp: committed.expire_timestamp.map_or(-1, |t| t.0),
        }
    }
}

impl From<OffsetCommitValue> for CommittedOffset {
    fn from(value: OffsetCommitValue) -> Self {
        Self {
            offset: Offset(value.offset),
            leader_epoch: LeaderEpoch(value.leader_epoch.max(-1)),
            metadata: value.metadata.into(),
            commit_timestamp: Timestamp(value.commit_timestamp),
            expire_timestamp: (value.expire_timestamp >= 0).then_some(Timestamp(value.expire_timestamp)),
        }
    }
}
