//! Class names that stand in configurations.

/// What `connector.class` may say for this sink.
pub const CLASS_NAMES: &[&str] = &["io.confluent.connect.s3.S3SinkConnector", "S3SinkConnector", "S3Sink"];

/// The formats, by the names that they have in Confluent's connector.
pub(super) const JSON: &str = "io.confluent.connect.s3.format.json.JsonFormat";
pub(super) const AVRO: &str = "io.confluent.connect.s3.format.avro.AvroFormat";
pub(super) const PARQUET: &str = "io.confluent.connect.s3.format.parquet.ParquetFormat";
pub(super) const BYTES: &str = "io.confluent.connect.s3.format.bytearray.ByteArrayFormat";
pub(super) const FORMATS: &[&str] = &[JSON, AVRO, PARQUET, BYTES];

pub(super) const DEFAULT: &str = "io.confluent.connect.storage.partitioner.DefaultPartitioner";
pub(super) const FIELD: &str = "io.confluent.connect.storage.partitioner.FieldPartitioner";
pub(super) const TIME: &str = "io.confluent.connect.storage.partitioner.TimeBasedPartitioner";
pub(super) const DAILY: &str = "io.confluent.connect.storage.partitioner.DailyPartitioner";
pub(super) const HOURLY: &str = "io.confluent.connect.storage.partitioner.HourlyPartitioner";
pub(super) const PARTITIONERS: &[&str] = &[DEFAULT, FIELD, TIME, DAILY, HOURLY];

pub(super) const STORAGE: &str = "io.confluent.connect.s3.storage.S3Storage";
pub(super) const GENERATOR: &str = "io.confluent.connect.storage.hive.schema.DefaultSchemaGenerator";

/// The full name that a name means: itself, or its last part.
pub(super) fn known(name: &str, all: &[&'static str]) -> Option<&'static str> {
    all.iter().copied().find(|full| *full == name || full.rsplit('.').next() == Some(name))
}
