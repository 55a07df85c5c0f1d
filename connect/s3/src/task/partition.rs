//! One topic partition: what is open, and its commits.

use std::sync::Arc;

use highway_connect_data::ConnectRecord;
use uuid::Uuid;

use super::budget::Budget;
use super::error::{RecordError, Rejects, TaskError};
use super::object::Uploads;
use super::open_objects::OpenObjects;
use super::sink::TopicPartition;
use crate::commit::{Entry, FileRef, LogKeys, Position};
use crate::partition::{Partitioner, TimeCache};
use crate::rotation::{Reason, Window};
use crate::settings::{NullValues, Settings};
use crate::store::{Bucket, Complete, Guarantee, LogError, PartitionLog, Progress};
use highway_types::limits;

/// Where commits go.
enum Committer {
    /// Into the commit log: exactly once.
    Log(PartitionLog),
    /// Objects are made visible as they are, and the consumer's offsets say how far: at least once.
    Direct,
}

/// The writer of a topic partition.
pub(super) struct PartitionWriter {
    at: TopicPartition,
    settings: Arc<Settings>,
    uploads: Uploads,
    committer: Committer,
    /// All before it is committed.
    end: Position,
    /// All before it is in `open`, or passed over.
    through: u64,
    topic_ids: Vec<String>,
    open: OpenObjects,
    window: Window,
    cache: TimeCache,
    folder: String,
    worker: String,
}

impl PartitionWriter {
    /// Opens the partition. Answers the offset to read from; `None` leaves it to the consumer.
    pub(super) async fn open(
        at: TopicPartition,
        settings: Arc<Settings>,
        uploads: Uploads,
        budget: Budget,
        guarantee: &Guarantee,
        worker: String,
    ) -> Result<(Self, Option<u64>), TaskError> {
        let (mut end, mut topic_ids, mut resume) = (Position::START, Vec::new(), None);
        let committer = if *guarantee == Guarantee::ExactlyOnce {
            let keys = LogKeys::new(&settings.connector, &at.topic, at.partition);
            let mut log = PartitionLog::new(uploads.bucket.clone(), keys);
            let (found, last) = log.open().await?;
            end = found;
            if let Some(last) = last {
                topic_ids.clone_from(&last.topic_ids);
                resume = Some(end.offset);
            }
            Committer::Log(log)
        } else {
            Committer::Direct
        };
        let mut this = Self {
            at,
            settings,
            uploads,
            committer,
            end,
            through: end.offset,
            topic_ids,
            open: OpenObjects::new(budget),
            window: Window::default(),
            cache: TimeCache::default(),
            folder: String::new(),
            worker,
        };
        if this.topic_is_new(resume.is_some())? {
            resume = Some(this.renew(0).await?);
        }
        Ok((this, resume))
    }

    /// Whether the topic of this name was deleted and made anew since the log's last entry.
    fn topic_is_new(&mut self, has_entries: bool) -> Result<bool, TaskError> {
        let Some(id) = &self.at.topic_id else { return Ok(false) };
        if self.topic_ids.last() == Some(id) {
            return Ok(false);
        }
        if self.topic_ids.contains(id) {
            return Err(TaskError::Recreated { topic: self.at.topic.to_string(), id: id.clone() });
        }
        // Entries of before the ids were known are taken to be this topic's.
        let new = has_entries && !self.topic_ids.is_empty();
        self.topic_ids.push(id.clone());
        Ok(new)
    }

    /// Begins a new generation at this offset. Answers where to read from.
    pub(super) async fn renew(&mut self, offset: u64) -> Result<u64, TaskError> {
        self.open.discard(&self.uploads).await;
        self.window = Window::default();
        self.through = offset;
        if let Committer::Log(_) = self.committer {
            let renewed = self.end.renewed(offset);
            let entry = self.entry(renewed, Vec::new());
            if let Committer::Log(log) = &mut self.committer {
                match log.commit(entry).await? {
                    Progress::Committed(end) => self.end = end,
                    Progress::Lost(end, last) => {
                        self.end = end;
                        self.topic_ids = last.map(|entry| entry.topic_ids.clone()).unwrap_or_default();
                    }
                }
                self.through = self.end.offset;
            }
        }
        Ok(self.through)
    }

    /// What may be committed to the consumer group.
    pub(super) fn committed(&self) -> u64 {
        self.end.offset
    }

    /// Adds a record. Answers where to read on when another writer was faster.
    pub(super) async fn put(
        &mut self,
        record: &ConnectRecord,
        now: i64,
        rejects: Option<&dyn Rejects>,
    ) -> Result<Option<u64>, TaskError> {
        let Some(offset) = record.sink_offset().and_then(|offset| u64::try_from(offset).ok()) else {
            return self.reject(record, RecordError::NoOffset, rejects).await.map(|()| None);
        };
        if offset < self.through {
            return Ok(None); // Committed or taken already: the consumer is still before the place it was sent to.
        }
        let time = self.record_time(record, now);
        if self.window.before(&self.settings.rules, time).is_some()
            && let Some(seek) = self.commit(Reason::RecordTime, now).await?
        {
            return Ok(Some(seek));
        }
        match self.add(record, offset, now) {
            Ok(Some((index, bytes))) => {
                self.window.bytes += bytes;
                self.window.add(&self.settings.rules, time, now);
                self.open.upload_parts(index, &self.uploads).await?;
            }
            Ok(None) => {}
            Err(reason) => self.reject(record, reason, rejects).await?,
        }
        self.through = offset + 1;
        if let Some(reason) = self.due(now) {
            return self.commit(reason, now).await;
        }
        Ok(None)
    }

    fn record_time(&self, record: &ConnectRecord, now: i64) -> Option<i64> {
        self.settings.rules.record_time?;
        match &self.settings.partitioner {
            Partitioner::Time(time) => time.extractor.extract(record, now).ok(),
            _ => record.timestamp,
        }
    }

    fn due(&self, now: i64) -> Option<Reason> {
        if self.open.len() >= limits::S3_OPEN_OBJECTS {
            return Some(Reason::Objects);
        }
        if self.window.bytes >= limits::S3_OBJECT_MAX {
            return Some(Reason::Bytes);
        }
        self.window.due(&self.settings.rules, now)
    }

    fn add(
        &mut self,
        record: &ConnectRecord,
        offset: u64,
        now: i64,
    ) -> Result<Option<(usize, u64)>, RecordError> {
        if record.is_tombstone() {
            match &self.settings.nulls {
                NullValues::Fail => return Err(RecordError::Null),
                NullValues::Ignore => return Ok(None),
                NullValues::Write(folder) => self.folder.clone_from(folder),
            }
        } else {
            self.settings.partitioner.encode(record, now, &mut self.cache, &mut self.folder)?;
        }
        let (settings, at, end, uploads) = (&self.settings, &self.at, self.end, &self.uploads);
        let folder = &self.folder;
        let key = || object_key(settings, at, folder, end.generation, offset, &*uploads.bucket);
        self.open.write(settings, folder, record, key).map(Some)
    }

    async fn reject(
        &mut self,
        record: &ConnectRecord,
        reason: RecordError,
        rejects: Option<&dyn Rejects>,
    ) -> Result<(), TaskError> {
        let failed = |reason| TaskError::Record {
            topic: self.at.topic.to_string(),
            partition: self.at.partition,
            offset: record.sink_offset().unwrap_or(-1),
            reason,
        };
        let Some(rejects) = rejects else { return Err(failed(reason)) };
        match rejects.reject(record, &reason).await {
            Ok(()) => Ok(()),
            Err(why) => {
                tracing::error!("a rejected record could not be put aside: {why}");
                Err(failed(reason))
            }
        }
    }

    /// Commits if the clock says so. Answers as [`PartitionWriter::put`].
    pub(super) async fn tick(&mut self, now: i64) -> Result<Option<u64>, TaskError> {
        match self.due(now) {
            Some(reason) => self.commit(reason, now).await,
            None => Ok(None),
        }
    }

    /// Frees memory.
    pub(super) async fn relieve(&mut self) -> Result<(), TaskError> {
        self.open.relieve(&self.uploads).await
    }

    /// Commits all that is open.
    pub(super) async fn commit(&mut self, reason: Reason, now: i64) -> Result<Option<u64>, TaskError> {
        if self.through <= self.end.offset {
            return Ok(None);
        }
        let files = self.open.finish(&self.uploads).await?;
        tracing::debug!(topic = %self.at.topic, partition = self.at.partition, objects = files.len(), ?reason, "commit");
        let end = self.end.at(self.through);
        let mut entry = self.entry(end, files);
        entry.written_at = now;
        // From here on the uploads belong to the log: they are not thrown away with what is open.
        self.open.clear();
        self.window = Window::default();
        match &mut self.committer {
            Committer::Log(log) => match log.commit(entry).await? {
                Progress::Committed(end) => {
                    self.end = end;
                    Ok(None)
                }
                Progress::Lost(end, last) => {
                    tracing::warn!(
                        topic = %self.at.topic, partition = self.at.partition, offset = end.offset,
                        "another task wrote this partition; reading on after it"
                    );
                    self.end = end;
                    self.through = end.offset;
                    if let Some(last) = last {
                        self.topic_ids.clone_from(&last.topic_ids);
                    }
                    Ok(Some(end.offset))
                }
            },
            Committer::Direct => {
                for file in &entry.files {
                    complete(&*self.uploads.bucket, file).await?;
                }
                self.end = end;
                Ok(None)
            }
        }
    }

    /// Throws away what is open.
    pub(super) async fn discard(&mut self) {
        self.open.discard(&self.uploads).await;
        self.window = Window::default();
        self.through = self.end.offset;
    }

    fn entry(&self, end: Position, files: Vec<FileRef>) -> Entry {
        let mut entry = Entry::new(Uuid::new_v4().to_string(), end, files);
        entry.topic_ids.clone_from(&self.topic_ids);
        entry.worker.clone_from(&self.worker);
        entry
    }
}

/// `<topics.dir>/<topic>/<folder>/<topic>+<partition>+<offset>.<extension>`, Confluent's names. After the offsets were set anew
/// the generation is added, so that nothing of before is overwritten; and something unique, where uploads to one name get
/// mixed up.
fn object_key(
    settings: &Settings,
    at: &TopicPartition,
    folder: &str,
    generation: u32,
    offset: u64,
    bucket: &dyn Bucket,
) -> String {
    let (slash, plus) = (&settings.directory_delimiter, &settings.file_delimiter);
    let mut key = String::with_capacity(96);
    if !settings.topics_dir.is_empty() {
        key.push_str(&settings.topics_dir);
        key.push_str(slash);
    }
    let width = settings.pad_width;
    let topic = &at.topic;
    key.push_str(&format!(
        "{topic}{slash}{folder}{slash}{topic}{plus}{}{plus}{offset:0width$}",
        at.partition
    ));
    if generation > 0 {
        key.push_str(&format!("{plus}g{generation}"));
    }
    if !bucket.separates_uploads() {
        key.push_str(&format!("{plus}{:08x}", Uuid::new_v4().as_u128() as u32));
    }
    key.push_str(&settings.format.extension());
    key
}

/// At least once: what cannot be completed is written again after a restart.
async fn complete(bucket: &dyn Bucket, file: &FileRef) -> Result<(), TaskError> {
    match bucket.complete(&file.key, &file.upload, &file.parts).await {
        Complete::Done if bucket.completion_is_final() => Ok(()),
        Complete::Done | Complete::NoUpload if bucket.size(&file.key).await? == Some(file.bytes) => Ok(()),
        Complete::Done | Complete::NoUpload => {
            let (key, upload) = (file.key.clone(), file.upload.clone());
            Err(LogError::Gone { at: Position::START, key, upload }.into())
        }
        Complete::Unknown(e) => Err(e.into()),
    }
}
