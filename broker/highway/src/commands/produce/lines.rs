//! From pieces to records that end at a delimiter. Any bytes may stand between two delimiters.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem::Finder;

/// Cuts at a delimiter; a record may span pieces.
#[derive(Debug)]
pub struct Splitter {
    finder: Finder<'static>,
    /// The beginning of a record whose end is not read yet.
    begun: BytesMut,
    rest: Bytes,
    /// Bytes of one record at the most.
    max: usize,
}

impl Splitter {
    /// Cuts at `delimiter`, which is not empty.
    pub fn new(delimiter: &[u8], max: usize) -> Self {
        let finder = Finder::new(delimiter).into_owned();
        Self { finder, begun: BytesMut::new(), rest: Bytes::new(), max }
    }

    /// The next bytes, once [`Splitter::next`] has nothing more.
    pub fn feed(&mut self, piece: Bytes) {
        if self.begun.is_empty() {
            self.rest = piece;
        } else {
            // A delimiter may itself be cut in two: both parts are searched as one.
            self.begun.extend_from_slice(&piece);
            self.rest = std::mem::take(&mut self.begun).freeze();
        }
    }

    /// The next whole record; an error for one that is too large for any topic.
    pub fn next(&mut self) -> Result<Option<Bytes>, usize> {
        match self.finder.find(&self.rest) {
            Some(at) => {
                let record = self.rest.split_to(at);
                self.rest.advance(self.finder.needle().len());
                Ok(Some(record))
            }
            None if self.rest.len() > self.max => Err(self.rest.len()),
            None => {
                self.begun = BytesMut::from(&self.rest[..]);
                self.rest = Bytes::new();
                Ok(None)
            }
        }
    }

    /// What stands behind the last delimiter, if anything does.
    pub fn end(&mut self) -> Option<Bytes> {
        let last = std::mem::take(&mut self.begun).freeze();
        (!last.is_empty()).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(delimiter: &[u8], pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut splitter = Splitter::new(delimiter, 1000);
        let mut out = Vec::new();
        for piece in pieces {
            splitter.feed(Bytes::copy_from_slice(piece));
            while let Some(record) = splitter.next().unwrap() {
                out.push(record.to_vec());
            }
        }
        out.extend(splitter.end().map(|l| l.to_vec()));
        out
    }

    #[test]
    fn records_come_whole_however_they_are_read() {
        let text = b"one\n\ntwo\xff\0\nlast";
        let expected = [&b"one"[..], b"", b"two\xff\0", b"last"];
        assert_eq!(split(b"\n", &[text]), expected);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(split(b"\n", &bytes), expected);
        assert_eq!(split(b"ab", &[b"1a", b"b2a", b"bb", b"3ab"]), [&b"1"[..], b"2", b"b3"]);
        assert_eq!(split(b"\n", &[]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_record_without_end_is_refused() {
        let mut splitter = Splitter::new(b"\n", 10);
        splitter.feed(Bytes::from_static(b"0123456789ab"));
        assert_eq!(splitter.next(), Err(12));
    }
}
