//! A range of a segment that is read piece by piece while it is sent: a large Fetch answer costs neither its size in
//! memory nor a wait for its last byte before its first one leaves.

use std::io;
use std::sync::Arc;

use crate::batch::verify::BatchVerifier;
use crate::segment::LogSegment;

/// Consecutive batches of one segment. The last one may be cut off, as in Kafka: readers drop what is not whole and ask
/// again from there.
#[derive(Debug)]
pub struct LogSlice {
    segment: Arc<LogSegment>,
    start: u64,
    position: u64,
    end: u64,
    verifier: BatchVerifier,
}

impl LogSlice {
    /// The bytes `position..end` of a segment; `position` is the start of a batch, and `end` lies below the high watermark.
    pub(crate) fn new(segment: Arc<LogSegment>, position: u64, end: u64, verifier: BatchVerifier) -> Self {
        assert!(position < end && end <= segment.size(), "{position}..{end} of {} bytes", segment.size());
        Self { segment, start: position, position, end, verifier }
    }

    /// Bytes that are still to come.
    #[must_use]
    pub fn remaining(&self) -> usize {
        usize::try_from(self.end - self.position).unwrap_or(usize::MAX)
    }

    /// Fills the start of `into` from the page cache, without waiting for the disk. `None` if the next bytes are not
    /// there; 0 at the end.
    ///
    /// # Errors
    /// As [`LogSlice::read`].
    pub fn read_cached(&mut self, into: &mut [u8]) -> io::Result<Option<usize>> {
        let into = self.clip(into);
        match self.segment.read_cached(self.position, into) {
            Ok(Some(n)) => self.take(&into[..n]).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(self.give_up(error)),
        }
    }

    /// Fills the start of `into`; blocks on the disk, and asks it for what a sequential reader wants next. 0 at the end.
    ///
    /// # Errors
    /// The file cannot be read, or a batch is not what was written. Where it starts is remembered: the next read that
    /// starts there is refused, one that starts before ends there.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let into = self.clip(into);
        match self.segment.read_from_disk(self.position, into) {
            Ok(n) => self.take(&into[..n]),
            Err(error) => Err(self.give_up(error)),
        }
    }

    fn clip<'a>(&self, into: &'a mut [u8]) -> &'a mut [u8] {
        let len = into.len().min(self.remaining());
        &mut into[..len]
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() && self.position < self.end {
            return Err(self.give_up(io::ErrorKind::UnexpectedEof.into()));
        }
        if let Err(fault) = self.verifier.feed(bytes) {
            let text = format!(
                "batch at position {} behind offset {}: {}",
                self.start + fault.at,
                fault.offset,
                fault.detail
            );
            return Err(self.give_up(io::Error::new(io::ErrorKind::InvalidData, text)));
        }
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn give_up(&self, error: io::Error) -> io::Error {
        self.segment.mark_unreadable(self.start + self.verifier.good_bytes());
        let text = format!("{}: {error}", self.segment.log_path().display());
        io::Error::new(error.kind(), text)
    }
}
