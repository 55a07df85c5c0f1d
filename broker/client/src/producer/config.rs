//! Settings of a producer, and what is sent.

use std::time::Duration;

use highway_types::limits::CLIENT_BUFFER_BYTES;
use highway_types::{Timestamp, TopicName};

use crate::records::{Compression, Header};

/// When a batch counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acks {
    /// When it is sent.
    None,
    /// When the leader wrote it.
    Leader,
    /// When it is durable.
    #[default]
    All,
}

impl Acks {
    /// On the wire.
    #[must_use]
    pub fn wire(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }
}

/// Settings of a [`crate::Producer`].
#[derive(Clone, Debug)]
pub struct ProducerConfig {
    /// When a batch counts as written.
    pub acks: Acks,
    /// Sequence numbers, so that a batch that is sent twice is written once. Needs [`Acks::All`].
    pub idempotent: bool,
    /// Codec of batches.
    pub compression: Compression,
    /// How long a batch waits for more records.
    pub linger: Duration,
    /// Bytes of records at which a batch is full.
    pub batch_bytes: usize,
    /// Bytes of one record at the most.
    pub max_record_bytes: usize,
    /// Bytes of one request, as far as it holds more than one batch.
    pub request_bytes: usize,
    /// Bytes of records that are taken in and not yet acknowledged.
    pub buffer_bytes: usize,
    /// Splits a batch that was refused for one of its records, so that the others are written: one on its own fails alone. Batches that
    /// are too large for the topic are always split.
    pub split_refused: bool,
    /// How long a record may take from being sent to being acknowledged, with all repetitions.
    pub delivery_timeout: Duration,
}

impl Default for ProducerConfig {
    fn default() -> Self {
        Self {
            acks: Acks::All,
            idempotent: true,
            compression: Compression::None,
            linger: Duration::from_millis(5),
            batch_bytes: 64 * 1024,
            max_record_bytes: 1024 * 1024,
            request_bytes: 1024 * 1024,
            buffer_bytes: CLIENT_BUFFER_BYTES,
            split_refused: false,
            delivery_timeout: Duration::from_secs(120),
        }
    }
}

/// A record to be written.
#[derive(Clone, Copy, Debug)]
pub struct ProducerRecord<'a> {
    /// Where to.
    pub topic: &'a TopicName,
    /// Which partition; without one the key decides, or records are spread in runs.
    pub partition: Option<i32>,
    /// Its key, or null.
    pub key: Option<&'a [u8]>,
    /// Its value, or null.
    pub value: Option<&'a [u8]>,
    /// Its headers.
    pub headers: &'a [Header],
    /// Its time; without one it is now.
    pub timestamp: Option<Timestamp>,
}

impl<'a> ProducerRecord<'a> {
    /// A value for a topic.
    #[must_use]
    pub fn new(topic: &'a TopicName, value: &'a [u8]) -> Self {
        Self { topic, partition: None, key: None, value: Some(value), headers: &[], timestamp: None }
    }
}
