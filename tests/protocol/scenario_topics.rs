//! ApiVersions, metadata, topics, configurations.

use kafka_protocol::messages::alter_configs_request::{
    AlterConfigsResource as Whole, AlterableConfig as WholeConfig,
};
use kafka_protocol::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_topic_partitions_request::TopicRequest;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::*;

use crate::client::{Side, text, versions};

fn topic(name: &str, partitions: i32, factor: i16) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(TopicName(text(name)))
        .with_num_partitions(partitions)
        .with_replication_factor(factor)
}

fn config(name: &str, value: Option<&str>) -> CreatableTopicConfig {
    CreatableTopicConfig::default().with_name(text(name)).with_value(value.map(text))
}

fn assigned(at: i32, brokers: &[i32]) -> CreatableReplicaAssignment {
    CreatableReplicaAssignment::default()
        .with_partition_index(at)
        .with_broker_ids(brokers.iter().map(|&b| BrokerId(b)).collect())
}

/// A request to make these topics.
pub fn create(topics: Vec<CreatableTopic>) -> CreateTopicsRequest {
    CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(30_000)
}

/// Makes a topic and waits until it can be used; its id.
pub fn made(
    side: &mut Side,
    name: &str,
    partitions: i32,
    configs: &[(&str, &str)],
) -> metadata_response::MetadataResponseTopic {
    let configs = configs.iter().map(|(k, v)| config(k, Some(v))).collect();
    side.call(&format!("make {name}"), 4, &create(vec![topic(name, partitions, 1).with_configs(configs)]));
    let asked = MetadataRequest::default().with_topics(Some(vec![asked(name)]));
    let answer = side.until(12, &asked, |a| {
        a.topics.iter().all(|t| {
            t.error_code == 0
                && t.partitions.len() == partitions as usize
                && t.partitions.iter().all(|p| p.leader_id.0 == 1)
        })
    });
    answer.topics[0].clone()
}

fn asked(name: &str) -> MetadataRequestTopic {
    MetadataRequestTopic::default().with_name(Some(TopicName(text(name))))
}

pub fn run(side: &mut Side) {
    api_versions(side);
    made(side, "base", 3, &[("retention.ms", "1000000"), ("cleanup.policy", "compact,delete")]);
    create_topics(side);
    metadata(side);
    partitions(side);
    configs(side);
    cluster(side);
    deletes(side);
}

fn api_versions(side: &mut Side) {
    for v in versions::<ApiVersionsRequest>() {
        let named = |name: &str| {
            ApiVersionsRequest::default()
                .with_client_software_name(text(name))
                .with_client_software_version(text("1.0"))
        };
        if v < 3 {
            side.ask("plain", v, &ApiVersionsRequest::default(), only_shared);
            continue;
        }
        side.ask("named", v, &named("highway-tests"), only_shared);
        for bad in ["", "-bad", "b?d", "bad-"] {
            side.ask(&format!("bad name {bad:?}"), v, &named(bad), only_shared);
        }
    }
}

/// Keys that one of the two does not serve, and versions the codec cannot write, are in docs/protocol.md.
fn only_shared(answer: &mut ApiVersionsResponse) {
    answer.api_keys.retain(|a| highway_wire::apis::lookup(a.api_key).is_some());
    answer.api_keys.sort_by_key(|a| a.api_key);
}

fn create_topics(side: &mut Side) {
    for v in versions::<CreateTopicsRequest>() {
        let long = "x".repeat(250);
        let name = |n: &str| format!("{n}-{v}");
        let cases: Vec<(&str, Vec<CreatableTopic>)> = vec![
            ("exists", vec![topic("base", 1, 1)]),
            ("empty name", vec![topic("", 1, 1)]),
            ("dot", vec![topic(".", 1, 1)]),
            ("dots", vec![topic("..", 1, 1)]),
            ("bad letter", vec![topic("a b", 1, 1)]),
            ("bad letters", vec![topic("a/ö", 1, 1)]),
            ("long", vec![topic(&long, 1, 1)]),
            ("twice", vec![topic("twice", 1, 1), topic("twice", 2, 1)]),
            ("no partitions", vec![topic("n", 0, 1)]),
            ("negative partitions", vec![topic("n", -2, 1)]),
            ("no replicas", vec![topic("n", 1, 0)]),
            ("negative replicas", vec![topic("n", 1, -2)]),
            ("too many replicas", vec![topic("n", 1, 2)]),
            ("assigned and counted", vec![topic("n", 1, 1).with_assignments(vec![assigned(0, &[1])])]),
            ("assigned and factored", vec![topic("n", -1, 1).with_assignments(vec![assigned(0, &[1])])]),
            ("not consecutive", vec![topic("n", -1, -1).with_assignments(vec![assigned(1, &[1])])]),
            (
                "partition twice",
                vec![topic("n", -1, -1).with_assignments(vec![assigned(0, &[1]), assigned(0, &[1])])],
            ),
            ("replica twice", vec![topic("n", -1, -1).with_assignments(vec![assigned(0, &[1, 1])])]),
            ("unknown replica", vec![topic("n", -1, -1).with_assignments(vec![assigned(0, &[7])])]),
            ("no replica", vec![topic("n", -1, -1).with_assignments(vec![assigned(0, &[])])]),
            ("unknown config", vec![topic("n", 1, 1).with_configs(vec![config("no.such", Some("1"))])]),
            ("null config", vec![topic("n", 1, 1).with_configs(vec![config("retention.ms", None)])]),
            (
                "ill-typed config",
                vec![topic("n", 1, 1).with_configs(vec![config("retention.ms", Some("soon"))])],
            ),
            ("config below", vec![topic("n", 1, 1).with_configs(vec![config("segment.bytes", Some("1"))])]),
            (
                "config not of list",
                vec![topic("n", 1, 1).with_configs(vec![config("cleanup.policy", Some("shred"))])],
            ),
            (
                "config boolean",
                vec![topic("n", 1, 1).with_configs(vec![config("preallocate", Some("maybe"))])],
            ),
            (
                "config compression",
                vec![topic("n", 1, 1).with_configs(vec![config("compression.type", Some("rar"))])],
            ),
            (
                "config level",
                vec![topic("n", 1, 1).with_configs(vec![config("compression.gzip.level", Some("77"))])],
            ),
            (
                "config ratio",
                vec![topic("n", 1, 1).with_configs(vec![config("min.cleanable.dirty.ratio", Some("2"))])],
            ),
            ("good", vec![topic(&name("good"), 2, 1).with_configs(vec![config("retention.ms", Some("77"))])]),
            (
                "assigned",
                vec![
                    topic(&name("assigned"), -1, -1)
                        .with_assignments(vec![assigned(0, &[1]), assigned(1, &[1])]),
                ],
            ),
            ("some", vec![topic(&name("some"), 1, 1), topic("base", 1, 1)]),
            (
                "collides",
                vec![
                    topic(&format!("good_{v}"), 1, 1).with_configs(vec![]),
                    topic(&format!("good.{v}"), 1, 1),
                ],
            ),
            ("none", vec![]),
        ];
        let sort = |a: &mut CreateTopicsResponse| {
            a.topics.sort_by(|a, b| a.name.cmp(&b.name));
            for t in &mut a.topics {
                if let Some(c) = &mut t.configs {
                    c.sort_by(|a, b| a.name.cmp(&b.name));
                    c.retain(|c| !c.name.starts_with("highway."));
                }
            }
        };
        for (label, topics) in cases {
            side.ask(
                &format!("{label}, only tried"),
                v,
                &create(topics.clone()).with_validate_only(true),
                sort,
            );
            side.ask(label, v, &create(topics), sort);
        }
        if v >= 4 {
            side.ask(
                "defaults",
                v,
                &create(vec![topic(&name("default"), -1, -1)]).with_validate_only(v < 5),
                sort,
            );
        }
    }
}

fn metadata(side: &mut Side) {
    let base = made(side, "meta", 2, &[]);
    let sort = |a: &mut MetadataResponse| {
        a.topics.retain(|t| t.name.as_ref().is_none_or(|n| !n.starts_with("__")));
        a.topics.sort_by(|a, b| a.name.cmp(&b.name));
    };
    for v in versions::<MetadataRequest>() {
        let of = |names: &[&str]| {
            MetadataRequest::default()
                .with_topics(Some(names.iter().map(|n| asked(n)).collect()))
                .with_allow_auto_topic_creation(true)
        };
        side.ask(
            "all",
            v,
            &MetadataRequest::default()
                .with_topics((v == 0).then(Vec::new))
                .with_allow_auto_topic_creation(true),
            sort,
        );
        side.ask("none", v, &of(&[]), sort);
        side.ask("one", v, &of(&["meta"]), sort);
        side.ask("invalid", v, &of(&["a b", "meta"]), sort);
        side.ask("empty", v, &of(&[""]), sort);
        side.ask("twice", v, &of(&["meta", "meta"]), sort);
        if v >= 4 {
            side.ask("unknown", v, &of(&["unknown"]).with_allow_auto_topic_creation(false), sort);
        }
        let auto = format!("auto-{v}");
        side.ask("first sight", v, &of(&[&auto]), sort);
        side.until(1, &of(&[&auto]), |a| {
            a.topics[0].error_code == 0 && a.topics[0].partitions.iter().all(|p| p.error_code == 0)
        });
        side.ask("made by asking", v, &of(&[&auto]), sort);
        if v >= 8 {
            let request = of(&["meta"]).with_include_topic_authorized_operations(true);
            side.ask("operations", v, &request, sort);
            if v <= 10 {
                side.ask(
                    "cluster operations",
                    v,
                    &request.with_include_cluster_authorized_operations(true),
                    sort,
                );
            }
        }
        if v >= 10 {
            let by_id = |id| {
                MetadataRequest::default().with_topics(Some(vec![
                    MetadataRequestTopic::default().with_topic_id(id).with_name(None),
                ]))
            };
            side.ask("id", v, &by_id(base.topic_id), sort);
            side.ask("unknown id", v, &by_id(uuid(99)), sort);
        }
    }
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

fn partitions(side: &mut Side) {
    for v in versions::<CreatePartitionsRequest>() {
        made(side, &format!("grow-{v}"), 2, &[]);
        let to = |name: &str, count| {
            CreatePartitionsTopic::default()
                .with_name(TopicName(text(name)))
                .with_count(count)
                .with_assignments(None)
        };
        let on = |brokers: &[&[i32]]| {
            Some(
                brokers
                    .iter()
                    .map(|b| {
                        CreatePartitionsAssignment::default()
                            .with_broker_ids(b.iter().map(|&b| BrokerId(b)).collect())
                    })
                    .collect(),
            )
        };
        let name = format!("grow-{v}");
        let cases = vec![
            ("same", vec![to(&name, 2)]),
            ("fewer", vec![to(&name, 1)]),
            ("none", vec![to(&name, 0)]),
            ("negative", vec![to(&name, -1)]),
            ("unknown", vec![to("unknown", 3)]),
            ("twice", vec![to(&name, 3), to(&name, 4)]),
            ("too few assigned", vec![to(&name, 4).with_assignments(on(&[&[1]]))]),
            ("unknown broker", vec![to(&name, 3).with_assignments(on(&[&[9]]))]),
            ("broker twice", vec![to(&name, 3).with_assignments(on(&[&[1, 1]]))]),
            ("no broker", vec![to(&name, 3).with_assignments(on(&[&[]]))]),
            ("good", vec![to(&name, 3)]),
            ("good assigned", vec![to(&name, 4).with_assignments(on(&[&[1]]))]),
        ];
        for (label, topics) in cases {
            let request = CreatePartitionsRequest::default().with_topics(topics).with_timeout_ms(30_000);
            side.call(&format!("{label}, only tried"), v, &request.clone().with_validate_only(true));
            side.call(label, v, &request);
        }
    }
}

fn configs(side: &mut Side) {
    let sort = |a: &mut DescribeConfigsResponse| {
        for r in &mut a.results {
            r.configs.sort_by(|a, b| a.name.cmp(&b.name));
        }
    };
    for v in versions::<DescribeConfigsRequest>() {
        let of = |kind, name: &str, keys: Option<&[&str]>| {
            DescribeConfigsRequest::default().with_include_synonyms(true).with_resources(vec![
                DescribeConfigsResource::default()
                    .with_resource_type(kind)
                    .with_resource_name(text(name))
                    .with_configuration_keys(keys.map(|k| k.iter().map(|k| text(k)).collect())),
            ])
        };
        side.ask("topic", v, &of(2, "base", None), |a| {
            sort(a);
            a.results[0].configs.retain(|c| !c.name.starts_with("highway."));
        });
        side.ask(
            "no synonyms",
            v,
            &of(2, "base", Some(&["retention.ms"])).with_include_synonyms(false),
            sort,
        );
        side.ask("empty keys", v, &of(2, "base", Some(&[])), |a| a.results[0].configs.clear());
        side.ask("unknown key", v, &of(2, "base", Some(&["no.such"])), sort);
        side.ask("unknown topic", v, &of(2, "unknown", None), sort);
        side.ask("invalid topic", v, &of(2, "a b", None), sort);
        side.ask("empty topic", v, &of(2, "", None), sort);
        side.ask("unknown broker", v, &of(4, "7", None), sort);
        side.ask("no broker", v, &of(4, "seven", None), sort);
        side.ask("unknown kind", v, &of(77, "x", None), sort);
        side.ask(
            "broker",
            v,
            &of(
                4,
                "1",
                Some(&[
                    "num.partitions",
                    "auto.create.topics.enable",
                    "log.retention.ms",
                    "log.retention.hours",
                    "message.max.bytes",
                    "default.replication.factor",
                    "offset.metadata.max.bytes",
                    "fetch.max.bytes",
                    "log.segment.bytes",
                    "min.insync.replicas",
                    "group.min.session.timeout.ms",
                    "compression.type",
                ]),
            ),
            sort,
        );
    }
    alter_configs(side);
}

fn alter_configs(side: &mut Side) {
    for v in versions::<IncrementalAlterConfigsRequest>() {
        let of = |kind, name: &str, configs: &[(&str, i8, Option<&str>)]| {
            let configs = configs
                .iter()
                .map(|&(n, op, value)| {
                    AlterableConfig::default()
                        .with_name(text(n))
                        .with_config_operation(op)
                        .with_value(value.map(text))
                })
                .collect();
            AlterConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(text(name))
                .with_configs(configs)
        };
        let cases = vec![
            ("set", vec![of(2, "base", &[("retention.ms", 0, Some("5"))])]),
            ("delete", vec![of(2, "base", &[("retention.ms", 1, None)])]),
            ("append", vec![of(2, "base", &[("cleanup.policy", 2, Some("delete"))])]),
            ("subtract", vec![of(2, "base", &[("cleanup.policy", 3, Some("compact"))])]),
            ("append to a number", vec![of(2, "base", &[("retention.ms", 2, Some("5"))])]),
            ("subtract from a number", vec![of(2, "base", &[("retention.ms", 3, Some("5"))])]),
            ("unknown", vec![of(2, "base", &[("no.such", 0, Some("5"))])]),
            ("ill-typed", vec![of(2, "base", &[("retention.ms", 0, Some("soon"))])]),
            ("null", vec![of(2, "base", &[("retention.ms", 0, None)])]),
            ("twice", vec![of(2, "base", &[("retention.ms", 0, Some("1")), ("retention.ms", 0, Some("2"))])]),
            ("unknown operation", vec![of(2, "base", &[("retention.ms", 9, Some("1"))])]),
            ("unknown topic", vec![of(2, "unknown", &[("retention.ms", 0, Some("1"))])]),
            ("invalid topic", vec![of(2, "a b", &[("retention.ms", 0, Some("1"))])]),
            ("unknown broker", vec![of(4, "7", &[("message.max.bytes", 0, Some("1000000"))])]),
            ("no broker", vec![of(4, "seven", &[("message.max.bytes", 0, Some("1000000"))])]),
            ("unknown kind", vec![of(77, "x", &[("retention.ms", 0, Some("1"))])]),
            ("read-only", vec![of(4, "1", &[("broker.id", 0, Some("1"))])]),
            (
                "resource twice",
                vec![
                    of(2, "base", &[("retention.ms", 0, Some("1"))]),
                    of(2, "base", &[("retention.ms", 0, Some("2"))]),
                ],
            ),
        ];
        for (label, resources) in cases {
            let request = IncrementalAlterConfigsRequest::default().with_resources(resources);
            side.call(&format!("{label}, only tried"), v, &request.clone().with_validate_only(true));
            side.call(label, v, &request);
        }
    }
    for v in versions::<AlterConfigsRequest>() {
        let of = |kind, name: &str, configs: &[(&str, Option<&str>)]| {
            let configs = configs
                .iter()
                .map(|&(n, value)| WholeConfig::default().with_name(text(n)).with_value(value.map(text)))
                .collect();
            AlterConfigsRequest::default().with_resources(vec![
                Whole::default()
                    .with_resource_type(kind)
                    .with_resource_name(text(name))
                    .with_configs(configs),
            ])
        };
        side.call("set", v, &of(2, "base", &[("retention.ms", Some("5"))]));
        side.call("unknown", v, &of(2, "base", &[("no.such", Some("5"))]));
        side.call("ill-typed", v, &of(2, "base", &[("retention.ms", Some("soon"))]));
        side.call("null", v, &of(2, "base", &[("retention.ms", None)]));
        side.call("unknown topic", v, &of(2, "unknown", &[("retention.ms", Some("5"))]));
        side.call("unknown kind", v, &of(77, "x", &[]));
        side.call("nothing", v, &of(2, "base", &[]));
    }
}

fn cluster(side: &mut Side) {
    for v in versions::<DescribeClusterRequest>() {
        side.call("plain", v, &DescribeClusterRequest::default());
        side.call(
            "operations",
            v,
            &DescribeClusterRequest::default().with_include_cluster_authorized_operations(true),
        );
        if v >= 1 {
            side.call("controllers", v, &DescribeClusterRequest::default().with_endpoint_type(2));
            side.call("neither", v, &DescribeClusterRequest::default().with_endpoint_type(3));
        }
    }
    let of = |names: &[&str]| {
        DescribeTopicPartitionsRequest::default().with_response_partition_limit(2000).with_topics(
            names.iter().map(|n| TopicRequest::default().with_name(TopicName(text(n)))).collect(),
        )
    };
    side.call("one", 0, &of(&["base"]));
    side.call("several", 0, &of(&["unknown", "base", "meta", "a b"]));
    side.call("few", 0, &of(&["base", "meta"]).with_response_partition_limit(2));
}

fn deletes(side: &mut Side) {
    for v in versions::<DeleteTopicsRequest>() {
        let name = format!("gone-{v}");
        let id = made(side, &name, 1, &[]).topic_id;
        let of = |name: &str| {
            let request = DeleteTopicsRequest::default().with_timeout_ms(30_000);
            let name = TopicName(text(name));
            if v < 6 {
                request.with_topic_names(vec![name])
            } else {
                request.with_topics(vec![DeleteTopicState::default().with_name(Some(name))])
            }
        };
        side.call("unknown", v, &of("unknown"));
        side.call("invalid", v, &of("a b"));
        if v == 6 {
            let by = |id| {
                DeleteTopicsRequest::default()
                    .with_timeout_ms(30_000)
                    .with_topics(vec![DeleteTopicState::default().with_topic_id(id).with_name(None)])
            };
            side.call("unknown id", v, &by(uuid(99)));
            side.call("id", v, &by(id));
        }
        side.call("good", v, &of(&name));
        side.call("again", v, &of(&name));
    }
}
