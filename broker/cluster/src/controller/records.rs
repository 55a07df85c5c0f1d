//! `DeleteRecords`: the log start offset is a control record, so that it holds after a restart.

use highway_types::{Offset, TopicConfig, TopicIdPartition};

use super::error::{ControllerError, ErrorKind};
use crate::record::MetadataRecord;

/// A partition whose oldest records shall go, with what its log says now.
#[derive(Clone, Debug)]
pub struct DeleteRecords<'a> {
    /// The partition.
    pub id: TopicIdPartition,
    /// The first offset to keep; -1 is the high watermark.
    pub offset: Offset,
    /// The log's first offset.
    pub log_start: Offset,
    /// Its high watermark.
    pub high_watermark: Offset,
    /// The topic's settings.
    pub config: &'a TopicConfig,
}

/// The log start offset after the request (the "low watermark"), and the record that makes it so; no record where
/// nothing changes.
///
/// # Errors
/// The offset is above the high watermark or below -1; or the topic is compacted and never deleted.
pub fn delete_records(
    request: &DeleteRecords<'_>,
) -> Result<(Offset, Option<MetadataRecord>), ControllerError> {
    if !request.config.cleanup_policy.delete {
        let message = "Records of this topic cannot be deleted: its cleanup.policy does not have delete";
        return Err(ControllerError::new(ErrorKind::PolicyViolation, message));
    }
    let offset = if request.offset == Offset::NONE { request.high_watermark } else { request.offset };
    if offset < Offset::ZERO || offset > request.high_watermark {
        return Err(ControllerError::bare(ErrorKind::OffsetOutOfRange));
    }
    if offset <= request.log_start {
        return Ok((request.log_start, None));
    }
    let TopicIdPartition { topic_id, partition } = request.id;
    Ok((offset, Some(MetadataRecord::LogStart { topic_id, partition, offset })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use highway_types::topic_config::CleanupPolicy;

    fn at(offset: i64, config: &TopicConfig) -> Result<(Offset, Option<MetadataRecord>), ErrorKind> {
        delete_records(&DeleteRecords {
            id: TopicIdPartition::CLUSTER_METADATA,
            offset: Offset(offset),
            log_start: Offset(5),
            high_watermark: Offset(10),
            config,
        })
        .map_err(|error| error.kind)
    }

    #[test]
    fn offsets_are_checked_against_the_log() {
        let config = TopicConfig::default();
        for refused in [11, -2, i64::MAX, i64::MIN] {
            assert_eq!(at(refused, &config), Err(ErrorKind::OffsetOutOfRange), "{refused}");
        }
        assert_eq!(at(3, &config), Ok((Offset(5), None)));
        assert_eq!(at(-1, &config).unwrap().0, Offset(10));
        let (low, record) = at(7, &config).unwrap();
        assert_eq!(low, Offset(7));
        assert!(matches!(record, Some(MetadataRecord::LogStart { offset: Offset(7), .. })));
        let cleanup_policy = CleanupPolicy { delete: false, compact: true };
        assert_eq!(at(7, &TopicConfig { cleanup_policy, ..config }), Err(ErrorKind::PolicyViolation));
    }
}
