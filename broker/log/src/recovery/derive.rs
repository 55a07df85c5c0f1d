//! What batch headers tell: producer state and leader epochs.

use std::ops::ControlFlow;

use highway_types::Offset;

use super::RecoveringLog;
use crate::batch::header::{BatchHeader, HEADER_LEN};
use crate::epoch_cache::EpochCache;
use crate::error::LogManagerError;
use crate::producer_state::ProducerStateMap;

/// What batch headers tell.
pub(super) struct Derived {
    pub(super) producers: ProducerStateMap,
    pub(super) epochs: EpochCache,
    /// Up to here they came from files.
    pub(super) from: Offset,
}

impl RecoveringLog {
    /// Producer state and leader epochs: from their files where these are good, from batch headers behind them.
    pub(super) fn derive(&self) -> Result<Derived, LogManagerError> {
        let dir = &self.params.dir;
        let (mut producers, snapshot) = ProducerStateMap::load_snapshot(dir, self.end);
        let mut epochs = EpochCache::load(dir);
        epochs.truncate_from_end(self.end);
        let first = self.segments[0].base_offset();
        let mut from = snapshot.max(first);
        if self.end <= first {
            return Ok(Derived { producers, epochs, from: self.end });
        }
        let whole = epochs.latest().is_some() && (self.params.clean || self.epochs_reach(from, &epochs)?);
        if !whole {
            epochs = EpochCache::default();
            from = first;
        }
        if self.end <= from {
            return Ok(Derived { producers, epochs, from });
        }
        for segment in &self.segments {
            let next = segment.base_offset();
            if next >= self.end {
                break;
            }
            let start = match segment.locate(from.max(next)).map_err(LogManagerError::io(dir.clone()))? {
                Some(at) => at.position,
                None => continue,
            };
            let scanned = segment.scan(start, false, &mut |header, _| {
                if header.base_offset >= self.end {
                    return ControlFlow::Break(());
                }
                if header.has_producer() && header.base_offset >= snapshot {
                    producers.update(header);
                }
                epochs.assign(header.leader_epoch, header.base_offset);
                ControlFlow::Continue(())
            });
            scanned.map_err(LogManagerError::io(dir.clone()))?;
        }
        Ok(Derived { producers, epochs, from })
    }

    /// True if the epochs are those of everything below `from`. Their file may be older than the snapshot, and epochs only
    /// rise: it is whole if it knows the epoch of the last batch.
    fn epochs_reach(&self, from: Offset, epochs: &EpochCache) -> Result<bool, LogManagerError> {
        let io = |e| LogManagerError::io(self.params.dir.clone())(e);
        let last = Offset(from.0 - 1);
        let Some(segment) = self.segments.iter().rfind(|s| s.base_offset() <= last) else { return Ok(true) };
        let Some(batch) = segment.locate(last).map_err(io)? else { return Ok(false) };
        let bytes = segment.read(batch.position, HEADER_LEN, segment.size()).map_err(io)?;
        let header = BatchHeader::parse(&bytes).map_err(|e| io(std::io::Error::other(e)))?;
        Ok(epochs.epoch_at(last) == Some(header.leader_epoch))
    }
}
