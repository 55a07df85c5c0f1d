//! The broker: what all handlers share, and how the node follows its metadata.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use highway_cluster::configs::BrokerSettings;
use highway_cluster::controller::{NewTopic, create_topics};
use highway_cluster::{MetadataImage, MetadataRecord, TopicImage};
use highway_log::manager::{LogManager, PartitionSpec};
use highway_types::topic_config::Durability;
use highway_types::{Clock, ClusterId, NodeId, TopicConfig, TopicId, TopicIdPartition, TopicName};
use highway_wire::memory::RequestMemory;
use uuid::Uuid;

use crate::config::{ServerConfig, Settings};
use crate::connection_quota::ConnectionQuota;
use crate::controller::{CommitError, Controller, Follower};
use crate::coordinators::{GroupHost, TopicExists};
use crate::derived::Derived;
use crate::fetch::session::FetchSessionCache;
use crate::log_gate::LogGate;
use crate::metrics::Metrics;
use crate::schemas::SchemaSlot;

/// See the module.
#[derive(Debug)]
pub struct Broker {
    /// This node.
    pub node_id: NodeId,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// What the node was started with.
    pub config: ServerConfig,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// All logs.
    pub logs: Arc<LogManager>,
    /// What is derived from internal logs, kept for the next start.
    pub derived: Arc<Derived>,
    /// The writer of metadata.
    pub controller: Controller,
    /// Fetch sessions.
    pub sessions: FetchSessionCache,
    /// Group coordinators.
    pub groups: GroupHost,
    /// Memory for requests.
    pub memory: Arc<RequestMemory>,
    /// Open connections.
    pub connections: Arc<ConnectionQuota>,
    /// Counters.
    pub metrics: Metrics,
    /// Lines about fetches that could not be served.
    pub fetch_errors: LogGate,
    /// The registry's schemas, for topics that ask for them.
    pub schemas: SchemaSlot,
    settings: ArcSwap<Settings>,
    /// Host and port that clients of each listener are told.
    advertised: Vec<(String, u16)>,
}

impl Broker {
    /// A broker whose logs are recovered and whose listeners are bound to `advertised`.
    #[must_use]
    pub fn new(
        config: ServerConfig,
        cluster_id: ClusterId,
        clock: Arc<dyn Clock>,
        logs: Arc<LogManager>,
        derived: Arc<Derived>,
        controller: Controller,
        advertised: Vec<(String, u16)>,
    ) -> Arc<Self> {
        let image = controller.image();
        let resolved = Settings::resolve(&BrokerSettings {
            node: config.node_id,
            image: &image,
            statics: &config.statics,
        });
        let broker = Arc::new_cyclic(|broker: &Weak<Self>| Self {
            node_id: config.node_id,
            cluster_id,
            groups: GroupHost::new(
                Arc::clone(&logs),
                Arc::clone(&derived),
                Arc::clone(&clock),
                resolved.groups.clone(),
                topic_exists(broker.clone()),
            ),
            memory: RequestMemory::new(resolved.queued_request_bytes),
            connections: Arc::default(),
            settings: ArcSwap::from_pointee(resolved),
            config,
            clock,
            logs,
            derived,
            controller,
            sessions: FetchSessionCache::default(),
            metrics: Metrics::default(),
            fetch_errors: LogGate::default(),
            schemas: SchemaSlot::default(),
            advertised,
        });
        broker.groups.follow(&image);
        broker.controller.follow(Box::new(Follow(Arc::downgrade(&broker))));
        broker
    }

    /// The newest durable metadata.
    #[must_use]
    pub fn image(&self) -> Arc<MetadataImage> {
        self.controller.image()
    }

    /// The settings of this moment.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Where every setting comes from, over an image.
    #[must_use]
    pub fn broker_settings<'a>(&'a self, image: &'a MetadataImage) -> BrokerSettings<'a> {
        BrokerSettings { node: self.node_id, image, statics: &self.config.statics }
    }

    /// Host and port that clients of a listener are told.
    #[must_use]
    pub fn advertised(&self, listener: usize) -> (String, u16) {
        self.advertised.get(listener).cloned().unwrap_or_default()
    }

    /// A listener's name.
    #[must_use]
    pub fn listener_name(&self, listener: usize) -> String {
        self.config.listeners.get(listener).map(|l| l.name.clone()).unwrap_or_default()
    }

    /// Creates topics that a client asked for by Metadata; who fails is told by the next Metadata.
    pub async fn auto_create(&self, names: &[String]) {
        let request: Vec<NewTopic> = names.iter().map(|name| self.new_topic(name, -1, &[])).collect();
        let outcome = self
            .controller
            .change(|image| {
                create_topics(&self.broker_settings(image), &[self.node_id], &request, &mut new_topic_id)
            })
            .await;
        match outcome {
            Ok(outcomes) => {
                // One line, however many there are: a request may name a million topics.
                let mut refused = outcomes.iter().filter_map(|o| Some((&o.name, o.result.as_ref().err()?)));
                if let Some((topic, error)) = refused.next() {
                    let more = refused.count();
                    tracing::info!(topic, %error, more, "auto-creation refused");
                }
            }
            Err(error) => tracing::error!(%error, "auto-creation failed"),
        }
    }

    /// Makes `__consumer_offsets` if there is none.
    ///
    /// # Errors
    /// Its control record could not be committed.
    pub async fn ensure_offsets_topic(&self) -> Result<(), CommitError> {
        if self.image().topic(TopicName::CONSUMER_OFFSETS).is_some() {
            return Ok(());
        }
        let settings = self.settings();
        let segment_bytes = settings.offsets_segment_bytes.to_string();
        let request = [self.new_topic(
            TopicName::CONSUMER_OFFSETS,
            settings.offsets_partitions,
            &[
                ("cleanup.policy", "compact"),
                ("compression.type", "producer"),
                ("segment.bytes", &segment_bytes),
            ],
        )];
        let outcomes = self
            .controller
            .change(|image| {
                if image.topic(TopicName::CONSUMER_OFFSETS).is_some() {
                    return (Vec::new(), Vec::new());
                }
                create_topics(&self.broker_settings(image), &[self.node_id], &request, &mut new_topic_id)
            })
            .await?;
        match outcomes.into_iter().find_map(|o| o.result.err()) {
            Some(error) => Err(CommitError::Apply(error.to_string())),
            None => Ok(()),
        }
    }

    fn new_topic(&self, name: &str, num_partitions: i32, configs: &[(&str, &str)]) -> NewTopic {
        NewTopic {
            name: name.to_owned(),
            num_partitions,
            replication_factor: 1,
            assignments: Vec::new(),
            configs: configs.iter().map(|(k, v)| ((*k).to_owned(), Some((*v).to_owned()))).collect(),
        }
    }

    fn changed(&self, before: &MetadataImage, after: &Arc<MetadataImage>, records: &[MetadataRecord]) {
        let mut created: Vec<PartitionSpec> = Vec::new();
        let mut deleted: Vec<TopicIdPartition> = Vec::new();
        let mut deleted_names: Vec<TopicName> = Vec::new();
        let mut reconfigured: BTreeMap<TopicId, ()> = BTreeMap::new();
        let mut broker_changed = false;
        for record in records {
            match record {
                MetadataRecord::Topic { id, .. } | MetadataRecord::Partitions { topic_id: id, .. } => {
                    if let Some(topic) = after.topic_by_id(*id) {
                        let had = before.topic_by_id(*id).map_or(0, |t| t.partition_count());
                        created.extend(
                            partition_specs(&self.broker_settings(after), topic)
                                .filter(|spec| spec.id.partition.0 >= had),
                        );
                    }
                }
                MetadataRecord::RemoveTopic { topic_id } => {
                    if let Some(topic) = before.topic_by_id(*topic_id) {
                        deleted.extend(topic.partition_ids());
                        deleted_names.push(topic.name.clone());
                    }
                }
                MetadataRecord::TopicConfig { topic_id, .. } => {
                    reconfigured.insert(*topic_id, ());
                }
                MetadataRecord::BrokerConfig { .. } => broker_changed = true,
                MetadataRecord::LogStart { topic_id, partition, offset } => {
                    let id = TopicIdPartition { topic_id: *topic_id, partition: *partition };
                    if let Some(log) = self.logs.get(id) {
                        log.advance_log_start(*offset);
                    }
                }
                _ => {}
            }
        }
        created.sort_by_key(|spec| spec.id);
        created.dedup_by_key(|spec| spec.id);
        if let Err(error) = self.logs.create(created) {
            tracing::error!(%error, "cannot make the directories of new partitions; they are offline until a restart");
        }
        self.logs.delete(&deleted);
        if broker_changed {
            self.settings.store(Arc::new(Settings::resolve(&self.broker_settings(after))));
            reconfigured = after.topics().map(|t| (t.id, ())).collect();
        }
        for id in reconfigured.keys() {
            if let Some(topic) = after.topic_by_id(*id) {
                let config = effective(&self.broker_settings(after), topic);
                for id in topic.partition_ids() {
                    if let Some(log) = self.logs.get(id) {
                        log.set_config(Arc::clone(&config));
                    }
                }
            }
        }
        if !deleted_names.is_empty() {
            self.groups.topics_deleted(&deleted_names);
        }
        self.groups.follow(after);
    }
}

fn topic_exists(broker: Weak<Broker>) -> TopicExists {
    // Without a broker the node is stopping: nothing may be forgotten for that.
    Arc::new(move |topic| broker.upgrade().is_none_or(|b| b.image().topic(topic.as_str()).is_some()))
}

struct Follow(Weak<Broker>);

impl Follower for Follow {
    fn changed(&self, before: &MetadataImage, after: &Arc<MetadataImage>, records: &[MetadataRecord]) {
        if let Some(broker) = self.0.upgrade() {
            broker.changed(before, after, records);
        }
    }
}

/// A topic id that was never used.
pub fn new_topic_id() -> TopicId {
    TopicId(Uuid::new_v4())
}

/// The partitions that a topic should have on disk.
pub fn partition_specs<'a>(
    settings: &BrokerSettings<'_>,
    topic: &'a TopicImage,
) -> impl Iterator<Item = PartitionSpec> + use<'a> {
    let config = effective(settings, topic);
    topic.partition_ids().zip(&topic.partitions).map(move |(id, partition)| PartitionSpec {
        id,
        topic: topic.name.clone(),
        config: Arc::clone(&config),
        log_start: partition.log_start,
    })
}

fn effective(settings: &BrokerSettings<'_>, topic: &TopicImage) -> Arc<TopicConfig> {
    let internal = [TopicName::CONSUMER_OFFSETS, TopicName::TRANSACTION_STATE].contains(&topic.name.as_str());
    match settings.topic_config(topic) {
        // What an internal topic says was promised to somebody. And who sets flush.messages or flush.ms wants records on
        // disk before, or soon after, they are acknowledged: the journal does more than both ask for.
        Ok(config) if internal || config.flush_messages < i64::MAX || config.flush_ms < i64::MAX => {
            Arc::new(TopicConfig { durability: Durability::Fsync, ..config })
        }
        Ok(config) => Arc::new(config),
        Err(error) => {
            // Values are checked before they are recorded; a static broker value may still be wrong.
            tracing::error!(topic = %topic.name, %error, "a topic setting cannot be used; the defaults hold");
            Arc::new(TopicConfig::default())
        }
    }
}
