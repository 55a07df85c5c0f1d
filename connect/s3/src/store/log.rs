//! Carries out what the commit log's machine wants.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};

use super::bucket::{Bucket, Complete, Put, StoreError};
use crate::commit::{
    Command, CompleteOutcome, Effect, Entry, EntryError, FileRef, LogKeys, Machine, Outcome, Position,
    PutOutcome, Reply,
};

/// Entries between two checkpoints.
const CHECKPOINT_EVERY: u32 = 1000;
/// Uploads that are completed at once.
const COMPLETE_AT_ONCE: usize = 16;
/// The first pause before something is tried again; doubled each time.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Tries of one request before the task gives up and is started anew. Nothing is lost by giving up: it is like a crash.
const TRIES: u32 = 8;

/// Why the log cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// The store keeps failing.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// An entry cannot be read.
    #[error("{0}")]
    Entry(#[from] EntryError),
    /// A committed object is gone.
    #[error(
        "{key} was committed by log entry {at}, but the bucket has neither the object nor its upload {upload}: a life-cycle \
         rule or a person removed it. Records {at} and later of this entry are missing; set the connector's offsets back to \
         read them again"
    )]
    Gone {
        /// The entry.
        at: Position,
        /// The object.
        key: String,
        /// The upload.
        upload: String,
    },
    /// A bug in this crate.
    #[error("the commit log's machine refused: {0}")]
    Refused(&'static str),
}

/// What came of a commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Done; the new end.
    Committed(Position),
    /// Somebody else was faster; where to read on, and the last entry.
    Lost(Position, Option<Arc<Entry>>),
}

/// The log of one topic partition.
pub struct PartitionLog {
    bucket: Arc<dyn Bucket>,
    keys: LogKeys,
    machine: Machine,
}

enum Done {
    Reply(Reply),
    Nothing,
    Told(Outcome),
}

impl PartitionLog {
    /// A log; [`PartitionLog::open`] reads it.
    pub fn new(bucket: Arc<dyn Bucket>, keys: LogKeys) -> Self {
        Self::with_checkpoints(bucket, keys, CHECKPOINT_EVERY)
    }

    /// The same with another number of entries between two checkpoints, for tests.
    pub fn with_checkpoints(bucket: Arc<dyn Bucket>, keys: LogKeys, every: u32) -> Self {
        Self { bucket, keys, machine: Machine::new(every) }
    }

    /// The end of the log as far as it is known here.
    pub fn end(&self) -> Position {
        self.machine.end()
    }

    /// Finds the end, completes what is pending. Answers the end and the last entry.
    pub async fn open(&mut self) -> Result<(Position, Option<Arc<Entry>>), LogError> {
        match self.run(Command::Open).await? {
            Outcome::Opened { end, last } => Ok((end, last)),
            _ => Err(LogError::Refused("opening did not end with a position")),
        }
    }

    /// Commits what starts at the end.
    pub async fn commit(&mut self, entry: Entry) -> Result<Progress, LogError> {
        match self.run(Command::Commit(entry)).await? {
            Outcome::Committed { end } => Ok(Progress::Committed(end)),
            Outcome::Lost { end, last } => Ok(Progress::Lost(end, last)),
            _ => Err(LogError::Refused("a commit did not end with a position")),
        }
    }

    async fn run(&mut self, command: Command) -> Result<Outcome, LogError> {
        let mut todo: VecDeque<Effect> = self.machine.step(command).into();
        let mut completing = FuturesUnordered::new();
        let mut waiting: VecDeque<(usize, FileRef, u32)> = VecDeque::new();
        let mut outcome = None;
        loop {
            while completing.len() < COMPLETE_AT_ONCE
                && let Some((index, file, attempt)) = waiting.pop_front()
            {
                completing.push(complete(self.bucket.clone(), index, file, attempt));
            }
            let reply = match todo.pop_front() {
                Some(Effect::Complete { index, file, attempt }) => {
                    waiting.push_back((index, file, attempt));
                    continue;
                }
                Some(effect) => match self.carry_out(effect).await? {
                    Done::Reply(reply) => reply,
                    Done::Nothing => continue,
                    Done::Told(told) => {
                        outcome = Some(told);
                        continue;
                    }
                },
                None => match completing.next().await {
                    Some(reply) => reply?,
                    None => return outcome.ok_or(LogError::Refused("it stopped without a result")),
                },
            };
            todo.extend(self.machine.step(Command::Reply(reply)));
        }
    }

    async fn carry_out(&self, effect: Effect) -> Result<Done, LogError> {
        let reply = match effect {
            Effect::ListCheckpoints => Reply::Checkpoints(self.positions(&self.keys.checkpoints()).await?),
            Effect::GetEntry(at) => {
                let key = self.keys.entry(at);
                let bytes = repeated(|| self.bucket.get(&key)).await?;
                let entry = bytes.map(|bytes| Entry::decode(&key, at, &bytes)).transpose()?;
                Reply::Entry(entry.map(Arc::new))
            }
            Effect::PutEntry { at, entry, attempt } => self.put_entry(at, &entry, attempt).await?,
            Effect::Look { index, file } => {
                let size = repeated(|| self.bucket.size(&file.key)).await?;
                Reply::Visible(index, size == Some(file.bytes))
            }
            Effect::PutCheckpoint(at) => {
                let key = self.keys.checkpoint(at);
                let put = repeated(|| self.bucket.put(&key, Bytes::from_static(b"{\"version\":1}"))).await;
                Reply::Checkpointed(put.inspect_err(|e| tracing::warn!("{e}")).is_ok())
            }
            Effect::Abort(file) => {
                self.nice_to_have(self.bucket.abort(&file.key, &file.upload).await);
                return Ok(Done::Nothing);
            }
            Effect::Forget(at) => {
                self.nice_to_have(self.bucket.delete(&self.keys.entry(at)).await);
                return Ok(Done::Nothing);
            }
            Effect::Sweep { entries, checkpoints } => {
                self.sweep(&self.keys.entries(), entries, |at| self.keys.entry(at)).await;
                self.sweep(&self.keys.checkpoints(), checkpoints, |at| self.keys.checkpoint(at)).await;
                return Ok(Done::Nothing);
            }
            Effect::Tell(Outcome::Failed { at, file }) => {
                return Err(LogError::Gone { at, key: file.key, upload: file.upload });
            }
            Effect::Tell(Outcome::Refused(why)) => return Err(LogError::Refused(why)),
            Effect::Tell(outcome) => return Ok(Done::Told(outcome)),
            Effect::Complete { .. } => return Ok(Done::Nothing), // Carried out by `run`, many at once.
        };
        Ok(Done::Reply(reply))
    }

    async fn put_entry(&self, at: Position, entry: &Entry, attempt: u32) -> Result<Reply, LogError> {
        pause(attempt).await;
        let outcome = match self.bucket.put_if_absent(&self.keys.entry(at), entry.encode().into()).await {
            Put::Created(_) => PutOutcome::Created,
            Put::Exists => PutOutcome::Exists,
            Put::Unknown(e) if !e.retriable || attempt >= TRIES => return Err(e.into()),
            Put::Unknown(e) => {
                tracing::warn!("answer of a commit unclear, reading back: {e}");
                PutOutcome::Unknown
            }
        };
        Ok(Reply::Put(outcome))
    }

    async fn positions(&self, folder: &str) -> Result<Vec<Position>, StoreError> {
        let names = repeated(|| self.bucket.list(folder)).await?;
        Ok(names.iter().filter_map(|name| LogKeys::position(name)).collect())
    }

    async fn sweep(&self, folder: &str, below: Position, key: impl Fn(Position) -> String) {
        if below == Position::START {
            return;
        }
        let Ok(mut all) = self.positions(folder).await else { return };
        all.retain(|&at| at < below);
        let deletes = all.into_iter().map(|at| {
            let key = key(at);
            async move { self.nice_to_have(self.bucket.delete(&key).await) }
        });
        futures::stream::iter(deletes).buffer_unordered(COMPLETE_AT_ONCE).collect::<()>().await;
    }

    /// Rubbish that stays is found by the next sweep, or by the bucket's rule for incomplete uploads.
    fn nice_to_have(&self, result: Result<(), StoreError>) {
        if let Err(e) = result {
            tracing::debug!("left behind: {e}");
        }
    }
}

/// It is committed, so there is no way but forward; whoever opens the log next goes on when this one gives up.
async fn complete(
    bucket: Arc<dyn Bucket>,
    index: usize,
    file: FileRef,
    attempt: u32,
) -> Result<Reply, StoreError> {
    for tries in attempt.. {
        pause(tries).await;
        match bucket.complete(&file.key, &file.upload, &file.parts).await {
            Complete::Done if bucket.completion_is_final() => {
                return Ok(Reply::Completed(index, CompleteOutcome::Done));
            }
            // Then it is looked at.
            Complete::Done => return Ok(Reply::Completed(index, CompleteOutcome::NoUpload)),
            Complete::NoUpload => return Ok(Reply::Completed(index, CompleteOutcome::NoUpload)),
            Complete::Unknown(e) if !e.retriable || tries >= TRIES + attempt => return Err(e),
            Complete::Unknown(e) => tracing::warn!("trying again: {e}"),
        }
    }
    Ok(Reply::Completed(index, CompleteOutcome::Unknown))
}

/// Repeats a request that changes nothing, or that may be done twice.
async fn repeated<T, F: Future<Output = Result<T, StoreError>>>(
    request: impl Fn() -> F,
) -> Result<T, StoreError> {
    for attempt in 0.. {
        pause(attempt).await;
        match request().await {
            Err(e) if e.retriable && attempt < TRIES => tracing::warn!("trying again: {e}"),
            result => return result,
        }
    }
    request().await
}

async fn pause(attempt: u32) {
    if attempt > 0 {
        tokio::time::sleep(PAUSE.saturating_mul(1 << (attempt - 1).min(10)).min(PAUSE_MAX)).await;
    }
}
