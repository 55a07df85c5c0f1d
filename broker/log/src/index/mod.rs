//! The indexes beside a segment, in Kafka's formats. They are hints: a summary with checksums says what they should
//! hold, every look-up is checked against the segment, and a missing or wrong index is rebuilt from it.

mod entries;
mod offset;
mod time;
pub mod txn;

pub use entries::{Entry, IndexEntries};
pub use offset::OffsetEntry;
pub use time::TimeEntry;
