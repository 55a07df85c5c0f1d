//! What `DescribeConfigs` shows (protocol checklist 36 and 37).

use highway_types::topic_config::{ConfigDef, ConfigType, SCHEMA_CONFIGS, TOPIC_CONFIGS, TopicConfigDef};
use highway_types::{TopicName, topic_config::ConfigError};

use super::resolve::BrokerSettings;
use super::table::{BROKER_CONFIGS, UpdateMode, broker_config, broker_synonyms};
use crate::controller::{ControllerError, ErrorKind, Resource};
use crate::image::ConfigMap;
use crate::record::BrokerScope;

/// Where a value comes from; the numbers are those of `DescribeConfigs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum ConfigSource {
    /// The topic.
    Topic = 1,
    /// This broker's dynamic settings.
    DynamicBroker = 2,
    /// The dynamic settings of all brokers.
    DynamicDefaultBroker = 3,
    /// The file, the environment or the command line.
    StaticBroker = 4,
    /// The default.
    Default = 5,
}

/// A value that a setting would have if those before it were not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynonymEntry {
    /// The setting.
    pub name: String,
    /// Its value; `None` for secrets.
    pub value: Option<String>,
    /// Where it is set.
    pub source: ConfigSource,
}

/// A setting as `DescribeConfigs` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedConfig {
    /// The setting.
    pub name: String,
    /// The value that counts; `None` is null, and for secrets.
    pub value: Option<String>,
    /// Whether it cannot be altered while the broker runs.
    pub read_only: bool,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// Whether the value is a secret.
    pub sensitive: bool,
    /// All places where it is set, the one that counts first.
    pub synonyms: Vec<SynonymEntry>,
    /// Its type; `None` for a setting nobody defined.
    pub config_type: Option<ConfigType>,
    /// What it does.
    pub documentation: &'static str,
}

/// Describes a resource: all its settings, or those of `keys` (`None` and an empty list are all).
///
/// # Errors
/// The resource does not exist or its name is malformed.
pub fn describe(
    settings: &BrokerSettings<'_>,
    resource: &Resource,
    keys: Option<&[String]>,
) -> Result<Vec<DescribedConfig>, ControllerError> {
    let mut all = match resource {
        Resource::Topic(name) => {
            TopicName::check(name).map_err(ControllerError::topic_name)?;
            let unknown = || ControllerError::bare(ErrorKind::UnknownTopicOrPartition);
            let topic = settings.image.topic(name).ok_or_else(unknown)?;
            describe_topic(settings, &topic.configs).map_err(ControllerError::config)?
        }
        Resource::Broker(name) if name.is_empty() => describe_default(settings),
        Resource::Broker(name) => {
            let node = settings.node;
            match name.parse::<i32>() {
                Ok(id) if id == node.0 => describe_broker(settings),
                Ok(_) => {
                    let message =
                        format!("Unexpected broker id, expected {node} or empty string, but received {name}");
                    return Err(ControllerError::new(ErrorKind::InvalidRequest, message));
                }
                Err(_) => {
                    let message = format!("Broker id must be an integer, but it is: {name}");
                    return Err(ControllerError::new(ErrorKind::InvalidRequest, message));
                }
            }
        }
        Resource::Other(kind, _) => {
            let message = format!("Unsupported resource type: {kind}");
            return Err(ControllerError::new(ErrorKind::InvalidRequest, message));
        }
    };
    if let Some(keys) = keys.filter(|keys| !keys.is_empty()) {
        all.retain(|config| keys.contains(&config.name));
    }
    Ok(all)
}

/// All settings of a topic that has `own`, by name; of those that Kafka does not know only what it has.
///
/// # Errors
/// A value that its setting does not take.
pub fn describe_topic(
    settings: &BrokerSettings<'_>,
    own: &ConfigMap,
) -> Result<Vec<DescribedConfig>, ConfigError> {
    let extra = SCHEMA_CONFIGS.iter().filter(|def| own.contains_key(def.name()));
    let mut defs: Vec<_> = TOPIC_CONFIGS.iter().chain(extra).collect();
    defs.sort_by_key(|def| def.name());
    defs.into_iter().map(|def| describe_topic_config(settings, own, def)).collect()
}

fn describe_topic_config(
    settings: &BrokerSettings<'_>,
    own: &ConfigMap,
    def: &TopicConfigDef,
) -> Result<DescribedConfig, ConfigError> {
    let own_value = own.get(def.name()).map(|text| def.def.parse(text)).transpose()?;
    let mut synonyms = Vec::new();
    if let Some(value) = &own_value {
        let value = Some(value.to_string());
        synonyms.push(SynonymEntry { name: def.name().to_owned(), value, source: ConfigSource::Topic });
    }
    if let Some(first) = def.synonyms.first() {
        synonyms.extend(broker_chain(settings, first.name));
    }
    let value = match own_value {
        Some(value) => value.to_string(),
        None => def
            .broker_value(&|name| settings.get(name).map(str::to_owned))?
            .map_or_else(|| def.def.default.unwrap_or_default().to_owned(), |value| value.to_string()),
    };
    Ok(described(&def.def, Some(value), false, synonyms))
}

fn describe_broker(settings: &BrokerSettings<'_>) -> Vec<DescribedConfig> {
    let mut all: Vec<_> = BROKER_CONFIGS
        .iter()
        .map(|def| {
            let value = settings.effective(def.name()).map(|text| normal(&def.def, text));
            let read_only = def.update == UpdateMode::ReadOnly;
            described(&def.def, value, read_only, broker_chain(settings, def.name()))
        })
        .collect();
    all.extend(unknown_dynamic(settings, &[BrokerScope::Node(settings.node), BrokerScope::Default]));
    all
}

fn describe_default(settings: &BrokerSettings<'_>) -> Vec<DescribedConfig> {
    let Some(configs) = settings.image.broker_configs(BrokerScope::Default) else { return Vec::new() };
    let known = configs.iter().filter_map(|(name, value)| {
        let def = broker_config(name)?;
        let mut synonyms = broker_chain(settings, name);
        synonyms.retain(|synonym| synonym.source == ConfigSource::DynamicDefaultBroker);
        let read_only = def.update == UpdateMode::ReadOnly;
        Some(described(&def.def, Some(normal(&def.def, value)), read_only, synonyms))
    });
    known.chain(unknown_dynamic(settings, &[BrokerScope::Default])).collect()
}

/// Dynamic settings that nobody defined: shown without their values, because they may be secrets.
fn unknown_dynamic(settings: &BrokerSettings<'_>, scopes: &[BrokerScope]) -> Vec<DescribedConfig> {
    let mut all: Vec<DescribedConfig> = Vec::new();
    for &scope in scopes {
        for name in settings.image.broker_configs(scope).iter().flat_map(|configs| configs.keys()) {
            if broker_config(name).is_some() || all.iter().any(|config| config.name == *name) {
                continue;
            }
            let source = match scope {
                BrokerScope::Node(_) => ConfigSource::DynamicBroker,
                BrokerScope::Default => ConfigSource::DynamicDefaultBroker,
            };
            all.push(DescribedConfig {
                name: name.clone(),
                value: None,
                read_only: true,
                source,
                sensitive: true,
                synonyms: vec![SynonymEntry { name: name.clone(), value: None, source }],
                config_type: None,
                documentation: "",
            });
        }
    }
    all
}

fn described(
    def: &ConfigDef,
    value: Option<String>,
    read_only: bool,
    mut synonyms: Vec<SynonymEntry>,
) -> DescribedConfig {
    let sensitive = def.config_type == ConfigType::Password;
    if sensitive {
        synonyms.iter_mut().for_each(|synonym| synonym.value = None);
    }
    DescribedConfig {
        name: def.name.to_owned(),
        value: value.filter(|_| !sensitive),
        read_only,
        source: synonyms.first().map_or(ConfigSource::Default, |synonym| synonym.source),
        sensitive,
        synonyms,
        config_type: Some(def.config_type),
        documentation: def.doc,
    }
}

/// Where a broker setting is set, best first. Kafka leaves out what comes before the setting's own name: with only
/// `log.retention.hours` set, `log.retention.ms` has no synonyms and counts as a default.
fn broker_chain(settings: &BrokerSettings<'_>, name: &str) -> Vec<SynonymEntry> {
    let group = broker_synonyms(name);
    let own = [name];
    let names: &[&str] = if group.is_empty() { &own } else { group };
    let mut chain = Vec::new();
    let mut add = |source: ConfigSource, get: &dyn Fn(&str) -> Option<String>| {
        for &name in names {
            if let Some(value) = get(name) {
                chain.push(SynonymEntry { name: name.to_owned(), value: Some(value), source });
            }
        }
    };
    let dynamic = |scope: BrokerScope| move |name: &str| settings.dynamic(scope, name).map(str::to_owned);
    add(ConfigSource::DynamicBroker, &dynamic(BrokerScope::Node(settings.node)));
    add(ConfigSource::DynamicDefaultBroker, &dynamic(BrokerScope::Default));
    add(ConfigSource::StaticBroker, &|name| settings.statics.get(name).cloned());
    add(ConfigSource::Default, &|name| Some(broker_config(name)?.def.default?.to_owned()));
    chain.into_iter().skip_while(|synonym| synonym.name != name).collect()
}

fn normal(def: &ConfigDef, text: &str) -> String {
    def.parse(text).map_or_else(|_| text.to_owned(), |value| value.to_string())
}

#[cfg(test)]
#[path = "describe_test.rs"]
mod tests;
