//! State derived from logs, kept in RocksDB so that a start need not replay them from the beginning.
//!
//! The only crate that links RocksDB. Every family stores, with its data and in the same write, the offset of each log up
//! to which it is applied; whoever opens it replays the log from there. Deleting the directory loses nothing but start-up
//! time.
//!
//! - [`keys`]: the bytes of keys
//! - [`store`]: [`Store`], one instance a node, a column family per derived state

pub mod keys;
pub mod store;

pub use keys::Applied;
pub use store::{Change, Family, Store, StoreError};
