//! All producers of a partition.

use std::collections::{BTreeMap, HashMap};

use highway_types::{Offset, ProducerEpoch, ProducerId, Timestamp};

use super::entry::{NO_SEQUENCE, ProducerStateEntry};
use super::error::ProducerStateError;
use super::marker::{EndTxnMarker, MarkerType};
use crate::batch::header::BatchHeader;
use crate::batch::validate::Origin;

/// What to do with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It comes next.
    Append,
    /// It was appended before: answer with these.
    Duplicate {
        /// Offset of its first record.
        base_offset: Offset,
        /// Offset of its last record.
        last_offset: Offset,
        /// Its largest timestamp.
        timestamp: Timestamp,
    },
}

/// A transaction that a marker ended. Transactions without a batch in this partition are not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedTxn {
    /// Whose.
    pub producer_id: ProducerId,
    /// Offset of its first record.
    pub first_offset: Offset,
    /// Offset of the marker.
    pub last_offset: Offset,
    /// How; `None` when only the marker's header was at hand.
    pub outcome: Option<MarkerType>,
}

/// All producers of a partition, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducerStateMap {
    pub(super) producers: HashMap<ProducerId, ProducerStateEntry>,
    /// Open transactions by first offset.
    pub(super) open: BTreeMap<Offset, ProducerId>,
    /// Everything below this offset has been taken in (Kafka's `lastMapOffset`).
    pub(super) end: Offset,
}

impl ProducerStateMap {
    /// True if no producer is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.producers.is_empty()
    }

    /// Number of producers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.producers.len()
    }

    /// The producer with this id.
    #[must_use]
    pub fn get(&self, id: ProducerId) -> Option<&ProducerStateEntry> {
        self.producers.get(&id)
    }

    /// All producers, in no order (DescribeProducers).
    pub fn iter(&self) -> impl Iterator<Item = (ProducerId, &ProducerStateEntry)> {
        self.producers.iter().map(|(id, entry)| (*id, entry))
    }

    /// Everything below this offset has been taken in.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.end
    }

    /// Where the oldest open transaction starts.
    #[must_use]
    pub fn first_unstable_offset(&self) -> Option<Offset> {
        self.open.keys().next().copied()
    }

    /// Whether this batch, not yet stamped, may be appended now. Batches without producer always may; a control batch
    /// is checked for its epoch only ([`ProducerStateMap::check_marker`] does the rest).
    ///
    /// # Errors
    /// Wrong epoch, wrong sequence, or a plain batch in a transaction. The state is not touched.
    pub fn check(&self, header: &BatchHeader, origin: Origin) -> Result<Verdict, ProducerStateError> {
        if !header.has_producer() {
            return Ok(Verdict::Append);
        }
        let Some(entry) = self.producers.get(&header.producer_id) else {
            return Ok(Verdict::Append); // expired or never seen: any sequence is taken (KIP-360)
        };
        if origin == Origin::Client
            && let Some(seen) = entry.find_duplicate(header)
        {
            return Ok(Verdict::Duplicate {
                base_offset: seen.first_offset(),
                last_offset: seen.last_offset,
                timestamp: seen.timestamp,
            });
        }
        check_epoch(entry, header.producer_id, header.producer_epoch, "<")?;
        if header.attributes.is_control() {
            return Ok(Verdict::Append);
        }
        if origin == Origin::Client {
            check_sequence(entry, header)?;
        }
        if entry.txn_first_offset.is_some() && !header.attributes.is_transactional() {
            return Err(ProducerStateError::ExpectedTransactional { producer_id: header.producer_id });
        }
        Ok(Verdict::Append)
    }

    /// Whether a marker may be appended. `transaction_version` 2 and above demand a newer epoch (KIP-890), except for
    /// the repetition of a marker that has already ended the transaction.
    ///
    /// # Errors
    /// An old producer epoch or an old coordinator.
    pub fn check_marker(
        &self,
        id: ProducerId,
        epoch: ProducerEpoch,
        marker: &EndTxnMarker,
        transaction_version: i16,
    ) -> Result<(), ProducerStateError> {
        let Some(entry) = self.producers.get(&id) else { return Ok(()) };
        let repeated = epoch == entry.epoch && entry.txn_first_offset.is_none();
        let relation = if transaction_version >= 2 && !repeated { "<=" } else { "<" };
        check_epoch(entry, id, epoch, relation)?;
        if entry.coordinator_epoch > marker.coordinator_epoch {
            return Err(ProducerStateError::CoordinatorFenced {
                producer_id: id,
                incoming: marker.coordinator_epoch,
                current: entry.coordinator_epoch,
            });
        }
        Ok(())
    }

    /// Takes in a stamped batch that was appended, or that is read again after a start. A control batch ends the
    /// producer's transaction. What was taken in before is skipped, so replay may start anywhere below the end.
    pub fn update(&mut self, header: &BatchHeader) -> Option<CompletedTxn> {
        self.take(header, None)
    }

    /// As [`ProducerStateMap::update`] for a control batch whose marker was decoded.
    pub fn update_marker(&mut self, header: &BatchHeader, marker: &EndTxnMarker) -> Option<CompletedTxn> {
        self.take(header, Some(marker))
    }

    fn take(&mut self, header: &BatchHeader, marker: Option<&EndTxnMarker>) -> Option<CompletedTxn> {
        if header.base_offset < self.end {
            return None;
        }
        self.end = header.last_offset().next();
        // A control batch that compaction emptied: its whole transaction is gone.
        if !header.has_producer() || (header.attributes.is_control() && header.count == 0) {
            return None;
        }
        let id = header.producer_id;
        let entry =
            self.producers.entry(id).or_insert_with(|| ProducerStateEntry::new(header.producer_epoch));
        if header.attributes.is_control() {
            entry.set_epoch(header.producer_epoch);
            entry.last_timestamp = header.max_timestamp();
            if let Some(marker) = marker {
                entry.coordinator_epoch = marker.coordinator_epoch;
            }
            let first_offset = entry.txn_first_offset.take()?;
            self.open.remove(&first_offset);
            return Some(CompletedTxn {
                producer_id: id,
                first_offset,
                last_offset: header.last_offset(),
                outcome: marker.map(|m| m.marker_type),
            });
        }
        entry.add_batch(header);
        if header.attributes.is_transactional() && entry.txn_first_offset.is_none() {
            entry.txn_first_offset = Some(header.base_offset);
            self.open.insert(header.base_offset, id);
        }
        None
    }

    /// What the last stable offset will be once `ended` is complete: the next open transaction, or behind the marker.
    /// It belongs into the transaction index.
    #[must_use]
    pub fn last_stable_offset_after(&self, ended: &CompletedTxn) -> Offset {
        self.open
            .iter()
            .find(|(_, id)| **id != ended.producer_id)
            .map_or(ended.last_offset.next(), |(first, _)| (*first).min(ended.last_offset.next()))
    }

    /// Forgets producers that were silent for `older_than_ms` and have no transaction open
    /// (`producer.id.expiration.ms`). Returns how many.
    pub fn remove_expired(&mut self, now: Timestamp, older_than_ms: i64) -> usize {
        let before = self.producers.len();
        self.producers.retain(|_, e| {
            e.txn_first_offset.is_some() || now.0.saturating_sub(e.last_timestamp.0) < older_than_ms
        });
        before - self.producers.len()
    }

    /// Forgets everything; the next batch to be taken in starts at `end`.
    pub fn clear(&mut self, end: Offset) {
        *self = Self { end, ..Self::default() };
    }
}

fn check_epoch(
    entry: &ProducerStateEntry,
    id: ProducerId,
    epoch: ProducerEpoch,
    relation: &'static str,
) -> Result<(), ProducerStateError> {
    let current = entry.epoch;
    if epoch < current || (relation == "<=" && epoch == current) {
        return Err(ProducerStateError::InvalidProducerEpoch { producer_id: id, epoch, current, relation });
    }
    Ok(())
}

fn check_sequence(entry: &ProducerStateEntry, header: &BatchHeader) -> Result<(), ProducerStateError> {
    let (producer_id, incoming) = (header.producer_id, header.base_sequence);
    if header.producer_epoch != entry.epoch {
        if incoming != 0 && entry.epoch != ProducerEpoch::NONE {
            let (epoch, current) = (header.producer_epoch, entry.epoch);
            return Err(ProducerStateError::NewEpochSequence { producer_id, epoch, incoming, current });
        }
        return Ok(());
    }
    let last = entry.last_sequence();
    if !ProducerStateEntry::follows(last, incoming) {
        return Err(ProducerStateError::OutOfOrderSequence { producer_id, incoming, last });
    }
    Ok(())
}

const _: () = assert!(NO_SEQUENCE + 1 == 0, "the first sequence follows none");

#[cfg(test)]
#[path = "map_test.rs"]
mod tests;
