//! Record batches, format version 2 (KIP-98), as a client writes and reads them.
//!
//! Written by hand, because the codec's own reader keeps headers in a map and so loses those with equal names.

mod batch;
mod compression;
mod read;
mod varint;

pub use batch::{BatchBuilder, SealedBatch};
pub use compression::Compression;
pub(crate) use read::end_of;
pub use read::{Batches, RecordBatch};

use bytes::Bytes;
use highway_types::{Offset, Timestamp};

/// Bytes of a batch before its records.
pub(crate) const HEADER_LEN: usize = 61;

/// A header of a record. Names may repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name; text by convention of the protocol, not checked here.
    pub name: Bytes,
    /// Its value, or null.
    pub value: Option<Bytes>,
}

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub offset: Offset,
    /// Set by the producer, or by the broker with `message.timestamp.type=LogAppendTime`.
    pub timestamp: Timestamp,
    /// Its key, or null.
    pub key: Option<Bytes>,
    /// Its value, or null.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<Header>,
}

/// Why bytes are no record batch, or records no batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// A format other than 2.
    #[error("record batch at offset {offset} has format {magic}; only 2 is read")]
    Magic {
        /// Its base offset.
        offset: i64,
        /// Its format.
        magic: i8,
    },
    /// The checksum is another one.
    #[error(
        "record batch at offset {offset} is corrupt: its checksum is {stored:08x}, its bytes give {computed:08x}"
    )]
    Checksum {
        /// Its base offset.
        offset: i64,
        /// In the batch.
        stored: u32,
        /// Of its bytes.
        computed: u32,
    },
    /// A length or count that cannot be.
    #[error("record batch at offset {offset} is corrupt: {detail}")]
    Malformed {
        /// Its base offset.
        offset: i64,
        /// What is wrong.
        detail: &'static str,
    },
    /// Compressed with what is not known, or not what it says.
    #[error("record batch at offset {offset} cannot be unpacked: {detail}")]
    Compression {
        /// Its base offset; -1 while it is written.
        offset: i64,
        /// What is wrong.
        detail: String,
    },
    /// A record that no batch may hold.
    #[error("a record of {bytes} bytes is larger than the {max} that are allowed")]
    TooLarge {
        /// Of the record.
        bytes: usize,
        /// At the most.
        max: usize,
    },
}

#[cfg(test)]
#[path = "records_test.rs"]
mod tests;
