//! Checkpoints: flush segments, sync new files' directories, record the points, and only then let journal files go.
//!
//! The order is the safety argument. The journal position is taken before the points, and a point never lies behind a
//! high watermark of that time, so every append at or before the position lies in a flushed segment.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use highway_types::TopicIdPartition;

use crate::commit_log::CommitLogStatus;
use crate::error::LogManagerError;
use crate::file::sync_dir;
use crate::log::Log;
use crate::manager::LogManager;
use crate::recovery_point::RecoveryPoint;

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
        let report = self.checkpoint_as(true)?;
        for log in self.all() {
            log.write_derived();
        }
        Ok(report)
    }

    fn checkpoint_as(&self, clean: bool) -> Result<CheckpointReport, LogManagerError> {
        let position = self.commit_log.durable();
        let mut report = CheckpointReport::default();
        let mut points: Vec<(TopicIdPartition, RecoveryPoint)> = Vec::new();
        let mut pinned = false;
        for log in self.all() {
            if log.flush_failed.load(Ordering::Acquire) {
                // What a failed sync left in the page cache is not to be trusted: never sync these files again. The
                // journal keeps their appends until a restart writes them anew.
                pinned = true;
                continue;
            }
            if !log.take_dirty() {
                continue;
            }
            match log.flush() {
                Ok(point) => {
                    report.flushed += 1;
                    points.push((log.id(), point));
                }
                Err(error) => {
                    // Its appends since the last point are in the journal only, so the journal must stay.
                    report.failed += 1;
                    pinned = true;
                    log.flush_failed.store(true, Ordering::Release);
                    tracing::error!(dir = %log.dir().display(), %error, "cannot flush; the partition goes offline");
                    log.set_offline(&format!("its files could not be flushed: {error}"));
                }
            }
        }
        if points.is_empty() && !clean {
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
        Ok(report)
    }
}

impl Log {
    /// Flushes everything below the high watermark of this moment and says where that is.
    fn flush(&self) -> std::io::Result<RecoveryPoint> {
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
        let outcome = segments.iter().try_for_each(|s| s.flush()).and_then(|()| {
            if dir_changed { sync_dir(&self.dir).and_then(|()| sync_parent(&self.dir)) } else { Ok(()) }
        });
        if let Err(error) = outcome {
            let mut writer = self.writer.lock();
            segments.pop();
            segments.append(&mut writer.unflushed);
            writer.unflushed = segments;
            writer.dir_changed |= dir_changed;
            return Err(error);
        }
        Ok(point)
    }

    /// Writes what recovery would otherwise derive from batch headers.
    fn write_derived(&self) {
        let mut writer = self.writer.lock();
        let end = writer.log_end;
        if !writer.producers.is_empty()
            && let Err(error) = writer.producers.write_snapshot(&self.dir, end)
        {
            tracing::warn!(dir = %self.dir.display(), %error, "cannot write a producer snapshot");
        }
        if writer.epochs_changed {
            match writer.epochs.store(&self.dir) {
                Ok(()) => writer.epochs_changed = false,
                Err(error) => tracing::warn!(dir = %self.dir.display(), %error, "cannot write leader epochs"),
            }
        }
    }
}

fn sync_parent(dir: &std::path::Path) -> std::io::Result<()> {
    dir.parent().map_or(Ok(()), sync_dir)
}
