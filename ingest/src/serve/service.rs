//! What the doors share: endpoints, the client and its producer, lanes, memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use highway_client::admin::NewTopic;
use highway_client::cluster::TopicView;
use highway_client::producer::partition_of_key;
use highway_client::{Client, ClientError, ErrorCode, Producer, ProducerConfig};
use highway_types::limits::{INGEST_MEMORY_BYTES, INGEST_RECORD_MAX_BYTES};
use highway_types::{Clock, SystemClock, TopicName};

use super::lanes::{self, Lanes};
use super::live::Live;
use super::memory::Memory;
use super::metrics::Metrics;
use super::produce;
use super::routing::Routing;
use super::store::EndpointStore;
use super::syslog::BySyslogListener;
use crate::outcome::Outcome;
use crate::record::Record;
use crate::schema::Schemas;

/// What a node says of its listeners.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The HTTP listener can be reached from other machines.
    pub exposed: bool,
    /// The operator allows endpoints without keys there.
    pub anonymous: bool,
    /// For answers of the REST Proxy's dialect.
    pub cluster_id: String,
    /// How long an event may take into the log before it is given up, with all repetitions; `None` is the producer's default.
    pub delivery_timeout: Option<Duration>,
}

/// Counts of the node's HTTP ingest.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub requests: AtomicU64,
    pub stored: AtomicU64,
    pub duplicates: AtomicU64,
    pub refused: AtomicU64,
    pub failed: AtomicU64,
    pub unknown: AtomicU64,
    pub turned: AtomicU64,
    pub rejects_lost: AtomicU64,
}

impl Totals {
    pub fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// Ingest of one node.
pub struct Ingest {
    pub(super) client: Client,
    pub(super) producer: Arc<Producer>,
    pub(super) store: Arc<dyn EndpointStore>,
    pub(super) schemas: Arc<dyn Schemas>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) memory: Memory,
    pub(super) options: Options,
    pub(super) totals: Totals,
    pub(super) metrics: Metrics,
    pub(super) syslog: BySyslogListener,
    /// One change of endpoints at a time.
    pub(super) changing: tokio::sync::Mutex<()>,
    cache: Mutex<HashMap<String, Arc<Live>>>,
    pub(super) lanes: Lanes,
    routing: Mutex<Routing>,
}

impl std::fmt::Debug for Ingest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ingest").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Ingest {
    /// Over a client of the node's own cluster. Starts the producer's task; nothing is asked yet.
    #[must_use]
    pub fn new(
        client: Client,
        store: Arc<dyn EndpointStore>,
        schemas: Arc<dyn Schemas>,
        options: Options,
    ) -> Arc<Self> {
        let default = ProducerConfig::default();
        let config = ProducerConfig {
            delivery_timeout: options.delivery_timeout.unwrap_or(default.delivery_timeout),
            linger: Duration::from_millis(1),
            batch_bytes: 256 * 1024,
            // Events of many requests share a batch; one that the topic refuses must not take the others with it.
            split_refused: true,
            // The topic says what is too large.
            max_record_bytes: INGEST_RECORD_MAX_BYTES,
            ..default
        };
        let ingest = Arc::new(Self {
            producer: Arc::new(Producer::new(client.clone(), config)),
            client,
            store,
            schemas,
            clock: SystemClock::new(),
            memory: Memory::new(INGEST_MEMORY_BYTES),
            options,
            totals: Totals::default(),
            metrics: Metrics::default(),
            syslog: BySyslogListener::default(),
            changing: tokio::sync::Mutex::new(()),
            cache: Mutex::default(),
            lanes: Lanes::default(),
            routing: Mutex::default(),
        });
        lanes::close_idle(Arc::downgrade(&ingest));
        ingest
    }

    /// The endpoint with this name, as it is now.
    pub(super) fn endpoint(&self, name: &str) -> Option<Arc<Live>> {
        let all = self.store.all();
        let text = all.get(name)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = cache.get(name).filter(|live| live.text == *text) {
            return Some(Arc::clone(live));
        }
        match Live::new(name, text, self.clock.monotonic()) {
            Ok(live) => {
                let live = Arc::new(live);
                // Names of endpoints that are gone stay only until the next change.
                cache.retain(|name, _| all.contains_key(name));
                cache.insert(name.to_owned(), Arc::clone(&live));
                Some(live)
            }
            Err(error) => {
                tracing::error!(endpoint = name, %error, "the stored definition of an endpoint cannot be read");
                None
            }
        }
    }

    /// Makes a topic if it is not there.
    pub(super) async fn ensure_topic(&self, name: &TopicName) -> Result<(), ClientError> {
        let topic = NewTopic { name: name.clone(), partitions: None, replication: None, configs: Vec::new() };
        match self.client.create_topic(&topic, false).await {
            Err(error) if error.code() != Some(ErrorCode::TOPIC_ALREADY_EXISTS) => Err(error),
            _ => Ok(()),
        }
    }

    /// The topic as it is now. The client learns late that one was made anew or got more partitions; the node knows at once.
    async fn topic(&self, name: &TopicName) -> Result<Arc<TopicView>, ClientError> {
        let known = self.client.topic(name, true).await?;
        match self.store.topic(name) {
            Some((id, partitions)) if id != known.id || partitions != known.partitions.len() => {
                self.client.forget(name);
                self.client.topic(name, true).await
            }
            _ => Ok(known),
        }
    }

    /// Appends records; gives an outcome for each, in order, once it is committed or its time is over.
    pub(super) async fn append(&self, live: &Live, records: Vec<Record>) -> Vec<Outcome> {
        let count = records.len();
        let failed = |reason: String| vec![Outcome::Failed { reason }; count];
        if count == 0 {
            return Vec::new();
        }
        let topic = match self.topic(&live.topic).await {
            Ok(topic) => topic,
            Err(error) => return failed(error.to_string()),
        };
        let partitions = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX).max(1);
        let routed = {
            let window = Duration::from_millis(live.definition.dedup.window_ms);
            let mut routing = self.routing.lock().unwrap_or_else(PoisonError::into_inner);
            routing.partitions(&live.name, topic.id, topic.partitions.len(), window, self.clock.monotonic())
        };
        let routed = i32::try_from(routed).unwrap_or(i32::MAX).max(1);
        let timeout = Duration::from_millis(live.definition.limits.timeout_ms);
        let mut groups: BTreeMap<i32, Vec<(usize, Record)>> = BTreeMap::new();
        let mut outcomes = vec![Outcome::Unknown; count];
        for (at, record) in records.into_iter().enumerate() {
            let partition =
                record.partition.unwrap_or_else(|| partition_of_key(record.routing_key(), routed));
            if (0..partitions).contains(&partition) {
                groups.entry(partition).or_default().push((at, record));
            } else {
                let reason =
                    format!("topic {} has no partition {partition}; it has {partitions}", live.topic);
                outcomes[at] = Outcome::Failed { reason };
            }
        }
        let work = async {
            if live.definition.dedup.enabled {
                self.through_lanes(live, topic.id, groups, &mut outcomes).await;
            } else {
                self.straight(live, groups, &mut outcomes).await;
            }
        };
        // Those that have no outcome by then stay unknown.
        let _ = tokio::time::timeout(timeout, work).await;
        outcomes
    }

    async fn straight(
        &self,
        live: &Live,
        groups: BTreeMap<i32, Vec<(usize, Record)>>,
        outcomes: &mut [Outcome],
    ) {
        let mut waiting = Vec::new();
        for (partition, records) in groups {
            for (at, record) in records {
                match produce::send(&self.producer, &live.topic, Some(partition), &record, self.clock.now())
                    .await
                {
                    Ok(delivery) => waiting.push((at, delivery)),
                    Err(error) => outcomes[at] = produce::not_stored(&error),
                }
            }
        }
        for (at, delivery) in waiting {
            outcomes[at] = match delivery.wait().await {
                Ok(place) => {
                    Outcome::Stored { partition: place.partition, offset: place.offset.0, duplicate: false }
                }
                Err(error) if error.is_doubtful() => Outcome::Unknown,
                Err(error) => produce::not_stored(&error),
            };
        }
    }
}
