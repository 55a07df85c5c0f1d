//! One producer: epoch, window of batches, open transaction.

use highway_types::limits::PRODUCER_BATCHES_RETAINED;
use highway_types::{Offset, ProducerEpoch, Timestamp};
use smallvec::SmallVec;

use crate::batch::header::BatchHeader;

/// Sequence of a producer that has none yet.
pub(super) const NO_SEQUENCE: i32 = -1;
/// Coordinator epoch before the first marker.
pub(super) const NO_COORDINATOR_EPOCH: i32 = -1;

/// What is kept of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchMetadata {
    /// Sequence of the last record.
    pub last_sequence: i32,
    /// Offset of the last record.
    pub last_offset: Offset,
    /// Last offset minus first offset; sequences lie equally far apart.
    pub offset_delta: i32,
    /// The batch's largest timestamp.
    pub timestamp: Timestamp,
}

impl BatchMetadata {
    /// Offset of the first record.
    #[must_use]
    pub fn first_offset(&self) -> Offset {
        self.last_offset + -i64::from(self.offset_delta)
    }

    /// Sequence of the first record; 0 follows 2^31-1.
    #[must_use]
    pub fn first_sequence(&self) -> i32 {
        let first = i64::from(self.last_sequence) - i64::from(self.offset_delta);
        i32::try_from(first.rem_euclid(1 << 31)).unwrap_or(NO_SEQUENCE)
    }
}

/// One producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerStateEntry {
    pub(super) epoch: ProducerEpoch,
    /// Oldest first; all of `epoch`.
    pub(super) batches: SmallVec<[BatchMetadata; PRODUCER_BATCHES_RETAINED]>,
    pub(super) coordinator_epoch: i32,
    pub(super) last_timestamp: Timestamp,
    pub(super) txn_first_offset: Option<Offset>,
}

impl ProducerStateEntry {
    pub(super) fn new(epoch: ProducerEpoch) -> Self {
        Self {
            epoch,
            batches: SmallVec::new(),
            coordinator_epoch: NO_COORDINATOR_EPOCH,
            last_timestamp: Timestamp::NONE,
            txn_first_offset: None,
        }
    }

    /// The newest epoch seen.
    #[must_use]
    pub fn epoch(&self) -> ProducerEpoch {
        self.epoch
    }

    /// Sequence of the last record of this epoch, or -1.
    #[must_use]
    pub fn last_sequence(&self) -> i32 {
        self.batches.last().map_or(NO_SEQUENCE, |b| b.last_sequence)
    }

    /// Offset of the last record of this epoch.
    #[must_use]
    pub fn last_offset(&self) -> Option<Offset> {
        self.batches.last().map(|b| b.last_offset)
    }

    /// Time of the last batch or marker.
    #[must_use]
    pub fn last_timestamp(&self) -> Timestamp {
        self.last_timestamp
    }

    /// Epoch of the transaction coordinator that wrote the last marker, or -1.
    #[must_use]
    pub fn coordinator_epoch(&self) -> i32 {
        self.coordinator_epoch
    }

    /// Where the open transaction starts, if one is open.
    #[must_use]
    pub fn current_txn_first_offset(&self) -> Option<Offset> {
        self.txn_first_offset
    }

    /// The batches that are remembered, oldest first; at most five.
    #[must_use]
    pub fn batches(&self) -> &[BatchMetadata] {
        &self.batches
    }

    /// The remembered batch that `header` repeats: the same epoch, first and last sequence.
    #[must_use]
    pub fn find_duplicate(&self, header: &BatchHeader) -> Option<&BatchMetadata> {
        if header.producer_epoch != self.epoch {
            return None;
        }
        let last = header.last_sequence();
        self.batches.iter().find(|b| b.last_sequence == last && b.first_sequence() == header.base_sequence)
    }

    /// The sequence that comes next if the producer goes on in this epoch.
    pub(super) fn follows(last: i32, next: i32) -> bool {
        i64::from(next) == i64::from(last) + 1 || (next == 0 && last == i32::MAX)
    }

    pub(super) fn add_batch(&mut self, header: &BatchHeader) {
        self.set_epoch(header.producer_epoch);
        self.push(BatchMetadata {
            last_sequence: header.last_sequence(),
            last_offset: header.last_offset(),
            offset_delta: header.last_offset_delta,
            timestamp: header.max_timestamp(),
        });
        self.last_timestamp = header.max_timestamp();
    }

    pub(super) fn push(&mut self, batch: BatchMetadata) {
        if self.batches.len() == PRODUCER_BATCHES_RETAINED {
            self.batches.remove(0);
        }
        self.batches.push(batch);
    }

    /// A new epoch starts its sequences anew.
    pub(super) fn set_epoch(&mut self, epoch: ProducerEpoch) {
        if epoch != self.epoch {
            self.batches.clear();
            self.epoch = epoch;
        }
    }
}
