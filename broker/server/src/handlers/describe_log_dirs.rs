//! DescribeLogDirs (key 35), versions 1-4 (KIP-113, KIP-827): sizes of partitions per data directory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use kafka_protocol::protocol::StrBytes;

use super::metadata::name_of;
use crate::broker::Broker;
use crate::context::RequestContext;

/// Answers a DescribeLogDirs request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: DescribeLogDirsRequest,
) -> DescribeLogDirsResponse {
    let wanted = |topic: &str, partition: i32| match &request.topics {
        None => true,
        Some(topics) => topics.iter().any(|t| t.topic.as_str() == topic && t.partitions.contains(&partition)),
    };
    let logs = broker.logs.all();
    let results = broker
        .logs
        .dirs()
        .iter()
        .map(|dir| {
            let mut topics: BTreeMap<&str, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
            for log in logs.iter().filter(|l| l.dir().parent() == Some(dir.path())) {
                let (topic, partition) = (log.topic().as_str(), log.id().partition.0);
                if topic != highway_types::TopicName::CLUSTER_METADATA && wanted(topic, partition) {
                    topics.entry(topic).or_default().push(
                        DescribeLogDirsPartition::default()
                            .with_partition_index(partition)
                            .with_partition_size(i64::try_from(log.size_bytes()).unwrap_or(i64::MAX)),
                    );
                }
            }
            let topics = topics
                .into_iter()
                .map(|(name, partitions)| {
                    DescribeLogDirsTopic::default().with_name(name_of(name)).with_partitions(partitions)
                })
                .collect();
            let (total, usable) = if ctx.version >= 4 { space(dir.path()) } else { (-1, -1) };
            let path = std::path::absolute(dir.path()).unwrap_or_else(|_| dir.path().to_owned());
            DescribeLogDirsResult::default()
                .with_log_dir(StrBytes::from_string(path.display().to_string()))
                .with_topics(topics)
                .with_total_bytes(total)
                .with_usable_bytes(usable)
        })
        .collect();
    DescribeLogDirsResponse::default().with_results(results)
}

/// Total and usable bytes of a directory's file system, -1 where the system does not tell.
pub fn space(path: &Path) -> (i64, i64) {
    rustix::fs::statvfs(path).map_or((-1, -1), |stat| {
        let bytes = |blocks: u64| i64::try_from(blocks.saturating_mul(stat.f_frsize)).unwrap_or(i64::MAX);
        (bytes(stat.f_blocks), bytes(stat.f_bavail))
    })
}
