//! The way of an append: validate → producer state → stamp offset and epoch → segment → commit log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use highway_types::topic_config::Durability;
use highway_types::{LeaderEpoch, Offset, Timestamp, TopicConfig};
use smallvec::smallvec;

use crate::batch::validate::{Origin, RecordCheck, ValidBatch, validate_with};
use crate::commit_log::{AppendEntry, AppendObserver, AppendSet, Stored, StoredFile};
use crate::error::AppendError;
use crate::log::{Log, Writer};
use crate::producer_state::Verdict;
use crate::progress::Mark;
use crate::segment::LogSegment;

/// What an append answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppendInfo {
    /// Offset of the first record.
    pub base_offset: Offset,
    /// Offset of the last record.
    pub last_offset: Offset,
    /// The broker's time if the topic has LogAppendTime, else `NONE`.
    pub log_append_time: Timestamp,
    /// The log start offset at the time.
    pub log_start_offset: Offset,
    /// Nothing was appended: the producer sent this batch before, and the offsets are those of then.
    pub duplicate: bool,
}

impl AppendInfo {
    /// What to wait for: the offset behind the last record.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.last_offset.next()
    }
}

impl Log {
    /// Appends one batch, as a producer or a coordinator sent it. The batch is written to its segment and handed to
    /// the commit log when this returns; [`Log::wait_durable`] tells when it is durable.
    ///
    /// # Errors
    /// Nothing was appended; see the variants.
    pub fn append(
        &self,
        records: Bytes,
        origin: Origin,
        leader_epoch: LeaderEpoch,
    ) -> Result<AppendInfo, AppendError> {
        self.append_checked(records, origin, leader_epoch, None)
    }

    /// The same, with a check of each record beside the rules of the log.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_checked(
        &self,
        records: Bytes,
        origin: Origin,
        leader_epoch: LeaderEpoch,
        check: Option<&dyn RecordCheck>,
    ) -> Result<AppendInfo, AppendError> {
        self.check_online()?;
        self.progress.check()?;
        let now = self.clock.now();
        let config = self.config.load();
        // Outside of the lock: checksums and decompression are most of the work.
        let mut batch = validate_with(records, &config, origin, now, check)
            .map_err(|e| e.in_partition(&self.topic, self.id.partition))?;
        let log_append_time = if batch.header.attributes.is_log_append_time() {
            batch.header.max_timestamp()
        } else {
            Timestamp::NONE
        };

        let mut writer = self.writer.lock();
        self.check_online()?;
        if batch.header.has_producer()
            && let Verdict::Duplicate { base_offset, last_offset, timestamp } =
                writer.producers.check(&batch.header, origin)?
        {
            return Ok(AppendInfo {
                base_offset,
                last_offset,
                log_append_time: timestamp, // whatever the topic's timestamp type, as in Kafka
                log_start_offset: self.offsets().log_start,
                duplicate: true,
            });
        }
        self.roll_if_needed(&mut writer, &batch, &config, now)?;
        let base_offset = writer.log_end;
        batch.stamp(base_offset, leader_epoch);
        let last_offset = batch.header.last_offset();
        self.write(&mut writer, &batch, &config)?;
        writer.epochs_changed |= writer.epochs.assign(leader_epoch, base_offset);
        drop(writer);
        Ok(AppendInfo {
            base_offset,
            last_offset,
            log_append_time,
            log_start_offset: self.offsets().log_start,
            duplicate: false,
        })
    }

    /// Segment, then commit log, then producer state. On any error the segment is cut back to where it was.
    fn write(
        &self,
        writer: &mut Writer,
        batch: &ValidBatch,
        config: &TopicConfig,
    ) -> Result<(), AppendError> {
        let segment = Arc::clone(&writer.active);
        let before = segment.size();
        let segment_error =
            |source| AppendError::Segment { path: self.dir.clone(), source: Arc::new(source) };
        segment.append(batch).map_err(segment_error)?;
        self.dirty.store(true, Ordering::Release);

        let end = batch.header.last_offset().next();
        let mark = Mark { end, segment: segment.base_offset(), position: segment.size() };
        let unstable_before = writer.producers.first_unstable_offset();
        let unstable_after = unstable_before
            .or_else(|| batch.header.attributes.is_transactional().then_some(batch.header.base_offset));
        self.progress.appended(mark, unstable_after);
        if config.durability == Durability::Fsync {
            let stored = self
                .commit_log
                .wants_stored(batch.len())
                .then(|| Stored { file: Arc::clone(&segment) as Arc<dyn StoredFile>, end: segment.size() });
            if let Some(stored) = &stored {
                // The disk is busy with it before the commit log comes to it.
                stored.file.start_sync(stored.end);
            }
            let set = AppendSet {
                entries: smallvec![AppendEntry {
                    id: self.id,
                    base_offset: batch.header.base_offset,
                    last_offset: batch.header.last_offset(),
                    header: batch.header_bytes(),
                    payload: batch.payload().clone(),
                    stored,
                    observer: Arc::clone(&self.progress) as Arc<dyn AppendObserver>,
                }],
            };
            if let Err(error) = self.commit_log.submit(set) {
                self.progress.retract(writer.log_end, unstable_before);
                segment.truncate_to(before).map_err(segment_error)?;
                return Err(error.into());
            }
        } else {
            self.progress.durable(end);
        }
        writer.log_end = end;
        writer.producers.update(&batch.header);
        if batch.header.has_producer() && writer.producers.first_unstable_offset() != unstable_after {
            self.progress.set_first_unstable(writer.producers.first_unstable_offset());
        }
        Ok(())
    }

    /// Starts a new segment when the batch does not fit the active one (`segment.bytes`, `segment.ms`,
    /// `segment.index.bytes`, 2^31 offsets).
    fn roll_if_needed(
        &self,
        writer: &mut Writer,
        batch: &ValidBatch,
        config: &TopicConfig,
        now: Timestamp,
    ) -> Result<(), AppendError> {
        let active = &writer.active;
        if active.size() == 0 {
            return Ok(());
        }
        let full =
            active.size() + batch.len() as u64 > u64::try_from(config.segment_bytes).unwrap_or(u64::MAX);
        let last = writer.log_end + i64::from(batch.header.last_offset_delta);
        let offsets_exhausted = last - active.base_offset() > i64::from(i32::MAX);
        let old = active.first_timestamp().is_some_and(|first| {
            let reference = if batch.header.max_timestamp >= 0 { batch.header.max_timestamp } else { now.0 };
            reference.saturating_sub(first.0)
                > config.segment_ms - self.roll_jitter_ms(active.base_offset(), config)
        });
        if full || offsets_exhausted || old || active.index_is_full() {
            self.roll(writer, config)?;
        }
        Ok(())
    }

    /// Seals the active segment and starts one at the log's end.
    pub(crate) fn roll(&self, writer: &mut Writer, config: &TopicConfig) -> Result<(), AppendError> {
        let segment_error =
            |source| AppendError::Segment { path: self.dir.clone(), source: Arc::new(source) };
        let old = Arc::clone(&writer.active);
        let new = LogSegment::create(&self.dir, writer.log_end, Self::segment_options(config, &self.files))
            .map(Arc::new)
            .map_err(segment_error)?;
        old.seal().map_err(segment_error)?;
        self.segments.add(Arc::clone(&new));
        writer.unflushed.push(old);
        writer.active = new;
        writer.dir_changed = true;
        self.write_derived(writer);
        Ok(())
    }
}
