//! Metadata of a schema: tags by path, free properties, and which of these are secret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The property that Confluent sets to the version, so that equal schemas with it can be told apart.
pub const VERSION_PROPERTY: &str = "confluent:version";

/// Metadata as it is sent and kept. Sorted, as the GUID needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// Path (`**.name`) to tags.
    #[serde(skip_serializing_if = "is_empty_map")]
    pub tags: Option<BTreeMap<String, BTreeSet<String>>>,
    /// Free key and value pairs.
    #[serde(skip_serializing_if = "is_empty_map")]
    pub properties: Option<BTreeMap<String, String>>,
    /// Keys of properties that are secret.
    #[serde(skip_serializing_if = "is_empty_set")]
    pub sensitive: Option<BTreeSet<String>>,
}

fn is_empty_map<V>(map: &Option<BTreeMap<String, V>>) -> bool {
    map.as_ref().is_none_or(BTreeMap::is_empty)
}

fn is_empty_set(set: &Option<BTreeSet<String>>) -> bool {
    set.as_ref().is_none_or(BTreeSet::is_empty)
}

impl Metadata {
    /// Both; of what both name `over` counts.
    pub fn merged(under: Option<&Metadata>, over: Option<&Metadata>) -> Option<Metadata> {
        let (Some(under), Some(over)) = (under, over) else { return under.or(over).cloned() };
        fn maps<V: Clone>(
            under: &Option<BTreeMap<String, V>>,
            over: &Option<BTreeMap<String, V>>,
        ) -> Option<BTreeMap<String, V>> {
            let (Some(under), Some(over)) = (under, over) else {
                return under.as_ref().or(over.as_ref()).cloned();
            };
            let mut merged = under.clone();
            merged.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
            Some(merged)
        }
        let sensitive = match (&under.sensitive, &over.sensitive) {
            (Some(a), Some(b)) => Some(a.union(b).cloned().collect()),
            (a, b) => a.as_ref().or(b.as_ref()).cloned(),
        };
        Some(Metadata {
            tags: maps(&under.tags, &over.tags),
            properties: maps(&under.properties, &over.properties),
            sensitive,
        })
    }

    /// The value of a property.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.as_ref()?.get(name).map(String::as_str)
    }
}
