//! The keys: names, types and defaults of Confluent's connector, and a few of Highway's own.

use highway_connect_data::config::{
    Check, ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, OneOf, OneOfIgnoringCase, Range, Width,
};
use highway_connect_data::{DataError, Result};

use super::names;
use super::store_keys;
use crate::partition::Zone;

use ConfigType::{Boolean, Class, Int, List, Long, String as Text};
use Importance::{High, Low, Medium};

/// Puts keys into groups, in order.
pub(super) struct Keys {
    def: ConfigDef,
    group: &'static str,
    order: i32,
}

impl Keys {
    fn group(mut self, name: &'static str) -> Self {
        (self.group, self.order) = (name, 0);
        self
    }

    pub(super) fn add(mut self, key: ConfigKey, shown: &str) -> Self {
        self.order += 1;
        self.def = self.def.define(key.shown(self.group, self.order, Width::Long, shown));
        self
    }
}

pub(super) fn key(
    name: &str,
    r#type: ConfigType,
    default: impl Into<ConfigValue>,
    importance: Importance,
    doc: &str,
) -> ConfigKey {
    ConfigKey::new(name, r#type, default, importance, doc)
}

/// The sink's settings, beside those that every sink connector has.
pub fn definition() -> ConfigDef {
    let keys = Keys { def: ConfigDef::new(), group: "", order: 0 };
    let keys = connector(keys.group("Connector"));
    let keys = store_keys::s3(keys.group("S3"));
    let keys = store_keys::storage(keys.group("Storage"));
    let keys = partitioner(keys.group("Partitioner"));
    highway(keys.group("Highway")).def
}

fn connector(keys: Keys) -> Keys {
    let known_format = Check(
        |name: &str, value: &ConfigValue| class(name, value, names::FORMATS),
        "JsonFormat, AvroFormat, ParquetFormat or ByteArrayFormat",
    );
    keys.add(
        ConfigKey::required("format.class", Class, High, "How objects are written: JsonFormat, AvroFormat, ParquetFormat or \
            ByteArrayFormat, with or without io.confluent.connect.s3.format before it.").validator(known_format),
        "Format class",
    )
    .add(
        ConfigKey::required("flush.size", Int, High, "Records of a topic partition after which its objects are committed.")
            .validator(Range::at_least(1)),
        "Flush Size",
    )
    .add(
        key("rotate.interval.ms", Long, -1_i64, High, "Record time from the first record on after which the objects of a topic \
            partition are committed: the time that timestamp.extractor finds with a time-based partitioner, the record's \
            timestamp with others. -1: never for that reason."),
        "Rotate Interval (ms)",
    )
    .add(
        key("rotate.schedule.interval.ms", Long, -1_i64, Medium, "Wall-clock time between commits, counted from midnight in \
            timezone. Exactly-once holds with it. -1: never for that reason."),
        "Rotate Schedule Interval (ms)",
    )
    .add(key("schema.cache.size", Int, 1000, Low, "Accepted, without effect."), "Schema Cache Size")
    .add(
        key("enhanced.avro.schema.support", Boolean, true, Low, "Accepted; Connect's names and parameters are always kept in \
            Avro schemas."),
        "Enhanced Avro Support",
    )
    .add(key("connect.meta.data", Boolean, true, Low, "Accepted, without effect."), "Connect Metadata")
    .add(key("retry.backoff.ms", Long, 5000_i64, Low, "Accepted; see s3.retry.backoff.ms."), "Retry Backoff (ms)")
    .add(
        key("filename.offset.zero.pad.width", Int, 10, Low, "Digits of the offset in an object's name, at the least.")
            .validator(Range::between(0, 20)),
        "Filename Offset Zero Pad Width",
    )
    .add(
        key("schema.compatibility", Text, "NONE", High, "NONE: records of different schemas go into different objects of a folder, \
            which stay open side by side. Any other value: they share one where a schema can hold both (fields that come or go, \
            wider numbers).")
        .validator(OneOf(&[
            "NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE",
        ])),
        "Schema Compatibility",
    )
    .add(
        key("avro.codec", Text, "null", Low, "Compression of Avro objects.")
            .validator(OneOf(&["null", "deflate", "snappy", "zstandard"])),
        "Avro Compression Codec",
    )
    .add(
        key("parquet.codec", Text, "snappy", Low, "Compression of Parquet objects.")
            .validator(OneOf(&["none", "snappy", "gzip", "zstd"])),
        "Parquet Compression Codec",
    )
    .add(
        key("json.decimal.format", Text, "BASE64", Low, "Decimals in JSON: BASE64 or NUMERIC.")
            .validator(OneOfIgnoringCase(&["BASE64", "NUMERIC"])),
        "JSON Decimal Format",
    )
}

fn partitioner(keys: Keys) -> Keys {
    let known = Check(
        |name: &str, value: &ConfigValue| class(name, value, names::PARTITIONERS),
        "DefaultPartitioner, FieldPartitioner, TimeBasedPartitioner, DailyPartitioner or HourlyPartitioner",
    );
    let zone = Check(
        |name: &str, value: &ConfigValue| match value {
            ConfigValue::String(id) if !id.is_empty() && Zone::parse(id).is_none() => {
                Err(DataError::config_value(
                    name,
                    value,
                    format!("The datetime zone id '{id}' is not recognised"),
                ))
            }
            _ => Ok(()),
        },
        "an id as Europe/Paris, UTC, or +hh:mm",
    );
    keys.add(
        key(
            "partitioner.class",
            Class,
            names::DEFAULT,
            High,
            "Which folder a record goes to: DefaultPartitioner (the Kafka \
            partition), FieldPartitioner, TimeBasedPartitioner, DailyPartitioner or HourlyPartitioner.",
        )
        .validator(known)
        .dependents(&[
            "partition.field.name",
            "partition.duration.ms",
            "path.format",
            "locale",
            "timezone",
        ]),
        "Partitioner Class",
    )
    .add(
        key(
            "partition.field.name",
            List,
            ConfigValue::List(Vec::new()),
            Medium,
            "The fields of FieldPartitioner; dots go into \
        nested fields.",
        ),
        "Partition Field Name",
    )
    .add(
        key("partition.duration.ms", Long, -1_i64, Medium, "The length of TimeBasedPartitioner's folders."),
        "Partition Duration (ms)",
    )
    .add(
        key(
            "path.format",
            Text,
            "",
            Medium,
            "The names of TimeBasedPartitioner's folders as a pattern of Joda-Time, for example \
        'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH.",
        ),
        "Path Format",
    )
    .add(
        key(
            "locale",
            Text,
            "",
            Medium,
            "Whose names months and days have in path.format; en by default, and the only one with \
        names.",
        ),
        "Locale",
    )
    .add(
        key(
            "timezone",
            Text,
            "",
            Medium,
            "The time zone of folders and of rotate.schedule.interval.ms; UTC by default.",
        )
        .validator(zone),
        "Timezone",
    )
    .add(
        key(
            "timestamp.extractor",
            Text,
            "Wallclock",
            Medium,
            "A record's time: Wallclock, Record (its timestamp) or RecordField.",
        )
        .validator(OneOf(&["Wallclock", "Record", "RecordField"])),
        "Timestamp Extractor",
    )
    .add(
        key(
            "timestamp.field",
            Text,
            "timestamp",
            Medium,
            "The field of timestamp.extractor RecordField: milliseconds, a \
        timestamp, or text in ISO 8601.",
        ),
        "Record Field for Timestamp Extractor",
    )
    .add(
        key("partitioner.schema.generator", Class, names::GENERATOR, Low, "Accepted, without effect."),
        "Schema Generator",
    )
}

fn highway(keys: Keys) -> Keys {
    keys.add(
        key("flush.bytes", Long, -1_i64, Medium, "Bytes of a topic partition's objects after which they are committed. -1: never \
            for that reason."),
        "Flush Bytes",
    )
    .add(
        key("rotate.idle.interval.ms", Long, 60_000_i64, Medium, "Wall-clock time without records of a topic partition after which \
            its objects are committed. -1: never for that reason."),
        "Rotate When Idle (ms)",
    )
    .add(
        key("highway.delivery.guarantee", Text, "best_effort", High, "exactly_once: only stores with put-if-absent are used. \
            best_effort: exactly-once with such stores, at-least-once with others, and a warning. at_least_once: no commit log.")
        .validator(OneOf(&["exactly_once", "best_effort", "at_least_once"])),
        "Delivery Guarantee",
    )
}

fn class(name: &str, value: &ConfigValue, all: &[&'static str]) -> Result<()> {
    match value {
        ConfigValue::Class(text) if names::known(text, all).is_none() => {
            Err(DataError::config_value(name, value, format!("Class must be one of: {}", all.join(", "))))
        }
        _ => Ok(()),
    }
}
