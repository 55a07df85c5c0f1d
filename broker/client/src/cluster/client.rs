//! The client: finds the broker for a request, keeps what it learned, tries again where that helps.

use std::collections::HashMap;
use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use highway_types::{GroupId, NodeId, TopicName};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{self, MetadataRequest, MetadataResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::metadata::{ClusterView, NodeView, TopicView};
use crate::config::ClientConfig;
use crate::error::{ClientError, ErrorCode};
use crate::retry::Retry;
use crate::transport::tcp::TcpTransport;
use crate::transport::{Answer, Call, Endpoint, Lane, Pending, Transport, TypedRequest};

/// How long a topic that was just made may stay unknown to the broker that is asked.
const UNKNOWN_TOPIC_PATIENCE: Duration = Duration::from_millis(300);

/// A handle on a cluster; clones share everything.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: ClientConfig,
    transport: Arc<dyn Transport>,
    cache: Mutex<Cache>,
    pub(super) coordinators: Mutex<HashMap<GroupId, Endpoint>>,
    /// Which bootstrap broker to ask next.
    turn: AtomicUsize,
}

#[derive(Debug, Default)]
struct Cache {
    nodes: Arc<ClusterView>,
    topics: HashMap<TopicName, (Arc<TopicView>, Option<Instant>)>,
}

impl Client {
    /// Over TCP. Asks the cluster who is in it, so that a wrong address is known at once.
    ///
    /// # Errors
    /// None of the bootstrap brokers answers.
    pub async fn connect(config: ClientConfig) -> Result<Self, ClientError> {
        let transport = TcpTransport::new(&config.client_id, config.connect_timeout);
        let client = Self::over(Arc::new(transport), config);
        client.refresh(Some(&[]), false).await?;
        Ok(client)
    }

    /// Over any transport, without asking anything yet.
    #[must_use]
    pub fn over(transport: Arc<dyn Transport>, config: ClientConfig) -> Self {
        let shared = Shared {
            config,
            transport,
            cache: Mutex::default(),
            coordinators: Mutex::default(),
            turn: AtomicUsize::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.shared.config
    }

    /// Sends one request to one broker, in the order of its lane.
    pub(crate) async fn start(&self, to: &Endpoint, call: Call) -> Result<Pending, ClientError> {
        self.shared.transport.send(to, call).await
    }

    /// Nothing more will be sent in this lane.
    pub(crate) fn retire(&self, lane: Lane) {
        self.shared.transport.retire(lane);
    }

    /// One request to one broker and its answer, with the version that was spoken.
    pub(crate) async fn call<Q: TypedRequest>(
        &self,
        to: &Endpoint,
        request: Q,
        versions: RangeInclusive<i16>,
        lane: Lane,
    ) -> Result<Q::Response, ClientError> {
        self.call_within(to, request, versions, lane, self.config().request_timeout).await
    }

    pub(crate) async fn call_within<Q: TypedRequest>(
        &self,
        to: &Endpoint,
        request: Q,
        versions: RangeInclusive<i16>,
        lane: Lane,
        timeout: Duration,
    ) -> Result<Q::Response, ClientError> {
        let call = Call::new(request, versions, lane, timeout);
        let answer = self.start(to, call).await?.await?;
        typed::<Q>(to, answer)
    }

    /// One request to any broker that answers; the bootstrap brokers in turn, then those that are known.
    pub(crate) async fn call_any<Q: TypedRequest + Clone>(
        &self,
        request: Q,
        versions: RangeInclusive<i16>,
    ) -> Result<Q::Response, ClientError> {
        let bootstrap = &self.config().bootstrap;
        let turn = self.shared.turn.load(Ordering::Relaxed);
        let known = self.known();
        let candidates = (0..bootstrap.len())
            .map(|n| (turn + n) % bootstrap.len())
            .map(|n| (Some(n), &bootstrap[n]))
            .chain(known.nodes.values().map(|n| (None, &n.endpoint)));
        let mut failed = ClientError::Closed("no bootstrap address was given".to_owned());
        for (n, endpoint) in candidates {
            match self.call(endpoint, request.clone(), versions.clone(), Lane::Control).await {
                Err(error) if error.is_connection() => failed = error,
                outcome => {
                    if let Some(n) = n {
                        self.shared.turn.store(n, Ordering::Relaxed);
                    }
                    return outcome;
                }
            }
        }
        Err(failed)
    }

    /// One request to the controller, again where another broker has become it.
    pub(crate) async fn call_controller<Q: TypedRequest + Clone>(
        &self,
        request: Q,
        versions: RangeInclusive<i16>,
        refused: impl Fn(&Q::Response) -> Option<ErrorCode>,
    ) -> Result<Q::Response, ClientError> {
        let mut retry = Retry::new(self.config());
        loop {
            let view = self.known();
            let controller = view.controller.and_then(|id| view.nodes.get(&id));
            let outcome = match controller {
                Some(node) => {
                    self.call(&node.endpoint, request.clone(), versions.clone(), Lane::Control).await
                }
                None => self.call_any(request.clone(), versions.clone()).await,
            };
            match outcome {
                Ok(answer) if refused(&answer) == Some(ErrorCode::NOT_CONTROLLER) && retry.again().await => {}
                // Nothing was sent: trying again cannot do it twice.
                Err(ClientError::Unreachable { .. }) if controller.is_some() && retry.again().await => {}
                outcome => return outcome,
            }
            self.refresh(Some(&[]), false).await?;
        }
    }

    fn known(&self) -> Arc<ClusterView> {
        self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner).nodes.clone()
    }

    /// The cluster with these topics, or with all of them (`None`), as it is now.
    ///
    /// # Errors
    /// No broker answers. That a topic does not exist is said in its [`TopicView::error`].
    pub async fn refresh(
        &self,
        topics: Option<&[TopicName]>,
        create: bool,
    ) -> Result<ClusterView, ClientError> {
        let names = topics.map(|topics| {
            topics.iter().map(|t| MetadataRequestTopic::default().with_name(Some(topic_name(t)))).collect()
        });
        let request = MetadataRequest::default().with_topics(names).with_allow_auto_topic_creation(create);
        let answer: MetadataResponse = self.call_any(request, 4..=12).await?;
        let view = ClusterView::read(&answer);
        let now = Instant::now();
        let mut cache = self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let nodes = ClusterView { topics: Default::default(), ..view.clone() };
        cache.nodes = Arc::new(nodes);
        for (name, topic) in &view.topics {
            if topic.error.is_none() {
                cache.topics.insert(name.clone(), (Arc::new(topic.clone()), Some(now)));
            } else {
                cache.topics.remove(name);
            }
        }
        Ok(view)
    }

    /// A topic, from the cache or asked for. With `create` a broker that creates topics on use may do so.
    ///
    /// # Errors
    /// It does not exist, or nobody says.
    pub async fn topic(&self, name: &TopicName, create: bool) -> Result<Arc<TopicView>, ClientError> {
        {
            let cache = self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((topic, Some(at))) = cache.topics.get(name)
                && at.elapsed() < self.config().metadata_max_age
            {
                return Ok(topic.clone());
            }
        }
        let began = Instant::now();
        let mut retry = Retry::new(self.config());
        loop {
            let view = self.refresh(Some(std::slice::from_ref(name)), create).await?;
            let topic = view.topics.get(name);
            let error = topic.map_or(Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION), |t| t.error);
            let error = match (topic, error) {
                (Some(topic), None) => return Ok(Arc::new(topic.clone())),
                (_, error) => error.unwrap_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            };
            let patient = error != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                || began.elapsed() < if create { Duration::from_secs(5) } else { UNKNOWN_TOPIC_PATIENCE };
            if !error.is_retriable() || !patient || !retry.again().await {
                return Err(ClientError::broker(format_args!("topic {name}"), error, None));
            }
        }
    }

    /// The topic is asked for again before it is used next.
    pub fn forget(&self, name: &TopicName) {
        let mut cache = self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, at)) = cache.topics.get_mut(name) {
            *at = None;
        }
    }

    /// The leader of a partition.
    ///
    /// # Errors
    /// No such topic or partition, or it has no leader at present (retriable).
    pub async fn leader(&self, name: &TopicName, partition: i32) -> Result<NodeView, ClientError> {
        let topic = self.topic(name, false).await?;
        let view = topic.partition(partition).ok_or_else(|| ClientError::NoPartition {
            topic: name.clone(),
            partition,
            count: topic.partitions.len(),
        })?;
        let node = view.leader.and_then(|id| self.known().nodes.get(&id).cloned());
        node.ok_or_else(|| {
            self.forget(name);
            let code = view.error.unwrap_or(ErrorCode::LEADER_NOT_AVAILABLE);
            ClientError::broker(format_args!("partition {name}-{partition}"), code, None)
        })
    }

    /// The leader of a partition, as far as it is known without asking.
    pub(crate) fn cached_leader(&self, name: &TopicName, partition: i32) -> Option<NodeView> {
        let cache = self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let (topic, at) = cache.topics.get(name)?;
        at.filter(|at| at.elapsed() < self.config().metadata_max_age)?;
        cache.nodes.nodes.get(&topic.partition(partition)?.leader?).cloned()
    }

    /// How many partitions a topic has, as far as it is known without asking.
    pub(crate) fn cached_partitions(&self, name: &TopicName) -> Option<usize> {
        let cache = self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.topics.get(name).map(|(topic, _)| topic.partitions.len())
    }

    /// A broker by its number.
    ///
    /// # Errors
    /// There is none with this number.
    pub async fn node(&self, id: NodeId) -> Result<NodeView, ClientError> {
        let view = self.refresh(Some(&[]), false).await?;
        view.nodes.get(&id).cloned().ok_or_else(|| {
            let there: Vec<_> = view.nodes.keys().map(ToString::to_string).collect();
            ClientError::Closed(format!("broker {id} does not exist; there are {}", there.join(", ")))
        })
    }

    /// Runs `attempt` until it is done, fails for good, or the time is over.
    pub(crate) async fn retrying<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, ClientError> {
        let mut retry = Retry::new(self.config());
        loop {
            match attempt().await {
                // A cluster that is not there is not waited for: the user wants to know.
                Err(error) if error.is_retriable() && !matches!(error, ClientError::Unreachable { .. }) => {
                    if !retry.again().await {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

/// The response of a request of type `Q`.
pub(crate) fn typed<Q: TypedRequest>(from: &Endpoint, answer: Answer) -> Result<Q::Response, ClientError> {
    let body = answer.body.and_then(|body| body.downcast::<Q::Response>().ok());
    body.map(|b| *b).ok_or_else(|| ClientError::Malformed {
        address: from.clone(),
        api: std::any::type_name::<Q>().rsplit("::").next().unwrap_or_default().to_owned(),
        detail: "the transport gave another type".to_owned(),
    })
}

/// A text of the protocol.
pub(crate) fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

/// A topic's name on the wire.
pub(crate) fn topic_name(name: &TopicName) -> messages::TopicName {
    messages::TopicName(text(name.as_str()))
}

/// A group's id on the wire.
pub(crate) fn group_id(group: &GroupId) -> messages::GroupId {
    messages::GroupId(text(group.as_str()))
}
