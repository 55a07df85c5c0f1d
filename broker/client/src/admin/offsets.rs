//! Where partitions begin and end, and which offset belongs to a time.

use std::collections::BTreeMap;

use highway_types::{LeaderEpoch, NodeId, Offset, Timestamp, TopicName};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest, ListOffsetsResponse};

use crate::cluster::{Client, topic_name};
use crate::error::{ClientError, ErrorCode};
use crate::retry::Retry;
use crate::transport::Lane;

/// A place to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The first offset that is kept.
    Earliest,
    /// The high watermark: the offset behind the last record that consumers see.
    Latest,
    /// The first record at or after this time; the end where there is none.
    At(Timestamp),
    /// The record with the highest timestamp (KIP-734).
    MaxTimestamp,
}

impl OffsetSpec {
    fn wire(self) -> i64 {
        match self {
            Self::Latest => -1,
            Self::Earliest => -2,
            Self::MaxTimestamp => -3,
            Self::At(time) => time.0.max(0),
        }
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedOffset {
    /// The offset; [`Offset::NONE`] where no record has such a time.
    pub offset: Offset,
    /// The record's timestamp, for a search by time.
    pub timestamp: Timestamp,
    /// The leader's epoch there.
    pub leader_epoch: LeaderEpoch,
}

impl Client {
    /// Looks up one place in several partitions of a topic; every leader is asked once.
    ///
    /// # Errors
    /// A partition does not exist, or has no leader for too long.
    pub async fn list_offsets(
        &self,
        topic: &TopicName,
        wanted: &[(i32, OffsetSpec)],
    ) -> Result<BTreeMap<i32, ListedOffset>, ClientError> {
        let mut found = BTreeMap::new();
        let mut retry = Retry::new(self.config());
        loop {
            let missing: Vec<_> = wanted.iter().filter(|(p, _)| !found.contains_key(p)).copied().collect();
            if missing.is_empty() {
                return Ok(found);
            }
            match self.list_once(topic, &missing, &mut found).await {
                Ok(()) => {}
                Err(error) if error.is_retriable() && !matches!(error, ClientError::Unreachable { .. }) => {
                    self.forget(topic);
                    if !retry.again().await {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn list_once(
        &self,
        topic: &TopicName,
        wanted: &[(i32, OffsetSpec)],
        found: &mut BTreeMap<i32, ListedOffset>,
    ) -> Result<(), ClientError> {
        let mut by_leader: BTreeMap<NodeId, (crate::Endpoint, Vec<ListOffsetsPartition>)> = BTreeMap::new();
        for (partition, spec) in wanted {
            let leader = self.leader(topic, *partition).await?;
            let row = ListOffsetsPartition::default()
                .with_partition_index(*partition)
                .with_current_leader_epoch(-1)
                .with_timestamp(spec.wire());
            by_leader.entry(leader.id).or_insert_with(|| (leader.endpoint, Vec::new())).1.push(row);
        }
        for (endpoint, partitions) in by_leader.into_values() {
            let row = ListOffsetsTopic::default().with_name(topic_name(topic)).with_partitions(partitions);
            let request = ListOffsetsRequest::default()
                .with_replica_id(BrokerId(-1))
                .with_topics(vec![row])
                .with_timeout_ms(self.timeout_ms());
            let answer: ListOffsetsResponse = self.call(&endpoint, request, 4..=10, Lane::Control).await?;
            for row in answer.topics.iter().flat_map(|t| &t.partitions) {
                if let Some(code) = ErrorCode::of(row.error_code) {
                    let subject = format_args!("partition {topic}-{}", row.partition_index);
                    return Err(ClientError::broker(subject, code, None));
                }
                let at = ListedOffset {
                    offset: Offset(row.offset),
                    timestamp: Timestamp(row.timestamp),
                    leader_epoch: LeaderEpoch(row.leader_epoch),
                };
                found.insert(row.partition_index, at);
            }
        }
        Ok(())
    }

    /// Looks up one place in every partition of a topic.
    ///
    /// # Errors
    /// As [`Client::list_offsets`].
    pub async fn list_all_offsets(
        &self,
        topic: &TopicName,
        spec: OffsetSpec,
    ) -> Result<BTreeMap<i32, ListedOffset>, ClientError> {
        let view = self.topic(topic, false).await?;
        let wanted: Vec<_> = view.partitions.iter().map(|p| (p.index, spec)).collect();
        self.list_offsets(topic, &wanted).await
    }
}
