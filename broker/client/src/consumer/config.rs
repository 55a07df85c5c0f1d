//! Settings of a consumer.

use std::time::Duration;

use highway_types::limits::{CLIENT_FETCH_BYTES, CLIENT_FETCH_PARTITION_BYTES};
use highway_types::{Offset, Timestamp};

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At the first record that is kept.
    Earliest,
    /// Behind the last one.
    Latest,
    /// At this offset.
    At(Offset),
    /// At the first record of this time or later.
    Since(Timestamp),
    /// This many records before the end.
    Tail(i64),
}

/// Where to go on when there is no position, or none that is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reset {
    /// At the first record that is kept.
    #[default]
    Earliest,
    /// Behind the last one.
    Latest,
    /// Nowhere: it is an error.
    Fail,
}

impl Reset {
    pub(super) fn position(self) -> Position {
        if self == Self::Latest { Position::Latest } else { Position::Earliest }
    }
}

/// Settings of a [`crate::Consumer`].
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// Bytes of one Fetch answer.
    pub fetch_bytes: i32,
    /// Bytes of one partition in it.
    pub partition_bytes: i32,
    /// How long a broker may wait for records.
    pub max_wait: Duration,
    /// Bytes a broker waits for.
    pub min_bytes: i32,
    /// What to do without a position, or with one that is not kept.
    pub reset: Reset,
    /// How often a group's positions are committed by themselves.
    pub auto_commit: Option<Duration>,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            fetch_bytes: CLIENT_FETCH_BYTES,
            partition_bytes: CLIENT_FETCH_PARTITION_BYTES,
            max_wait: Duration::from_millis(500),
            min_bytes: 1,
            reset: Reset::Earliest,
            auto_commit: Some(Duration::from_secs(5)),
        }
    }
}

/// Settings of a group's member.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// A member that is silent for so long is put out.
    pub session_timeout: Duration,
    /// A member that does not join again within this time is put out.
    pub rebalance_timeout: Duration,
    /// Between heartbeats.
    pub heartbeat_interval: Duration,
    /// Makes it a static member (KIP-345).
    pub instance_id: Option<String>,
}

impl Default for GroupConfig {
    fn default() -> Self {
        Self {
            session_timeout: Duration::from_secs(45),
            rebalance_timeout: Duration::from_secs(300),
            heartbeat_interval: Duration::from_secs(3),
            instance_id: None,
        }
    }
}
