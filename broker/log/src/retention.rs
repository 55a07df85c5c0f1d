//! Retention by time and size, and `DeleteRecords`.
//!
//! Two steps, because the log start offset is a control record: the log says where it could start, the caller commits
//! that, and then [`Log::advance_log_start`] moves it and removes the files.

use std::sync::Arc;
use std::time::Duration;

use highway_types::{Offset, Timestamp, TopicConfig};

use crate::error::AppendError;
use crate::log::Log;
use crate::segment::LogSegment;

/// How long what was deleted stays (`file.delete.delay.ms`).
pub(crate) fn delete_delay(config: &TopicConfig) -> Duration {
    Duration::from_millis(u64::try_from(config.file_delete_delay_ms).unwrap_or(0))
}

impl Log {
    /// Where retention wants the log to start at `now`, if that is later than where it starts. Whole segments only,
    /// the active one only after a roll when all of it is old, nothing behind the high watermark, nothing of a topic
    /// that is only compacted.
    ///
    /// # Errors
    /// An active segment that is due could not be rolled.
    pub fn retention_start(&self, now: Timestamp) -> Result<Option<Offset>, AppendError> {
        let config = self.config();
        if !config.cleanup_policy.delete {
            return Ok(None);
        }
        let high_watermark = self.offsets().high_watermark;
        let expired = |segment: &LogSegment| {
            config.retention_ms >= 0
                && segment.max_timestamp().is_some_and(|t| now.0.saturating_sub(t.0) > config.retention_ms)
        };
        let mut segments = self.segments.iter();
        // As in Kafka the active one goes only together with all before it; the others are looked at first, so that a
        // round looks at one segment of a log that has nothing to give.
        if segments.iter().all(|segment| expired(segment)) {
            self.roll_expired_active(high_watermark, &expired)?;
            segments = self.segments.iter();
        }
        let mut size: u64 = segments.iter().map(|s| s.size()).sum();
        let limit = u64::try_from(config.retention_bytes).ok();
        let mut start = None;
        for pair in segments.windows(2) {
            let (segment, next) = (&pair[0], pair[1].base_offset());
            let too_much = limit.is_some_and(|limit| size - segment.size() >= limit);
            if next > high_watermark || !(expired(segment) || too_much) {
                break;
            }
            size -= segment.size();
            start = Some(next);
        }
        Ok(start.filter(|s| *s > self.offsets().log_start))
    }

    fn roll_expired_active(
        &self,
        high_watermark: Offset,
        expired: &impl Fn(&LogSegment) -> bool,
    ) -> Result<(), AppendError> {
        let mut writer = self.writer.lock();
        if writer.active.size() > 0 && expired(&writer.active) && writer.log_end == high_watermark {
            self.roll(&mut writer, &self.config())?;
        }
        Ok(())
    }

    /// Moves the log start offset, whose control record is durable, and removes segments that lie wholly below it.
    /// Returns how many.
    pub fn advance_log_start(&self, offset: Offset) -> usize {
        self.progress.advance_log_start(offset);
        let removed: Vec<Arc<LogSegment>> = self.segments.remove_below(offset);
        let mut writer = self.writer.lock();
        writer.unflushed.retain(|s| !removed.iter().any(|r| r.base_offset() == s.base_offset()));
        writer.epochs.truncate_from_start(offset);
        writer.epochs_changed = true;
        drop(writer);
        let due = self.clock.monotonic() + delete_delay(&self.config());
        for segment in &removed {
            match segment.retire() {
                Ok(doomed) => self.doomed.add(due, doomed),
                Err(error) => {
                    tracing::warn!(path = %segment.log_path().display(), %error, "cannot remove a deleted segment yet");
                }
            }
        }
        removed.len()
    }
}
