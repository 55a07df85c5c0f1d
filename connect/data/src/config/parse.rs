//! Configurations against definitions: parsed for use, or validated for REST.

use std::collections::{BTreeMap, BTreeSet};

use super::define::{ConfigDef, ConfigKey};
use super::info::{ConfigInfo, ConfigInfos};
use super::value::{ConfigValue, Secret};
use crate::error::{DataError, ErrorClass, Result};

/// A configuration as it comes: names to texts.
pub type Props = BTreeMap<String, String>;

/// The settings whose names begin with a prefix, without it (`originalsWithPrefix`).
pub fn with_prefix(props: &Props, prefix: &str) -> Props {
    props.iter().filter_map(|(k, v)| Some((k.strip_prefix(prefix)?.to_owned(), v.clone()))).collect()
}

/// A parsed configuration: a value for each defined setting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    values: BTreeMap<String, ConfigValue>,
}

impl Config {
    /// The value of a setting; null when it is not defined.
    pub fn get(&self, name: &str) -> &ConfigValue {
        self.values.get(name).unwrap_or(&ConfigValue::Null)
    }

    /// A text (or class name) that may be missing.
    pub fn string(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            ConfigValue::String(text) | ConfigValue::Class(text) => Some(text),
            _ => None,
        }
    }

    /// A text that the definition guarantees; empty when it does not.
    pub fn text(&self, name: &str) -> &str {
        self.string(name).unwrap_or_default()
    }

    /// A list; empty when it is missing.
    pub fn list(&self, name: &str) -> &[String] {
        match self.get(name) {
            ConfigValue::List(items) => items,
            _ => &[],
        }
    }

    /// A boolean; false when it is missing.
    pub fn boolean(&self, name: &str) -> bool {
        matches!(self.get(name), ConfigValue::Boolean(true))
    }

    /// A whole number of any width.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match *self.get(name) {
            ConfigValue::Int(v) => Some(v.into()),
            ConfigValue::Short(v) => Some(v.into()),
            ConfigValue::Long(v) => Some(v),
            _ => None,
        }
    }

    /// A floating-point number.
    pub fn double(&self, name: &str) -> Option<f64> {
        match *self.get(name) {
            ConfigValue::Double(v) => Some(v),
            _ => None,
        }
    }

    /// A secret.
    pub fn password(&self, name: &str) -> Option<&Secret> {
        match self.get(name) {
            ConfigValue::Password(secret) => Some(secret),
            _ => None,
        }
    }
}

/// What validation found of one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Validated {
    /// The setting.
    pub name: String,
    /// Its value, null when it could not be parsed.
    pub value: ConfigValue,
    /// What to offer.
    pub recommended: Vec<ConfigValue>,
    /// What is wrong.
    pub errors: Vec<String>,
    /// Whether it is of any use now.
    pub visible: bool,
}

fn missing(name: &str) -> String {
    format!("Missing required configuration \"{name}\" which has no default value.")
}

impl ConfigKey {
    fn parse(&self, props: &Props) -> Result<ConfigValue> {
        match (props.get(&self.name), &self.default) {
            (Some(text), _) => ConfigValue::parse(&self.name, text, self.r#type),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => Err(DataError::config(missing(&self.name))),
        }
    }

    fn ensure_valid(&self, value: &ConfigValue) -> Result<()> {
        self.validator.as_ref().map_or(Ok(()), |v| v.ensure_valid(&self.name, value))
    }
}

impl ConfigDef {
    /// `ConfigDef.parse`: the whole configuration, or the first thing that is wrong with it. Settings that are not defined are
    /// left out.
    pub fn parse(&self, props: &Props) -> Result<Config> {
        let mut values = BTreeMap::new();
        for key in self.keys() {
            let mut value = key.parse(props)?;
            if let ConfigValue::List(items) = &mut value
                && key.validator.as_ref().is_some_and(|v| v.distinct())
            {
                let mut seen = BTreeSet::new();
                items.retain(|item| seen.insert(item.clone()));
            }
            key.ensure_valid(&value)?;
            values.insert(key.name.clone(), value);
        }
        Ok(Config { values })
    }

    /// `ConfigDef.validate`: each setting with all that is wrong with it, in order of definition; then settings that others
    /// name as dependents but nobody defines.
    pub fn validate(&self, props: &Props) -> Vec<Validated> {
        let mut config = Config::default();
        let mut found: Vec<Validated> =
            self.keys().iter().map(|key| key.validate(props, &mut config)).collect();
        for (key, validated) in self.keys().iter().zip(&mut found) {
            if let Some(recommender) = &key.recommender {
                validated.recommended = recommender.valid_values(&key.name, &config);
                validated.visible = recommender.visible(&key.name, &config);
            }
        }
        let undefined: BTreeSet<&String> =
            self.keys().iter().flat_map(|key| &key.dependents).filter(|d| self.key(d).is_none()).collect();
        found.extend(undefined.into_iter().map(|name| Validated {
            name: name.clone(),
            value: ConfigValue::Null,
            recommended: Vec::new(),
            errors: vec![format!("{name} is referred in the dependents, but not defined.")],
            visible: false,
        }));
        found
    }

    /// The answer of `PUT /connector-plugins/{name}/config/validate`.
    pub fn infos(&self, name: &str, props: &Props) -> ConfigInfos {
        ConfigInfos::new(
            name,
            self.groups(),
            self.validate(props).iter().map(|v| ConfigInfo::new(self.key(&v.name), v)),
        )
    }
}

impl ConfigKey {
    fn validate(&self, props: &Props, config: &mut Config) -> Validated {
        let mut errors = Vec::new();
        let value = self.parse(props).unwrap_or_else(|error| {
            errors.push(error.message);
            ConfigValue::Null
        });
        // Kafka asks the validator also for what could not be parsed, and shows both complaints. What a validator throws beside
        // ConfigException (a null pointer of one that does not expect null) is no complaint.
        match self.ensure_valid(&value) {
            Err(error) if error.class == ErrorClass::Config => errors.push(error.message),
            _ => {}
        }
        config.values.insert(self.name.clone(), value.clone());
        Validated { name: self.name.clone(), value, recommended: Vec::new(), errors, visible: true }
    }
}
