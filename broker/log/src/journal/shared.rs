//! What the journal's threads and its callers share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use highway_types::JournalPosition;
use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use crate::commit_log::CommitLogError;

use super::options::JournalOptions;
use super::queue::{Phase, State};
use super::write_once::LargeBatches;

pub(super) struct Shared {
    this: Weak<Shared>,
    pub options: JournalOptions,
    pub state: Mutex<State>,
    /// Rings the writer: something was submitted, or the end is near.
    pub submitted: Condvar,
    /// Rings the prepare thread: a file was taken or freed, or the end is near.
    pub files_changed: Condvar,
    /// Large batches are written once at the moment.
    pub write_once: AtomicBool,
    durable: AtomicU64,
    /// Until then no new file is made while one is ready.
    quiet_until: Instant,
    watch: watch::Sender<JournalPosition>,
}

impl Shared {
    pub(super) fn new(options: JournalOptions, state: State) -> Arc<Self> {
        let end = state.end;
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            quiet_until: Instant::now() + options.quiet,
            write_once: AtomicBool::new(options.large_batches == LargeBatches::Once),
            options,
            state: Mutex::new(state),
            submitted: Condvar::new(),
            files_changed: Condvar::new(),
            durable: AtomicU64::new(end),
            watch: watch::Sender::new(JournalPosition(end)),
        })
    }

    pub(super) fn this(&self) -> Option<Arc<Self>> {
        self.this.upgrade()
    }

    /// How much longer no new file is made while one is ready.
    pub(super) fn quiet_for(&self) -> Duration {
        self.quiet_until.saturating_duration_since(Instant::now())
    }

    pub(super) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// To be called after the observers of everything before `end` were told.
    pub(super) fn publish_durable(&self, end: u64) {
        let before = self.durable.swap(end, Ordering::AcqRel);
        assert!(before < end, "the durable position went from {before} to {end}");
        self.watch.send_replace(JournalPosition(end));
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<JournalPosition> {
        self.watch.subscribe()
    }

    /// Takes nothing more, for the first reason given, and tells everybody who waits in the queue.
    pub(super) fn fail(self: &Arc<Self>, error: CommitLogError) -> CommitLogError {
        let (error, dropped) = {
            let mut state = self.state.lock();
            if let Phase::Failed(first) = &state.phase {
                return first.clone();
            }
            tracing::error!(%error, "the journal failed and takes nothing more");
            state.phase = Phase::Failed(error.clone());
            state.queued_bytes = 0;
            let dropped = std::mem::take(&mut state.queue);
            self.wake_waiters(&mut state);
            (error, dropped)
        };
        self.submitted.notify_all();
        self.files_changed.notify_all();
        for queued in dropped {
            tell_failed(&queued.set, &error);
        }
        error
    }
}

/// Tells the observers of a set, whatever one of them does.
pub(super) fn tell_failed(set: &crate::commit_log::AppendSet, error: &CommitLogError) {
    for entry in &set.entries {
        let tell = std::panic::AssertUnwindSafe(|| entry.observer.failed(error));
        if std::panic::catch_unwind(tell).is_err() {
            tracing::error!(partition = %entry.id, "an observer panicked when it was told of the journal's failure");
        }
    }
}
