//! The way of a read: bound → segment → index → whole batches, checked against their checksums.

use std::sync::Arc;

use bytes::Bytes;
use highway_types::{LeaderEpoch, Offset, ProducerId, Timestamp};

use crate::batch::header::{BatchHeader, HEADER_LEN, stored_crc_matches};
use crate::batch::verify::BatchVerifier;
use crate::error::ReadError;
use crate::log::Log;
use crate::progress::LogOffsets;
use crate::segment::{BatchPosition, LogSegment};
use crate::slice::LogSlice;

/// A fetch of so many bytes is read before it is answered, so that its answer leaves in one piece.
const READ_AT_ONCE: usize = 64 << 10;

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
#[derive(Debug)]
pub struct ReadResult<R> {
    /// Batches, the first of which holds the offset that was asked for.
    pub records: R,
    /// Aborted transactions, in order of their first offsets; only for `LastStable`.
    pub aborted: Vec<AbortedTxn>,
    /// The offsets of the moment.
    pub offsets: LogOffsets,
}

/// Records that were read, or that will be read while they are sent.
#[derive(Debug)]
pub enum FetchedRecords {
    /// Read and checked; whole batches. Empty if there is nothing below the bound.
    Read(Bytes),
    /// Checked while they are read.
    Later(LogSlice),
}

impl FetchedRecords {
    /// Their bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Read(bytes) => bytes.len(),
            Self::Later(slice) => slice.remaining(),
        }
    }

    /// True if nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a read starts and what it may take.
struct Found {
    segment: Arc<LogSegment>,
    first: BatchPosition,
    /// Below the bound as far as this is known from positions, and readable.
    end: u64,
    limit: Offset,
    wanted: usize,
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
    /// comes whatever its size (KIP-74). Blocks on the disk.
    ///
    /// # Errors
    /// `OutOfRange` below the log start or behind the log end; `Corrupt` and `Io` for the files.
    pub fn read(
        &self,
        from: Offset,
        bound: ReadBound,
        max_bytes: usize,
        min_one_batch: bool,
    ) -> Result<ReadResult<Bytes>, ReadError> {
        let (offsets, found) = self.find(from, bound, max_bytes, min_one_batch)?;
        let Some(found) = found else {
            return Ok(ReadResult { records: Bytes::new(), aborted: Vec::new(), offsets });
        };
        let bytes = found
            .segment
            .read(found.first.position, found.wanted, found.end)
            .map_err(|e| segment_error(&found.segment, e))?;
        let (records, end) = found.whole_batches(bytes)?;
        let aborted = self.aborted_below(from, end, bound)?;
        Ok(ReadResult { records, aborted, offsets })
    }

    /// As [`Log::read`], but what is large or not in memory is left to be read while it is sent, and may end within a
    /// batch, as in Kafka.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn fetch(
        &self,
        from: Offset,
        bound: ReadBound,
        max_bytes: usize,
        min_one_batch: bool,
    ) -> Result<ReadResult<FetchedRecords>, ReadError> {
        let (offsets, found) = self.find(from, bound, max_bytes, min_one_batch)?;
        let Some(found) = found else {
            return Ok(ReadResult {
                records: FetchedRecords::Read(Bytes::new()),
                aborted: Vec::new(),
                offsets,
            });
        };
        let len = found.wanted.min(usize::try_from(found.end - found.first.position).unwrap_or(usize::MAX));
        if len <= READ_AT_ONCE
            && let Some(bytes) = found.cached(len).map_err(|e| segment_error(&found.segment, e))?
        {
            let (records, end) = found.whole_batches(bytes)?;
            let aborted = self.aborted_below(from, end, bound)?;
            return Ok(ReadResult { records: FetchedRecords::Read(records), aborted, offsets });
        }
        let end = found.sendable_end(len)?;
        let aborted = self.aborted_below(from, found.limit, bound)?;
        let verifier = BatchVerifier::new(found.first.base_offset);
        let slice = LogSlice::new(found.segment, found.first.position, end, verifier);
        Ok(ReadResult { records: FetchedRecords::Later(slice), aborted, offsets })
    }

    fn find(
        &self,
        from: Offset,
        bound: ReadBound,
        max_bytes: usize,
        min_one_batch: bool,
    ) -> Result<(LogOffsets, Option<Found>), ReadError> {
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
            return Ok((offsets, None));
        }
        for segment in self.segments.from(from) {
            let last = segment.base_offset() >= mark.segment;
            let io = |source| segment_error(&segment, source);
            let first = segment.locate(from).map_err(io)?;
            let durable = if segment.base_offset() == mark.segment { mark.position } else { segment.size() };
            // A segment may hold nothing at or behind `from` once it was compacted.
            let Some(first) = first.filter(|b| b.position < durable && b.base_offset < limit) else {
                if last {
                    break;
                }
                continue;
            };
            let mut end = durable;
            if limit < offsets.high_watermark
                && let Some(open) = segment.locate(limit).map_err(io)?
            {
                end = end.min(open.position);
            }
            if let Some(unreadable) = segment.unreadable_from() {
                if unreadable == first.position {
                    return Err(corrupt(
                        &segment,
                        first.base_offset,
                        first.position,
                        "it could not be read before",
                    ));
                }
                end = if unreadable > first.position { end.min(unreadable) } else { end };
            }
            if first.len > max_bytes && !min_one_batch {
                return Ok((offsets, None));
            }
            let wanted = max_bytes.max(first.len);
            return Ok((offsets, Some(Found { segment, first, end, limit, wanted })));
        }
        Ok((offsets, None))
    }

    fn aborted_below(
        &self,
        from: Offset,
        end: Offset,
        bound: ReadBound,
    ) -> Result<Vec<AbortedTxn>, ReadError> {
        if bound == ReadBound::LastStable { self.aborted_between(from, end) } else { Ok(Vec::new()) }
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
        let Some(segment) = self.segments.floor(from) else { return Ok(usize::MAX) };
        if segment.base_offset() != mark.segment {
            return Ok(usize::MAX);
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

fn corrupt(segment: &LogSegment, offset: Offset, position: u64, detail: impl ToString) -> ReadError {
    ReadError::Corrupt { path: segment.log_path().to_owned(), offset, position, detail: detail.to_string() }
}

impl Found {
    /// `len` bytes if all of them are in memory.
    fn cached(&self, len: usize) -> std::io::Result<Option<Bytes>> {
        let mut bytes = vec![0; len];
        Ok(match self.segment.read_cached(self.first.position, &mut bytes)? {
            Some(n) if n == len => Some(bytes.into()),
            _ => None,
        })
    }

    /// Where `len` bytes end best: before a batch that they would cut, if an index entry tells where it starts.
    fn sendable_end(&self, len: usize) -> Result<u64, ReadError> {
        let end = self.first.position + len as u64;
        if end >= self.end {
            return Ok(self.end);
        }
        let indexed = self.segment.indexed_batch_before(end).map_err(|e| segment_error(&self.segment, e))?;
        Ok(indexed.filter(|at| *at >= self.first.position + self.first.len as u64).unwrap_or(end))
    }

    /// As much of `bytes` as is whole batches that start below the limit, each checked; and the offset behind them. What
    /// is good before a damaged batch is good.
    fn whole_batches(&self, bytes: Bytes) -> Result<(Bytes, Offset), ReadError> {
        let mut at = 0;
        let mut end = self.first.base_offset;
        while bytes.len() - at >= HEADER_LEN {
            let fault = match BatchHeader::parse(&bytes[at..]) {
                Err(error) => error.to_string(),
                Ok(header) if header.base_offset < end => {
                    format!("base offset {} is below its neighbour's end", header.base_offset)
                }
                Ok(header) => {
                    let len = header.total_len();
                    if bytes.len() - at < len || header.base_offset >= self.limit {
                        break;
                    }
                    if stored_crc_matches(&bytes[at..at + len]) {
                        at += len;
                        end = header.last_offset().next();
                        continue;
                    }
                    "checksum does not match".to_owned()
                }
            };
            if at > 0 {
                break;
            }
            return Err(corrupt(&self.segment, end, self.first.position, fault));
        }
        Ok((bytes.slice(..at), end))
    }
}
