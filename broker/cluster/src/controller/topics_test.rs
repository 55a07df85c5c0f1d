use super::*;
use crate::apply;
use crate::controller::{NewPartitions, create_partitions};
use uuid::Uuid;

const BROKERS: &[NodeId] = &[NodeId(1)];

struct World {
    image: MetadataImage,
    statics: ConfigMap,
    ids: u128,
}

impl World {
    fn new() -> Self {
        Self { image: MetadataImage::empty(), statics: ConfigMap::new(), ids: 0 }
    }

    fn settings(&self) -> BrokerSettings<'_> {
        BrokerSettings { node: NodeId(1), image: &self.image, statics: &self.statics }
    }

    /// Creates one topic; the answer is as (code, message).
    fn create(&mut self, topic: NewTopic) -> Result<CreatedTopic, (i16, String)> {
        let mut ids = self.ids;
        let mut new_id = || {
            ids += 1;
            TopicId(Uuid::from_u128(ids))
        };
        let (records, mut outcomes) = create_topics(&self.settings(), BROKERS, &[topic], &mut new_id);
        self.ids = ids;
        let result = outcomes.pop().unwrap().result;
        assert_eq!(records.is_empty(), result.is_err(), "a refused topic must leave no record");
        self.image = apply(&self.image, &records).unwrap();
        result.map_err(|error| (error.kind.code(), error.message))
    }

    fn delete(&mut self, request: &[DeleteTopic]) -> Vec<(i16, String)> {
        let (records, results) = delete_topics(&self.settings(), request);
        self.image = apply(&self.image, &records).unwrap();
        let show = |deleted: DeletedTopic| match deleted.result {
            Ok(()) => (0, String::new()),
            Err(error) => (error.kind.code(), error.message),
        };
        results.into_iter().map(show).collect()
    }
}

fn topic(name: &str, num_partitions: i32, replication_factor: i16) -> NewTopic {
    NewTopic { name: name.into(), num_partitions, replication_factor, assignments: vec![], configs: vec![] }
}

fn assigned(name: &str, assignments: &[(i32, &[i32])]) -> NewTopic {
    let assignments =
        assignments.iter().map(|(p, nodes)| (*p, nodes.iter().copied().map(NodeId).collect())).collect();
    NewTopic { assignments, ..topic(name, -1, -1) }
}

fn with_config(name: &str, key: &str, value: Option<&str>) -> NewTopic {
    NewTopic { configs: vec![(key.into(), value.map(Into::into))], ..topic(name, 1, 1) }
}

fn error<T: std::fmt::Debug>(code: i16, message: &str) -> Result<T, (i16, String)> {
    Err((code, message.to_owned()))
}

#[test]
fn line_27_names() {
    let mut world = World::new();
    let bad = "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', \
               '_' and '-'";
    assert_eq!(world.create(topic("a b", 1, 1)), error(17, bad));
    world.create(topic("x.y", 1, 1)).unwrap();
    assert_eq!(world.create(topic("x_y", 1, 1)), error(17, "Topic 'x_y' collides with existing topic: x.y"));
    let internal = "Creation of internal topic __cluster_metadata is prohibited.";
    assert_eq!(world.create(topic("__cluster_metadata", 1, 1)), error(42, internal));
    let mut id = || TopicId(Uuid::from_u128(99));
    let both = [topic("c.d", 1, 1), topic("c_d", 1, 1)];
    let (_, outcomes) = create_topics(&world.settings(), BROKERS, &both, &mut id);
    assert!(outcomes.iter().all(|o| o.result.is_ok()), "Kafka compares with existing topics only");
}

#[test]
fn line_28_existing_and_duplicate() {
    let mut world = World::new();
    world.create(topic("t", 1, 1)).unwrap();
    assert_eq!(world.create(topic("t", 1, 1)), error(36, "Topic 't' already exists."));
    let mut id = || TopicId(Uuid::from_u128(99));
    let twice = [topic("u", 1, 1), topic("v", 1, 1), topic("u", 1, 1)];
    let (records, outcomes) = create_topics(&world.settings(), BROKERS, &twice, &mut id);
    assert_eq!((records.len(), outcomes.len()), (1, 2));
    let refused = outcomes[0].result.as_ref().unwrap_err();
    assert_eq!((refused.kind.code(), refused.message.as_str()), (42, "Duplicate topic name."));
}

#[test]
fn line_29_counts() {
    let mut world = World::new();
    let partitions = "Number of partitions was set to an invalid non-positive value.";
    let replicas = "Replication factor must be larger than 0, or -1 to use the default value.";
    for count in [0, -2] {
        assert_eq!(world.create(topic("t", count, 1)), error(37, partitions));
    }
    for factor in [0, -2] {
        assert_eq!(world.create(topic("t", 1, factor)), error(38, replicas));
    }
    let few = "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached \
               because only 1 broker(s) are registered or some brokers have all their log directories cordoned.";
    assert_eq!(world.create(topic("t", 1, 2)), error(38, few));
    let many = "Excessively large number of partitions per request.";
    assert_eq!(world.create(topic("t", 1_000_001, 1)), error(44, many));
    world.statics.insert("num.partitions".into(), "3".into());
    assert_eq!(world.create(topic("t", -1, -1)).unwrap().num_partitions, 3);
    assert_eq!(world.create(topic("big", 10_000, 1)).unwrap().num_partitions, 10_000);
}

#[test]
fn line_30_manual_assignment() {
    let mut world = World::new();
    let refused = [
        (
            NewTopic { replication_factor: 1, ..assigned("t", &[(0, &[1])]) },
            42,
            "but replication factor was not",
        ),
        (
            NewTopic { num_partitions: 1, ..assigned("t", &[(0, &[1])]) },
            42,
            "but numPartitions was not set to -1.",
        ),
        (assigned("t", &[(0, &[])]), 39, "The manual partition assignment includes an empty replica list."),
        (assigned("t", &[(0, &[9])]), 39, "includes broker 9, but no such broker is registered."),
        (assigned("t", &[(0, &[1, 1])]), 39, "includes the broker 1 more than once."),
        (assigned("t", &[(1, &[1])]), 39, "partitions should be a consecutive 0-based integer sequence"),
        (
            assigned("t", &[(0, &[1]), (0, &[1])]),
            39,
            "Found multiple manual partition assignments for partition 0",
        ),
    ];
    for (request, code, message) in refused {
        let (seen, text) = world.create(request).unwrap_err();
        assert!(seen == code && text.contains(message), "{seen} {text}");
    }
    let created = world.create(assigned("t", &[(1, &[1]), (0, &[1])])).unwrap();
    assert_eq!((created.num_partitions, created.replication_factor), (2, 1));
}

#[test]
fn line_31_configs() {
    let mut world = World::new();
    let unknown = "Unknown topic config name: nope";
    assert_eq!(world.create(with_config("t", "nope", Some("1"))), error(40, unknown));
    let ill = "Invalid value x for configuration retention.ms: Not a number of type LONG";
    assert_eq!(world.create(with_config("t", "retention.ms", Some("x"))), error(40, ill));
    let null = "Null value not supported for topic configs: retention.ms";
    assert_eq!(world.create(with_config("t", "retention.ms", None)), error(40, null));
    assert!(world.image.topic("t").is_none());
}

/// `validate_only` is the caller dropping the records: the answer is made without them.
#[test]
fn line_32_validate_only_and_33_effective_configs() {
    let world = World::new();
    let mut id = || TopicId(Uuid::from_u128(1));
    let request = [with_config("t", "retention.ms", Some(" 5 "))];
    let (_, outcomes) = create_topics(&world.settings(), BROKERS, &request, &mut id);
    let created = outcomes[0].result.as_ref().unwrap();
    assert_eq!((created.num_partitions, created.replication_factor, created.configs.len()), (1, 1, 34));
    let retention = created.configs.iter().find(|config| config.name == "retention.ms").unwrap();
    assert_eq!(retention.value.as_deref(), Some("5"));
    assert_eq!(retention.source, crate::configs::ConfigSource::Topic);
    assert!(world.image.topic("t").is_none());
}

#[test]
fn line_34_create_partitions() {
    let mut world = World::new();
    world.create(topic("t", 2, 1)).unwrap();
    let grow = |name: &str, count, assignments: Option<Vec<Vec<NodeId>>>| {
        let request = [NewPartitions { name: name.into(), count, assignments }];
        let (records, mut outcomes) = create_partitions(&world.image, BROKERS, &request);
        let result = outcomes.pop().unwrap().result;
        (records, result.map_err(|error| (error.kind.code(), error.message)))
    };
    assert_eq!(grow("t", 2, None).1, error(37, "Topic already has 2 partition(s)."));
    let fewer = "The topic t currently has 2 partition(s); 1 would not be an increase.";
    assert_eq!(grow("t", 1, None).1, error(37, fewer));
    assert_eq!(grow("u", 3, None).1, error(3, "This server does not host this topic-partition."));
    let few = "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.";
    assert_eq!(grow("t", 4, Some(vec![vec![NodeId(1)]])).1, error(39, few));
    let nine = "The manual partition assignment includes broker 9, but no such broker is registered.";
    assert_eq!(grow("t", 3, Some(vec![vec![NodeId(9)]])).1, error(39, nine));
    let (records, result) = grow("t", 5, None);
    result.unwrap();
    let id = world.image.topic_id("t");
    let grown = apply(&world.image, &records).unwrap();
    assert_eq!((grown.topic("t").unwrap().partition_count(), grown.topic_id("t")), (5, id));
}

#[test]
fn line_35_delete_topics() {
    let mut world = World::new();
    let by_name = |name: &str| DeleteTopic { name: Some(name.into()), id: TopicId::ZERO };
    let by_id = |id| DeleteTopic { name: None, id };
    let id = world.create(topic("t", 1, 1)).unwrap().id;
    let unknown = (3, "This server does not host this topic-partition.".to_owned());
    assert_eq!(world.delete(&[by_name("none")]), [unknown]);
    let unknown = (100, "This server does not host this topic ID.".to_owned());
    assert_eq!(world.delete(&[by_id(TopicId(Uuid::from_u128(77)))]), [unknown]);
    assert_eq!(world.delete(&[by_name("t"), by_name("t")])[0].0, 42);
    assert_eq!(world.delete(&[by_id(TopicId::ZERO)])[0].0, 42);
    world.statics.insert("delete.topic.enable".into(), "false".into());
    assert_eq!(world.delete(&[by_name("t")])[0].0, 73);
    world.statics.clear();
    assert_eq!(world.delete(&[by_name("t"), by_id(id)]).iter().map(|r| r.0).collect::<Vec<_>>(), [0, 42]);
    assert!(world.image.topic("t").is_none());
    assert_ne!(world.create(topic("t", 1, 1)).unwrap().id, id, "a topic made again has a new id (line 22)");
}
