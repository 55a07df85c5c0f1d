//! The settings of a topic, and what settings are made of.
//!
//! - `typed`: [`TopicConfig`], the form that the log and the broker read
//! - [`def`]: types, validators, and values as text (Kafka's `ConfigDef`)
//! - [`table`]: all 33 settings of Kafka 4.3 and `highway.durability`
//! - [`schema_rules`]: settings of topics that the schema registry checks
//! - `parse`: text to [`TopicConfig`], with the messages that Kafka answers

pub mod def;
mod parse;
pub mod schema_rules;
pub mod table;
mod typed;

pub use def::{ConfigDef, ConfigError, ConfigType, Importance, Validator, Value};
pub use schema_rules::{SCHEMA_CONFIGS, SchemaCheck, SchemaRule, SchemaRules, SubjectStrategy};
pub use table::{Synonym, TOPIC_CONFIGS, TopicConfigDef, topic_config};
pub use typed::{CleanupPolicy, CompressionType, Durability, TimestampType, TopicConfig};
