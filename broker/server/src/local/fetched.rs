//! A Fetch response of the codec's type, with the records in memory.

use bytes::{Bytes, BytesMut};
use highway_wire::fetch_frame::{FetchPartitionParts, FetchResponseParts, FetchTopicParts};
use highway_wire::piece::{Piece, RecordSource};
use kafka_protocol::messages::fetch_response::{
    EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, PartitionData,
};
use kafka_protocol::messages::{BrokerId, FetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::LocalError;

/// Reads what is not in memory yet, aside where that may wait for a disk.
pub(super) async fn response(parts: FetchResponseParts) -> Result<FetchResponse, LocalError> {
    let mut topics = Vec::with_capacity(parts.topics.len());
    for FetchTopicParts { topic, topic_id, partitions } in parts.topics {
        let mut answers = Vec::with_capacity(partitions.len());
        for part in partitions {
            answers.push(partition(part).await?);
        }
        topics.push(
            FetchableTopicResponse::default()
                .with_topic(TopicName(StrBytes::from_string(topic)))
                .with_topic_id(topic_id)
                .with_partitions(answers),
        );
    }
    Ok(FetchResponse::default()
        .with_throttle_time_ms(parts.throttle_time_ms)
        .with_error_code(parts.error_code)
        .with_session_id(parts.session_id)
        .with_responses(topics)
        .with_node_endpoints(parts.node_endpoints))
}

async fn partition(part: FetchPartitionParts) -> Result<PartitionData, LocalError> {
    let records = match part.records {
        None => Bytes::new(),
        Some(Piece::Bytes(bytes)) => bytes,
        Some(Piece::Source(source)) => read(source).await?,
    };
    let mut data = PartitionData::default()
        .with_partition_index(part.partition_index)
        .with_error_code(part.error_code)
        .with_high_watermark(part.high_watermark)
        .with_last_stable_offset(part.last_stable_offset)
        .with_log_start_offset(part.log_start_offset)
        .with_aborted_transactions(part.aborted_transactions)
        .with_preferred_read_replica(BrokerId(part.preferred_read_replica))
        .with_records(Some(records));
    if let Some((epoch, end)) = part.diverging_epoch {
        data.diverging_epoch = EpochEndOffset::default().with_epoch(epoch).with_end_offset(end);
    }
    if let Some((leader, epoch)) = part.current_leader {
        data.current_leader =
            LeaderIdAndEpoch::default().with_leader_id(BrokerId(leader)).with_leader_epoch(epoch);
    }
    Ok(data)
}

async fn read(mut source: Box<dyn RecordSource>) -> Result<Bytes, LocalError> {
    let failed = |e: std::io::Error| LocalError::Failed(format!("records cannot be read: {e}"));
    // The log bounds what one fetch may take.
    let mut bytes = BytesMut::zeroed(source.remaining());
    let mut done = 0;
    while done < bytes.len() {
        match source.read_cached(&mut bytes[done..]).map_err(failed)? {
            Some(0) => return Err(LocalError::Failed("records end early".to_owned())),
            Some(read) => done += read,
            None => return aside(source, bytes, done).await,
        }
    }
    Ok(bytes.freeze())
}

/// The rest, on a thread that may wait.
async fn aside(
    mut source: Box<dyn RecordSource>,
    mut bytes: BytesMut,
    mut done: usize,
) -> Result<Bytes, LocalError> {
    let work = tokio::task::spawn_blocking(move || -> std::io::Result<Bytes> {
        while done < bytes.len() {
            match source.read_blocking(&mut bytes[done..])? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(bytes.freeze())
    });
    let failed = |e: String| LocalError::Failed(format!("records cannot be read: {e}"));
    work.await.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))
}
