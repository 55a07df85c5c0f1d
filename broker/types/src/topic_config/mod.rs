//! The settings of a topic, and what settings are made of.
//!
//! - `typed`: [`TopicConfig`], the form that the log and the broker read
//! - [`def`]: types, validators, and values as text (Kafka's `ConfigDef`)
//! - [`table`]: all 33 settings of Kafka 4.3 and `highway.durability`
//! - `parse`: text to [`TopicConfig`], with the messages that Kafka answers

pub mod def;
mod parse;
pub mod table;
mod typed;

pub use def::{ConfigDef, ConfigError, ConfigType, Importance, Validator, Value};
pub use table::{Synonym, TOPIC_CONFIGS, TopicConfigDef, topic_config};
pub use typed::{CleanupPolicy, CompressionType, Durability, TimestampType, TopicConfig};
