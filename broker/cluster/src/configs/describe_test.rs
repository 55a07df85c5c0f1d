use super::*;
use crate::apply;
use crate::image::MetadataImage;
use crate::record::MetadataRecord;
use highway_types::{NodeId, TopicId};
use uuid::Uuid;

fn image(records: &[(BrokerScope, &str, &str)]) -> MetadataImage {
    let topic_id = TopicId(Uuid::from_u128(1));
    let topic = MetadataRecord::Topic { name: "t".into(), id: topic_id, partitions: vec![vec![NodeId(1)]] };
    let own = MetadataRecord::TopicConfig {
        topic_id,
        key: "cleanup.policy".into(),
        value: Some("compact, delete".into()),
    };
    let brokers = records.iter().map(|(scope, key, value)| MetadataRecord::BrokerConfig {
        scope: *scope,
        key: (*key).into(),
        value: Some((*value).into()),
    });
    apply(&MetadataImage::empty(), &[topic, own].into_iter().chain(brokers).collect::<Vec<_>>()).unwrap()
}

fn one(image: &MetadataImage, statics: &[(&str, &str)], resource: &Resource, key: &str) -> DescribedConfig {
    let statics = statics.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let settings = BrokerSettings { node: NodeId(1), image, statics: &statics };
    describe(&settings, resource, Some(&[key.to_owned()])).unwrap().pop().unwrap()
}

fn chain(config: &DescribedConfig) -> Vec<(&str, Option<&str>, i8)> {
    let entry = |s: &'_ SynonymEntry| s.source as i8;
    config.synonyms.iter().map(|s| (s.name.as_str(), s.value.as_deref(), entry(s))).collect()
}

/// The chains are those that Apache Kafka 4.3.1 answered to the same settings.
#[test]
fn line_36_sources_and_synonyms() {
    let topic = Resource::Topic("t".into());
    let plain = image(&[]);
    let policy = one(&plain, &[], &topic, "cleanup.policy");
    assert_eq!(policy.value.as_deref(), Some("compact,delete"));
    assert_eq!(
        chain(&policy),
        [("cleanup.policy", Some("compact,delete"), 1), ("log.cleanup.policy", Some("delete"), 5)]
    );
    let hours = one(&plain, &[("log.retention.hours", "100")], &topic, "retention.ms");
    assert_eq!((hours.value.as_deref(), hours.source), (Some("360000000"), ConfigSource::Default));
    assert!(hours.synonyms.is_empty());
    let node = BrokerScope::Node(NodeId(1));
    let dynamic =
        image(&[(BrokerScope::Default, "log.retention.ms", "4444"), (node, "message.max.bytes", "2000000")]);
    let retention = one(&dynamic, &[("log.retention.hours", "100")], &topic, "retention.ms");
    assert_eq!(
        chain(&retention),
        [
            ("log.retention.ms", Some("4444"), 3),
            ("log.retention.hours", Some("100"), 4),
            ("log.retention.hours", Some("168"), 5)
        ]
    );
    assert_eq!(retention.value.as_deref(), Some("4444"));
    let max = one(&dynamic, &[], &topic, "max.message.bytes");
    assert_eq!(
        chain(&max),
        [("message.max.bytes", Some("2000000"), 2), ("message.max.bytes", Some("1048588"), 5)]
    );
    assert!(!max.read_only && !max.documentation.is_empty());
}

#[test]
fn line_37_which_resources_and_keys() {
    let image =
        image(&[(BrokerScope::Default, "log.retention.ms", "4444"), (BrokerScope::Default, "zzz", "secret")]);
    let statics = ConfigMap::new();
    let settings = BrokerSettings { node: NodeId(1), image: &image, statics: &statics };
    let all = |resource: &Resource, keys: Option<&[String]>| describe(&settings, resource, keys);
    let topic = Resource::Topic("t".into());
    assert_eq!(all(&topic, None).unwrap().len(), 34, "all topic settings, defaults too");
    assert_eq!(all(&topic, Some(&[])).unwrap().len(), 34);
    let code = |resource: Resource| all(&resource, None).unwrap_err().kind.code();
    assert_eq!(code(Resource::Topic("none".into())), 3);
    assert_eq!(code(Resource::Topic("a b".into())), 17);
    assert_eq!(code(Resource::Broker("7".into())), 42);
    assert_eq!(code(Resource::Broker("x".into())), 42);
    assert_eq!(code(Resource::Other(16, "m".into())), 42);
    let dynamic = all(&Resource::Broker(String::new()), None).unwrap();
    assert_eq!(dynamic.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["log.retention.ms", "zzz"]);
    assert_eq!(dynamic[1].value, None, "an unknown setting may be a secret");
}

#[test]
fn line_39_topic_defaults() {
    let expected = "cleanup.policy=delete compression.type=producer compression.gzip.level=-1 compression.lz4.level=9 \
        compression.zstd.level=3 delete.retention.ms=86400000 file.delete.delay.ms=60000 \
        flush.messages=9223372036854775807 flush.ms=9223372036854775807 index.interval.bytes=4096 \
        local.retention.ms=-2 local.retention.bytes=-2 max.compaction.lag.ms=9223372036854775807 \
        max.message.bytes=1048588 message.timestamp.type=CreateTime \
        message.timestamp.before.max.ms=9223372036854775807 message.timestamp.after.max.ms=3600000 \
        min.cleanable.dirty.ratio=0.5 min.compaction.lag.ms=0 min.insync.replicas=1 preallocate=false \
        remote.storage.enable=false remote.log.copy.disable=false remote.log.delete.on.disable=false \
        retention.bytes=-1 retention.ms=604800000 segment.bytes=1073741824 segment.index.bytes=10485760 \
        segment.jitter.ms=0 segment.ms=604800000 unclean.leader.election.enable=false \
        leader.replication.throttled.replicas= follower.replication.throttled.replicas=";
    check(expected, |settings| describe_topic(settings, &ConfigMap::new()).unwrap());
}

#[test]
fn line_40_broker_defaults() {
    let expected = "auto.create.topics.enable=true num.partitions=1 default.replication.factor=1 \
        offsets.retention.minutes=10080 offsets.topic.num.partitions=50 transaction.max.timeout.ms=900000 \
        transactional.id.expiration.ms=604800000 producer.id.expiration.ms=86400000 \
        group.initial.rebalance.delay.ms=3000 group.min.session.timeout.ms=6000 \
        group.max.session.timeout.ms=1800000 group.consumer.session.timeout.ms=45000 \
        group.consumer.heartbeat.interval.ms=5000 offset.metadata.max.bytes=4096 fetch.max.bytes=57671680 \
        max.incremental.fetch.session.cache.slots=1000 message.max.bytes=1048588";
    check(expected, |settings| describe(settings, &Resource::Broker("1".into()), None).unwrap());
}

fn check(expected: &str, describe: impl Fn(&BrokerSettings<'_>) -> Vec<DescribedConfig>) {
    let (image, statics) = (MetadataImage::empty(), ConfigMap::new());
    let all = describe(&BrokerSettings { node: NodeId(1), image: &image, statics: &statics });
    for pair in expected.split_whitespace() {
        let (name, value) = pair.split_once('=').unwrap();
        let config = all.iter().find(|config| config.name == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!((config.value.as_deref(), config.source), (Some(value), ConfigSource::Default), "{name}");
    }
}
