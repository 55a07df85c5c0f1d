//! What a shard asks of its shell.

use bytes::Bytes;

use crate::response::Response;

/// Names a request of the shell's; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Names an append of the shard's. Tokens grow with the order of the appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// One record for `__consumer_offsets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The key in Kafka's format.
    pub key: Bytes,
    /// The value in Kafka's format; `None` is a tombstone.
    pub value: Option<Bytes>,
}

impl Record {
    /// Bytes of key and value.
    #[must_use]
    pub fn size(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, Bytes::len)
    }
}

/// Something for the shell to do, in the order given.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Append these records as one batch to the shard's partition, then report the token's fate with
    /// `GroupShard::committed` or `GroupShard::failed`. Appends must reach the log in this order.
    Append {
        /// At least one record; together at most `GroupConfig::max_append_bytes`, unless one record alone
        /// is larger.
        records: Vec<Record>,
        /// What to report.
        then: Token,
    },
    /// Answer a request.
    Reply {
        /// Whom.
        to: RequestId,
        /// What; the variant is that of the request.
        response: Response,
    },
}
