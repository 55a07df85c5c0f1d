//! The node's configuration: a Kafka `server.properties`, the environment, and flags, each value with its origin.

mod explain;
pub mod http;
pub mod listeners;
mod load;
pub mod own_keys;
pub mod properties;
mod settings;

pub use explain::{Explained, explain, keys};
pub use http::HttpListenerConfig;
pub use load::{ConfigError, LoadedConfig, Origin, ServerConfig, SourcedValue, SyslogConfig};
pub use settings::Settings;
