//! Making a segment's log durable: by the background flush, and by the commit log for large appends, at the same time.

use std::io;
use std::sync::atomic::Ordering;

use super::LogSegment;
use crate::commit_log::StoredFile;
use crate::file;

/// Guards the syncs of one segment: an error is told to one caller only, and the others must hear of it.
#[derive(Debug, Default)]
pub(super) struct SyncState {
    /// What a sync said that failed. What the page cache holds is not to be trusted then, and never synced again.
    failed: Option<String>,
    /// The file's name, and its directory's, are durable.
    named: bool,
}

impl LogSegment {
    /// Makes everything below the size of this moment durable; step by step if `paced`, so that others get at the disk
    /// between.
    pub(super) fn sync_log(&self, paced: bool) -> io::Result<()> {
        let mut state = self.sync.lock();
        self.sync_locked(&mut state, paced)
    }

    fn sync_locked(&self, state: &mut SyncState, paced: bool) -> io::Result<()> {
        if let Some(failed) = &state.failed {
            return Err(io::Error::other(format!("an earlier sync failed: {failed}")));
        }
        // Whoever appends from now on sets it again.
        self.unsynced.store(false, Ordering::Release);
        let size = self.size();
        // A file that cannot be opened now was not synced, and nothing is known to be wrong with it.
        let log = self.file().inspect_err(|_| self.unsynced.store(true, Ordering::Release))?;
        let outcome = if paced {
            file::write_out(&log, self.flushed.load(Ordering::Acquire).min(size), size)
        } else {
            Ok(())
        };
        if let Err(error) = outcome.and_then(|()| file::sync_data(&log)) {
            state.failed = Some(error.to_string());
            self.unsynced.store(true, Ordering::Release);
            return Err(error);
        }
        self.flushed.store(size, Ordering::Release);
        Ok(())
    }

    /// Makes the names of file and directory durable, once. A directory that is gone is a topic that was deleted.
    fn sync_name(&self, state: &mut SyncState) -> io::Result<()> {
        if state.named {
            return Ok(());
        }
        for dir in self.log_path.ancestors().skip(1).take(2) {
            match file::sync_dir(dir) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        state.named = true;
        Ok(())
    }
}

impl StoredFile for LogSegment {
    fn start_sync(&self, end: u64) {
        if let Ok(log) = self.file() {
            file::start_write_out(&log, self.flushed.load(Ordering::Acquire), end);
        }
    }

    fn sync_up_to(&self, end: u64) -> io::Result<()> {
        let mut state = self.sync.lock();
        if self.flushed.load(Ordering::Acquire) < end || state.failed.is_some() {
            self.sync_locked(&mut state, false)?;
        }
        self.sync_name(&mut state)
    }
}
