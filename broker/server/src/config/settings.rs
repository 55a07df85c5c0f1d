//! Broker settings that the request path reads, resolved once for each change of the metadata.

use std::time::Duration;

use highway_cluster::configs::BrokerSettings;
use highway_coordinator::GroupConfig;
use highway_types::limits::QUEUED_REQUEST_BYTES;

use crate::connection_quota::ConnectionLimits;

/// Effective values of this moment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `auto.create.topics.enable`
    pub auto_create_topics: bool,
    /// `socket.request.max.bytes`
    pub request_max_bytes: usize,
    /// `queued.max.request.bytes`; read at start only
    pub queued_request_bytes: usize,
    /// `max.connections`, `max.connections.per.ip`
    pub connection_limits: ConnectionLimits,
    /// `connections.max.idle.ms`
    pub connections_max_idle: Duration,
    /// `offsets.topic.num.partitions`
    pub offsets_partitions: i32,
    /// `offsets.topic.segment.bytes`
    pub offsets_segment_bytes: i64,
    /// `log.retention.check.interval.ms`
    pub retention_check_interval: Duration,
    /// `producer.id.expiration.ms`
    pub producer_id_expiration_ms: i64,
    /// What group coordinators obey.
    pub groups: GroupConfig,
}

impl Settings {
    /// Resolves them.
    #[must_use]
    pub fn resolve(settings: &BrokerSettings<'_>) -> Self {
        let number = |key: &str, default: i64| settings.number(key).unwrap_or(default);
        let millis = |key: &str, default: i64| {
            let value = number(key, default);
            // Negative is "never" for the intervals that allow it.
            Duration::from_millis(u64::try_from(value).unwrap_or(u64::from(u32::MAX) * 1000))
        };
        let size = |key: &str, default: i64| usize::try_from(number(key, default)).unwrap_or(usize::MAX);
        let groups = GroupConfig {
            min_session_timeout: millis("group.min.session.timeout.ms", 6000),
            max_session_timeout: millis("group.max.session.timeout.ms", 1_800_000),
            initial_rebalance_delay: millis("group.initial.rebalance.delay.ms", 3000),
            max_size: size("group.max.size", i64::from(i32::MAX)),
            offset_metadata_max: size("offset.metadata.max.bytes", 4096),
            offsets_retention: millis("offsets.retention.minutes", 10_080).saturating_mul(60_000),
            offsets_retention_check_interval: millis("offsets.retention.check.interval.ms", 600_000),
            ..GroupConfig::default()
        };
        Self {
            auto_create_topics: settings.flag("auto.create.topics.enable"),
            request_max_bytes: size("socket.request.max.bytes", 104_857_600),
            // Negative is Kafka's "no limit".
            queued_request_bytes: size("queued.max.request.bytes", QUEUED_REQUEST_BYTES as i64),
            connection_limits: ConnectionLimits {
                total: size("max.connections", i64::from(i32::MAX)),
                per_address: size("max.connections.per.ip", i64::from(i32::MAX)),
            },
            connections_max_idle: millis("connections.max.idle.ms", 600_000),
            offsets_partitions: i32::try_from(number("offsets.topic.num.partitions", 50)).unwrap_or(50),
            offsets_segment_bytes: number("offsets.topic.segment.bytes", 104_857_600),
            retention_check_interval: millis("log.retention.check.interval.ms", 300_000),
            producer_id_expiration_ms: number("producer.id.expiration.ms", 86_400_000),
            groups,
        }
    }
}
