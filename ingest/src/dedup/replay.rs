//! The window out of the log.

use highway_types::Timestamp;

use super::id::EventId;
use super::window::{Bounds, Window};
use crate::record::header;

/// Where to read the log from so that the window is complete: where a snapshot ends, else as many records back as the window holds ids,
/// because each record brings one at the most. Reading less is not enough, more changes nothing.
#[must_use]
pub fn replay_from(log_start: i64, log_end: i64, snapshot_end: Option<i64>, bounds: Bounds) -> i64 {
    let reach = i64::try_from(bounds.max_ids).unwrap_or(i64::MAX);
    let oldest = log_end.saturating_sub(reach);
    // A snapshot from beyond the end is of a log that is gone.
    let known = snapshot_end.filter(|end| *end <= log_end).unwrap_or(oldest);
    known.max(oldest).max(log_start)
}

/// Feeds records of the log to a window.
#[derive(Debug)]
pub struct Replay {
    window: Window,
    ids: u64,
}

impl Replay {
    /// Goes on with a window, a new one or one out of a snapshot.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self { window, ids: 0 }
    }

    /// One record: its offset, its own timestamp, and its headers. Without the header of an id it is passed over. When it was received
    /// is said by a header too, because a record's timestamp is when its event happened, which may be years ago.
    pub fn record<'a>(
        &mut self,
        offset: i64,
        timestamp: Timestamp,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) {
        let (mut id, mut received) = (None, timestamp);
        for (key, value) in headers {
            match key {
                // The last of equal names counts, as everywhere.
                header::EVENT_ID => id = Some(EventId::of_bytes(value)),
                header::RECEIVED_AT => {
                    let digits = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                    received = digits.map_or(timestamp, Timestamp);
                }
                _ => {}
            }
        }
        match id {
            Some(id) => {
                self.ids += 1;
                self.window.observe(offset, id, received);
            }
            None => self.window.pass(offset),
        }
    }

    /// Records with an id so far.
    #[must_use]
    pub fn ids(&self) -> u64 {
        self.ids
    }

    /// The window, once the log's end is reached.
    #[must_use]
    pub fn finish(self) -> Window {
        self.window
    }
}
