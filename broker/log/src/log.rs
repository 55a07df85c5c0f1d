//! One partition's log.
//!
//! A `Log` is a directory of segments in Kafka's format plus what is derived from them: producer state, leader
//! epochs, offsets. It has one appender at a time (the append lock) and any number of readers that never wait for it.
//! The way of an append is in `append.rs`, of a read in `read.rs`, of opening after a stop or a crash in `recovery.rs`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use highway_types::topic_config::SchemaRules;
use highway_types::{Clock, LeaderEpoch, Offset, TopicConfig, TopicIdPartition, TopicName};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::commit_log::{CommitLog, CommitLogError};
use crate::doomed::Doomed;
use crate::epoch_cache::EpochCache;
use crate::error::Offline;
use crate::open_files::OpenFiles;
use crate::producer_state::ProducerStateMap;
use crate::progress::{LogOffsets, Mark, Progress, Stage};
use crate::recovery_point::RecoveryPoint;
use crate::segment::{LogSegment, SegmentOptions};
use crate::segments::Segments;

/// One partition's log.
pub struct Log {
    pub(crate) id: TopicIdPartition,
    pub(crate) topic: TopicName,
    pub(crate) dir: PathBuf,
    pub(crate) config: ArcSwap<TopicConfig>,
    pub(crate) commit_log: Arc<dyn CommitLog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) doomed: Arc<Doomed>,
    pub(crate) files: Arc<OpenFiles>,
    pub(crate) segments: Segments,
    pub(crate) progress: Arc<Progress>,
    pub(crate) writer: Mutex<Writer>,
    pub(crate) offline: ArcSwapOption<Offline>,
    /// Something was appended since the last checkpoint.
    pub(crate) dirty: AtomicBool,
    /// A flush failed: the files are not known to hold what was written, and are not synced again.
    pub(crate) flush_failed: AtomicBool,
    /// After a failed flush: what only the journal held is in a side file.
    pub(crate) set_aside: AtomicBool,
    /// The log's end when it was opened.
    pub(crate) recovered_end: Offset,
}

/// What only the appender touches.
pub(crate) struct Writer {
    pub(crate) active: Arc<LogSegment>,
    pub(crate) log_end: Offset,
    pub(crate) producers: ProducerStateMap,
    pub(crate) epochs: EpochCache,
    /// Segments before the active one that are not flushed yet, oldest first.
    pub(crate) unflushed: Vec<Arc<LogSegment>>,
    /// Files were made or renamed in the directory since it was last synced.
    pub(crate) dir_changed: bool,
    /// The leader epochs changed since they were last written.
    pub(crate) epochs_changed: bool,
    /// Where the newest producer snapshot was taken: segment, its bytes then, and the log's end.
    pub(crate) snapshot: (Offset, u64, Offset),
}

impl Writer {
    /// Bytes of the active segment behind the newest snapshot.
    pub(crate) fn since_snapshot(&self) -> u64 {
        let (segment, position, _) = self.snapshot;
        let from = if segment == self.active.base_offset() { position } else { 0 };
        self.active.size().saturating_sub(from)
    }
}

/// What all logs of a node share.
#[derive(Clone)]
pub struct LogContext {
    /// Where appends become durable.
    pub commit_log: Arc<dyn CommitLog>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What was deleted and is to go.
    pub doomed: Arc<Doomed>,
    /// How many segment files may be open.
    pub files: Arc<OpenFiles>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log")
            .field("dir", &self.dir)
            .field("offsets", &self.offsets())
            .finish_non_exhaustive()
    }
}

impl Log {
    /// The partition's identity.
    #[must_use]
    pub fn id(&self) -> TopicIdPartition {
        self.id
    }

    /// The topic's name.
    #[must_use]
    pub fn topic(&self) -> &TopicName {
        &self.topic
    }

    /// The partition's directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The topic's effective settings.
    #[must_use]
    pub fn config(&self) -> Arc<TopicConfig> {
        self.config.load_full()
    }

    /// What the topic asks of its records' schemas.
    #[must_use]
    pub fn schema_rules(&self) -> SchemaRules {
        self.config.load().schemas
    }

    /// New settings, effective from the next append, read or retention round on.
    pub fn set_config(&self, config: Arc<TopicConfig>) {
        self.config.store(config);
    }

    /// All offsets of this moment.
    #[must_use]
    pub fn offsets(&self) -> LogOffsets {
        self.progress.offsets()
    }

    /// Completes when everything below `end` is durable (`acks=all`).
    ///
    /// # Errors
    /// The commit log failed first: the outcome is unknown to the producer.
    pub fn wait_durable(
        &self,
        end: Offset,
    ) -> impl Future<Output = Result<(), CommitLogError>> + Send + use<> {
        self.progress.wait(Stage::Durable, end)
    }

    /// Completes when everything below `end` would survive the death of the process (`acks=1`).
    ///
    /// # Errors
    /// As `wait_durable`.
    pub fn wait_written(
        &self,
        end: Offset,
    ) -> impl Future<Output = Result<(), CommitLogError>> + Send + use<> {
        self.progress.wait(Stage::Written, end)
    }

    /// Rings `notify` once when readers may find something new; register again before each check.
    pub fn watch(&self, notify: &Arc<Notify>) {
        self.progress.watch(notify);
    }

    /// The epoch of the last batch, or `NONE` for an empty log.
    #[must_use]
    pub fn latest_epoch(&self) -> LeaderEpoch {
        self.writer.lock().epochs.latest().unwrap_or(LeaderEpoch::NONE)
    }

    /// The epoch that the record at `offset` was written in, if the log has it.
    #[must_use]
    pub fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.writer.lock().epochs.epoch_at(offset)
    }

    /// The largest epoch not above `epoch` and where it ends (OffsetForLeaderEpoch, KIP-320); `NONE`s if there is none.
    #[must_use]
    pub fn end_offset_for_epoch(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        let writer = self.writer.lock();
        writer.epochs.end_offset_for(epoch, writer.log_end).unwrap_or((LeaderEpoch::NONE, Offset::NONE))
    }

    /// Bytes of all segment files.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.segments.iter().iter().map(|s| s.size()).sum()
    }

    /// Number of segments.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.segments.iter().len()
    }

    /// Calls `visit` with the producers that the log knows (DescribeProducers).
    pub fn with_producers<R>(&self, visit: impl FnOnce(&ProducerStateMap) -> R) -> R {
        visit(&self.writer.lock().producers)
    }

    /// Forgets idempotent producers that were silent for `older_than_ms` (`producer.id.expiration.ms`).
    pub fn expire_producers(&self, older_than_ms: i64) {
        let now = self.clock.now();
        self.writer.lock().producers.remove_expired(now, older_than_ms);
    }

    /// Takes the partition offline: appends and reads fail from now on, waiters too.
    pub fn set_offline(&self, reason: &str) {
        let offline = Offline { id: self.id, reason: Arc::from(reason) };
        self.offline.store(Some(Arc::new(offline)));
        self.progress.wake_all();
    }

    pub(crate) fn check_online(&self) -> Result<(), Offline> {
        match &*self.offline.load() {
            Some(offline) => Err(Offline::clone(offline)),
            None => Ok(()),
        }
    }

    pub(crate) fn segment_options(config: &TopicConfig, files: &Arc<OpenFiles>) -> SegmentOptions {
        SegmentOptions {
            index_interval_bytes: usize::try_from(config.index_interval_bytes).unwrap_or(4096),
            index_max_bytes: usize::try_from(config.segment_index_bytes).unwrap_or(10 << 20),
            preallocate: config.preallocate.then(|| u64::try_from(config.segment_bytes).unwrap_or(0)),
            files: Arc::clone(files),
        }
    }

    /// What is taken off `segment.ms` for a segment, so that not all partitions roll at once (`segment.jitter.ms`): a share
    /// that looks random and is the same whenever it is asked for.
    pub(crate) fn roll_jitter_ms(&self, base: Offset, config: &TopicConfig) -> i64 {
        let most = config.segment_jitter_ms.min(config.segment_ms);
        if most <= 0 {
            return 0;
        }
        let seed =
            [&self.id.topic_id.0.as_bytes()[..], &self.id.partition.0.to_be_bytes(), &base.0.to_be_bytes()];
        i64::from(crc32fast::hash(&seed.concat())) % most
    }

    /// Closes files that were not used since the last call; with `urgent` all that have nothing to flush.
    pub(crate) fn close_idle_files(&self, urgent: bool) -> usize {
        self.segments.iter().iter().filter(|s| s.close_idle_file(urgent)).count()
    }

    /// The point that a checkpoint may record once the files are flushed: never behind the high watermark.
    pub(crate) fn recovery_point(&self) -> RecoveryPoint {
        let (offsets, Mark { end, segment, position }) = self.progress.snapshot();
        RecoveryPoint { log_start: offsets.log_start, end, segment, position }
    }

    pub(crate) fn take_dirty(&self) -> bool {
        self.dirty.swap(false, Ordering::AcqRel)
    }
}
