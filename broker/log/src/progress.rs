//! How far a partition has come: its offsets, and who waits for them.
//!
//! ```text
//! log_start <= last_stable <= high_watermark <= written <= log_end
//!     |             |               |             |          `- the next append goes here
//!     |             |               |             `- handed to the commit log's file: survives a process crash (acks=1)
//!     |             |               `- durable: survives power loss (acks=all); readers see nothing behind it
//!     |             `- below the first open transaction; what read_committed sees
//!     `- first offset that still exists for readers
//! ```
//!
//! Every move of an offset goes through one setter, which checks the order above.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Weak};

use highway_types::Offset;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::commit_log::{AppendObserver, CommitLogError};

/// The offsets of a log at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOffsets {
    /// First offset that readers may ask for.
    pub log_start: Offset,
    /// First offset that `read_committed` does not see.
    pub last_stable: Offset,
    /// First offset that is not durable.
    pub high_watermark: Offset,
    /// First offset that is not written to the commit log.
    pub written: Offset,
    /// Offset of the next append.
    pub log_end: Offset,
}

/// Where an offset lies in the segment files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The offset: the end of a batch.
    pub end: Offset,
    /// Base offset of the segment that holds the batch before `end`.
    pub segment: Offset,
    /// Bytes of that segment up to `end`.
    pub position: u64,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Handed to the commit log's file.
    Written,
    /// Durable.
    Durable,
}

type Waiter = (Offset, oneshot::Sender<Result<(), CommitLogError>>);

struct State {
    log_start: Offset,
    written: Offset,
    log_end: Offset,
    durable: Mark,
    first_unstable: Option<Offset>,
    in_flight: VecDeque<Mark>,
    failed: Option<CommitLogError>,
    wait_written: VecDeque<Waiter>,
    wait_durable: VecDeque<Waiter>,
    watchers: Vec<Weak<Notify>>,
}

/// The offsets of one log, shared between its appender, the commit log and its readers.
pub struct Progress {
    state: Mutex<State>,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Progress").field(&self.offsets()).finish()
    }
}

impl Progress {
    /// A log that ends at `durable`, all of it durable.
    #[must_use]
    pub fn new(log_start: Offset, durable: Mark, first_unstable: Option<Offset>) -> Arc<Self> {
        assert!(log_start <= durable.end, "log start {log_start} lies behind the log's end {}", durable.end);
        Arc::new(Self {
            state: Mutex::new(State {
                log_start,
                written: durable.end,
                log_end: durable.end,
                durable,
                first_unstable,
                in_flight: VecDeque::new(),
                failed: None,
                wait_written: VecDeque::new(),
                wait_durable: VecDeque::new(),
                watchers: Vec::new(),
            }),
        })
    }

    /// All offsets.
    #[must_use]
    pub fn offsets(&self) -> LogOffsets {
        self.state.lock().offsets()
    }

    /// Where the high watermark lies in the files.
    #[must_use]
    pub fn durable_mark(&self) -> Mark {
        self.state.lock().durable
    }

    /// Offsets and the place of the high watermark, of the same moment.
    #[must_use]
    pub fn snapshot(&self) -> (LogOffsets, Mark) {
        let state = self.state.lock();
        (state.offsets(), state.durable)
    }

    /// A batch was written to its segment and is about to be handed to the commit log.
    pub fn appended(&self, mark: Mark, first_unstable: Option<Offset>) {
        let mut state = self.state.lock();
        assert!(mark.end > state.log_end, "append ends at {} but the log at {}", mark.end, state.log_end);
        state.log_end = mark.end;
        state.first_unstable = first_unstable;
        state.in_flight.push_back(mark);
    }

    /// The commit log refused the batch that `appended` announced last; it was cut from its segment again.
    pub fn retract(&self, log_end: Offset, first_unstable: Option<Offset>) {
        let mut state = self.state.lock();
        assert!(state.durable.end <= log_end && log_end <= state.log_end, "retract to {log_end}");
        state.in_flight.retain(|m| m.end <= log_end);
        state.log_end = log_end;
        state.first_unstable = first_unstable;
    }

    /// A transaction ended: the first open one starts at `first_unstable` now.
    pub fn set_first_unstable(&self, first_unstable: Option<Offset>) {
        let mut state = self.state.lock();
        state.first_unstable = first_unstable;
        state.notify_watchers();
    }

    /// Records below `offset` are gone for readers.
    pub fn advance_log_start(&self, offset: Offset) {
        let mut state = self.state.lock();
        assert!(
            offset <= state.durable.end,
            "log start {offset} behind the high watermark {}",
            state.durable.end
        );
        if offset > state.log_start {
            state.log_start = offset;
            state.notify_watchers();
        }
    }

    /// What keeps the log from ever getting further, if something does.
    ///
    /// # Errors
    /// What the commit log said.
    pub fn check(&self) -> Result<(), CommitLogError> {
        self.state.lock().failed.clone().map_or(Ok(()), Err)
    }

    /// Completes once everything below `end` has reached `stage`.
    pub fn wait(
        &self,
        stage: Stage,
        end: Offset,
    ) -> impl Future<Output = Result<(), CommitLogError>> + Send + use<> {
        let mut state = self.state.lock();
        let reached = match stage {
            Stage::Written => state.written,
            Stage::Durable => state.durable.end,
        };
        let outcome = if reached >= end {
            Ok(None)
        } else if let Some(error) = &state.failed {
            Err(error.clone())
        } else {
            let (sender, receiver) = oneshot::channel();
            let queue = match stage {
                Stage::Written => &mut state.wait_written,
                Stage::Durable => &mut state.wait_durable,
            };
            // Waiters come almost always in offset order; the queue is kept sorted.
            let at = queue.partition_point(|(other, _)| *other <= end);
            queue.insert(at, (end, sender));
            Ok(Some(receiver))
        };
        drop(state);
        async move {
            match outcome? {
                None => Ok(()),
                Some(receiver) => receiver.await.unwrap_or(Err(CommitLogError::Closed)),
            }
        }
    }

    /// Rings `notify` whenever something readable may have changed, as long as the caller keeps it alive.
    pub fn watch(&self, notify: &Arc<Notify>) {
        let mut state = self.state.lock();
        if state.watchers.len() >= 64 && state.watchers.len().is_power_of_two() {
            state.watchers.retain(|w| w.strong_count() > 0);
        }
        state.watchers.push(Arc::downgrade(notify));
    }

    /// Wakes every reader, for changes that are not offsets: the log closed or left.
    pub fn wake_all(&self) {
        self.state.lock().notify_watchers();
    }
}

impl State {
    fn offsets(&self) -> LogOffsets {
        let high_watermark = self.durable.end;
        LogOffsets {
            log_start: self.log_start,
            last_stable: self
                .first_unstable
                .map_or(high_watermark, |o| o.min(high_watermark))
                .max(self.log_start),
            high_watermark,
            written: self.written,
            log_end: self.log_end,
        }
    }

    fn notify_watchers(&mut self) {
        // A watcher rings once and then registers again, so that an idle long poll costs one entry.
        for watcher in self.watchers.drain(..) {
            if let Some(notify) = watcher.upgrade() {
                notify.notify_one();
            }
        }
    }

    fn set_written(&mut self, end: Offset) {
        if end <= self.written {
            return;
        }
        assert!(end <= self.log_end, "written {end} behind the log's end {}", self.log_end);
        self.written = end;
        release(&mut self.wait_written, end);
    }
}

fn release(queue: &mut VecDeque<Waiter>, end: Offset) {
    while queue.front().is_some_and(|(wanted, _)| *wanted <= end) {
        if let Some((_, sender)) = queue.pop_front() {
            let _ = sender.send(Ok(())); // a caller that gave up is no error
        }
    }
}

impl AppendObserver for Progress {
    fn written(&self, end: Offset) {
        self.state.lock().set_written(end);
    }

    fn durable(&self, end: Offset) {
        let mut state = self.state.lock();
        state.set_written(end);
        let mut reached = None;
        while state.in_flight.front().is_some_and(|m| m.end <= end) {
            reached = state.in_flight.pop_front();
        }
        if let Some(mark) = reached {
            assert!(mark.end > state.durable.end, "the high watermark never goes back");
            state.durable = mark;
            release(&mut state.wait_durable, end);
            state.notify_watchers();
        }
    }

    fn failed(&self, error: &CommitLogError) {
        let mut state = self.state.lock();
        state.failed = Some(error.clone());
        let waiters: Vec<Waiter> = state
            .wait_written
            .drain(..)
            .collect::<Vec<_>>()
            .into_iter()
            .chain(state.wait_durable.drain(..))
            .collect();
        drop(state);
        for (_, sender) in waiters {
            let _ = sender.send(Err(error.clone()));
        }
    }
}
