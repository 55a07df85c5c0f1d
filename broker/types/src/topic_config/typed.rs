//! The typed form of a topic's settings, which the log and the broker read.

use super::schema_rules::SchemaRules;

/// How a topic's old records go away (`cleanup.policy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupPolicy {
    /// By age and size.
    pub delete: bool,
    /// Only the last record of each key stays.
    pub compact: bool,
}

/// Which time a record carries (`message.timestamp.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's.
    CreateTime,
    /// The broker's, at append.
    LogAppendTime,
}

/// What the broker stores (`compression.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionType {
    /// What the producer sent.
    Producer,
    /// Nothing compressed.
    Uncompressed,
    /// gzip at `compression.gzip.level`.
    Gzip,
    /// snappy.
    Snappy,
    /// lz4 at `compression.lz4.level`.
    Lz4,
    /// zstd at `compression.zstd.level`.
    Zstd,
}

/// When an append counts as done (`highway.durability`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Synced to the journal: survives power loss.
    Fsync,
    /// In the page cache: survives the death of the process, not of the machine.
    PageCache,
}

/// The effective settings of one topic. Times are in milliseconds, sizes in bytes; -1 is "no limit" where Kafka
/// says so.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicConfig {
    /// `cleanup.policy`
    pub cleanup_policy: CleanupPolicy,
    /// `compression.type`
    pub compression_type: CompressionType,
    /// `compression.gzip.level`
    pub compression_gzip_level: i32,
    /// `compression.lz4.level`
    pub compression_lz4_level: i32,
    /// `compression.zstd.level`
    pub compression_zstd_level: i32,
    /// `delete.retention.ms`
    pub delete_retention_ms: i64,
    /// `file.delete.delay.ms`
    pub file_delete_delay_ms: i64,
    /// `index.interval.bytes`
    pub index_interval_bytes: i32,
    /// `max.message.bytes`
    pub max_message_bytes: i32,
    /// `message.timestamp.type`
    pub message_timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`
    pub message_timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`
    pub message_timestamp_after_max_ms: i64,
    /// `min.insync.replicas`
    pub min_insync_replicas: i32,
    /// `retention.bytes`
    pub retention_bytes: i64,
    /// `retention.ms`
    pub retention_ms: i64,
    /// `segment.bytes`
    pub segment_bytes: i32,
    /// `segment.index.bytes`
    pub segment_index_bytes: i32,
    /// `segment.jitter.ms`
    pub segment_jitter_ms: i64,
    /// `segment.ms`
    pub segment_ms: i64,
    /// `flush.messages`
    pub flush_messages: i64,
    /// `flush.ms`
    pub flush_ms: i64,
    /// `min.compaction.lag.ms`
    pub min_compaction_lag_ms: i64,
    /// `max.compaction.lag.ms`
    pub max_compaction_lag_ms: i64,
    /// `min.cleanable.dirty.ratio`
    pub min_cleanable_dirty_ratio: f64,
    /// `preallocate`
    pub preallocate: bool,
    /// `highway.durability`, Highway's own
    pub durability: Durability,
    /// `confluent.*`, `redpanda.*` and `highway.*.schema.validation`
    pub schemas: SchemaRules,
}

impl Default for TopicConfig {
    /// Kafka's defaults, and `fsync`.
    fn default() -> Self {
        Self {
            cleanup_policy: CleanupPolicy { delete: true, compact: false },
            compression_type: CompressionType::Producer,
            compression_gzip_level: -1,
            compression_lz4_level: 9,
            compression_zstd_level: 3,
            delete_retention_ms: 86_400_000,
            file_delete_delay_ms: 60_000,
            index_interval_bytes: 4096,
            max_message_bytes: crate::limits::MESSAGE_MAX_BYTES,
            message_timestamp_type: TimestampType::CreateTime,
            message_timestamp_before_max_ms: i64::MAX,
            message_timestamp_after_max_ms: 3_600_000,
            min_insync_replicas: 1,
            retention_bytes: -1,
            retention_ms: 604_800_000,
            segment_bytes: 1_073_741_824,
            segment_index_bytes: 10_485_760,
            segment_jitter_ms: 0,
            segment_ms: 604_800_000,
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            min_cleanable_dirty_ratio: 0.5,
            preallocate: false,
            durability: Durability::Fsync,
            schemas: SchemaRules::default(),
        }
    }
}
