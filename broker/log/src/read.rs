//! The way of a read: bound → segment → index → whole batches, checked against their checksums.

use std::sync::Arc;

use bytes::Bytes;
use highway_types::{LeaderEpoch, Offset, ProducerId, Timestamp};
use smallvec::SmallVec;

use crate::batch::header::{BatchHeader, HEADER_LEN, stored_crc_matches};
use crate::error::ReadError;
use crate::log::Log;
use crate::progress::{LogOffsets, Mark};
use crate::segment::LogSegment;

/// Up to where a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBound {
    /// Everything durable (`read_uncommitted`).
    HighWatermark,
    /// Below the first open transaction (`read_committed`).
    LastStable,
}

/// An aborted transaction that overlaps what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedTxn {
    /// Whose.
    pub producer_id: ProducerId,
    /// Where it starts.
    pub first_offset: Offset,
}

/// What a read found.
#[derive(Clone, Debug)]
pub struct ReadResult {
    /// Whole batches, the first of which holds the offset that was asked for. Empty if there is nothing below the
    /// bound.
    pub slices: SmallVec<[Bytes; 2]>,
    /// Aborted transactions, in order of their first offsets; only for `LastStable`.
    pub aborted: Vec<AbortedTxn>,
    /// The offsets of the moment.
    pub offsets: LogOffsets,
}

impl ReadResult {
    /// Bytes of all slices.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slices.iter().map(Bytes::len).sum()
    }

    /// True if nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }
}

/// A record found by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampOffset {
    /// Its offset.
    pub offset: Offset,
    /// Its time.
    pub timestamp: Timestamp,
    /// The leader epoch that it was written in.
    pub leader_epoch: LeaderEpoch,
}

impl Log {
    /// Reads whole batches from the one that holds `from`, at most `max_bytes`; with `min_one_batch` the first batch
    /// comes whatever its size (KIP-74).
    ///
    /// # Errors
    /// `OutOfRange` below the log start or behind the log end; `Corrupt` and `Io` for the files.
    pub fn read(
        &self,
        from: Offset,
        bound: ReadBound,
        max_bytes: usize,
        min_one_batch: bool,
    ) -> Result<ReadResult, ReadError> {
        self.check_online()?;
        let (offsets, mark) = self.progress.snapshot();
        if from < offsets.log_start || from > offsets.log_end {
            return Err(ReadError::OutOfRange {
                offset: from,
                start: offsets.log_start,
                end: offsets.log_end,
            });
        }
        let nothing = ReadResult { slices: SmallVec::new(), aborted: Vec::new(), offsets };
        let limit = bound.of(&offsets);
        if from >= limit {
            return Ok(nothing);
        }
        let mut slices = SmallVec::new();
        let mut end = from;
        for segment in self.segments.from(from) {
            let bytes = self.read_segment(&segment, from, limit, mark, max_bytes, min_one_batch)?;
            // A segment may hold nothing at or behind `from` once it was compacted.
            if let Some((bytes, behind)) = bytes {
                end = behind;
                slices.push(bytes);
                break;
            }
            if segment.base_offset() >= mark.segment {
                break;
            }
        }
        let aborted = if bound == ReadBound::LastStable && !slices.is_empty() {
            self.aborted_between(from, end)?
        } else {
            Vec::new()
        };
        Ok(ReadResult { slices, aborted, ..nothing })
    }

    /// Reads from one segment; the second value is the offset behind what was read.
    fn read_segment(
        &self,
        segment: &LogSegment,
        from: Offset,
        limit: Offset,
        mark: Mark,
        max_bytes: usize,
        min_one_batch: bool,
    ) -> Result<Option<(Bytes, Offset)>, ReadError> {
        let io = |source| segment_error(segment, source);
        let durable = if segment.base_offset() == mark.segment { mark.position } else { segment.size() };
        let Some(first) = segment.locate(from).map_err(io)? else { return Ok(None) };
        if first.position >= durable || first.base_offset >= limit {
            return Ok(None);
        }
        let available = usize::try_from(durable - first.position).unwrap_or(usize::MAX);
        let wanted = if first.len > max_bytes {
            if !min_one_batch {
                return Ok(None);
            }
            first.len
        } else {
            max_bytes.min(available)
        };
        let bytes = segment.read(first.position, wanted, durable).map_err(io)?;
        let (len, end) = whole_batches(segment, &bytes, first.position, first.base_offset, limit)?;
        Ok((len > 0).then(|| (bytes.slice(..len), end)))
    }

    fn aborted_between(&self, from: Offset, end: Offset) -> Result<Vec<AbortedTxn>, ReadError> {
        let mut aborted = Vec::new();
        for segment in self.segments.from(from) {
            let found = segment.aborted_transactions(from, end).map_err(|e| segment_error(&segment, e))?;
            aborted.extend(
                found.iter().map(|t| AbortedTxn { producer_id: t.producer_id, first_offset: t.first_offset }),
            );
        }
        aborted.sort_by_key(|t| t.first_offset);
        aborted.dedup();
        Ok(aborted)
    }

    /// How many bytes a read from `from` would find, counting no further than `cap`. An estimate that is never zero
    /// when there is something to read.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn readable_bytes(&self, from: Offset, bound: ReadBound, cap: usize) -> Result<usize, ReadError> {
        self.check_online()?;
        let (offsets, mark) = self.progress.snapshot();
        if from < offsets.log_start || from > offsets.log_end {
            return Err(ReadError::OutOfRange {
                offset: from,
                start: offsets.log_start,
                end: offsets.log_end,
            });
        }
        let limit = bound.of(&offsets);
        if from >= limit {
            return Ok(0);
        }
        // In an older segment than the high watermark's there is nothing to wait for (Kafka's DelayedFetch).
        let Some(segment) = self.segments.floor(from) else { return Ok(cap.max(1)) };
        if segment.base_offset() != mark.segment {
            return Ok(cap.max(1));
        }
        let found = segment.locate(from).map_err(|e| segment_error(&segment, e))?;
        let bytes = found.map_or(0, |first| mark.position.saturating_sub(first.position));
        Ok(usize::try_from(bytes).unwrap_or(usize::MAX).clamp(1, cap.max(1)))
    }

    /// The first record at or behind the log start, below `bound`, whose time is at least `target`.
    ///
    /// # Errors
    /// The files could not be read.
    pub fn offset_for_timestamp(
        &self,
        target: Timestamp,
        bound: ReadBound,
    ) -> Result<Option<TimestampOffset>, ReadError> {
        self.check_online()?;
        let offsets = self.offsets();
        let limit = bound.of(&offsets);
        for segment in self.segments.from(offsets.log_start) {
            if segment.base_offset() >= limit {
                break;
            }
            let found =
                segment.find_timestamp(target, offsets.log_start).map_err(|e| segment_error(&segment, e))?;
            if let Some(found) = found {
                return Ok((found.offset < limit).then_some(found));
            }
        }
        Ok(None)
    }

    /// The first record with the largest time (ListOffsets -3, KIP-734).
    ///
    /// # Errors
    /// The files could not be read.
    pub fn max_timestamp_offset(&self, bound: ReadBound) -> Result<Option<TimestampOffset>, ReadError> {
        self.check_online()?;
        let offsets = self.offsets();
        let limit = bound.of(&offsets);
        let mut best: Option<TimestampOffset> = None;
        for segment in self.segments.from(offsets.log_start) {
            let found = segment.max_timestamp_offset(limit).map_err(|e| segment_error(&segment, e))?;
            if let Some(found) = found
                && best.is_none_or(|b| found.timestamp > b.timestamp)
            {
                best = Some(found);
            }
        }
        Ok(best)
    }
}

fn segment_error(segment: &LogSegment, source: std::io::Error) -> ReadError {
    ReadError::Io { path: segment.log_path().to_owned(), source: Arc::new(source) }
}

impl ReadBound {
    fn of(self, offsets: &LogOffsets) -> Offset {
        match self {
            Self::HighWatermark => offsets.high_watermark,
            Self::LastStable => offsets.last_stable,
        }
    }
}

/// How many of `bytes` are whole batches that end at or below `limit`, each checked; and the offset behind them.
fn whole_batches(
    segment: &LogSegment,
    bytes: &[u8],
    position: u64,
    first_base: Offset,
    limit: Offset,
) -> Result<(usize, Offset), ReadError> {
    let mut at = 0;
    let mut end = first_base;
    while bytes.len() - at >= HEADER_LEN {
        let corrupt = |detail: String| ReadError::Corrupt {
            path: segment.log_path().to_owned(),
            offset: end,
            position: position + at as u64,
            detail,
        };
        let header = BatchHeader::parse(&bytes[at..]).map_err(|e| corrupt(e.to_string()))?;
        let len = header.total_len();
        if header.base_offset < end {
            return Err(corrupt(format!("base offset {} is below its neighbour's end", header.base_offset)));
        }
        if bytes.len() - at < len || header.base_offset >= limit {
            break;
        }
        if !stored_crc_matches(&bytes[at..at + len]) {
            return Err(corrupt("checksum does not match".to_owned()));
        }
        at += len;
        end = header.last_offset().next();
    }
    Ok((at, end))
}
