//! `AlterConfigs` and `IncrementalAlterConfigs` (protocol checklist 31 and 38).

use std::collections::{BTreeMap, BTreeSet};

use highway_types::TopicName;
use highway_types::topic_config::{ConfigType, topic_config};

use super::error::{ControllerError, ErrorKind};
use crate::configs::inert::{inert_is_dynamic, inert_is_security, inert_reason};
use crate::configs::{BrokerSettings, UpdateMode, broker_config};
use crate::image::ConfigMap;
use crate::record::{BrokerScope, MetadataRecord};

/// What settings belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A topic, type 2.
    Topic(String),
    /// A broker's number as text, or the empty text for all, type 4.
    Broker(String),
    /// A type that has no settings here: the type and the name.
    Other(i8, String),
}

impl Resource {
    /// From the wire's type and name.
    #[must_use]
    pub fn new(resource_type: i8, name: &str) -> Self {
        match resource_type {
            2 => Self::Topic(name.to_owned()),
            4 => Self::Broker(name.to_owned()),
            other => Self::Other(other, name.to_owned()),
        }
    }
}

/// What to do with a setting (KIP-339).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlterOp {
    /// Give it a value.
    Set,
    /// Take its value away.
    Delete,
    /// Add items to a list.
    Append,
    /// Take items off a list.
    Subtract,
}

impl AlterOp {
    /// From the wire.
    #[must_use]
    pub fn from_id(id: i8) -> Option<Self> {
        [Self::Set, Self::Delete, Self::Append, Self::Subtract].get(usize::try_from(id).ok()?).copied()
    }
}

/// One change of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigChange {
    /// The setting.
    pub name: String,
    /// The operation; `None` is one that this version does not know.
    pub op: Option<AlterOp>,
    /// The value; only `Delete` goes without.
    pub value: Option<String>,
}

/// The changes of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterResource {
    /// The resource.
    pub resource: Resource,
    /// Its changes.
    pub changes: Vec<ConfigChange>,
}

type Outcome = Result<Vec<MetadataRecord>, ControllerError>;
/// The records of all resources together, and a result for each resource in the request's order.
pub type AlterOutcome = (Vec<MetadataRecord>, Vec<Result<(), ControllerError>>);

/// Changes single settings; a resource changes as a whole or not at all.
#[must_use]
pub fn incremental_alter_configs(settings: &BrokerSettings<'_>, resources: &[AlterResource]) -> AlterOutcome {
    alter_each(settings, resources, false)
}

/// Replaces all settings of each resource: every change counts as `Set`, what is not named goes.
#[must_use]
pub fn alter_configs(settings: &BrokerSettings<'_>, resources: &[AlterResource]) -> AlterOutcome {
    alter_each(settings, resources, true)
}

fn alter_each(settings: &BrokerSettings<'_>, resources: &[AlterResource], replace: bool) -> AlterOutcome {
    let mut records = Vec::new();
    let mut results = Vec::with_capacity(resources.len());
    for alter in resources {
        let twice = resources.iter().filter(|other| other.resource == alter.resource).count() > 1;
        let outcome = if twice {
            Err(invalid_request("Each resource must appear at most once."))
        } else {
            check_changes(alter, replace).and_then(|()| alter_one(settings, alter, replace))
        };
        results.push(outcome.map(|new| records.extend(new)));
    }
    (records, results)
}

fn check_changes(alter: &AlterResource, replace: bool) -> Result<(), ControllerError> {
    let mut seen = BTreeSet::new();
    if !alter.changes.iter().all(|change| seen.insert(&change.name)) {
        return Err(invalid_request("Error due to duplicate config keys"));
    }
    let null =
        |change: &&ConfigChange| change.value.is_none() && (replace || change.op != Some(AlterOp::Delete));
    let nulls: Vec<&str> = alter.changes.iter().filter(null).map(|change| change.name.as_str()).collect();
    if !nulls.is_empty() {
        return Err(invalid_request(format!("Null value not supported for : {}", nulls.join(", "))));
    }
    Ok(())
}

fn alter_one(settings: &BrokerSettings<'_>, alter: &AlterResource, replace: bool) -> Outcome {
    match &alter.resource {
        Resource::Topic(name) => alter_topic(settings, name, &alter.changes, replace),
        Resource::Broker(name) => alter_broker(settings, name, &alter.changes, replace),
        Resource::Other(kind, _) => Err(invalid_request(format!("Unknown resource type {kind}"))),
    }
}

fn alter_topic(
    settings: &BrokerSettings<'_>,
    name: &str,
    changes: &[ConfigChange],
    replace: bool,
) -> Outcome {
    let topic = settings.image.topic(name);
    let empty = ConfigMap::new();
    let before = topic.map_or(&empty, |topic| &*topic.configs);
    let not_a_list = |op: &str, key: &str| {
        let message = format!("Can't {op} to key {key} because its type is not LIST.");
        ControllerError::new(ErrorKind::InvalidConfig, message)
    };
    let list_default = |key: &str, op: &str| match topic_config(key) {
        Some(def) if def.def.config_type == ConfigType::List => {
            Ok(def.def.default.unwrap_or_default().to_owned())
        }
        _ => Err(not_a_list(op, key)),
    };
    let after = changed(before, changes, replace, &list_default)?;
    if name.is_empty() {
        return Err(invalid_request("Default topic resources are not allowed."));
    }
    TopicName::check(name).map_err(ControllerError::topic_name)?;
    settings.topic_config_of(&after).map_err(ControllerError::config)?;
    let topic = topic.ok_or_else(|| {
        let message = format!("The topic '{name}' does not exist.");
        ControllerError::new(ErrorKind::UnknownTopicOrPartition, message)
    })?;
    let record = |(key, value): (String, Option<String>)| MetadataRecord::TopicConfig {
        topic_id: topic.id,
        key,
        value,
    };
    Ok(differences(before, &after).into_iter().map(record).collect())
}

fn alter_broker(
    settings: &BrokerSettings<'_>,
    name: &str,
    changes: &[ConfigChange],
    replace: bool,
) -> Outcome {
    let scope = broker_scope(settings, name)?;
    let empty = ConfigMap::new();
    let before = settings.image.broker_configs(scope).map_or(&empty, |configs| &**configs);
    let list_default = |key: &str, op: &str| {
        let message = match broker_config(key) {
            Some(def) if def.def.config_type == ConfigType::List => {
                return Ok(def.def.default.unwrap_or_default().to_owned());
            }
            None if inert_reason(key).is_none() => format!("Unknown config name: {key}"),
            _ => {
                let op = op.to_lowercase();
                format!("Config value {op} is not allowed for config key: {key}")
            }
        };
        Err(ControllerError::new(ErrorKind::InvalidConfig, message))
    };
    let after = changed(before, changes, replace, &list_default)?;
    check_broker_configs(&after, scope)?;
    let record = |(key, value): (String, Option<String>)| MetadataRecord::BrokerConfig { scope, key, value };
    Ok(differences(before, &after).into_iter().map(record).collect())
}

fn broker_scope(settings: &BrokerSettings<'_>, name: &str) -> Result<BrokerScope, ControllerError> {
    if name.is_empty() {
        return Ok(BrokerScope::Default);
    }
    let node = settings.node;
    match name.parse::<i32>() {
        Ok(id) if id == node.0 => Ok(BrokerScope::Node(node)),
        Ok(_) => Err(invalid_request(format!("Unexpected broker id, expected {node}, but received {name}"))),
        Err(_) => Err(invalid_request(format!("Node id must be an integer, but it is: {name}"))),
    }
}

fn check_broker_configs(configs: &ConfigMap, scope: BrokerScope) -> Result<(), ControllerError> {
    let names = |wanted: &dyn Fn(&str) -> bool| -> Vec<&str> {
        configs.keys().map(String::as_str).filter(|name| wanted(name)).collect()
    };
    let update = |name: &str| broker_config(name).map(|def| def.update);
    let fixed =
        names(&|name| update(name) == Some(UpdateMode::ReadOnly) || inert_is_dynamic(name) == Some(false));
    if !fixed.is_empty() {
        let message = format!("Cannot update these configs dynamically: [{}]", fixed.join(", "));
        return Err(invalid_request(message));
    }
    if let Some(name) = names(&inert_is_security).first() {
        let reason = inert_reason(name).unwrap_or_default();
        return Err(invalid_request(format!("Cannot set {name}: {reason}")));
    }
    for (name, value) in configs {
        if let Some(def) = broker_config(name) {
            def.def.parse(value).map_err(|error| invalid_request(error.to_string()))?;
        }
    }
    let one_broker = names(&|name| update(name) == Some(UpdateMode::PerBroker));
    if scope == BrokerScope::Default && !one_broker.is_empty() {
        let text = "Cannot update these configs at default cluster level, broker id must be specified";
        return Err(invalid_request(format!("{text}: [{}]", one_broker.join(", "))));
    }
    Ok(())
}

type ListDefault<'a> = &'a dyn Fn(&str, &str) -> Result<String, ControllerError>;

/// The settings after the changes. `list_default` gives the default of a list setting, or the refusal for one that
/// is no list.
fn changed(
    before: &ConfigMap,
    changes: &[ConfigChange],
    replace: bool,
    list_default: ListDefault<'_>,
) -> Result<ConfigMap, ControllerError> {
    let mut after = if replace { BTreeMap::new() } else { before.clone() };
    for change in changes {
        let key = &change.name;
        let given = change.value.as_deref().unwrap_or_default();
        let op = if replace { Some(AlterOp::Set) } else { change.op };
        let current = |op: &str| -> Result<Vec<String>, ControllerError> {
            let default = list_default(key, op)?;
            let text = before.get(key).unwrap_or(&default);
            Ok(text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect())
        };
        match op {
            None => return Err(invalid_request("Unknown operation type")),
            Some(AlterOp::Set) => {
                after.insert(key.clone(), given.to_owned());
            }
            Some(AlterOp::Delete) => {
                after.remove(key);
            }
            Some(AlterOp::Append) => {
                let mut items = current("APPEND")?;
                for item in given.split(',') {
                    if !items.iter().any(|have| have == item) {
                        items.push(item.to_owned());
                    }
                }
                after.insert(key.clone(), items.join(","));
            }
            Some(AlterOp::Subtract) => {
                let mut items = current("SUBTRACT")?;
                items.retain(|have| !given.split(',').any(|item| item == have));
                after.insert(key.clone(), items.join(","));
            }
        }
    }
    Ok(after)
}

fn differences(before: &ConfigMap, after: &ConfigMap) -> Vec<(String, Option<String>)> {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), None));
    let new = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), Some(value.clone())));
    gone.chain(new).collect()
}

fn invalid_request(message: impl Into<String>) -> ControllerError {
    ControllerError::new(ErrorKind::InvalidRequest, message)
}

#[cfg(test)]
#[path = "configs_test.rs"]
mod tests;
