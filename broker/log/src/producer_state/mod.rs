//! What a partition remembers of idempotent and transactional producers (KIP-98, KIP-360).
//!
//! For each producer id: its epoch, its last five batches (to recognise a repeated one), and where its open transaction
//! starts. All of it is derived from batch headers and may be deleted; `.snapshot` files save reading the headers again.

mod entry;
mod error;
mod map;
mod marker;
mod snapshot;

pub use entry::{BatchMetadata, ProducerStateEntry};
pub use error::ProducerStateError;
pub use map::{CompletedTxn, ProducerStateMap, Verdict};
pub use marker::{EndTxnMarker, MarkerError, MarkerType};
pub use snapshot::SnapshotError;
