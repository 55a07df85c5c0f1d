//! Settings of the broker and of topics: what there is, where a value comes from, how `DescribeConfigs` shows it.
//!
//! A value comes from the first of: the topic, this broker's dynamic settings, those of all brokers, the file and
//! the command line ("static"), the default.

pub mod describe;
pub mod inert;
pub mod resolve;
pub mod table;

pub use describe::{ConfigSource, DescribedConfig, SynonymEntry, describe, describe_topic};
pub use inert::inert_reason;
pub use resolve::BrokerSettings;
pub use table::{BROKER_CONFIGS, BrokerConfigDef, UpdateMode, broker_config, broker_synonyms};
