//! Settings of a subject, a context or all: compatibility and what goes with it, and the mode.

use serde::{Deserialize, Serialize};

use crate::compat::Level;
use crate::schema::{Metadata, RuleSet};

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// Schemas may be read and registered.
    #[default]
    ReadWrite,
    /// Only read.
    ReadOnly,
    /// Only read, whatever subjects below say.
    #[serde(rename = "READONLY_OVERRIDE")]
    ReadOnlyOverride,
    /// Schemas come with their ids and versions from another registry.
    Import,
    /// As import, for everything.
    Forward,
}

impl Mode {
    const ALL: [Mode; 5] =
        [Self::ReadWrite, Self::ReadOnly, Self::ReadOnlyOverride, Self::Import, Self::Forward];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadWrite => "READWRITE",
            Self::ReadOnly => "READONLY",
            Self::ReadOnlyOverride => "READONLY_OVERRIDE",
            Self::Import => "IMPORT",
            Self::Forward => "FORWARD",
        }
    }

    /// The mode of a name; case does not matter.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(name))
    }

    /// Whether nothing may be written.
    pub fn is_read_only(self) -> bool {
        matches!(self, Self::ReadOnly | Self::ReadOnlyOverride)
    }

    /// Whether ids are given by the client and compatibility is not asked.
    pub fn is_import(self) -> bool {
        matches!(self, Self::Import | Self::Forward)
    }
}

/// Settings; what is not set is inherited. As an update, what is not set stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Another subject that is meant when this one is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Whether the alias is also for encryption keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_for_deks: Option<String>,
    /// Whether schemas are normalised without being asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalize: Option<bool>,
    /// Whether reserved fields are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate_fields: Option<bool>,
    /// Whether new schemas are checked more strictly (Avro's names and defaults); they are unless this is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate_new_schemas: Option<bool>,
    /// Whether rules are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate_rules: Option<bool>,
    /// What new schemas must go together with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compatibility_level: Option<Level>,
    /// `STRICT`, `LENIENT` or `LOGICAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compatibility_policy: Option<String>,
    /// A property of metadata: only schemas with the same value are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compatibility_group: Option<String>,
    /// Metadata that schemas have unless they say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_metadata: Option<Metadata>,
    /// Metadata that schemas have whatever they say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_metadata: Option<Metadata>,
    /// Rules that schemas have unless they say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_rule_set: Option<RuleSet>,
    /// Rules that schemas have whatever they say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_rule_set: Option<RuleSet>,
}

impl Config {
    /// Only a level.
    pub fn of_level(level: Level) -> Self {
        Self { compatibility_level: Some(level), ..Self::default() }
    }

    /// This with what `update` sets.
    #[must_use]
    pub fn updated(&self, update: Config) -> Self {
        let old = self.clone();
        Self {
            alias: update.alias.or(old.alias),
            alias_for_deks: update.alias_for_deks.or(old.alias_for_deks),
            normalize: update.normalize.or(old.normalize),
            validate_fields: update.validate_fields.or(old.validate_fields),
            validate_new_schemas: update.validate_new_schemas.or(old.validate_new_schemas),
            validate_rules: update.validate_rules.or(old.validate_rules),
            compatibility_level: update.compatibility_level.or(old.compatibility_level),
            compatibility_policy: update.compatibility_policy.or(old.compatibility_policy),
            compatibility_group: update.compatibility_group.or(old.compatibility_group),
            default_metadata: update.default_metadata.or(old.default_metadata),
            override_metadata: update.override_metadata.or(old.override_metadata),
            default_rule_set: update.default_rule_set.or(old.default_rule_set),
            override_rule_set: update.override_rule_set.or(old.override_rule_set),
        }
    }

    /// The level, or the default.
    pub fn level(&self) -> Level {
        self.compatibility_level.unwrap_or_default()
    }
}
