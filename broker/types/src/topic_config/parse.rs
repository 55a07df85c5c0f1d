//! Text to [`TopicConfig`].

use super::def::{ConfigError, Value};
use super::schema_rules::SCHEMA_CONFIGS;
use super::table::{TOPIC_CONFIGS, TopicConfigDef, topic_config};
use super::typed::{CleanupPolicy, CompressionType, Durability, TimestampType, TopicConfig};
use std::collections::BTreeMap;

impl TopicConfig {
    /// The effective settings of a topic: its own, then the broker's (by [`TopicConfigDef::synonyms`]), then the
    /// defaults. `broker` gives the effective text of a broker setting, or `None` where it has only its default.
    ///
    /// # Errors
    /// A setting that does not exist, or a value that it does not take; the message is Kafka's.
    pub fn resolve(
        own: &BTreeMap<String, String>,
        broker: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        for name in own.keys() {
            topic_config(name).ok_or_else(|| ConfigError::UnknownTopicConfig(name.clone()))?;
        }
        let mut config = Self::default();
        for def in TOPIC_CONFIGS {
            let value = match own.get(def.name()) {
                Some(text) => Some(def.def.parse(text)?),
                None => def.broker_value(broker)?,
            };
            if let Some(value) = value {
                config.set(def, &value)?;
            }
        }
        for def in SCHEMA_CONFIGS {
            if let Some(text) = own.get(def.name()) {
                config.schemas.set(def.name(), &def.def.parse(text)?);
            }
        }
        if config.min_compaction_lag_ms > config.max_compaction_lag_ms {
            let (min, max) = (config.min_compaction_lag_ms, config.max_compaction_lag_ms);
            return Err(ConfigError::CompactionLags { min, max });
        }
        Ok(config)
    }

    fn set(&mut self, def: &TopicConfigDef, value: &Value) -> Result<(), ConfigError> {
        match (def.name(), value) {
            ("cleanup.policy", Value::List(items)) => {
                let has = |policy: &str| items.iter().any(|item| item == policy);
                self.cleanup_policy = CleanupPolicy { delete: has("delete"), compact: has("compact") };
            }
            ("min.cleanable.dirty.ratio", Value::Double(ratio)) => self.min_cleanable_dirty_ratio = *ratio,
            ("preallocate", Value::Bool(on)) => self.preallocate = *on,
            ("remote.storage.enable", Value::Bool(true)) => return Err(ConfigError::NoTieredStorage),
            (name, Value::Text(text)) => self.set_text(name, text),
            (name, Value::Number(number)) => self.set_number(name, *number),
            _ => {}
        }
        Ok(())
    }

    fn set_text(&mut self, name: &str, text: &str) {
        match (name, text) {
            ("compression.type", text) => {
                self.compression_type = match text {
                    "uncompressed" => CompressionType::Uncompressed,
                    "gzip" => CompressionType::Gzip,
                    "snappy" => CompressionType::Snappy,
                    "lz4" => CompressionType::Lz4,
                    "zstd" => CompressionType::Zstd,
                    _ => CompressionType::Producer,
                }
            }
            ("message.timestamp.type", "LogAppendTime") => {
                self.message_timestamp_type = TimestampType::LogAppendTime;
            }
            ("message.timestamp.type", _) => self.message_timestamp_type = TimestampType::CreateTime,
            ("highway.durability", "page-cache") => self.durability = Durability::PageCache,
            ("highway.durability", _) => self.durability = Durability::Fsync,
            _ => {}
        }
    }

    fn set_number(&mut self, name: &str, number: i64) {
        // The definition's type has checked the range: a number of type INT fits.
        let int = i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX });
        match name {
            "compression.gzip.level" => self.compression_gzip_level = int,
            "compression.lz4.level" => self.compression_lz4_level = int,
            "compression.zstd.level" => self.compression_zstd_level = int,
            "delete.retention.ms" => self.delete_retention_ms = number,
            "file.delete.delay.ms" => self.file_delete_delay_ms = number,
            "flush.messages" => self.flush_messages = number,
            "flush.ms" => self.flush_ms = number,
            "index.interval.bytes" => self.index_interval_bytes = int,
            "max.compaction.lag.ms" => self.max_compaction_lag_ms = number,
            "max.message.bytes" => self.max_message_bytes = int,
            "message.timestamp.after.max.ms" => self.message_timestamp_after_max_ms = number,
            "message.timestamp.before.max.ms" => self.message_timestamp_before_max_ms = number,
            "min.compaction.lag.ms" => self.min_compaction_lag_ms = number,
            "min.insync.replicas" => self.min_insync_replicas = int,
            "retention.bytes" => self.retention_bytes = number,
            "retention.ms" => self.retention_ms = number,
            "segment.bytes" => self.segment_bytes = int,
            "segment.index.bytes" => self.segment_index_bytes = int,
            "segment.jitter.ms" => self.segment_jitter_ms = number,
            "segment.ms" => self.segment_ms = number,
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "parse_test.rs"]
mod tests;
