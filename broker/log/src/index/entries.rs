//! The entries of one index: the older ones in the file, the newest in memory.
//!
//! Entries are appended in memory and written behind, when the segment is flushed or sealed. Look-ups among the older
//! ones read the file (a binary search that ends in one page), so that neither a mapping nor a descriptor nor memory is
//! held for a segment nobody reads: mappings are limited to some 65,000 per process, and an I/O error in one is a
//! signal that kills it.

use std::fmt::Debug;
use std::io;
use std::path::PathBuf;

use crc32fast::Hasher;

use crate::file;

/// One entry of fixed length.
pub trait Entry: Copy + PartialEq + Debug {
    /// Bytes in the file.
    const LEN: usize;
    /// The file's extension.
    const EXTENSION: &'static str;
    /// Adds the entry's bytes.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads an entry from exactly `LEN` bytes.
    fn decode(raw: &[u8]) -> Self;
    /// True if this entry may stand behind `previous`, or first.
    fn may_follow(&self, previous: Option<&Self>) -> bool;
}

/// Entries that stay in memory behind a store, for readers at the end of the log.
const KEEP_IN_MEMORY: usize = 128;
/// A binary search goes on in memory once it is down to so many entries.
const WINDOW: usize = 256;

/// See the module.
#[derive(Debug)]
pub struct IndexEntries<E> {
    path: PathBuf,
    /// Entries that the file holds for sure.
    stored: usize,
    /// Checksum of these, `None` if it must be computed from the file.
    stored_hash: Option<Hasher>,
    /// Entries before this one are only in the file; at most `stored`.
    tail_from: usize,
    tail: Vec<E>,
    last: Option<E>,
}

impl<E: Entry> IndexEntries<E> {
    /// No entries yet, for the file at `path`.
    #[must_use]
    pub fn empty(path: PathBuf) -> Self {
        Self { path, stored: 0, stored_hash: Some(Hasher::new()), tail_from: 0, tail: Vec::new(), last: None }
    }

    /// The first `count` entries of the file, `None` if they are not there, do not rise or have another checksum.
    #[must_use]
    pub fn load(path: PathBuf, count: usize, crc: u32) -> Option<Self> {
        let bytes = file::read_whole(&path).ok()??;
        let bytes = bytes.get(..count.checked_mul(E::LEN)?)?;
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        if hasher.clone().finalize() != crc {
            return None;
        }
        let mut last = None;
        for raw in bytes.chunks_exact(E::LEN) {
            let entry = E::decode(raw);
            if !entry.may_follow(last.as_ref()) {
                return None;
            }
            last = Some(entry);
        }
        Some(Self {
            path,
            stored: count,
            stored_hash: Some(hasher),
            tail_from: count,
            tail: Vec::new(),
            last,
        })
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tail_from + self.tail.len()
    }

    /// True without entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries that are not in the file yet.
    #[must_use]
    pub fn unstored(&self) -> usize {
        self.len() - self.stored
    }

    /// The last entry.
    #[must_use]
    pub fn last(&self) -> Option<E> {
        self.last
    }

    /// Adds an entry; ignored if it may not follow the last.
    pub fn push(&mut self, entry: E) {
        if entry.may_follow(self.last.as_ref()) {
            self.tail.push(entry);
            self.last = Some(entry);
        }
    }

    /// The last entry for which `wanted` is true; `wanted` must be true for the first entries and false for the others.
    ///
    /// # Errors
    /// The file cannot be read or is too short.
    pub fn floor(&self, wanted: impl Fn(&E) -> bool) -> io::Result<Option<E>> {
        Ok(self.find(wanted)?.1)
    }

    /// Keeps the entries for which `wanted` is true; as in [`Self::floor`], these come first.
    ///
    /// # Errors
    /// As [`Self::floor`].
    pub fn truncate(&mut self, wanted: impl Fn(&E) -> bool) -> io::Result<()> {
        let (keep, last) = self.find(wanted)?;
        self.last = last;
        self.tail.truncate(keep.saturating_sub(self.tail_from));
        self.tail_from = self.tail_from.min(keep);
        if self.stored > keep {
            self.stored = keep;
            self.stored_hash = None;
        }
        Ok(())
    }

    /// How many entries are wanted, and the last of these.
    fn find(&self, wanted: impl Fn(&E) -> bool) -> io::Result<(usize, Option<E>)> {
        if self.tail_from == 0 || self.tail.first().is_some_and(&wanted) {
            let count = self.tail.partition_point(wanted);
            return Ok((self.tail_from + count, count.checked_sub(1).map(|at| self.tail[at])));
        }
        let file = std::fs::File::open(&self.path)?;
        let (mut low, mut high) = (0, self.tail_from);
        let mut last = None;
        while high - low > WINDOW {
            let middle = low + (high - low) / 2;
            let entry = read_entry(&file, middle)?;
            if wanted(&entry) { (low, last) = (middle + 1, Some(entry)) } else { high = middle }
        }
        let window = file::read_at(&file, (low * E::LEN) as u64, (high - low) * E::LEN)?;
        if window.len() != (high - low) * E::LEN {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for entry in window.chunks_exact(E::LEN).map(E::decode).take_while(wanted) {
            (low, last) = (low + 1, Some(entry));
        }
        Ok((low, last))
    }

    /// What has to be written behind the stored entries.
    pub(crate) fn pending(&self) -> Pending {
        let mut bytes = Vec::with_capacity(self.unstored() * E::LEN);
        for entry in &self.tail[self.stored - self.tail_from..] {
            entry.encode(&mut bytes);
        }
        Pending {
            path: self.path.clone(),
            keep: (self.stored * E::LEN) as u64,
            bytes,
            hash: self.stored_hash.clone(),
        }
    }

    /// `pending` was written, and nothing was cut meanwhile.
    pub(crate) fn stored(&mut self, pending: &Pending, hash: Hasher, keep_tail: bool) {
        debug_assert_eq!(pending.keep, (self.stored * E::LEN) as u64, "one store at a time");
        self.stored += pending.bytes.len() / E::LEN;
        self.stored_hash = Some(hash);
        let keep = if keep_tail { KEEP_IN_MEMORY } else { 0 };
        let droppable = (self.stored - self.tail_from).min(self.tail.len().saturating_sub(keep));
        if droppable >= keep {
            self.tail.drain(..droppable);
            self.tail.shrink_to(2 * keep);
            self.tail_from += droppable;
        }
    }
}

fn read_entry<E: Entry>(file: &std::fs::File, at: usize) -> io::Result<E> {
    let mut raw = [0; 16];
    let raw = &mut raw[..E::LEN];
    if file::read_into(file, (at * E::LEN) as u64, raw)? != E::LEN {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(E::decode(raw))
}

/// Entries on their way to the file, taken so that no lock is held while they are written.
pub(crate) struct Pending {
    pub(crate) path: PathBuf,
    keep: u64,
    bytes: Vec<u8>,
    hash: Option<Hasher>,
}

impl Pending {
    /// Writes the file; returns the checksum of all that it holds then.
    pub(crate) fn write(&self) -> io::Result<Hasher> {
        file::replace_tail(&self.path, self.keep, &self.bytes)?;
        let mut hash = match &self.hash {
            Some(hash) => hash.clone(),
            None => {
                let whole = file::read_whole(&self.path)?.unwrap_or_default();
                let kept = usize::try_from(self.keep).ok().and_then(|keep| whole.get(..keep));
                let mut hash = Hasher::new();
                hash.update(kept.ok_or(io::ErrorKind::UnexpectedEof)?);
                hash
            }
        };
        hash.update(&self.bytes);
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::OffsetEntry;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn behaves_like_a_sorted_list(steps in proptest::collection::vec((0u8..5, 1u32..2000), 1..40)) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x.index");
            let mut index = IndexEntries::<OffsetEntry>::empty(path.clone());
            let mut model: Vec<OffsetEntry> = Vec::new();
            for (step, n) in steps {
                match step {
                    0 | 1 => for _ in 0..n {
                        let next = model.last().map_or(3, |e| e.offset + 3);
                        let entry = OffsetEntry { offset: next, position: next * 7 };
                        index.push(entry);
                        index.push(entry); // does not rise: ignored
                        model.push(entry);
                    },
                    2 => {
                        let keep = model.len().saturating_sub(n as usize);
                        let below = model.get(keep).map_or(u32::MAX, |e| e.offset);
                        index.truncate(|e| e.offset < below).unwrap();
                        model.truncate(keep);
                    }
                    _ => {
                        let pending = index.pending();
                        let hash = pending.write().unwrap();
                        let crc = hash.clone().finalize();
                        index.stored(&pending, hash, step == 3);
                        prop_assert_eq!(index.unstored(), 0);
                        let loaded = IndexEntries::<OffsetEntry>::load(path.clone(), model.len(), crc).unwrap();
                        prop_assert_eq!((loaded.len(), loaded.last()), (model.len(), model.last().copied()));
                        index = if step == 4 && n % 2 == 0 { loaded } else { index };
                    }
                }
                prop_assert_eq!((index.len(), index.last()), (model.len(), model.last().copied()));
                for probe in [0, n, n * 3, n * 30, u32::MAX] {
                    let expected = model.iter().copied().rfind(|e| e.offset <= probe);
                    prop_assert_eq!(index.floor(|e| e.offset <= probe).unwrap(), expected);
                }
            }
        }
    }
}
