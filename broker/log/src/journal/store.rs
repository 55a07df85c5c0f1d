//! The journal: a [`CommitLog`] in the files of one directory.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use highway_types::JournalPosition;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::commit_log::{
    Admit, AppendSet, CommitLog, CommitLogError, CommitLogStatus, Pressure, ReplayError, ReplaySummary,
    ReplayedEntry,
};

use super::aligned::AlignedBuf;
use super::options::{IoMode, JournalOptions};
use super::prepare::{self, prepare_next};
use super::queue::{Phase, State};
use super::recover::{Recovered, recover};
use super::shared::Shared;
use super::write_once::WriteOnce;
use super::writer::Writer;

/// The commit log of one machine. Dropping it closes it.
pub struct Journal {
    dir: PathBuf,
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Where the log ended at open.
    opened_at: u64,
    torn: Option<String>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("dir", &self.dir).field("durable", &self.shared.durable()).finish()
    }
}

impl Journal {
    /// The journal's directory within a data directory.
    pub const DIR: &'static str = "highway-journal";

    /// Opens the journal in `dir`, which is made if it is missing. Reads the newest file to find the log's end and has
    /// an empty file ready when it returns, unless the disk is full.
    ///
    /// # Errors
    /// `Io`, `Corrupt` (something is missing in the middle), `NewerFormat`; nothing was changed then. `Failed` if an
    /// empty file could not be prepared.
    pub fn open(dir: &Path, options: JournalOptions) -> Result<Self, CommitLogError> {
        Self::open_at(dir, options, None)
    }

    /// As [`Journal::open`]. `clean_end` is the position up to which everything was released when the journal was closed
    /// in good order, if it was: nothing has to be looked for then.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_at(
        dir: &Path,
        options: JournalOptions,
        clean_end: Option<JournalPosition>,
    ) -> Result<Self, CommitLogError> {
        options.check();
        let clean_end = clean_end.map(|p| p.0);
        let Recovered { pool, end, torn, epoch, next_index } = recover(&options, dir, clean_end)?;
        if let Some(torn) = &torn {
            tracing::info!(%torn, "the journal's last write was cut off; nothing of it had been acknowledged as durable");
        }
        let state = State::new(&options, pool, end, epoch, next_index);
        let shared = Shared::new(options, state);
        prepare_next(&shared, dir, &mut AlignedBuf::new(shared.options.write_bytes));
        if let Phase::Failed(error) = &shared.state.lock().phase {
            return Err(error.clone());
        }
        let journal = Self { dir: dir.to_owned(), shared, threads: Mutex::default(), opened_at: end, torn };
        journal.start()?;
        Ok(journal)
    }

    fn start(&self) -> Result<(), CommitLogError> {
        let writer = Writer::new(Arc::clone(&self.shared));
        let (shared, dir) = (Arc::clone(&self.shared), self.dir.clone());
        let mut threads = self.threads.lock();
        for (name, work) in [
            ("highway-journal", Box::new(move || writer.run()) as Box<dyn FnOnce() + Send>),
            ("highway-prepare", Box::new(move || prepare::run(&shared, &dir))),
        ] {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
            let thread = thread
                .map_err(|e| CommitLogError::Failed { operation: "start", detail: e.to_string().into() })?;
            threads.push(thread);
        }
        Ok(())
    }

    /// How the next file is written, if one is ready.
    #[must_use]
    pub fn io_mode(&self) -> Option<IoMode> {
        let state = self.shared.state.lock();
        let file = state.pool.ready.front().map(|s| &s.slot);
        file.or(state.pool.in_use.last().map(|f| &f.stamped.slot)).map(|slot| slot.file.mode())
    }

    /// Where the log ended when it was opened.
    #[must_use]
    pub fn opened_at(&self) -> JournalPosition {
        JournalPosition(self.opened_at)
    }
}

impl CommitLog for Journal {
    fn admit(&self, bytes: usize) -> Admit {
        let limit = self.shared.options.queue_bytes;
        self.shared.admit((bytes as u64).min(limit))
    }

    fn wants_stored(&self, bytes: usize) -> bool {
        WriteOnce::is_large(bytes) && self.shared.write_once.load(Ordering::Relaxed)
    }

    fn submit(&self, set: AppendSet) -> Result<JournalPosition, CommitLogError> {
        let (outcome, rolled) = {
            let mut state = self.shared.state.lock();
            let ready = state.pool.ready.len();
            let outcome = state.submit(set);
            (outcome, state.pool.ready.len() != ready)
        };
        if outcome.is_ok() {
            self.shared.submitted.notify_one();
        }
        if rolled {
            self.shared.files_changed.notify_one();
        }
        outcome.map(JournalPosition)
    }

    fn durable(&self) -> JournalPosition {
        JournalPosition(self.shared.durable())
    }

    fn watch(&self) -> watch::Receiver<JournalPosition> {
        self.shared.subscribe()
    }

    fn replay(
        &self,
        from: JournalPosition,
        visit: &mut dyn FnMut(ReplayedEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<ReplaySummary, ReplayError> {
        let end = self.shared.durable();
        let files = self.shared.state.lock().pool.in_use.clone();
        let mut summary = super::replay::replay(&files, from.0, end, visit)?;
        summary.torn_tail.clone_from(&self.torn);
        Ok(summary)
    }

    fn release(&self, up_to: JournalPosition) {
        let durable = self.shared.durable();
        assert!(up_to.0 <= durable, "release up to {up_to}, but durable is only {durable}");
        if self.shared.state.lock().pool.release(up_to.0) {
            self.shared.files_changed.notify_one();
        }
    }

    fn pressure(&self) -> Pressure {
        let state = self.shared.state.lock();
        let oldest = state.pool.in_use.first();
        Pressure {
            files_in_use: state.pool.in_use.len() + state.pool.held.len(),
            files_max: self.shared.options.max_files,
            room: state.room(),
            waiting: state.waiters.len(),
            oldest_needed: JournalPosition(state.pool.released.max(oldest.map_or(0, |f| f.base))),
            frees_oldest: oldest.and_then(|f| f.end).map(JournalPosition),
            no_space: state.no_space.is_some(),
        }
    }

    fn status(&self) -> CommitLogStatus {
        match &self.shared.state.lock().phase {
            Phase::Running => CommitLogStatus::Healthy,
            Phase::Closing => CommitLogStatus::Closed,
            Phase::Failed(error) => CommitLogStatus::Failed(error.clone()),
        }
    }

    fn close(&self) {
        {
            let mut state = self.shared.state.lock();
            if matches!(state.phase, Phase::Running) {
                state.phase = Phase::Closing;
                self.shared.wake_waiters(&mut state);
            }
        }
        self.shared.submitted.notify_all();
        self.shared.files_changed.notify_all();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the journal panicked");
            }
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}
