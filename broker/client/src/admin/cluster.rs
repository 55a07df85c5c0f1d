//! Disks of brokers, and what brokers serve.

use highway_types::TopicName;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, DescribeLogDirsRequest, DescribeLogDirsResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::cluster::{Client, NodeView};
use crate::error::{ClientError, ErrorCode};
use crate::transport::Lane;

/// A data directory of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDir {
    /// Its path on the broker's machine.
    pub path: String,
    /// Why it cannot be used.
    pub error: Option<ErrorCode>,
    /// Bytes of its file system; -1 where the broker does not say.
    pub total_bytes: i64,
    /// Bytes that are free; -1 where the broker does not say.
    pub usable_bytes: i64,
    /// What is in it.
    pub partitions: Vec<PartitionSize>,
}

/// Bytes of one partition's segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSize {
    /// The topic.
    pub topic: TopicName,
    /// The partition.
    pub partition: i32,
    /// Bytes on disk.
    pub bytes: i64,
}

/// An API with the versions that a broker serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiRange {
    /// Its key.
    pub key: i16,
    /// The lowest version.
    pub min: i16,
    /// The highest version.
    pub max: i16,
}

impl ApiRange {
    /// Kafka's name, if it is known here.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        ApiKey::try_from(self.key).ok().map(|k| format!("{k:?}"))
    }
}

impl Client {
    /// The data directories of one broker with all partitions in them.
    ///
    /// # Errors
    /// It does not answer, or refuses.
    pub async fn describe_log_dirs(&self, node: &NodeView) -> Result<Vec<LogDir>, ClientError> {
        let request = DescribeLogDirsRequest::default().with_topics(None);
        let answer: DescribeLogDirsResponse =
            self.call(&node.endpoint, request, 3..=4, Lane::Control).await?;
        if let Some(code) = ErrorCode::of(answer.error_code) {
            return Err(ClientError::broker(
                format_args!("log directories of broker {}", node.id),
                code,
                None,
            ));
        }
        let dirs = answer.results.into_iter().map(|dir| {
            let partitions = dir.topics.iter().flat_map(|topic| {
                let name = TopicName::new(topic.name.as_str());
                topic.partitions.iter().map(move |p| PartitionSize {
                    topic: name.clone(),
                    partition: p.partition_index,
                    bytes: p.partition_size,
                })
            });
            LogDir {
                path: dir.log_dir.to_string(),
                error: ErrorCode::of(dir.error_code),
                total_bytes: dir.total_bytes,
                usable_bytes: dir.usable_bytes,
                partitions: partitions.collect(),
            }
        });
        Ok(dirs.collect())
    }

    /// What a broker serves.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn api_versions(&self, node: &NodeView) -> Result<Vec<ApiRange>, ClientError> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("highway"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let answer: ApiVersionsResponse = self.call(&node.endpoint, request, 3..=4, Lane::Control).await?;
        let range = |a: &kafka_protocol::messages::api_versions_response::ApiVersion| ApiRange {
            key: a.api_key,
            min: a.min_version,
            max: a.max_version,
        };
        Ok(answer.api_keys.iter().map(range).collect())
    }
}
