//! Checkpoints: flush segments, sync new files' directories, record the points, and only then let journal files go.
//!
//! The order is the safety argument. The journal position is taken before the points, and a point never lies behind a
//! high watermark of that time, so every append at or before the position lies in a flushed segment.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use highway_types::{JournalPosition, Offset, TopicIdPartition};

use crate::commit_log::CommitLogStatus;
use crate::error::LogManagerError;
use crate::file::{self, sync_dir};
use crate::log::{Log, Writer};
use crate::manager::LogManager;
use crate::recovery_point::{RecoveryPoint, RecoveryTable};

/// Bytes of log whose headers a start reads at the most for what is derived from them, beside what came since the last
/// checkpoint.
const DERIVED_BYTES: u64 = if cfg!(debug_assertions) { 64 << 10 } else { 1 << 20 };

/// The same after a graceful stop.
const LITTLE_BYTES: u64 = 4 << 10;

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckpointReport {
    /// Partitions that were flushed.
    pub flushed: usize,
    /// Partitions that went offline because a flush failed.
    pub failed: usize,
}

impl LogManager {
    /// Makes everything that is durable by the journal durable by the segments, and releases the journal up to there.
    /// Blocks on the disk: call it on a thread of its own. Does nothing if nothing was appended.
    ///
    /// # Errors
    /// The checkpoint could not be recorded; the journal keeps everything then.
    pub fn checkpoint(&self) -> Result<CheckpointReport, LogManagerError> {
        self.checkpoint_as(false)
    }

    /// The last checkpoint before a graceful stop: the next start has nothing to recover.
    ///
    /// # Errors
    /// As [`LogManager::checkpoint`].
    pub fn close(&self) -> Result<CheckpointReport, LogManagerError> {
        self.commit_log.close();
        for log in self.all() {
            let mut writer = log.writer.lock();
            // What is little is read from the log as fast as from two more files of each partition.
            if writer.since_snapshot() >= LITTLE_BYTES {
                log.write_derived(&mut writer);
            }
        }
        // All of it must be on disk before the mark that says so; one call for all files.
        for dir in self.dirs() {
            let synced = std::fs::File::open(dir.path()).and_then(|d| Ok(rustix::fs::syncfs(&d)?));
            synced.map_err(LogManagerError::io(dir.path()))?;
        }
        self.checkpoint_as(true)
    }

    fn checkpoint_as(&self, clean: bool) -> Result<CheckpointReport, LogManagerError> {
        let position = self.commit_log.durable();
        let mut report = CheckpointReport::default();
        let mut points: Vec<(TopicIdPartition, RecoveryPoint)> = Vec::new();
        let mut stuck = Vec::new();
        // Somebody's appends are not on disk yet: the journal must keep them.
        let mut postponed = false;
        for log in self.all() {
            if log.flush_failed.load(Ordering::Acquire) {
                // What a failed sync left in the page cache is not to be trusted: never sync these files again.
                stuck.push(log);
                continue;
            }
            if !log.take_dirty() {
                continue;
            }
            match log.flush() {
                Ok((point, dir_changed)) => {
                    report.flushed += 1;
                    if dir_changed {
                        self.changed_dirs.lock().extend(log.dir().parent().map(Path::to_owned));
                    }
                    points.push((log.id(), point));
                }
                Err(_) if self.get(log.id()).is_none() => {} // deleted in the meantime
                Err(error) if file::is_out_of_descriptors(&error) => {
                    log.dirty.store(true, Ordering::Release);
                    postponed = true;
                    tracing::warn!(dir = %log.dir().display(), %error, "cannot flush now; the next checkpoint tries again");
                }
                Err(error) => {
                    report.failed += 1;
                    log.flush_failed.store(true, Ordering::Release);
                    tracing::error!(dir = %log.dir().display(), %error, "cannot flush; the partition goes offline");
                    log.set_offline(&format!("its files could not be flushed: {error}"));
                    stuck.push(log);
                }
            }
        }
        if let Err(error) = self.sync_changed_dirs() {
            // Their points are not recorded: the next checkpoint must come back for them.
            for log in points.iter().filter_map(|(id, _)| self.get(*id)) {
                log.dirty.store(true, Ordering::Release);
            }
            return Err(error);
        }
        let pinned = !self.move_aside(&stuck, position) || self.pinned.load(Ordering::Acquire) || postponed;
        if points.is_empty() && !clean && report.failed == 0 {
            return Ok(report);
        }
        // A journal that failed may have left appends in the segments that nobody was promised: the next start looks.
        let settled = || {
            matches!(self.commit_log.status(), CommitLogStatus::Closed)
                && self.all().iter().all(|log| {
                    let offsets = log.offsets();
                    offsets.high_watermark == offsets.log_end
                })
        };
        let clean = clean && !pinned && settled();
        let (table, changed) = self.with_table(|table| {
            table.points.extend(points);
            table.clean = clean;
            let changed = table.journal != position;
            if !pinned {
                table.journal = position;
            }
            (table.clone(), changed)
        });
        table.store(self.dirs()[0].path())?;
        if changed && !pinned {
            self.commit_log.release(position);
        }
        self.drop_aside(&table)?;
        Ok(report)
    }

    /// Makes the names of new partitions durable, once for all of them.
    fn sync_changed_dirs(&self) -> Result<(), LogManagerError> {
        let mut changed = self.changed_dirs.lock();
        for dir in &*changed {
            sync_dir(dir).map_err(LogManagerError::io(dir))?;
        }
        changed.clear();
        Ok(())
    }

    /// Copies what only the journal holds of these partitions to side files, so that it pins nothing. True if the journal
    /// up to `position` holds nothing more that they need.
    fn move_aside(&self, stuck: &[Arc<Log>], position: JournalPosition) -> bool {
        let mut aside = self.aside.lock();
        let (from, wanted) = self.with_table(|table| {
            let first = |log: &Arc<Log>| table.points.get(&log.id()).map_or(Offset::ZERO, |p| p.end);
            let wanted: HashMap<_, _> = stuck
                .iter()
                .filter(|log| !log.set_aside.load(Ordering::Acquire))
                .map(|log| (log.id(), first(log)))
                .collect();
            (table.journal, wanted)
        });
        // Offline under its lock: nothing is appended any more, but what was may still be on its way to the disk.
        let in_flight = stuck.iter().any(|log| {
            let _writer = log.writer.lock();
            let offsets = log.offsets();
            offsets.high_watermark < offsets.log_end
        });
        if in_flight && matches!(self.commit_log.status(), CommitLogStatus::Healthy) {
            return false; // the next checkpoint comes back for it
        }
        match aside.take(self.commit_log.as_ref(), from, &wanted) {
            Ok(()) => {
                for log in stuck.iter().filter(|log| wanted.contains_key(&log.id())) {
                    log.set_aside.store(true, Ordering::Release);
                    tracing::warn!(
                        dir = %log.dir().display(),
                        %position,
                        "its appends since the last flush were moved to a side file; the next start replays them"
                    );
                }
                true
            }
            Err(error) => {
                tracing::error!(%error, "cannot write a side file; the journal keeps these appends");
                false
            }
        }
    }

    /// Removes the side files whose appends are on disk in their partitions now, by the table that was stored.
    fn drop_aside(&self, table: &RecoveryTable) -> Result<(), LogManagerError> {
        let mut aside = self.aside.lock();
        for id in aside.ids() {
            let Some(log) = self.get(id) else { continue };
            let flushed = table.points.get(&id).is_some_and(|p| p.end >= log.recovered_end);
            if flushed && !log.flush_failed.load(Ordering::Acquire) {
                aside.remove(id)?;
            }
        }
        Ok(())
    }
}

impl Log {
    /// Flushes everything below the high watermark of this moment and says where that is, and whether the partition's
    /// directory changed: its name may have to be synced then.
    fn flush(&self) -> std::io::Result<(RecoveryPoint, bool)> {
        let (point, mut segments, dir_changed) = {
            let mut writer = self.writer.lock();
            let mut segments = std::mem::take(&mut writer.unflushed);
            segments.push(Arc::clone(&writer.active));
            let point = self.recovery_point();
            if point.end < writer.log_end {
                // Appends in flight lie behind the point: the next checkpoint must come back for them, or it would
                // release the journal past them.
                self.dirty.store(true, Ordering::Release);
            }
            (point, segments, std::mem::take(&mut writer.dir_changed))
        };
        let outcome = segments
            .iter()
            .try_for_each(|s| s.flush())
            .and_then(|()| if dir_changed { sync_dir(&self.dir) } else { Ok(()) });
        if let Err(error) = outcome {
            let mut writer = self.writer.lock();
            segments.pop();
            segments.append(&mut writer.unflushed);
            writer.unflushed = segments;
            writer.dir_changed |= dir_changed;
            return Err(error);
        }
        let mut writer = self.writer.lock();
        if writer.since_snapshot() >= DERIVED_BYTES {
            self.write_derived(&mut writer);
        }
        Ok((point, dir_changed))
    }

    /// Writes what a start would otherwise derive from batch headers. Disposable, so not synced: a start checks it.
    pub(crate) fn write_derived(&self, writer: &mut Writer) {
        if writer.epochs_changed {
            match writer.epochs.store(&self.dir) {
                Ok(()) => writer.epochs_changed = false,
                Err(error) => tracing::warn!(dir = %self.dir.display(), %error, "cannot write leader epochs"),
            }
        }
        let (end, active) = (writer.log_end, &writer.active);
        if writer.snapshot.2 == end {
            return;
        }
        match writer.producers.write_snapshot(&self.dir, end) {
            Ok(()) => writer.snapshot = (active.base_offset(), active.size(), end),
            Err(error) => {
                tracing::warn!(dir = %self.dir.display(), %error, "cannot write a producer snapshot")
            }
        }
    }
}
