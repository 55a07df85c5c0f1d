//! What a configuration's own transforms and predicates add to a connector's definition (`ConnectorConfig.enrich`).

use super::chain::aliases;
use super::plugins::{Kind, Plugin, plugin, plugins};
use crate::config::{
    Check, Config, ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, Props, Recommender, Width,
};
use crate::error::{DataError, Result};

/// The plugins that a `type` can name.
struct Classes(Kind);

impl Recommender for Classes {
    fn valid_values(&self, _name: &str, _parsed: &Config) -> Vec<ConfigValue> {
        plugins()
            .iter()
            .filter(|p| p.kind == self.0)
            .map(|p| ConfigValue::Class(p.class.to_owned()))
            .collect()
    }

    fn visible(&self, _name: &str, _parsed: &Config) -> bool {
        true
    }
}

/// The definition with the settings of every alias in `transforms` and `predicates`: groups `Transforms: a`, `Predicates: p`.
pub fn enrich(base: ConfigDef, props: &Props) -> Result<ConfigDef> {
    let mut def = base;
    for alias in aliases(props, "transforms")? {
        def = one(def, props, "transforms", &alias, Kind::Transformation);
    }
    for alias in aliases(props, "predicates")? {
        def = one(def, props, "predicates", &alias, Kind::Predicate);
    }
    Ok(def)
}

fn implicit() -> ConfigDef {
    ConfigDef::new()
        .define(ConfigKey::new(
            "predicate",
            ConfigType::String,
            ConfigValue::Null,
            Importance::Medium,
            "The alias of the predicate that says for which records the transform is.",
        ))
        .define(ConfigKey::new(
            "negate",
            ConfigType::Boolean,
            false,
            Importance::Medium,
            "Whether the transform is for the records for which the predicate does not hold.",
        ))
}

fn one(def: ConfigDef, props: &Props, setting: &'static str, alias: &str, kind: Kind) -> ConfigDef {
    let prefix = format!("{setting}.{alias}.");
    let (group, what, display) = match kind {
        Kind::Transformation => (format!("Transforms: {alias}"), "transformation", "Transformation"),
        Kind::Predicate => (format!("Predicates: {alias}"), "predicate", "Predicate"),
    };
    let negated_nothing = kind == Kind::Transformation
        && props.contains_key(&format!("{prefix}negate"))
        && !props.contains_key(&format!("{prefix}predicate"));
    let own_prefix = prefix.clone();
    let check = move |name: &str, value: &ConfigValue| -> Result<()> {
        if negated_nothing {
            return Err(DataError::config(format!(
                "Config '{own_prefix}negate' was provided but there is no config '{own_prefix}predicate' defining a predicate to be \
                 negated."
            )));
        }
        match value {
            ConfigValue::Class(class) if plugin(kind, class).is_none() => {
                Err(DataError::config_value(name, class, format!("Class {class} could not be found.")))
            }
            _ => Ok(()),
        }
    };
    let documentation = format!("Class for the '{alias}' {what}.");
    let r#type =
        ConfigKey::required(&format!("{prefix}type"), ConfigType::Class, Importance::High, &documentation)
            .validator(Check(check, "a known class"))
            .shown(&group, 0, Width::Long, &format!("{display} type for {alias}"))
            .recommender(Classes(kind));
    let found = props.get(&format!("{prefix}type")).and_then(|class| plugin(kind, class.trim()));
    let mut inner = if kind == Kind::Transformation { implicit() } else { ConfigDef::new() };
    for key in found.map(Plugin::config_def).unwrap_or_default().keys() {
        // What every transform has hides a setting of the same name.
        if inner.key(&key.name).is_none() {
            inner = inner.define(key.clone());
        }
    }
    def.define(r#type).embed(&prefix, &group, 1, &inner)
}
