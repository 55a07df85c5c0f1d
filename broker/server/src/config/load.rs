//! From file, environment and flags to a checked configuration.
//!
//! Later sources win: file, then environment (`HIGHWAY_` and the key in capitals with `_` for `.`, `-`; `highway.` itself
//! is left out), then flags.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use highway_cluster::configs::{broker_config, inert_reason};
use highway_types::NodeId;

use super::http::{self, HttpListenerConfig};
use super::listeners::{self, ListenerConfig, ListenerError};
use super::own_keys::{self, OWN_KEYS};
use super::properties::{self, PropertiesError};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag,
    /// What `highway dev` sets.
    Dev,
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("flag"),
            Self::Dev => f.write_str("highway dev"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcedValue {
    /// The text.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Why a node cannot start with its configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no properties file.
    #[error("{path}: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line.
        source: PropertiesError,
    },
    /// A `highway.*` key that does not exist.
    #[error("unknown setting {key} ({origin}); did you mean {nearest}?")]
    UnknownOwnKey {
        /// As written.
        key: String,
        /// Where.
        origin: Origin,
        /// The most similar one.
        nearest: &'static str,
    },
    /// A value that a setting does not take.
    #[error("{key}={value} ({origin}): {detail}")]
    Value {
        /// The setting.
        key: String,
        /// As written.
        value: String,
        /// Where.
        origin: Origin,
        /// What it takes.
        detail: String,
    },
    /// The listeners.
    #[error(transparent)]
    Listener(#[from] ListenerError),
}

/// All values, before anything is derived from them.
#[derive(Clone, Debug, Default)]
pub struct LoadedConfig {
    /// Every value that was set, by key.
    pub values: BTreeMap<String, SourcedValue>,
}

impl LoadedConfig {
    /// Reads a properties file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let entries = properties::parse(&text)
            .map_err(|source| ConfigError::Syntax { path: path.to_owned(), source })?;
        for (key, value) in entries {
            self.set(&key, &value, Origin::File(path.to_owned()));
        }
        Ok(())
    }

    /// Takes the variables that name a known setting.
    pub fn read_environment(&mut self, variables: impl Iterator<Item = (String, String)>) {
        for (name, value) in variables {
            if let Some(key) = key_of_variable(&name) {
                self.set(key, &value, Origin::Environment(name));
            }
        }
    }

    /// Sets one value; the last one counts.
    pub fn set(&mut self, key: &str, value: &str, origin: Origin) {
        self.values.insert(key.to_owned(), SourcedValue { value: value.to_owned(), origin });
    }

    /// Sets one value unless something set it already.
    pub fn set_default(&mut self, key: &str, value: &str, origin: Origin) {
        if !self.values.contains_key(key) {
            self.set(key, value, origin);
        }
    }

    /// One line for each key that is accepted and means nothing here, and for each that nobody knows.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let known = |key: &str| broker_config(key).is_some() || own_keys::find(key).is_some();
        self.values
            .iter()
            .filter(|(key, _)| !known(key) && !key.starts_with("highway."))
            .map(|(key, sourced)| match inert_reason(key) {
                Some(reason) => format!("{key} ({}) has no effect: {reason}", sourced.origin),
                None => format!("{key} ({}) is not a known setting", sourced.origin),
            })
            .collect()
    }

    /// Checks everything that a node needs.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(self) -> Result<ServerConfig, ConfigError> {
        for (key, sourced) in &self.values {
            let bad = |detail: String| ConfigError::Value {
                key: key.clone(),
                value: sourced.value.clone(),
                origin: sourced.origin.clone(),
                detail,
            };
            if key.starts_with("highway.") && own_keys::find(key).is_none() && broker_config(key).is_none() {
                return Err(ConfigError::UnknownOwnKey {
                    key: key.clone(),
                    origin: sourced.origin.clone(),
                    nearest: own_keys::nearest(key),
                });
            }
            if let Some(own) = own_keys::find(key) {
                own.takes.check(&sourced.value).map_err(bad)?;
            }
            if let Some(known) = broker_config(key) {
                known.def.parse(&sourced.value).map_err(|e| bad(e.to_string()))?;
            }
        }
        let mut statics: BTreeMap<String, String> =
            self.values.iter().map(|(k, v)| (k.clone(), v.value.clone())).collect();
        // Two names of one setting: who says one says both.
        for (one, other) in [("node.id", "broker.id"), ("broker.id", "node.id")] {
            if let (Some(value), false) = (statics.get(one).cloned(), statics.contains_key(other)) {
                statics.insert(other.to_owned(), value);
            }
        }
        let listeners = listeners::parse(&statics)?;
        let admin = self.http_listener("admin", &statics)?;
        let registry = self.http_listener("registry", &statics)?;
        let ingest = self.http_listener("ingest", &statics)?;
        // Not HTTP, but written and guarded in the same way.
        let syslog = SyslogConfig {
            udp: self.http_listener("syslog.udp", &statics)?,
            tcp: self.http_listener("syslog.tcp", &statics)?,
            tls: self.http_listener("syslog.tls", &statics)?,
            relp: self.http_listener("syslog.relp", &statics)?,
        };
        let log_dirs = statics
            .get("log.dirs")
            .or_else(|| statics.get("log.dir"))
            .map_or("./data", String::as_str)
            .split(',')
            .map(str::trim)
            .filter(|d| !d.is_empty())
            .map(PathBuf::from)
            .collect();
        let node_id = statics.get("node.id").or_else(|| statics.get("broker.id"));
        let node_id =
            NodeId(node_id.and_then(|id| id.trim().parse().ok()).filter(|id| *id >= 0).unwrap_or(1));
        Ok(ServerConfig {
            node_id,
            log_dirs,
            listeners,
            admin,
            registry,
            ingest,
            syslog,
            statics,
            loaded: self,
        })
    }

    fn http_listener(
        &self,
        name: &str,
        statics: &BTreeMap<String, String>,
    ) -> Result<Option<HttpListenerConfig>, ConfigError> {
        http::parse(name, statics).map_err(|bad| ConfigError::Value {
            origin: self.values.get(&bad.key).map_or(Origin::Default, |v| v.origin.clone()),
            key: bad.key,
            value: bad.value,
            detail: bad.detail,
        })
    }
}

/// `HIGHWAY_NUM_PARTITIONS` is `num.partitions`, `HIGHWAY_ADMIN_LISTENER` is `highway.admin.listener`.
fn key_of_variable(name: &str) -> Option<&'static str> {
    let wanted = name.strip_prefix("HIGHWAY_")?;
    let as_variable = |key: &str| key.to_ascii_uppercase().replace(['.', '-'], "_");
    let own = OWN_KEYS.iter().map(|k| k.name);
    let kafkas = highway_cluster::configs::BROKER_CONFIGS.iter().map(|d| d.name());
    own.chain(kafkas).find(|key| as_variable(key.strip_prefix("highway.").unwrap_or(key)) == wanted)
}

/// Where syslog is taken.
#[derive(Clone, Debug, Default)]
pub struct SyslogConfig {
    /// `highway.syslog.udp.listener`
    pub udp: Option<HttpListenerConfig>,
    /// `highway.syslog.tcp.listener`
    pub tcp: Option<HttpListenerConfig>,
    /// `highway.syslog.tls.listener`, with `highway.syslog.tls.certificate` and its like.
    pub tls: Option<HttpListenerConfig>,
    /// `highway.syslog.relp.listener`
    pub relp: Option<HttpListenerConfig>,
}

/// What a node starts with.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `node.id` or `broker.id`.
    pub node_id: NodeId,
    /// `log.dirs`
    pub log_dirs: Vec<PathBuf>,
    /// `listeners`
    pub listeners: Vec<ListenerConfig>,
    /// `highway.admin.listener`
    pub admin: Option<HttpListenerConfig>,
    /// `highway.registry.listener`
    pub registry: Option<HttpListenerConfig>,
    /// `highway.ingest.listener`
    pub ingest: Option<HttpListenerConfig>,
    /// `highway.syslog.*.listener`
    pub syslog: SyslogConfig,
    /// Every value that was set, as text.
    pub statics: BTreeMap<String, String>,
    /// The same with origins.
    pub loaded: LoadedConfig,
}

impl ServerConfig {
    /// One of Highway's own settings, or its default.
    #[must_use]
    pub fn own(&self, key: &str) -> &str {
        match self.statics.get(key) {
            Some(value) => value.trim(),
            None => own_keys::find(key).map_or("", |k| k.default),
        }
    }

    /// Every setting that has an effect, with value and origin, sorted (for `highway config show`).
    #[must_use]
    pub fn show(&self) -> Vec<(String, SourcedValue)> {
        let own = OWN_KEYS.iter().map(|k| (k.name, Some(k.default)));
        let kafkas = highway_cluster::configs::BROKER_CONFIGS
            .iter()
            .filter(|d| own_keys::find(d.name()).is_none())
            .map(|d| (d.name(), d.def.default));
        let mut all: Vec<(String, SourcedValue)> = own
            .chain(kafkas)
            .map(|(key, default)| {
                let sourced = self.loaded.values.get(key).cloned().unwrap_or_else(|| SourcedValue {
                    value: default.unwrap_or("").to_owned(),
                    origin: Origin::Default,
                });
                (key.to_owned(), sourced)
            })
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

#[cfg(test)]
#[path = "load_test.rs"]
mod tests;
