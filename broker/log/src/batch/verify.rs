//! Checks batches as their bytes stream by, so that nobody has to hold a whole read in memory to trust it.

use highway_types::Offset;
use highway_types::checksum::{crc32c, crc32c_append};

use super::header::{BatchHeader, CRC_START, HEADER_LEN};

/// Walks over consecutive batches in pieces of any length.
#[derive(Clone, Debug)]
pub struct BatchVerifier {
    /// Bytes of whole, good batches so far.
    good: u64,
    /// The next batch may not start below.
    end: Offset,
    head: [u8; HEADER_LEN],
    /// Bytes of `head` that are filled.
    filled: usize,
    /// Records of the current batch that are still to come, and the checksum so far.
    payload: Option<Payload>,
}

#[derive(Clone, Copy, Debug)]
struct Payload {
    header: BatchHeader,
    left: usize,
    crc: u32,
}

/// What is wrong with the batch that starts `at` bytes behind the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFault {
    /// Bytes from the start of the walk to the batch.
    pub at: u64,
    /// Where the batch before it ends, or what was asked for.
    pub offset: Offset,
    /// What is wrong.
    pub detail: String,
}

impl BatchVerifier {
    /// The first batch starts at or behind `from`.
    #[must_use]
    pub fn new(from: Offset) -> Self {
        Self { good: 0, end: from, head: [0; HEADER_LEN], filled: 0, payload: None }
    }

    /// Takes the next bytes. A batch that is not whole yet is judged when its last byte comes, and never if it does not.
    ///
    /// # Errors
    /// A header that is none, offsets that do not rise, a checksum that does not match. Of no use afterwards.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), BatchFault> {
        while !bytes.is_empty() {
            match &mut self.payload {
                None => {
                    let take = bytes.len().min(HEADER_LEN - self.filled);
                    self.head[self.filled..self.filled + take].copy_from_slice(&bytes[..take]);
                    self.filled += take;
                    bytes = &bytes[take..];
                    if self.filled == HEADER_LEN {
                        self.filled = 0;
                        self.payload = Some(self.start_batch()?);
                    }
                }
                Some(payload) => {
                    let take = bytes.len().min(payload.left);
                    payload.crc = crc32c_append(payload.crc, &bytes[..take]);
                    payload.left -= take;
                    bytes = &bytes[take..];
                }
            }
            if let Some(payload) = self.payload
                && payload.left == 0
            {
                self.end_batch(&payload)?;
                self.payload = None;
            }
        }
        Ok(())
    }

    /// Bytes of whole, good batches so far.
    #[must_use]
    pub fn good_bytes(&self) -> u64 {
        self.good
    }

    fn start_batch(&self) -> Result<Payload, BatchFault> {
        let header = BatchHeader::parse(&self.head).map_err(|e| self.fault(e.to_string()))?;
        if header.base_offset < self.end {
            let text = format!("base offset {} is below its neighbour's end", header.base_offset);
            return Err(self.fault(text));
        }
        let crc = crc32c(&self.head[CRC_START..]);
        Ok(Payload { header, left: header.total_len() - HEADER_LEN, crc })
    }

    fn end_batch(&mut self, payload: &Payload) -> Result<(), BatchFault> {
        if payload.crc != payload.header.crc {
            return Err(self.fault("checksum does not match".to_owned()));
        }
        self.good += payload.header.total_len() as u64;
        self.end = payload.header.last_offset().next();
        Ok(())
    }

    fn fault(&self, detail: String) -> BatchFault {
        BatchFault { at: self.good, offset: self.end, detail }
    }
}

#[cfg(test)]
mod tests {
    use highway_types::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::batch::builder::BatchBuilder;

    fn batches(sizes: &[usize]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut starts, mut offset) = (Vec::new(), Vec::new(), 5);
        for size in sizes {
            starts.push(bytes.len());
            let mut builder = BatchBuilder::new();
            builder.push(Timestamp(0), None, Some(&vec![7; *size]), &[]);
            builder.push(Timestamp(0), None, Some(b"x"), &[]);
            let mut batch = builder.build().to_vec();
            batch[..8].copy_from_slice(&i64::to_be_bytes(offset));
            offset += 2;
            bytes.extend(batch);
        }
        (bytes, starts)
    }

    proptest! {
        #[test]
        fn good_batches_pass_in_pieces_of_any_length(
            sizes in proptest::collection::vec(0usize..300, 1..6),
            piece in 1usize..200,
            cut in 0usize..400,
        ) {
            let (bytes, _) = batches(&sizes);
            let bytes = &bytes[..bytes.len().saturating_sub(cut).max(1)];
            let mut verifier = BatchVerifier::new(Offset(5));
            for part in bytes.chunks(piece) {
                prop_assert_eq!(verifier.feed(part), Ok(()));
            }
            prop_assert!(verifier.good_bytes() <= bytes.len() as u64);
            prop_assert!(cut > 0 || verifier.good_bytes() == bytes.len() as u64);
        }

        #[test]
        fn a_flipped_byte_is_named_by_its_batch(
            sizes in proptest::collection::vec(0usize..300, 1..6),
            piece in 1usize..200,
            at in 0usize..3000,
        ) {
            let (mut bytes, starts) = batches(&sizes);
            let at = at % bytes.len();
            let batch = starts.partition_point(|s| *s <= at) - 1;
            let within = at - starts[batch];
            // Leader epoch and the low bytes of base offset and length are judged by neighbours only.
            prop_assume!(within >= 16 || within == 0);
            bytes[at] ^= 0x80;
            let mut verifier = BatchVerifier::new(Offset(5));
            let outcome = bytes.chunks(piece).try_for_each(|part| verifier.feed(part));
            prop_assert_eq!(outcome.unwrap_err().at, starts[batch] as u64);
        }
    }
}
