//! Deleting records from the beginning of partitions.

use std::collections::BTreeMap;

use highway_types::{NodeId, Offset, TopicName};
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use crate::cluster::{Client, topic_name};
use crate::error::{ClientError, ErrorCode};
use crate::transport::{Endpoint, Lane};

impl Client {
    /// Deletes the records before the offset of each partition, and returns where it begins afterwards.
    ///
    /// # Errors
    /// An offset is beyond the end, a partition does not exist, or nobody answers. Partitions of other leaders may be
    /// done by then.
    pub async fn delete_records(
        &self,
        topic: &TopicName,
        before: &BTreeMap<i32, Offset>,
    ) -> Result<BTreeMap<i32, Offset>, ClientError> {
        let mut by_leader: BTreeMap<NodeId, (Endpoint, Vec<DeleteRecordsPartition>)> = BTreeMap::new();
        for (partition, offset) in before {
            let leader = self.retrying(|| self.leader(topic, *partition)).await?;
            let row =
                DeleteRecordsPartition::default().with_partition_index(*partition).with_offset(offset.0);
            by_leader.entry(leader.id).or_insert_with(|| (leader.endpoint, Vec::new())).1.push(row);
        }
        let mut begins = BTreeMap::new();
        for (endpoint, partitions) in by_leader.into_values() {
            let row = DeleteRecordsTopic::default().with_name(topic_name(topic)).with_partitions(partitions);
            let request =
                DeleteRecordsRequest::default().with_topics(vec![row]).with_timeout_ms(self.timeout_ms());
            let answer: DeleteRecordsResponse = self.call(&endpoint, request, 1..=2, Lane::Control).await?;
            for row in answer.topics.iter().flat_map(|t| &t.partitions) {
                if let Some(code) = ErrorCode::of(row.error_code) {
                    self.forget(topic);
                    let subject = format_args!("partition {topic}-{}", row.partition_index);
                    return Err(ClientError::broker(subject, code, None));
                }
                begins.insert(row.partition_index, Offset(row.low_watermark));
            }
        }
        Ok(begins)
    }
}
