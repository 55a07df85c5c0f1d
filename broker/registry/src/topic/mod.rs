//! The registry over its topic: `_schemas` is read to its end and followed, and what a request writes is appended there,
//! durable and read back before the answer goes out. The state is made of the topic and of nothing else.
//!
//! Every request first waits until everything that was acknowledged on the topic before it is applied: also what another
//! tool wrote there. Requests that write go one after the other through [`write`]; without the topic the registry is empty,
//! and the first of them makes it.

mod follow;
mod write;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use highway_client::admin::OffsetSpec;
use highway_client::{Client, ClientError, ErrorCode};
use highway_types::limits::{REGISTRY_PATIENCE, REGISTRY_QUEUE};
use highway_types::{TopicId, TopicName};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::http::{Request, Response, respond, unavailable};
use crate::registry::{Registry, RegistryError};

/// The topic of Confluent's registry (`kafkastore.topic`).
pub const TOPIC: &str = "_schemas";

/// How long the end of the log is asked for, before the topic is looked for.
const END_PATIENCE: Duration = Duration::from_secs(1);

/// A request, as the shell hands it on.
#[derive(Debug, Clone)]
pub struct OwnedRequest {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The part after the question mark.
    pub query: String,
    /// The body.
    pub body: Vec<u8>,
}

impl OwnedRequest {
    fn view(&self) -> Request<'_> {
        Request { method: &self.method, path: &self.path, query: &self.query, body: &self.body }
    }
}

/// How far the topic is read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Progress {
    /// Not looked for yet.
    Unknown,
    /// There is no such topic.
    Absent,
    /// Applied up to this offset, exclusive.
    Applied(i64),
    /// It cannot be read now; tried again.
    Failed(String),
}

#[derive(Debug)]
struct Shared {
    client: Client,
    topic: TopicName,
    registry: RwLock<Registry>,
    /// Counts the changes of the state, so that what was made of it is known to be still right.
    changes: AtomicU64,
    progress: watch::Sender<Progress>,
    /// Look for the topic again.
    look: Notify,
}

/// A request that writes, and where its answer goes.
type Job = (Arc<OwnedRequest>, oneshot::Sender<Response>);

/// See the module. Ends its tasks when it is dropped.
#[derive(Debug)]
pub struct SchemaStore {
    shared: Arc<Shared>,
    writes: mpsc::Sender<Job>,
    tasks: [JoinHandle<()>; 2],
}

impl SchemaStore {
    /// Begins to read the topic; needs a runtime.
    #[must_use]
    pub fn start(client: Client) -> Self {
        let shared = Arc::new(Shared {
            client,
            topic: TopicName::new(TOPIC),
            registry: RwLock::default(),
            changes: AtomicU64::new(0),
            progress: watch::Sender::new(Progress::Unknown),
            look: Notify::new(),
        });
        let (writes, jobs) = mpsc::channel(REGISTRY_QUEUE);
        let tasks = [
            tokio::spawn(follow::run(Arc::clone(&shared))),
            tokio::spawn(write::run(Arc::clone(&shared), jobs)),
        ];
        Self { shared, writes, tasks }
    }

    /// Answers a request; what it wrote is durable then.
    pub async fn answer(&self, request: OwnedRequest) -> Response {
        let request = Arc::new(request);
        if let Err(error) = self.shared.catch_up().await {
            return unavailable(&error);
        }
        let response = self.shared.respond(&request).await;
        if response.records.is_empty() {
            return response;
        }
        // Decided again in its turn: others may write before it.
        let (sender, answer) = oneshot::channel();
        let stopping = || unavailable(&RegistryError::Store("The registry is stopping".to_owned()));
        if self.writes.send((request, sender)).await.is_err() {
            return stopping();
        }
        answer.await.unwrap_or_else(|_| stopping())
    }
}

impl SchemaStore {
    /// Waits until everything that was acknowledged on the topic before is applied.
    ///
    /// # Errors
    /// The topic cannot be read.
    pub async fn ready(&self) -> Result<(), RegistryError> {
        self.shared.catch_up().await.map(|_| ())
    }

    /// Whether the topic is read: `None` while it is not, else a number that grows with every change of the state. Cheap.
    #[must_use]
    pub fn changes(&self) -> Option<u64> {
        let whole = matches!(*self.shared.progress.borrow(), Progress::Absent | Progress::Applied(_));
        whole.then(|| self.shared.changes.load(Ordering::Acquire))
    }

    /// Looks something up in the state as it is now. Not for what takes long: the topic waits.
    pub fn with<R>(&self, look: impl FnOnce(&Registry) -> R) -> R {
        look(&self.shared.registry())
    }
}

impl Drop for SchemaStore {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For changing it; who has looked at it before looks again.
    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        let state = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::Release);
        state
    }

    /// What the state says to a request; aside, because a comparison of large schemas takes its time.
    async fn respond(self: &Arc<Self>, request: &Arc<OwnedRequest>) -> Response {
        let (shared, request) = (Arc::clone(self), Arc::clone(request));
        let work = tokio::task::spawn_blocking(move || respond(&shared.registry(), request.view()));
        work.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request to the schema registry was not answered");
            unavailable(&RegistryError::Store("The request could not be carried out".to_owned()))
        })
    }

    /// Waits until everything that is acknowledged on the topic is applied. Gives the offset behind it; 0 without a topic.
    async fn catch_up(&self) -> Result<i64, RegistryError> {
        let deadline = Instant::now() + REGISTRY_PATIENCE;
        let mut progress = self.progress.subscribe();
        loop {
            let seen = progress.borrow_and_update().clone();
            let reason = match seen {
                Progress::Applied(at) => match self.end().await {
                    Ok(end) if end >= at => return self.applied(end, deadline).await,
                    // A log does not shrink: this is another one.
                    Ok(_) => "it is being read again".to_owned(),
                    Err(error) => error.to_string(),
                },
                Progress::Absent => match self.exists().await {
                    Ok(false) => return Ok(0),
                    Ok(true) => "it is being read".to_owned(),
                    Err(error) => error.to_string(),
                },
                Progress::Unknown => "it is being read".to_owned(),
                Progress::Failed(reason) => reason,
            };
            self.look.notify_one();
            // Woken by a change, or now and then for what tells of none.
            let pause = deadline.min(Instant::now() + Duration::from_millis(100));
            let changed = timeout_at(pause, progress.changed()).await;
            if changed.is_err() && Instant::now() >= deadline {
                return Err(RegistryError::Store(format!("The topic {TOPIC} cannot be read: {reason}")));
            }
        }
    }

    /// Waits until the offsets below `end` are applied.
    async fn applied(&self, end: i64, deadline: Instant) -> Result<i64, RegistryError> {
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|p| matches!(p, Progress::Applied(at) if *at >= end));
        match timeout_at(deadline, reached).await {
            Ok(Ok(_)) => Ok(end),
            _ => Err(RegistryError::Timeout(format!(
                "The topic {TOPIC} was not read up to offset {end} in time"
            ))),
        }
    }

    /// The end of the log. Given up soon: the client would wait long for a topic that is deleted.
    async fn end(&self) -> Result<i64, ClientError> {
        let asked = [(0, OffsetSpec::Latest)];
        let found = tokio::time::timeout(END_PATIENCE, self.client.list_offsets(&self.topic, &asked));
        let late = |_| ClientError::TimedOut { what: format!("the end of {TOPIC}"), after: END_PATIENCE };
        Ok(found.await.map_err(late)??.get(&0).map_or(0, |listed| listed.offset.0))
    }

    async fn exists(&self) -> Result<bool, ClientError> {
        Ok(self.topic_id().await?.is_some())
    }

    /// Nothing where there is no such topic.
    async fn topic_id(&self) -> Result<Option<TopicId>, ClientError> {
        let view = self.client.refresh(Some(std::slice::from_ref(&self.topic)), false).await?;
        match view.topics.get(&self.topic).map(|topic| topic.error.map_or(Ok(topic.id), Err)) {
            Some(Ok(id)) => Ok(Some(id)),
            None | Some(Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)) => Ok(None),
            Some(Err(error)) => Err(ClientError::broker(format_args!("topic {TOPIC}"), error, None)),
        }
    }
}
