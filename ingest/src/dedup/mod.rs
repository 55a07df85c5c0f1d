//! The same id within a window is stored once.
//!
//! # How exactly-once is reached under retries and `kill -9`
//!
//! 1. An event's partition follows from its key, else from its id, so every try of one event reaches one partition, and
//!    with it one [`Sequencer`].
//! 2. The id is decided when the event is appended, in the order of the log: [`Sequencer::decide`] and the append are
//!    done by the one task that owns the partition's appends, with nothing between them. The first of two tries is
//!    [`Verdict::Fresh`]; the second is [`Verdict::InFlight`] and waits for the first, or [`Verdict::Duplicate`].
//! 3. The record carries its id in the header `hw-event-id`, in the same batch, so id and event become durable together
//!    or not at all. There is no second store that could disagree.
//! 4. After a restart the window is a replay of the record headers ([`Replay`]); a [`Snapshot`] could shorten it, and no shell writes
//!    one, see `serve/restore`. What the log has is in the window, what it lost is not. A client that never got its answer repeats; if the event was durable, it
//!    gets the position of the original, otherwise it is appended now. Either way it is there once.
//! 5. A produce whose outcome is not known keeps its ids [`InFlight`](Verdict::InFlight) until the partition is fenced against it and
//!    the log was read up to its end ([`Sequencer::resolve`]; the argument stands in `serve/lane`). Answering "not stored" on a guess
//!    would make the next try a second record.
//!
//! The window is bounded by count and by time; behind it a repeat is stored again. It is exact as long as the number of partitions
//! stays the same; when it grows, the shell goes on routing by the old number for one window (`serve/routing`).

mod id;
mod replay;
mod sequencer;
mod snapshot;
mod window;

pub use id::EventId;
pub use replay::{Replay, replay_from};
pub use sequencer::{Sequencer, Ticket, Verdict};
pub use snapshot::{Snapshot, SnapshotError};
pub use window::{Bounds, Window};

#[cfg(test)]
mod dedup_test;
