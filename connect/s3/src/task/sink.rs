//! The task: its partitions, and the calls that the connect runtime makes.

use std::collections::HashMap;
use std::sync::Arc;

use highway_connect_data::{ConnectRecord, Origin};
use highway_types::limits;
use tokio::sync::Semaphore;

use super::budget::Budget;
use super::error::{Rejects, TaskError};
use super::object::Uploads;
use super::partition::PartitionWriter;
use crate::rotation::Reason;
use crate::settings::{Delivery, Settings};
use crate::store::{Bucket, Guarantee, probe};

/// A partition of a topic, and which topic of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The topic's id, where it is known: tells a topic from one of the same name that was deleted.
    pub topic_id: Option<String>,
    /// The partition.
    pub partition: i32,
}

/// Where the consumer of a partition must read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The next offset that is wanted.
    pub offset: i64,
}

/// What a task is given by the runtime.
#[derive(Clone)]
pub struct TaskContext {
    /// Memory of the node's sink tasks.
    pub budget: Budget,
    /// Where records go that cannot be written; without it the task fails.
    pub rejects: Option<Arc<dyn Rejects>>,
    /// Who this is, for people who read the log: node, connector, task.
    pub worker: String,
}

/// A task of the S3 sink. Not `Sync`: one caller at a time, which may drop a call's future at any point; the task must then be
/// thrown away, which is like a crash and loses nothing.
pub struct S3Task {
    settings: Arc<Settings>,
    uploads: Uploads,
    context: TaskContext,
    guarantee: Guarantee,
    partitions: HashMap<Arc<str>, HashMap<i32, PartitionWriter>>,
}

impl S3Task {
    /// Starts a task: tries the bucket.
    ///
    /// # Errors
    /// When the bucket cannot be used, or cannot give what `highway.delivery.guarantee` asks for.
    pub async fn start(
        settings: Arc<Settings>,
        bucket: Arc<dyn Bucket>,
        context: TaskContext,
    ) -> Result<Self, TaskError> {
        let guarantee = match settings.delivery {
            Delivery::AtLeastOnce => Guarantee::AtLeastOnce("it is asked for".to_owned()),
            wanted => match probe(&*bucket).await? {
                Guarantee::AtLeastOnce(why) if wanted == Delivery::ExactlyOnce => {
                    return Err(TaskError::Guarantee(why));
                }
                found => found,
            },
        };
        if let Guarantee::AtLeastOnce(why) = &guarantee {
            tracing::warn!(connector = settings.connector, "at-least-once delivery: {why}");
        }
        let uploads = Uploads {
            bucket,
            part_size: settings.part_size.clamp(limits::S3_PART_MIN, limits::S3_PART_MAX),
            in_flight: Arc::new(Semaphore::new(limits::S3_PARTS_IN_FLIGHT)),
            spill_dir: settings.spill_dir.clone(),
        };
        Ok(Self { settings, uploads, context, guarantee, partitions: HashMap::new() })
    }

    /// What the task promises, for status and metrics.
    pub fn guarantee(&self) -> &Guarantee {
        &self.guarantee
    }

    /// Takes partitions on. The consumer must read on where the answer says; partitions that it does not name begin where the
    /// consumer group's offset, or its `auto.offset.reset`, says.
    pub async fn open(&mut self, partitions: Vec<TopicPartition>) -> Result<Vec<Resume>, TaskError> {
        let mut resume = Vec::new();
        for at in partitions {
            let (topic, partition) = (at.topic.clone(), at.partition);
            let opened = PartitionWriter::open(
                at,
                self.settings.clone(),
                self.uploads.clone(),
                self.context.budget.clone(),
                &self.guarantee,
                self.context.worker.clone(),
            );
            let (writer, offset) = opened.await?;
            if let Some(offset) = offset {
                resume.push(resumed(&topic, partition, offset));
            }
            self.partitions.entry(topic).or_default().insert(partition, writer);
        }
        Ok(resume)
    }

    /// Takes records, in the order of their offsets for each partition. `now`: milliseconds since 1970. Where the answer names a
    /// partition, the consumer must read on there; records of it that come before are passed over.
    pub async fn put(&mut self, records: &[ConnectRecord], now: i64) -> Result<Vec<Resume>, TaskError> {
        let mut resume = Vec::new();
        // Partitions that lost to another writer: the rest of their records of this call is to be read again.
        let mut lost: Vec<(Arc<str>, i32)> = Vec::new();
        for record in records {
            let Origin::Sink(at) = &record.origin else { continue };
            if lost.iter().any(|(topic, partition)| *topic == at.topic && *partition == at.partition) {
                continue;
            }
            let writer = self.partitions.get_mut(&*at.topic).and_then(|p| p.get_mut(&at.partition));
            let Some(writer) = writer else {
                return Err(TaskError::NotOpen(at.topic.to_string(), at.partition));
            };
            if let Some(offset) = writer.put(record, now, self.context.rejects.as_deref()).await? {
                resume.push(resumed(&at.topic, at.partition, offset));
                lost.push((at.topic.clone(), at.partition));
            }
            if self.context.budget.is_exceeded() {
                self.relieve().await?;
            }
        }
        Ok(resume)
    }

    /// Commits what the clock says is due. To be called every second or so, also without records. Answers as
    /// [`S3Task::put`].
    pub async fn tick(&mut self, now: i64) -> Result<Vec<Resume>, TaskError> {
        let mut resume = Vec::new();
        for (topic, partitions) in &mut self.partitions {
            for (partition, writer) in partitions {
                if let Some(offset) = writer.tick(now).await? {
                    resume.push(resumed(topic, *partition, offset));
                }
            }
        }
        Ok(resume)
    }

    /// Offsets that are safe to commit to the consumer group: the next one to read for each partition that has one. With
    /// exactly-once they are a hint for lag tools only.
    pub fn pre_commit(&self) -> Vec<Resume> {
        let mut offsets = Vec::new();
        for (topic, partitions) in &self.partitions {
            for (partition, writer) in partitions {
                if writer.committed() > 0 {
                    offsets.push(resumed(topic, *partition, writer.committed()));
                }
            }
        }
        offsets
    }

    /// Lets go of partitions. With `commit` what is open is committed before, which is wanted at a stop and at an orderly
    /// revocation; otherwise it is thrown away, and read again by the next owner.
    pub async fn close(
        &mut self,
        partitions: &[TopicPartition],
        commit: bool,
        now: i64,
    ) -> Result<(), TaskError> {
        let mut result = Ok(());
        for at in partitions {
            let Some(topic) = self.partitions.get_mut(&at.topic) else { continue };
            let Some(mut writer) = topic.remove(&at.partition) else { continue };
            if commit && result.is_ok() {
                result = writer.commit(Reason::Close, now).await.map(|_| ());
            }
            writer.discard().await;
        }
        result
    }

    /// Sets a partition's offset anew, as an operator asked: a new generation of its log begins there. Objects of before stay.
    pub async fn reset(&mut self, topic: &str, partition: i32, offset: u64) -> Result<Resume, TaskError> {
        let writer = self.partitions.get_mut(topic).and_then(|p| p.get_mut(&partition));
        let Some(writer) = writer else { return Err(TaskError::NotOpen(topic.to_owned(), partition)) };
        Ok(resumed(&topic.into(), partition, writer.renew(offset).await?))
    }

    async fn relieve(&mut self) -> Result<(), TaskError> {
        for writer in self.partitions.values_mut().flat_map(HashMap::values_mut) {
            writer.relieve().await?;
            if self.context.budget.used() <= self.context.budget.low_mark() {
                break;
            }
        }
        Ok(())
    }
}

fn resumed(topic: &Arc<str>, partition: i32, offset: u64) -> Resume {
    Resume { topic: topic.clone(), partition, offset: i64::try_from(offset).unwrap_or(i64::MAX) }
}

#[cfg(test)]
impl S3Task {
    /// A task that trusts its store, whose failures are what the test is about.
    pub(super) fn assume_exactly_once(
        settings: Arc<Settings>,
        bucket: Arc<dyn Bucket>,
        context: TaskContext,
    ) -> Self {
        let uploads = Uploads {
            bucket,
            part_size: limits::S3_PART_MIN,
            in_flight: Arc::new(Semaphore::new(limits::S3_PARTS_IN_FLIGHT)),
            spill_dir: settings.spill_dir.clone(),
        };
        Self { settings, uploads, context, guarantee: Guarantee::ExactlyOnce, partitions: HashMap::new() }
    }

    /// Commits one partition and keeps it.
    pub(super) async fn commit_now(&mut self, at: &TopicPartition) -> Result<Option<Resume>, TaskError> {
        let writer = self.partitions.get_mut(&at.topic).and_then(|p| p.get_mut(&at.partition));
        let Some(writer) = writer else { return Ok(None) };
        let offset = writer.commit(Reason::Close, 0).await?;
        Ok(offset.map(|offset| resumed(&at.topic, at.partition, offset)))
    }
}
