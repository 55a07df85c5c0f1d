//! Walking over the batch headers of a segment.

use std::io;
use std::ops::ControlFlow;

use bytes::Bytes;
use highway_types::Offset;
use highway_types::checksum::crc32c_append;

use super::LogSegment;
use crate::batch::header::{BatchHeader, CRC_START, HEADER_LEN};

/// Where a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanEnd {
    /// Whole, good bytes from the start of the file.
    pub valid_bytes: u64,
    /// Why it ended before the end of the file, if it did.
    pub reason: Option<String>,
}

/// Bytes read at once where batches are small.
const LARGE_BLOCK: usize = 64 * 1024;
/// Bytes read at once where a batch is larger than a block, and for the first.
const SMALL_BLOCK: usize = 8 * 1024;

impl LogSegment {
    /// Visits the headers of whole batches from `position` on, which is the start of a batch; with `check` only while
    /// checksums match. Offsets must rise from batch to batch: the checksum does not cover them.
    ///
    /// # Errors
    /// The file cannot be read. Bytes that are no batch end the scan, they are no error here.
    pub fn scan(
        &self,
        position: u64,
        check: bool,
        visit: &mut dyn FnMut(&BatchHeader, u64) -> ControlFlow<()>,
    ) -> io::Result<ScanEnd> {
        let size = self.size();
        let mut window =
            Window { segment: self, size, at: position, bytes: Bytes::new(), next_read: SMALL_BLOCK };
        let mut at = position;
        let mut end = self.base;
        while at < size {
            let stop = |reason: String| Ok(ScanEnd { valid_bytes: at, reason: Some(reason) });
            let header = match BatchHeader::parse(window.bytes_at(at, HEADER_LEN)?) {
                Ok(header) => header,
                Err(error) => return stop(error.to_string()),
            };
            let len = header.total_len();
            if len as u64 > size - at {
                return stop("the last batch is cut off".to_owned());
            }
            if let Some(reason) = self.offset_fault(&header, end) {
                return stop(reason);
            }
            if check && window.checksum(at, len)? != header.crc {
                return stop("checksum does not match".to_owned());
            }
            if visit(&header, at).is_break() {
                return Ok(ScanEnd { valid_bytes: at, reason: None });
            }
            end = header.last_offset().next();
            at += len as u64;
        }
        Ok(ScanEnd { valid_bytes: at, reason: None })
    }

    fn offset_fault(&self, header: &BatchHeader, end: Offset) -> Option<String> {
        let most = i64::from(i32::MAX);
        let base = header.base_offset;
        if base < end || base.0.checked_sub(self.base.0).is_none_or(|relative| relative > most) {
            return Some(format!("base offset {base} does not follow {end} in segment {}", self.base));
        }
        (header.last_offset_delta < 0)
            .then(|| format!("last offset delta {} is negative", header.last_offset_delta))
    }
}

/// A piece of the file that moves forward.
struct Window<'a> {
    segment: &'a LogSegment,
    size: u64,
    at: u64,
    bytes: Bytes,
    next_read: usize,
}

impl Window<'_> {
    /// Up to `len` bytes, fewer at the end of the file. `len` is at most a small block.
    fn bytes_at(&mut self, at: u64, len: usize) -> io::Result<&[u8]> {
        if at < self.at || at + len as u64 > self.at + self.bytes.len() as u64 {
            if at > self.at + self.bytes.len() as u64 {
                self.next_read = SMALL_BLOCK; // batches are larger than blocks: what lies between is not wanted
            }
            self.bytes = self.segment.read(at, self.next_read, self.size)?;
            self.at = at;
            self.next_read = LARGE_BLOCK;
        }
        let from = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        let rest = self.bytes.get(from..).unwrap_or_default();
        Ok(&rest[..rest.len().min(len)])
    }

    /// The checksum of the batch at `at`, however large it claims to be: read in blocks.
    fn checksum(&mut self, at: u64, len: usize) -> io::Result<u32> {
        let (mut from, end) = (at + CRC_START as u64, at + len as u64);
        let mut crc = 0;
        while from < end {
            let want = LARGE_BLOCK.min(usize::try_from(end - from).unwrap_or(LARGE_BLOCK));
            let chunk = self.bytes_at(from, want.min(SMALL_BLOCK))?;
            if chunk.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            crc = crc32c_append(crc, chunk);
            from += chunk.len() as u64;
        }
        Ok(crc)
    }
}
