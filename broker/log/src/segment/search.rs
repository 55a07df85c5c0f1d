//! Finding a batch by offset and a record by time.

use std::cell::RefCell;
use std::io;
use std::ops::ControlFlow;

use highway_types::limits::DECOMPRESSED_MAX_BYTES;
use highway_types::{Offset, Timestamp};

use super::{BatchPosition, LogSegment};
use crate::batch::compression::{Compression, decompress};
use crate::batch::header::{BatchHeader, HEADER_LEN};
use crate::batch::records::records;
use crate::index::OffsetEntry;
use crate::read::TimestampOffset;

thread_local! {
    static UNPACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a walk from an index entry found.
enum Located {
    Found(BatchPosition),
    Nothing,
    /// The entry does not describe the batch at its position.
    WrongEntry,
    Damaged(io::Error),
}

fn invalid(detail: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail)
}

impl LogSegment {
    /// The first batch whose last offset is at or behind `offset`.
    ///
    /// # Errors
    /// The file cannot be read, or holds no batch where one should be.
    pub fn locate(&self, offset: Offset) -> io::Result<Option<BatchPosition>> {
        self.load_indexes()?;
        match self.locate_from(self.floor_entry(offset), offset)? {
            Located::Found(batch) => Ok(Some(batch)),
            Located::Nothing => Ok(None),
            Located::Damaged(error) => Err(error),
            Located::WrongEntry => {
                tracing::warn!(path = %self.log_path.display(), %offset, "an index entry is wrong");
                self.rebuild_indexes()?;
                let again = self.locate_from(self.floor_entry(offset), offset)?;
                match again {
                    Located::Found(batch) => Ok(Some(batch)),
                    Located::Nothing => Ok(None),
                    Located::Damaged(error) => Err(error),
                    Located::WrongEntry => {
                        Err(invalid(format!("no batch before offset {offset} where one was")))
                    }
                }
            }
        }
    }

    /// The last index entry at or below an offset; `None` for the start of the file, also when the index cannot be read.
    fn floor_entry(&self, offset: Offset) -> Option<OffsetEntry> {
        let relative = u32::try_from((offset - self.base).max(0)).unwrap_or(u32::MAX);
        let found = self.indexes.read().offset.floor(|e| e.offset <= relative);
        match found {
            Ok(entry) => entry,
            Err(error) => {
                tracing::debug!(path = %self.log_path.display(), %error, "cannot read an index; reading the log instead");
                None
            }
        }
    }

    fn locate_from(&self, entry: Option<OffsetEntry>, offset: Offset) -> io::Result<Located> {
        let start = entry.map_or(0, |e| u64::from(e.position));
        let mut unchecked = entry;
        let mut located = Located::Nothing;
        let end = self.scan(start, false, &mut |header, position| {
            if let Some(entry) = unchecked.take()
                && header.last_offset() - self.base != i64::from(entry.offset)
            {
                located = Located::WrongEntry;
                return ControlFlow::Break(());
            }
            if header.last_offset() < offset {
                return ControlFlow::Continue(());
            }
            located = Located::Found(BatchPosition {
                position,
                len: header.total_len(),
                base_offset: header.base_offset,
                last_offset: header.last_offset(),
            });
            ControlFlow::Break(())
        })?;
        Ok(match (located, end.reason) {
            (Located::Nothing, Some(_)) if unchecked.is_some() => Located::WrongEntry,
            (Located::Nothing, Some(reason)) => {
                Located::Damaged(invalid(format!("no batch at position {}: {reason}", end.valid_bytes)))
            }
            (located, _) => located,
        })
    }

    /// The first record at or behind `from` whose time is at least `target`.
    ///
    /// # Errors
    /// The file cannot be read or its records cannot.
    pub fn find_timestamp(&self, target: Timestamp, from: Offset) -> io::Result<Option<TimestampOffset>> {
        if self.largest_record_time()?.is_none_or(|max| max < target) {
            return Ok(None);
        }
        self.load_indexes()?;
        let start = self.time_floor(target)?.max(from);
        let Some(first) = self.locate(start)? else { return Ok(None) };
        self.search(
            first.position,
            |header| header.max_timestamp >= target.0 && header.last_offset() >= from,
            |offset, time| time >= target && offset >= from,
        )
    }

    /// An offset below which every batch is older than `target`.
    fn time_floor(&self, target: Timestamp) -> io::Result<Offset> {
        let entry = self.indexes.read().time.floor(|e| e.timestamp < target.0).unwrap_or_default();
        let Some(entry) = entry else { return Ok(self.base) };
        let offset = self.base + i64::from(entry.offset);
        let batch = self.locate(offset)?;
        let true_entry = batch.is_some_and(|b| b.last_offset == offset)
            && batch.map(|b| self.read(b.position, HEADER_LEN, self.size())).transpose()?.is_some_and(
                |bytes| {
                    BatchHeader::parse(&bytes).is_ok_and(|header| header.max_timestamp == entry.timestamp)
                },
            );
        if true_entry {
            return Ok(offset);
        }
        tracing::warn!(path = %self.log_path.display(), %offset, "a time index entry is wrong");
        self.rebuild_indexes()?;
        Ok(self.base)
    }

    /// The first record below `limit` with the largest time.
    ///
    /// # Errors
    /// As `find_timestamp`.
    pub fn max_timestamp_offset(&self, limit: Offset) -> io::Result<Option<TimestampOffset>> {
        self.load_indexes()?;
        let max = self.indexes.read().max();
        let found = match max {
            None => return Ok(None),
            Some(max) if self.base + i64::from(max.offset) < limit => {
                self.locate(self.base + i64::from(max.offset))?.map(|batch| (max.timestamp, batch.position))
            }
            // The newest batch with the largest time is not for the reader yet.
            Some(_) => self.max_below(limit)?,
        };
        let Some((time, position)) = found else { return Ok(None) };
        self.search(position, |_| true, |_, t| t.0 >= time)
    }

    fn max_below(&self, limit: Offset) -> io::Result<Option<(i64, u64)>> {
        let mut best: Option<(i64, u64)> = None;
        self.scan(0, false, &mut |header, position| {
            if header.base_offset >= limit {
                return ControlFlow::Break(());
            }
            if header.max_timestamp >= 0 && best.is_none_or(|(time, _)| header.max_timestamp > time) {
                best = Some((header.max_timestamp, position));
            }
            ControlFlow::Continue(())
        })?;
        Ok(best)
    }

    fn search(
        &self,
        position: u64,
        batch: impl Fn(&BatchHeader) -> bool,
        record: impl Fn(Offset, Timestamp) -> bool,
    ) -> io::Result<Option<TimestampOffset>> {
        let mut outcome = Ok(None);
        let end = self.scan(position, false, &mut |header, at| {
            if !batch(header) {
                return ControlFlow::Continue(());
            }
            outcome = self.search_batch(header, at, &record);
            if matches!(outcome, Ok(None)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        match (outcome, end.reason) {
            (Ok(None), Some(reason)) => {
                Err(invalid(format!("no batch at position {}: {reason}", end.valid_bytes)))
            }
            (outcome, _) => outcome,
        }
    }

    fn search_batch(
        &self,
        header: &BatchHeader,
        position: u64,
        wanted: &impl Fn(Offset, Timestamp) -> bool,
    ) -> io::Result<Option<TimestampOffset>> {
        let bytes = self.read(position, header.total_len(), self.size())?;
        if !crate::batch::header::stored_crc_matches(&bytes) {
            return Err(invalid(format!("checksum of the batch at position {position} does not match")));
        }
        let payload = bytes.get(HEADER_LEN..).unwrap_or_default();
        let codec = header.attributes.compression().ok_or_else(|| invalid("unknown codec".to_owned()))?;
        UNPACKED.with_borrow_mut(|unpacked| {
            let plain = if codec == Compression::None {
                payload
            } else {
                decompress(codec, payload, DECOMPRESSED_MAX_BYTES, unpacked)
                    .map_err(|e| invalid(e.to_string()))?;
                &unpacked[..]
            };
            let found = first_record(header, plain, wanted);
            if unpacked.capacity() > 4 << 20 {
                *unpacked = Vec::new();
            }
            found
        })
    }
}

fn first_record(
    header: &BatchHeader,
    plain: &[u8],
    wanted: &impl Fn(Offset, Timestamp) -> bool,
) -> io::Result<Option<TimestampOffset>> {
    for record in records(plain, header.count) {
        let record = record.map_err(|e| invalid(e.to_string()))?;
        let offset = header.base_offset + i64::from(record.offset_delta);
        let timestamp = if header.attributes.is_log_append_time() {
            Timestamp(header.max_timestamp)
        } else {
            Timestamp(header.base_timestamp.wrapping_add(record.timestamp_delta))
        };
        if wanted(offset, timestamp) {
            return Ok(Some(TimestampOffset { offset, timestamp, leader_epoch: header.leader_epoch }));
        }
    }
    Ok(None)
}
