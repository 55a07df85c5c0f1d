//! What a response is made of: bytes that are there, and bytes that are fetched while it is sent.

use std::fmt;
use std::io;

use bytes::Bytes;

/// Bytes that can be had without waiting most of the time.
pub trait RecordSource: Send + fmt::Debug {
    /// Bytes that are still to come.
    fn remaining(&self) -> usize;

    /// Fills the start of `into` without waiting for a disk; `None` if that is not possible now. Never 0 while bytes
    /// remain.
    ///
    /// # Errors
    /// The bytes cannot be had; the response cannot be finished.
    fn read_cached(&mut self, into: &mut [u8]) -> io::Result<Option<usize>>;

    /// Fills the start of `into`; may block. Never 0 while bytes remain.
    ///
    /// # Errors
    /// As `read_cached`.
    fn read_blocking(&mut self, into: &mut [u8]) -> io::Result<usize>;
}

/// A part of a response.
#[derive(Debug)]
pub enum Piece {
    /// As they are.
    Bytes(Bytes),
    /// Read while they are sent.
    Source(Box<dyn RecordSource>),
}

impl Piece {
    /// Its bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Source(source) => source.remaining(),
        }
    }

    /// True without bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Bytes> for Piece {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}
