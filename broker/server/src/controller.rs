//! The one writer of `__cluster_metadata`: decides on the newest image, appends control records, applies them once
//! they are durable, and tells the parts that have to follow.
//!
//! The record is the commit point. What follows (directories, settings of open logs, deletions) can be redone from the
//! image at the next start.

use std::sync::Arc;

use arc_swap::ArcSwap;
use highway_cluster::{MetadataImage, MetadataRecord, apply};
use highway_log::batch::builder::BatchBuilder;
use highway_log::batch::validate::Origin;
use highway_log::log::Log;
use highway_types::{Clock, LeaderEpoch, Offset, ProducerId};
use tokio::sync::Mutex;

/// Producer ids are taken from the metadata log in blocks, as in Kafka.
const PRODUCER_ID_BLOCK: i64 = 1000;
/// Bytes of control records in one batch at the most; larger changes are never split.
const BATCH_TARGET: usize = 16 << 20;

/// Why a change of the metadata did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The control records could not be appended or made durable.
    #[error("control records could not be written: {0}")]
    Write(String),
    /// They contradict the image: a defect of ours.
    #[error("control records contradict the metadata: {0}")]
    Apply(String),
}

/// What has to happen after a change. Called in commit order, one change at a time.
pub trait Follower: Send + Sync {
    /// `records` turned `before` into `after`.
    fn changed(&self, before: &MetadataImage, after: &Arc<MetadataImage>, records: &[MetadataRecord]);
}

/// See the module.
pub struct Controller {
    image: ArcSwap<MetadataImage>,
    log: Arc<Log>,
    clock: Arc<dyn Clock>,
    turn: Mutex<()>,
    producer_ids: Mutex<std::ops::Range<i64>>,
    follower: arc_swap::ArcSwapOption<Box<dyn Follower>>,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller").field("topics", &self.image.load().topic_count()).finish_non_exhaustive()
    }
}

impl Controller {
    /// A controller whose log was replayed into `image`.
    #[must_use]
    pub fn new(image: MetadataImage, log: Arc<Log>, clock: Arc<dyn Clock>) -> Self {
        Self {
            image: ArcSwap::new(Arc::new(image)),
            log,
            clock,
            turn: Mutex::new(()),
            producer_ids: Mutex::new(0..0),
            follower: arc_swap::ArcSwapOption::empty(),
        }
    }

    /// Who is told of changes.
    pub fn follow(&self, follower: Box<dyn Follower>) {
        self.follower.store(Some(Arc::new(follower)));
    }

    /// The newest durable metadata.
    #[must_use]
    pub fn image(&self) -> Arc<MetadataImage> {
        self.image.load_full()
    }

    /// Lets `decide` look at the newest image, commits the records it wants, and returns its answer once they are
    /// durable and followed.
    ///
    /// # Errors
    /// The records could not be written; nothing changed, or the outcome is unknown until a restart.
    pub async fn change<R>(
        &self,
        decide: impl FnOnce(&MetadataImage) -> (Vec<MetadataRecord>, R) + Send,
    ) -> Result<R, CommitError> {
        let _turn = self.turn.lock().await;
        let before = self.image.load_full();
        let (records, answer) = decide(&before);
        if records.is_empty() {
            return Ok(answer);
        }
        let mut after = apply(&before, &records).map_err(|e| CommitError::Apply(e.to_string()))?;
        after.set_applied(self.append(&records).await?);
        let after = Arc::new(after);
        self.image.store(Arc::clone(&after));
        if let Some(follower) = &*self.follower.load() {
            // Directories are made and removed here.
            tokio::task::block_in_place(|| follower.changed(&before, &after, &records));
        }
        Ok(answer)
    }

    /// Commits records that need no decision.
    ///
    /// # Errors
    /// As [`Controller::change`].
    pub async fn commit(&self, records: Vec<MetadataRecord>) -> Result<(), CommitError> {
        self.change(|_| (records, ())).await
    }

    /// The offset of the last record, once it is durable.
    async fn append(&self, records: &[MetadataRecord]) -> Result<Offset, CommitError> {
        let write = |e: &dyn std::fmt::Display| CommitError::Write(e.to_string());
        let now = self.clock.now();
        let mut builder = BatchBuilder::new();
        for record in records {
            let value = record.encode();
            builder.push(now, None, Some(&value), &[]);
        }
        if builder.len() > BATCH_TARGET {
            return Err(CommitError::Write(format!(
                "{} bytes of control records in one change",
                builder.len()
            )));
        }
        let info = self
            .log
            .append(builder.build(), Origin::Coordinator, LeaderEpoch::FIRST)
            .map_err(|e| write(&e))?;
        self.log.wait_durable(info.end()).await.map_err(|e| write(&e))?;
        Ok(info.last_offset)
    }

    /// A producer id that was never given out.
    ///
    /// # Errors
    /// A new block could not be committed.
    pub async fn next_producer_id(&self) -> Result<ProducerId, CommitError> {
        let mut ids = self.producer_ids.lock().await;
        if ids.is_empty() {
            let start = self
                .change(|image| {
                    let start = image.next_producer_id().0;
                    (vec![MetadataRecord::ProducerIds { next: ProducerId(start + PRODUCER_ID_BLOCK) }], start)
                })
                .await?;
            *ids = start..start + PRODUCER_ID_BLOCK;
        }
        ids.next().map(ProducerId).ok_or_else(|| CommitError::Write("no producer id left".to_owned()))
    }
}
