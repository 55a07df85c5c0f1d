//! The one place that turns errors of the parts below into Kafka's error codes.

use highway_log::batch::validate::{BatchError, RecordFault};
use highway_log::commit_log::CommitLogError;
use highway_log::error::{AppendError, ReadError};
use highway_log::producer_state::ProducerStateError;
use kafka_protocol::ResponseError;

/// A code with the message that goes beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaError {
    /// Kafka's error.
    pub code: ResponseError,
    /// For people; versions without such a field leave it out.
    pub message: Option<String>,
}

impl KafkaError {
    /// An error with a message of its own.
    #[must_use]
    pub fn new(code: ResponseError, message: impl Into<String>) -> Self {
        Self { code, message: Some(message.into()) }
    }

    /// The number on the wire.
    #[must_use]
    pub fn code(&self) -> i16 {
        self.code.code()
    }
}

impl From<ResponseError> for KafkaError {
    fn from(code: ResponseError) -> Self {
        Self { code, message: None }
    }
}

/// What Produce answers for a partition whose append failed.
#[derive(Clone, Debug)]
pub struct ProduceFailure {
    /// The error.
    pub error: KafkaError,
    /// Records that are to blame (KIP-467).
    pub records: Vec<RecordFault>,
    /// The answer names the log start offset: Kafka leaves it out where it did not look at the records.
    pub tells_log_start: bool,
}

impl From<AppendError> for ProduceFailure {
    fn from(error: AppendError) -> Self {
        let message = error.to_string();
        let mut records = Vec::new();
        let tells_log_start = matches!(
            error,
            AppendError::Producer(_)
                | AppendError::Batch(
                    BatchError::Header(_)
                        | BatchError::Records(_)
                        | BatchError::InvalidRecords(_)
                        | BatchError::InvalidTimestamps(_)
                )
        );
        let code = match error {
            AppendError::Batch(batch) => match batch {
                BatchError::NotOneBatch
                | BatchError::Magic(_)
                | BatchError::Header(_)
                | BatchError::Records(_) => ResponseError::InvalidRecord,
                BatchError::Length(_) | BatchError::Checksum { .. } => ResponseError::CorruptMessage,
                BatchError::TooLarge { .. } | BatchError::Bomb(_) => ResponseError::MessageTooLarge,
                BatchError::LargerThanSegment { .. } => ResponseError::RecordListTooLarge,
                BatchError::UnknownCodec(_) => ResponseError::UnsupportedCompressionType,
                BatchError::InvalidRecords(faults) => {
                    records = faults;
                    ResponseError::InvalidRecord
                }
                BatchError::InvalidTimestamps(faults) => {
                    records = faults;
                    ResponseError::InvalidTimestamp
                }
            },
            AppendError::Producer(producer) => match producer {
                ProducerStateError::OutOfOrderSequence { .. }
                | ProducerStateError::NewEpochSequence { .. } => ResponseError::OutOfOrderSequenceNumber,
                ProducerStateError::InvalidProducerEpoch { .. } => ResponseError::InvalidProducerEpoch,
                ProducerStateError::CoordinatorFenced { .. } => ResponseError::TransactionCoordinatorFenced,
                _ => ResponseError::InvalidTxnState,
            },
            AppendError::Segment { .. } | AppendError::Offline(_) => ResponseError::KafkaStorageError,
            AppendError::CommitLog(error) => commit_log_code(&error),
        };
        // Words go out only beside the records that are to blame, as in Kafka; the rest is for our log.
        if records.is_empty() {
            tracing::debug!(%message, "produce refused");
            return Self { error: KafkaError::from(code), records, tells_log_start };
        }
        Self { error: KafkaError::new(code, message), records, tells_log_start }
    }
}

impl From<CommitLogError> for KafkaError {
    fn from(error: CommitLogError) -> Self {
        Self::new(commit_log_code(&error), error.to_string())
    }
}

/// All of them leave the outcome to a retry: clients treat KAFKA_STORAGE_ERROR as "ask for the leader again".
fn commit_log_code(_error: &CommitLogError) -> ResponseError {
    ResponseError::KafkaStorageError
}

impl From<ReadError> for KafkaError {
    fn from(error: ReadError) -> Self {
        let code = match &error {
            ReadError::OutOfRange { .. } => ResponseError::OffsetOutOfRange,
            ReadError::Corrupt { .. } => ResponseError::CorruptMessage,
            ReadError::Io { .. } | ReadError::Offline(_) => ResponseError::KafkaStorageError,
        };
        Self::new(code, error.to_string())
    }
}
