//! Definitions of settings.

use std::fmt;
use std::sync::Arc;

use super::parse::Config;
use super::validator::Validator;
use super::value::{ConfigType, ConfigValue};

/// `ConfigDef.Importance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// Nobody comes around it.
    High,
    /// Many want it.
    Medium,
    /// Few want it.
    Low,
}

impl Importance {
    /// Kafka's upper-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
        }
    }
}

/// `ConfigDef.Width`: how wide a user interface makes the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Not said.
    None,
    /// A few characters.
    Short,
    /// A name.
    Medium,
    /// A line.
    Long,
}

impl Width {
    /// Kafka's upper-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Short => "SHORT",
            Self::Medium => "MEDIUM",
            Self::Long => "LONG",
        }
    }
}

/// `ConfigDef.Recommender`: what a user interface offers, given what else is set.
pub trait Recommender: Send + Sync {
    /// The values to offer.
    fn valid_values(&self, name: &str, parsed: &Config) -> Vec<ConfigValue>;

    /// Whether the setting is of any use now.
    fn visible(&self, name: &str, parsed: &Config) -> bool;
}

/// One setting's definition.
#[derive(Clone)]
pub struct ConfigKey {
    /// Its name.
    pub name: String,
    /// Its type.
    pub r#type: ConfigType,
    /// What holds when it is not set; None makes it required.
    pub default: Option<ConfigValue>,
    /// How much it matters.
    pub importance: Importance,
    /// What it does.
    pub documentation: String,
    /// The group it stands in.
    pub group: Option<String>,
    /// Its place in the group; -1 without one.
    pub order: i32,
    /// The width of its field.
    pub width: Width,
    /// Its name for people.
    pub display_name: String,
    /// Settings that depend on this one.
    pub dependents: Vec<String>,
    /// What its values must be.
    pub validator: Option<Arc<dyn Validator>>,
    /// What to offer.
    pub recommender: Option<Arc<dyn Recommender>>,
}

impl fmt::Debug for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} = {:?}", self.r#type.name(), self.name, self.default)
    }
}

impl ConfigKey {
    /// A required setting.
    pub fn required(name: &str, r#type: ConfigType, importance: Importance, documentation: &str) -> Self {
        Self {
            name: name.to_owned(),
            r#type,
            default: None,
            importance,
            documentation: documentation.to_owned(),
            group: None,
            order: -1,
            width: Width::None,
            display_name: name.to_owned(),
            dependents: Vec::new(),
            validator: None,
            recommender: None,
        }
    }

    /// A setting with a default ([`ConfigValue::Null`] for none of its type).
    pub fn new(
        name: &str,
        r#type: ConfigType,
        default: impl Into<ConfigValue>,
        importance: Importance,
        documentation: &str,
    ) -> Self {
        Self { default: Some(default.into()), ..Self::required(name, r#type, importance, documentation) }
    }

    /// What its values must be.
    pub fn validator(mut self, validator: impl Validator + 'static) -> Self {
        self.validator = Some(Arc::new(validator));
        self
    }

    /// Where it stands and how it is shown.
    pub fn shown(mut self, group: &str, order: i32, width: Width, display_name: &str) -> Self {
        self.group = Some(group.to_owned());
        self.order = order;
        self.width = width;
        self.display_name = display_name.to_owned();
        self
    }

    /// Settings that depend on this one: they are validated after it.
    pub fn dependents(mut self, names: &[&str]) -> Self {
        self.dependents = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// What to offer.
    pub fn recommender(mut self, recommender: impl Recommender + 'static) -> Self {
        self.recommender = Some(Arc::new(recommender));
        self
    }
}

/// The settings that a plugin knows, in order.
#[derive(Clone, Debug, Default)]
pub struct ConfigDef {
    keys: Vec<ConfigKey>,
}

impl ConfigDef {
    /// No settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more setting. One of the same name is replaced (Kafka throws, but definitions are code here, and later ones win).
    pub fn define(mut self, key: ConfigKey) -> Self {
        match self.keys.iter_mut().find(|k| k.name == key.name) {
            Some(slot) => *slot = key,
            None => self.keys.push(key),
        }
        self
    }

    /// All settings of another definition under a prefix (`ConfigDef.embed`): their group becomes the one given, and their
    /// order continues from `order`.
    pub fn embed(mut self, prefix: &str, group: &str, order: i32, other: &Self) -> Self {
        for (place, key) in (order..).zip(&other.keys) {
            let mut key = key.clone();
            key.name = format!("{prefix}{}", key.name);
            key.group = Some(group.to_owned());
            key.order = place;
            key.dependents = key.dependents.iter().map(|d| format!("{prefix}{d}")).collect();
            self = self.define(key);
        }
        self
    }

    /// The settings in order of definition.
    pub fn keys(&self) -> &[ConfigKey] {
        &self.keys
    }

    /// The setting of this name.
    pub fn key(&self, name: &str) -> Option<&ConfigKey> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The groups in order of appearance.
    pub fn groups(&self) -> Vec<String> {
        let mut groups = Vec::new();
        for group in self.keys.iter().filter_map(|key| key.group.as_ref()) {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
        groups
    }
}
