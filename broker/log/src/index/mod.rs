//! The indexes beside a segment, in Kafka's formats. They are hints: every look-up is checked against the segment, and
//! a missing or wrong index is rebuilt from it.

mod offset;
mod time;
pub mod txn;

pub use offset::OffsetIndex;
pub use time::TimeIndex;
