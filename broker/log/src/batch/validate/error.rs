//! Why a batch is refused.

use highway_types::{PartitionIndex, TopicName};

use crate::batch::compression::CompressError;
use crate::batch::records::RecordError;

/// Faults that are listed for one batch; the check stops there. A batch that unpacks to 256 MiB holds 30 million records.
pub const FAULTS_MAX: usize = 10_000;

/// As Kafka words it, but for the partition behind it, which [`BatchError::in_partition`] adds.
pub(super) const NO_KEY: &str = "Compacted topic cannot accept message without key";

/// A record that breaks a rule (`record_errors` of a Produce response, KIP-467).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFault {
    /// The record's place in the batch, from 0.
    pub batch_index: i32,
    /// What is wrong, as Kafka words it.
    pub message: String,
}

/// Why a batch is refused. The comment names Kafka's error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// INVALID_RECORD: no whole batch, or more than one.
    #[error("Produce requests are only allowed to contain exactly one record batch per partition")]
    NotOneBatch,
    /// INVALID_RECORD: an old format.
    #[error("Produce requests are only allowed to contain record batches with magic version 2, not {0}")]
    Magic(i8),
    /// CORRUPT_MESSAGE: a length that cannot be.
    #[error("Record batch is corrupt ({0})")]
    Length(String),
    /// MESSAGE_TOO_LARGE.
    #[error(
        "The record batch size in the append is {size} bytes which exceeds the maximum configured value of {max}."
    )]
    TooLarge {
        /// Bytes of the batch, as sent or after it was recompressed.
        size: usize,
        /// `max.message.bytes`.
        max: i32,
    },
    /// RECORD_LIST_TOO_LARGE.
    #[error(
        "Message batch size is {size} bytes, which exceeds the maximum configured segment size of {max}."
    )]
    LargerThanSegment {
        /// Bytes of the batch.
        size: usize,
        /// `segment.bytes`.
        max: i32,
    },
    /// CORRUPT_MESSAGE: the checksum.
    #[error("Record is corrupt (stored crc = {stored}, computed crc = {computed})")]
    Checksum {
        /// In the header.
        stored: u32,
        /// Of the bytes.
        computed: u32,
    },
    /// INVALID_RECORD: a header that contradicts itself or what a client may send.
    #[error("{0}")]
    Header(String),
    /// UNSUPPORTED_COMPRESSION_TYPE.
    #[error("Unknown compression type id: {0}")]
    UnknownCodec(i16),
    /// INVALID_RECORD: the records could not be read. (Where a codec fails, Kafka answers UNKNOWN_SERVER_ERROR.)
    #[error("{0}")]
    Records(String),
    /// MESSAGE_TOO_LARGE: a bomb. Kafka has no such limit.
    #[error("the records decompress to more than {0} bytes")]
    Bomb(usize),
    /// INVALID_RECORD with an entry for each bad record, at most [`FAULTS_MAX`].
    #[error(
        "One or more records have been rejected due to {} record errors in total, and only showing the first three \
         errors at most: [{}]", .0.len(), first_three(.0)
    )]
    InvalidRecords(Vec<RecordFault>),
    /// INVALID_TIMESTAMP with an entry for each bad record, whatever is bad about it, at most [`FAULTS_MAX`].
    #[error("One or more records have been rejected due to invalid timestamp")]
    InvalidTimestamps(Vec<RecordFault>),
}

impl BatchError {
    /// Names the partition where Kafka's messages do.
    #[must_use]
    pub fn in_partition(mut self, topic: &TopicName, partition: PartitionIndex) -> Self {
        if let Self::InvalidRecords(faults) | Self::InvalidTimestamps(faults) = &mut self {
            for fault in faults.iter_mut().filter(|f| f.message == NO_KEY) {
                fault.message = format!("{NO_KEY} in topic partition {topic}-{partition}");
            }
        }
        self
    }
}

fn first_three(faults: &[RecordFault]) -> String {
    let shown = faults.iter().take(3);
    let shown: Vec<_> = shown
        .map(|f| format!("RecordError(batchIndex={}, message='{}')", f.batch_index, f.message))
        .collect();
    shown.join(", ")
}

impl From<CompressError> for BatchError {
    fn from(error: CompressError) -> Self {
        Self::Records(error.to_string())
    }
}

impl From<RecordError> for BatchError {
    fn from(error: RecordError) -> Self {
        Self::Records(format!("Found invalid record structure: {error}"))
    }
}
