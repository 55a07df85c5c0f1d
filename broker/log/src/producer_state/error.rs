//! Why a producer's batch is refused.

use highway_types::{ProducerEpoch, ProducerId};

/// Why a producer's batch is refused. Nothing was appended and the state is as before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProducerStateError {
    /// OUT_OF_ORDER_SEQUENCE_NUMBER: a gap, or a repetition of something older than what is remembered.
    #[error(
        "Out of order sequence number for producer {producer_id}: {incoming} (incoming seq. number), \
         {last} (current end sequence number)"
    )]
    OutOfOrderSequence {
        /// Whose.
        producer_id: ProducerId,
        /// First sequence of the batch.
        incoming: i32,
        /// Last sequence that was appended, or -1.
        last: i32,
    },
    /// OUT_OF_ORDER_SEQUENCE_NUMBER: a new epoch does not start with sequence 0.
    #[error(
        "Invalid sequence number for new epoch of producer {producer_id}: {epoch} (request epoch), \
         {incoming} (seq. number), {current} (current producer epoch)"
    )]
    NewEpochSequence {
        /// Whose.
        producer_id: ProducerId,
        /// The new epoch.
        epoch: ProducerEpoch,
        /// First sequence of the batch.
        incoming: i32,
        /// The epoch until now.
        current: ProducerEpoch,
    },
    /// INVALID_PRODUCER_EPOCH: an older epoch, or for a marker of transaction version 2 not a newer one.
    #[error("Epoch of producer {producer_id} is {epoch}, which is {relation} the last seen epoch {current}")]
    InvalidProducerEpoch {
        /// Whose.
        producer_id: ProducerId,
        /// The epoch of the batch.
        epoch: ProducerEpoch,
        /// The newest epoch seen.
        current: ProducerEpoch,
        /// `<` or `<=`.
        relation: &'static str,
    },
    /// INVALID_TXN_STATE: a plain batch while the producer has a transaction open.
    #[error("Expected transactional write from producer {producer_id}")]
    ExpectedTransactional {
        /// Whose.
        producer_id: ProducerId,
    },
    /// TRANSACTION_COORDINATOR_FENCED: a marker of a coordinator that was replaced.
    #[error(
        "Invalid coordinator epoch for producerId {producer_id}: {incoming} (zombie), {current} (current)"
    )]
    CoordinatorFenced {
        /// Whose.
        producer_id: ProducerId,
        /// Of the marker.
        incoming: i32,
        /// The newest seen.
        current: i32,
    },
}
