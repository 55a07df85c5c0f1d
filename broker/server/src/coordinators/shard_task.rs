//! One shard's task: it alone touches its machine, appends what the machine wants in its order, and reports what became
//! of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use highway_coordinator::{Command, Effect, GroupConfig, GroupShard, Record, RequestId, Response, Token};
use highway_log::batch::builder::BatchBuilder;
use highway_log::batch::validate::Origin;
use highway_log::log::Log;
use highway_types::{Clock, LeaderEpoch, TopicName};
use tokio::sync::{mpsc, oneshot};

use crate::derived::Derived;

/// What a shard's task is sent.
pub enum Mail {
    /// A request, and where its answer goes.
    Request {
        /// What.
        command: Box<Command>,
        /// Where to.
        answer: oneshot::Sender<Response>,
    },
    /// Topics are gone, and their offsets with them.
    TopicsDeleted(Arc<[TopicName]>),
}

/// Tells whether a topic exists now.
pub type TopicExists = Arc<dyn Fn(&TopicName) -> bool + Send + Sync>;

struct Task {
    shard: GroupShard,
    log: Arc<Log>,
    epoch: LeaderEpoch,
    clock: Arc<dyn Clock>,
    answers: HashMap<RequestId, oneshot::Sender<Response>>,
    commits: FuturesOrdered<BoxFuture<'static, (Token, bool)>>,
    next_request: u64,
}

/// Loads the partition, then serves until every sender is gone.
pub async fn run(
    log: Arc<Log>,
    derived: Arc<Derived>,
    epoch: LeaderEpoch,
    clock: Arc<dyn Clock>,
    config: GroupConfig,
    exists: TopicExists,
    mut mail: mpsc::Receiver<Mail>,
) {
    loop {
        let Some(shard) = load(Arc::clone(&log), Arc::clone(&derived), config.clone()).await else { return };
        let mut task = Task {
            shard,
            log: Arc::clone(&log),
            epoch,
            clock: Arc::clone(&clock),
            answers: HashMap::new(),
            commits: FuturesOrdered::new(),
            next_request: 0,
        };
        let (now, wall) = task.time();
        let effects = task.shard.loaded(now, wall);
        task.perform(effects);
        // A topic may have gone while nobody told this shard: before a crash, or while it loaded.
        let gone: Vec<TopicName> = task.shard.committed_topics().into_iter().filter(|t| !exists(t)).collect();
        let effects = task.shard.topics_deleted(now, wall, &gone);
        task.perform(effects);
        if task.serve(&mut mail).await {
            return;
        }
        // An append was lost: what the machine believes may not be in the log. Read it again.
        tracing::warn!(dir = %log.dir().display(), "loading a group coordinator's partition again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn load(log: Arc<Log>, derived: Arc<Derived>, config: GroupConfig) -> Option<GroupShard> {
    let loaded = tokio::task::spawn_blocking(move || {
        let mut shard = GroupShard::new(config);
        let outcome = derived.load_groups(&log, |key, value, offset| {
            // A record that makes no sense is passed over, as in Kafka: the rest of the groups must work.
            if let Err(error) = shard.replay(key, value, offset) {
                tracing::error!(dir = %log.dir().display(), %error, "passing over a record of __consumer_offsets");
            }
        });
        match outcome {
            Ok(()) => Some(shard),
            Err(error) => {
                tracing::error!(dir = %log.dir().display(), %error, "cannot load group offsets; their groups have no coordinator");
                None
            }
        }
    });
    loaded.await.ok().flatten()
}

impl Task {
    fn time(&self) -> (Duration, highway_types::Timestamp) {
        (self.clock.monotonic(), self.clock.now())
    }

    /// True when it is over, false when the shard failed and has to be loaded again.
    async fn serve(&mut self, mail: &mut mpsc::Receiver<Mail>) -> bool {
        loop {
            let (now, _) = self.time();
            let deadline = self.shard.next_deadline().map(|at| at.saturating_sub(now));
            tokio::select! {
                Some((token, kept)) = self.commits.next(), if !self.commits.is_empty() => {
                    let (now, wall) = self.time();
                    if !kept {
                        let effects = self.shard.failed(token);
                        self.perform(effects);
                        return false;
                    }
                    let effects = self.shard.committed(now, wall, token);
                    self.perform(effects);
                }
                received = mail.recv() => match received {
                    None => return true,
                    Some(Mail::Request { command, answer }) => {
                        let id = RequestId(self.next_request);
                        self.next_request += 1;
                        self.answers.insert(id, answer);
                        let (now, wall) = self.time();
                        let effects = self.shard.step(now, wall, id, *command);
                        self.perform(effects);
                    }
                    Some(Mail::TopicsDeleted(topics)) => {
                        let (now, wall) = self.time();
                        let effects = self.shard.topics_deleted(now, wall, &topics);
                        self.perform(effects);
                    }
                },
                () = sleep(deadline) => {
                    let (now, wall) = self.time();
                    let effects = self.shard.tick(now, wall);
                    self.perform(effects);
                }
            }
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Reply { to, response } => {
                    if let Some(answer) = self.answers.remove(&to) {
                        let _ = answer.send(response); // a client that left is no error
                    }
                }
                Effect::Append { records, then } => {
                    let append = self.append(&records);
                    self.commits.push_back(match append {
                        Ok(wait) => Box::pin(async move { (then, wait.await.is_ok()) }),
                        Err(error) => {
                            tracing::error!(dir = %self.log.dir().display(), %error, "cannot append group records");
                            Box::pin(std::future::ready((then, false)))
                        }
                    });
                }
            }
        }
    }

    fn append(
        &self,
        records: &[Record],
    ) -> Result<
        impl Future<Output = Result<(), highway_log::commit_log::CommitLogError>> + Send + use<>,
        highway_log::error::AppendError,
    > {
        let now = self.clock.now();
        let mut builder = BatchBuilder::new();
        for record in records {
            builder.push(now, Some(&record.key), record.value.as_deref(), &[]);
        }
        let info = self.log.append(builder.build(), Origin::Coordinator, self.epoch)?;
        Ok(self.log.wait_durable(info.end()))
    }
}

async fn sleep(deadline: Option<Duration>) {
    match deadline {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
