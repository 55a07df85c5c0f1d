//! Settings of the coordinator.

use std::time::Duration;

/// The broker settings that groups obey. The defaults are Kafka 4.3's.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// `group.min.session.timeout.ms`.
    pub min_session_timeout: Duration,
    /// `group.max.session.timeout.ms`.
    pub max_session_timeout: Duration,
    /// `group.initial.rebalance.delay.ms`: how long an empty group waits for more members.
    pub initial_rebalance_delay: Duration,
    /// How long a JoinGroup of a new member may stay parked; not a setting in Kafka either.
    pub new_member_join_timeout: Duration,
    /// `group.max.size`: members of one group.
    pub max_size: usize,
    /// `offset.metadata.max.bytes`, in UTF-16 units as Kafka counts.
    pub offset_metadata_max: usize,
    /// `offsets.retention.minutes`.
    pub offsets_retention: Duration,
    /// `offsets.retention.check.interval.ms`.
    pub offsets_retention_check_interval: Duration,
    /// Bytes of keys and values that one append may hold; leave room for the batch around them.
    pub max_append_bytes: usize,
}

impl Default for GroupConfig {
    fn default() -> Self {
        Self {
            min_session_timeout: Duration::from_secs(6),
            max_session_timeout: Duration::from_secs(1800),
            initial_rebalance_delay: Duration::from_secs(3),
            new_member_join_timeout: Duration::from_secs(300),
            max_size: i32::MAX as usize,
            offset_metadata_max: highway_types::limits::OFFSET_METADATA_MAX_BYTES,
            offsets_retention: Duration::from_secs(7 * 24 * 3600),
            offsets_retention_check_interval: Duration::from_secs(600),
            max_append_bytes: 1_000_000,
        }
    }
}
