//! What a leader checks before an append, in the order of Kafka's `UnifiedLog` and `LogValidator`: one version 2 batch,
//! its base offset, its size, its checksum, its header, then every record, then its size again.
//!
//! An uncompressed batch with right timestamps passes without a copy of its records. The header is rewritten where
//! Kafka does: the largest timestamp when it is wrong, everything when the topic has `LogAppendTime` or another codec.

mod check;
mod error;
mod leader;
mod repack;

pub use check::RecordCheck;
pub use error::{BatchError, FAULTS_MAX, RecordFault};
pub use leader::{Origin, ValidBatch, validate, validate_with};
