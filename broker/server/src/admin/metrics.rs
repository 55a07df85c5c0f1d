//! `/metrics`: Prometheus text.
//!
//! `highway_*` for the node; for topics and groups the names of kafka_exporter (`kafka_topic_partition_current_offset`,
//! `kafka_consumergroup_lag`, …), so that existing dashboards work. Everything is read when it is asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use highway_cluster::PartitionImage;
use highway_coordinator::{Command, DescribeGroups, ListGroups, OffsetFetch, Response};
use highway_log::commit_log::CommitLogStatus;
use highway_types::{GroupId, PartitionIndex, TopicIdPartition, TopicName};

use crate::broker::Broker;

/// The route.
pub fn router() -> Router<Arc<Broker>> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(broker): State<Arc<Broker>>) -> impl IntoResponse {
    let mut text = Exposition::default();
    node(&broker, &mut text);
    topics(&broker, &mut text);
    groups(&broker, &mut text).await;
    let mut text = text.finish();
    for part in broker.metrics.parts() {
        text.push_str(&part());
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// Families in the order in which they were first written, each with its samples together.
#[derive(Default)]
struct Exposition {
    families: Vec<(&'static str, String)>,
}

impl Exposition {
    fn add(
        &mut self,
        name: &'static str,
        kind: &str,
        help: &str,
        labels: &[(&str, &str)],
        value: impl std::fmt::Display,
    ) {
        let family = match self.families.iter().position(|(known, _)| *known == name) {
            Some(at) => &mut self.families[at].1,
            None => {
                self.families.push((name, format!("# HELP {name} {help}\n# TYPE {name} {kind}\n")));
                let last = self.families.len() - 1;
                &mut self.families[last].1
            }
        };
        family.push_str(name);
        for (i, (label, value)) in labels.iter().enumerate() {
            let open = if i == 0 { '{' } else { ',' };
            let _ = write!(family, "{open}{label}=\"{}\"", escape(value)); // writing to a String cannot fail
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(family, "{close} {value}");
    }

    fn gauge(
        &mut self,
        name: &'static str,
        help: &str,
        labels: &[(&str, &str)],
        value: impl std::fmt::Display,
    ) {
        self.add(name, "gauge", help, labels, value);
    }

    fn counter(&mut self, name: &'static str, help: &str, value: u64) {
        self.add(name, "counter", help, &[], value);
    }

    fn finish(self) -> String {
        self.families.into_iter().map(|(_, text)| text).collect()
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn node(broker: &Broker, text: &mut Exposition) {
    let m = &broker.metrics;
    text.gauge("highway_info", "Version of the node.", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    text.gauge("highway_connections", "Open client connections.", &[], m.connections.load(Ordering::Relaxed));
    text.counter("highway_requests_total", "Kafka requests routed.", m.requests.load(Ordering::Relaxed));
    text.counter(
        "highway_requests_refused_total",
        "Requests answered by closing.",
        m.refused.load(Ordering::Relaxed),
    );
    text.counter(
        "highway_produced_records_total",
        "Records appended by clients.",
        m.records_in.load(Ordering::Relaxed),
    );
    text.counter(
        "highway_fetched_bytes_total",
        "Record bytes given to clients.",
        m.bytes_out.load(Ordering::Relaxed),
    );
    text.gauge("highway_fetch_sessions", "Open fetch sessions (KIP-227).", &[], broker.sessions.len());
    let (used, waiting) = (broker.memory.used(), broker.memory.waiting());
    text.gauge(
        "highway_request_memory_bytes",
        "Bytes that large requests hold (queued.max.request.bytes).",
        &[],
        used,
    );
    text.gauge("highway_request_memory_waiting", "Large requests that wait for memory.", &[], waiting);
    let pressure = broker.logs.commit_log().pressure();
    text.gauge("highway_journal_files", "Journal files in use.", &[], pressure.files_in_use);
    text.gauge("highway_journal_room_bytes", "Bytes that the journal can take now.", &[], pressure.room);
    text.gauge(
        "highway_journal_waiting",
        "Appenders that wait for room in the journal.",
        &[],
        pressure.waiting,
    );
    let healthy = matches!(broker.logs.commit_log().status(), CommitLogStatus::Healthy);
    text.gauge("highway_journal_healthy", "1 while the journal takes records.", &[], u8::from(healthy));
    text.gauge("kafka_brokers", "Number of brokers in the cluster.", &[], 1);
    let (host, port) = broker.advertised(0);
    let (address, id) = (format!("{host}:{port}"), broker.node_id.to_string());
    text.gauge("kafka_broker_info", "A broker of the cluster.", &[("address", &address), ("id", &id)], 1);
}

fn topics(broker: &Broker, text: &mut Exposition) {
    let image = broker.image();
    for topic in image.topics_sorted() {
        let name = topic.name.as_str();
        text.gauge(
            "kafka_topic_partitions",
            "Number of partitions of a topic.",
            &[("topic", name)],
            topic.partition_count(),
        );
    }
    for topic in image.topics_sorted() {
        for id in topic.partition_ids() {
            let Some(log) = broker.logs.get(id) else { continue };
            let (name, index) = (topic.name.as_str(), id.partition.to_string());
            let labels = [("partition", index.as_str()), ("topic", name)];
            replicas(topic.partition(id.partition), &labels, text);
            let offsets = log.offsets();
            text.gauge(
                "kafka_topic_partition_current_offset",
                "High watermark of a partition.",
                &labels,
                offsets.high_watermark,
            );
            text.gauge(
                "kafka_topic_partition_oldest_offset",
                "Log start offset of a partition.",
                &labels,
                offsets.log_start,
            );
            text.gauge(
                "highway_partition_size_bytes",
                "Bytes of a partition's segments.",
                &labels,
                log.size_bytes(),
            );
        }
    }
}

/// Who holds a partition. All replicas are in sync: the commit log is what is replicated.
fn replicas(partition: Option<&PartitionImage>, labels: &[(&str, &str)], text: &mut Exposition) {
    let Some(partition) = partition else { return };
    let (leader, count) = (partition.leader().map_or(-1, |n| n.0), partition.replicas.len());
    text.gauge("kafka_topic_partition_leader", "Leader of a partition; -1 for none.", labels, leader);
    text.gauge(
        "kafka_topic_partition_leader_is_preferred",
        "1 if the leader is the preferred one.",
        labels,
        u8::from(leader >= 0),
    );
    text.gauge("kafka_topic_partition_replicas", "Replicas of a partition.", labels, count);
    text.gauge("kafka_topic_partition_in_sync_replica", "Replicas in sync.", labels, count);
    text.gauge("kafka_topic_partition_under_replicated_partition", "1 if replicas lag behind.", labels, 0);
}

async fn groups(broker: &Arc<Broker>, text: &mut Exposition) {
    let image = broker.image();
    for shard in broker.groups.partitions() {
        let listed = broker.groups.call_partition(shard, Command::ListGroups(ListGroups::default())).await;
        let Response::ListGroups(listed) = listed else { continue };
        for entry in listed.groups {
            let members = members(broker, shard, &entry.group).await;
            text.gauge(
                "kafka_consumergroup_members",
                "Members of a group.",
                &[("consumergroup", entry.group.as_str())],
                members,
            );
            let fetch = OffsetFetch { group: entry.group.clone(), topics: None, require_stable: false };
            let fetched = broker.groups.call_partition(shard, Command::OffsetFetch(fetch)).await;
            let Response::OffsetFetch(fetched) = fetched else { continue };
            let mut sums: BTreeMap<TopicName, (i64, i64)> = BTreeMap::new();
            for (topic, partitions) in &fetched.topics {
                for p in partitions.iter().filter(|p| p.offset.0 >= 0) {
                    let end = end_offset(broker, &image, topic, p.partition);
                    let lag = end.map_or(-1, |end| (end - p.offset.0).max(0));
                    let index = p.partition.to_string();
                    let labels = [
                        ("consumergroup", entry.group.as_str()),
                        ("partition", index.as_str()),
                        ("topic", topic.as_str()),
                    ];
                    text.gauge(
                        "kafka_consumergroup_current_offset",
                        "Committed offset of a group.",
                        &labels,
                        p.offset,
                    );
                    text.gauge(
                        "kafka_consumergroup_lag",
                        "Records that a group has not read; -1 if unknown.",
                        &labels,
                        lag,
                    );
                    let sum = sums.entry(topic.clone()).or_default();
                    *sum = (sum.0 + p.offset.0, sum.1 + lag.max(0));
                }
            }
            for (topic, (offset, lag)) in &sums {
                let labels = [("consumergroup", entry.group.as_str()), ("topic", topic.as_str())];
                text.gauge(
                    "kafka_consumergroup_current_offset_sum",
                    "Committed offsets of a group over all partitions of a topic.",
                    &labels,
                    offset,
                );
                text.gauge(
                    "kafka_consumergroup_lag_sum",
                    "Lag of a group over all partitions of a topic.",
                    &labels,
                    lag,
                );
            }
        }
    }
}

async fn members(broker: &Broker, shard: i32, group: &GroupId) -> usize {
    let command = Command::DescribeGroups(DescribeGroups { groups: vec![group.clone()], api_version: 5 });
    match broker.groups.call_partition(shard, command).await {
        Response::DescribeGroups(groups) => groups.first().map_or(0, |g| g.members.len()),
        _ => 0,
    }
}

fn end_offset(
    broker: &Broker,
    image: &highway_cluster::MetadataImage,
    topic: &TopicName,
    partition: PartitionIndex,
) -> Option<i64> {
    let topic_id = image.topic_id(topic.as_str())?;
    Some(broker.logs.get(TopicIdPartition { topic_id, partition })?.offsets().high_watermark.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stay_together_and_labels_are_escaped() {
        let mut text = Exposition::default();
        text.gauge("a", "First.", &[("l", "x\"\n\\")], 1);
        text.counter("b", "Second.", 2);
        text.gauge("a", "First.", &[("l", "y"), ("m", "z")], 3);
        let expected = "# HELP a First.\n# TYPE a gauge\na{l=\"x\\\"\\n\\\\\"} 1\na{l=\"y\",m=\"z\"} 3\n\
                        # HELP b Second.\n# TYPE b counter\nb 2\n";
        assert_eq!(text.finish(), expected);
    }
}
