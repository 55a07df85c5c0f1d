//! All 33 topic settings of Kafka 4.3, and `highway.durability`, by name.

use super::def::{ConfigDef, ConfigError, ConfigType, Importance, Validator, Value};
use super::schema_rules::SCHEMA_CONFIGS;

/// A broker setting that gives a topic setting its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synonym {
    /// The broker setting.
    pub name: &'static str,
    /// The factor from its unit to the topic setting's (hours to milliseconds).
    pub factor: i64,
}

/// A topic setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicConfigDef {
    /// What it is.
    pub def: ConfigDef,
    /// The broker settings that give its default: the first that is set counts.
    pub synonyms: &'static [Synonym],
}

impl TopicConfigDef {
    /// Kafka's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.def.name
    }

    /// What the broker's settings say; `None` where none is set.
    ///
    /// # Errors
    /// The broker's text is not a value of this setting.
    pub fn broker_value(
        &self,
        broker: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Value>, ConfigError> {
        for synonym in self.synonyms {
            if let Some(text) = broker(synonym.name) {
                return if synonym.factor == 1 {
                    self.def.parse(&text)
                } else {
                    self.scaled(&text, synonym.factor)
                }
                .map(Some);
            }
        }
        Ok(None)
    }

    fn scaled(&self, text: &str, factor: i64) -> Result<Value, ConfigError> {
        let raw = ConfigDef { validator: Validator::Any, ..self.def };
        match raw.parse(text)? {
            // Less than nothing is "no limit", whatever the unit.
            Value::Number(number) if number < 0 => self.def.parse("-1"),
            Value::Number(number) => self.def.parse(&number.saturating_mul(factor).to_string()),
            other => Ok(other),
        }
    }
}

/// The setting of that name.
#[must_use]
pub fn topic_config(name: &str) -> Option<&'static TopicConfigDef> {
    let in_table = |table: &'static [TopicConfigDef]| {
        table.binary_search_by(|def| def.name().cmp(name)).ok().and_then(|index| table.get(index))
    };
    in_table(TOPIC_CONFIGS).or_else(|| in_table(SCHEMA_CONFIGS))
}

const fn setting(
    name: &'static str,
    config_type: ConfigType,
    default: &'static str,
    validator: Validator,
    synonyms: &'static [Synonym],
    doc: &'static str,
) -> TopicConfigDef {
    // Kafka gives every topic setting the same importance.
    let def = ConfigDef {
        name,
        config_type,
        default: Some(default),
        validator,
        importance: Importance::Medium,
        doc,
    };
    TopicConfigDef { def, synonyms }
}

const fn same(name: &'static str) -> Synonym {
    Synonym { name, factor: 1 }
}

const fn hours(name: &'static str) -> Synonym {
    Synonym { name, factor: 3_600_000 }
}

const fn minutes(name: &'static str) -> Synonym {
    Synonym { name, factor: 60_000 }
}

/// Every topic setting that every topic has, by name; [`SCHEMA_CONFIGS`] are the others.
pub const TOPIC_CONFIGS: &[TopicConfigDef] = &[
    setting(
        "cleanup.policy",
        ConfigType::List,
        "delete",
        Validator::ListOf(&["compact", "delete"]),
        &[same("log.cleanup.policy")],
        "How old records go away: delete removes whole segments by age and size, compact keeps the last record of each key. Both may be given; an empty list keeps everything.",
    ),
    setting(
        "compression.gzip.level",
        ConfigType::Int,
        "-1",
        Validator::DefaultOrBetween(1, 9),
        &[same("compression.gzip.level")],
        "The level when compression.type is gzip; -1 is the library's default.",
    ),
    setting(
        "compression.lz4.level",
        ConfigType::Int,
        "9",
        Validator::Between(1, 17),
        &[same("compression.lz4.level")],
        "The level when compression.type is lz4.",
    ),
    setting(
        "compression.type",
        ConfigType::String,
        "producer",
        Validator::OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        &[same("compression.type")],
        "How the broker stores batches: producer keeps what the producer sent, uncompressed unpacks it, a codec's name recompresses with it.",
    ),
    setting(
        "compression.zstd.level",
        ConfigType::Int,
        "3",
        Validator::Between(-131072, 22),
        &[same("compression.zstd.level")],
        "The level when compression.type is zstd.",
    ),
    setting(
        "delete.retention.ms",
        ConfigType::Long,
        "86400000",
        Validator::AtLeast(0),
        &[same("log.cleaner.delete.retention.ms")],
        "How long a tombstone stays in a compacted topic, in milliseconds: the time in which a reader that starts at the beginning must reach the end.",
    ),
    setting(
        "file.delete.delay.ms",
        ConfigType::Long,
        "60000",
        Validator::AtLeast(0),
        &[same("log.segment.delete.delay.ms")],
        "How long a removed segment stays on disk before its file goes, in milliseconds.",
    ),
    setting(
        "flush.messages",
        ConfigType::Long,
        "9223372036854775807",
        Validator::AtLeast(1),
        &[same("log.flush.interval.messages")],
        "Records between forced flushes of a segment. Acknowledged records are durable without it, so leave the default; any other value makes a topic with highway.durability=page-cache journaled.",
    ),
    setting(
        "flush.ms",
        ConfigType::Long,
        "9223372036854775807",
        Validator::AtLeast(0),
        &[same("log.flush.interval.ms"), same("log.flush.scheduler.interval.ms")],
        "Milliseconds between forced flushes of a segment. Acknowledged records are durable without it, so leave the default; any other value makes a topic with highway.durability=page-cache journaled.",
    ),
    setting(
        "follower.replication.throttled.replicas",
        ConfigType::List,
        "",
        Validator::ThrottledReplicas,
        &[],
        "Replicas whose replication is throttled on the follower, as partition:broker pairs, or * for all.",
    ),
    setting(
        "highway.durability",
        ConfigType::String,
        "fsync",
        Validator::OneOf(&["fsync", "page-cache"]),
        &[same("highway.durability")],
        "When an append counts as done: fsync once it is synced to the journal, page-cache once it is written. Only fsync survives a power cut.",
    ),
    setting(
        "index.interval.bytes",
        ConfigType::Int,
        "4096",
        Validator::AtLeast(0),
        &[same("log.index.interval.bytes")],
        "Bytes of log between two entries of the offset index.",
    ),
    setting(
        "leader.replication.throttled.replicas",
        ConfigType::List,
        "",
        Validator::ThrottledReplicas,
        &[],
        "Replicas whose replication is throttled on the leader, as partition:broker pairs, or * for all.",
    ),
    setting(
        "local.retention.bytes",
        ConfigType::Long,
        "-2",
        Validator::AtLeast(-2),
        &[same("log.local.retention.bytes")],
        "Bytes of a partition that stay on local disk when older segments are in the tier; -2 is the value of retention.bytes.",
    ),
    setting(
        "local.retention.ms",
        ConfigType::Long,
        "-2",
        Validator::AtLeast(-2),
        &[same("log.local.retention.ms")],
        "Milliseconds that a segment stays on local disk once it is in the tier; -2 is the value of retention.ms.",
    ),
    setting(
        "max.compaction.lag.ms",
        ConfigType::Long,
        "9223372036854775807",
        Validator::AtLeast(1),
        &[same("log.cleaner.max.compaction.lag.ms")],
        "The longest time a record may stay uncompacted, in milliseconds.",
    ),
    setting(
        "max.message.bytes",
        ConfigType::Int,
        "1048588",
        Validator::AtLeast(0),
        &[same("message.max.bytes")],
        "The largest record batch that is accepted, in bytes as sent, after compression.",
    ),
    setting(
        "message.timestamp.after.max.ms",
        ConfigType::Long,
        "3600000",
        Validator::AtLeast(0),
        &[same("log.message.timestamp.after.max.ms")],
        "How far a record's timestamp may lie ahead of the broker's clock, in milliseconds; not checked with LogAppendTime.",
    ),
    setting(
        "message.timestamp.before.max.ms",
        ConfigType::Long,
        "9223372036854775807",
        Validator::AtLeast(0),
        &[same("log.message.timestamp.before.max.ms")],
        "How far a record's timestamp may lie behind the broker's clock, in milliseconds; not checked with LogAppendTime.",
    ),
    setting(
        "message.timestamp.type",
        ConfigType::String,
        "CreateTime",
        Validator::OneOf(&["CreateTime", "LogAppendTime"]),
        &[same("log.message.timestamp.type")],
        "Whose clock a record's timestamp is from: CreateTime is the producer's, LogAppendTime the broker's.",
    ),
    setting(
        "min.cleanable.dirty.ratio",
        ConfigType::Double,
        "0.5",
        Validator::Between(0, 1),
        &[same("log.cleaner.min.cleanable.ratio")],
        "The share of a log that must be uncompacted before the cleaner takes it.",
    ),
    setting(
        "min.compaction.lag.ms",
        ConfigType::Long,
        "0",
        Validator::AtLeast(0),
        &[same("log.cleaner.min.compaction.lag.ms")],
        "The time in which a record is not compacted, in milliseconds.",
    ),
    setting(
        "min.insync.replicas",
        ConfigType::Int,
        "1",
        Validator::AtLeast(1),
        &[same("min.insync.replicas")],
        "Replicas that must have a record before acks=all is answered; with fewer in sync the write is refused.",
    ),
    setting(
        "preallocate",
        ConfigType::Boolean,
        "false",
        Validator::Any,
        &[same("log.preallocate")],
        "Reserve the space of a segment when it is created.",
    ),
    setting(
        "remote.log.copy.disable",
        ConfigType::Boolean,
        "false",
        Validator::Any,
        &[],
        "Stop copying segments to the tier and keep reading those that are there.",
    ),
    setting(
        "remote.log.delete.on.disable",
        ConfigType::Boolean,
        "false",
        Validator::Any,
        &[],
        "Delete the tier's copies when remote.storage.enable is turned off.",
    ),
    setting(
        "remote.storage.enable",
        ConfigType::Boolean,
        "false",
        Validator::Any,
        &[],
        "Copy sealed segments to the tier.",
    ),
    setting(
        "retention.bytes",
        ConfigType::Long,
        "-1",
        Validator::Any,
        &[same("log.retention.bytes")],
        "Bytes of a partition above which its oldest segments are deleted; -1 is no limit.",
    ),
    setting(
        "retention.ms",
        ConfigType::Long,
        "604800000",
        Validator::AtLeast(-1),
        &[same("log.retention.ms"), minutes("log.retention.minutes"), hours("log.retention.hours")],
        "Age in milliseconds above which a segment is deleted; -1 keeps it for ever.",
    ),
    setting(
        "segment.bytes",
        ConfigType::Int,
        "1073741824",
        Validator::AtLeast(1048576),
        &[same("log.segment.bytes")],
        "The size of a segment file at the most, in bytes.",
    ),
    setting(
        "segment.index.bytes",
        ConfigType::Int,
        "10485760",
        Validator::AtLeast(4),
        &[same("log.index.size.max.bytes")],
        "The size of an offset index at the most, in bytes.",
    ),
    setting(
        "segment.jitter.ms",
        ConfigType::Long,
        "0",
        Validator::AtLeast(0),
        &[same("log.roll.jitter.ms"), hours("log.roll.jitter.hours")],
        "A random part taken off segment.ms, so that not all segments roll at once.",
    ),
    setting(
        "segment.ms",
        ConfigType::Long,
        "604800000",
        Validator::AtLeast(1),
        &[same("log.roll.ms"), hours("log.roll.hours")],
        "The age at which a segment is rolled even if it is not full, in milliseconds.",
    ),
    setting(
        "unclean.leader.election.enable",
        ConfigType::Boolean,
        "false",
        Validator::Any,
        &[same("unclean.leader.election.enable")],
        "Whether a replica that is not in sync may become leader, at the price of lost records.",
    ),
];
