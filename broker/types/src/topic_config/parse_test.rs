use super::*;

fn one(name: &str, value: &str) -> Result<TopicConfig, String> {
    let own = BTreeMap::from([(name.to_owned(), value.to_owned())]);
    TopicConfig::resolve(&own, &|_| None).map_err(|error| error.to_string())
}

/// Each line was answered by Apache Kafka 4.3.1 (`LogConfig.validate`).
#[test]
fn messages_are_kafkas() {
    let throttled = |value: &str| {
        format!(
            "Invalid value {value} for configuration leader.replication.throttled.replicas: \
             leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following \
             format: [partitionId]:[brokerId],[partitionId]:[brokerId],..."
        )
    };
    let invalid = |name: &str, value: &str, reason: &str| {
        format!("Invalid value {value} for configuration {name}: {reason}")
    };
    for (name, value, message) in [
        ("retention.ms", "abc", invalid("retention.ms", "abc", "Not a number of type LONG")),
        ("retention.ms", "-2", invalid("retention.ms", "-2", "Value must be at least -1")),
        ("retention.ms", "", invalid("retention.ms", "", "Not a number of type LONG")),
        ("segment.bytes", "1", invalid("segment.bytes", "1", "Value must be at least 1048576")),
        ("segment.bytes", "99999999999", invalid("segment.bytes", "99999999999", "Not a number of type INT")),
        ("cleanup.policy", "foo", invalid("cleanup.policy", "foo", "String must be one of: compact, delete")),
        ("cleanup.policy", "delete,", "Configuration 'cleanup.policy' values must not be empty.".to_owned()),
        (
            "min.cleanable.dirty.ratio",
            "2",
            invalid("min.cleanable.dirty.ratio", "2.0", "Value must be no more than 1"),
        ),
        (
            "min.cleanable.dirty.ratio",
            "x",
            invalid("min.cleanable.dirty.ratio", "x", "Not a number of type DOUBLE"),
        ),
        (
            "preallocate",
            "maybe",
            invalid("preallocate", "maybe", "Expected value to be either true or false"),
        ),
        (
            "compression.type",
            "lzma",
            invalid(
                "compression.type",
                "lzma",
                "String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer",
            ),
        ),
        (
            "compression.gzip.level",
            "0",
            invalid("compression.gzip.level", "0", "Value must be between 1 and 9 or equal to -1"),
        ),
        ("compression.lz4.level", "0", invalid("compression.lz4.level", "0", "Value must be at least 1")),
        (
            "compression.zstd.level",
            "100",
            invalid("compression.zstd.level", "100", "Value must be no more than 22"),
        ),
        ("leader.replication.throttled.replicas", "x", throttled("[x]")),
        ("leader.replication.throttled.replicas", "*,0:1", throttled("[*, 0:1]")),
        ("nope", "1", "Unknown topic config name: nope".to_owned()),
        ("min.insync.replicas", "0", invalid("min.insync.replicas", "0", "Value must be at least 1")),
    ] {
        assert_eq!(one(name, value), Err(message), "{name}={value}");
    }
}

#[test]
fn what_kafka_takes_is_taken() {
    for (name, value) in [
        ("cleanup.policy", " compact , delete "),
        ("preallocate", "TRUE"),
        ("retention.ms", "+5"),
        ("leader.replication.throttled.replicas", "*"),
        ("leader.replication.throttled.replicas", "0:1,1:1"),
        ("min.compaction.lag.ms", "9223372036854775807"),
        ("compression.gzip.level", "-1"),
    ] {
        assert!(one(name, value).is_ok(), "{name}={value}");
    }
    let neither = one("cleanup.policy", "").unwrap().cleanup_policy;
    assert_eq!(neither, CleanupPolicy { delete: false, compact: false });
    assert_eq!(one("retention.ms", " 5 ").unwrap().retention_ms, 5);
    assert_eq!(one("highway.durability", "page-cache").unwrap().durability, Durability::PageCache);
}

#[test]
fn the_table_and_the_struct_agree_on_the_defaults() {
    assert_eq!(TOPIC_CONFIGS.len(), 34);
    assert!(TOPIC_CONFIGS.is_sorted_by_key(TopicConfigDef::name));
    let own = TOPIC_CONFIGS
        .iter()
        .map(|def| (def.name().to_owned(), def.def.default.unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(TopicConfig::resolve(&own, &|_| None).unwrap(), TopicConfig::default());
}

/// Every setting that has a field must reach it: a name that is misspelt in `set_number` would fail here.
#[test]
fn numbers_reach_their_fields() {
    for def in TOPIC_CONFIGS {
        let unused = ["local.retention.ms", "local.retention.bytes"];
        if matches!(def.def.parse("7"), Ok(Value::Number(_))) && !unused.contains(&def.name()) {
            assert_ne!(one(def.name(), "7").unwrap(), TopicConfig::default(), "{}", def.name());
        }
    }
}

#[test]
fn the_broker_gives_what_the_topic_does_not_say() {
    let broker = |name: &str| match name {
        "log.retention.minutes" => Some("2".to_owned()),
        "log.retention.hours" => Some("1".to_owned()),
        "log.roll.hours" => Some("3".to_owned()),
        "message.max.bytes" => Some("77".to_owned()),
        _ => None,
    };
    let config = TopicConfig::resolve(&BTreeMap::new(), &broker).unwrap();
    assert_eq!((config.retention_ms, config.segment_ms, config.max_message_bytes), (120_000, 10_800_000, 77));
    let own = BTreeMap::from([("retention.ms".to_owned(), "9".to_owned())]);
    assert_eq!(TopicConfig::resolve(&own, &broker).unwrap().retention_ms, 9);
    let forever = TopicConfig::resolve(&BTreeMap::new(), &|name: &str| {
        (name == "log.retention.hours").then(|| "-1".to_owned())
    });
    assert_eq!(forever.unwrap().retention_ms, -1);
}

#[test]
fn compaction_lags_must_not_cross() {
    let own = BTreeMap::from([
        ("min.compaction.lag.ms".to_owned(), "10".to_owned()),
        ("max.compaction.lag.ms".to_owned(), "5".to_owned()),
    ]);
    let error = TopicConfig::resolve(&own, &|_| None).unwrap_err();
    assert!(matches!(error, ConfigError::CompactionLags { min: 10, max: 5 }));
}
