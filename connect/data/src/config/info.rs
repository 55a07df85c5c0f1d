//! Definitions and validated settings as the Connect REST API shows them.

use serde::Serialize;

use super::define::ConfigKey;
use super::parse::Validated;

/// How one setting is defined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigKeyInfo {
    /// Its name.
    pub name: String,
    /// The type's upper-case name.
    #[serde(rename = "type")]
    pub r#type: String,
    /// Whether it must be set.
    pub required: bool,
    /// The default as text; null without one.
    pub default_value: Option<String>,
    /// HIGH, MEDIUM or LOW.
    pub importance: String,
    /// What it does.
    pub documentation: String,
    /// The group it stands in.
    pub group: Option<String>,
    /// SHORT, MEDIUM, LONG or NONE.
    pub width: String,
    /// Its name for people.
    pub display_name: String,
    /// Settings that depend on it.
    pub dependents: Vec<String>,
    /// Its place in the group.
    pub order: i32,
}

/// What validation says of one setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigValueInfo {
    /// Its name.
    pub name: String,
    /// Its value as text; secrets are hidden.
    pub value: Option<String>,
    /// What to offer.
    pub recommended_values: Vec<String>,
    /// What is wrong.
    pub errors: Vec<String>,
    /// Whether it is of any use now.
    pub visible: bool,
}

/// Both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigInfo {
    /// Null for a setting that is not defined.
    pub definition: Option<ConfigKeyInfo>,
    /// What was found.
    pub value: ConfigValueInfo,
}

/// The answer of `PUT /connector-plugins/{name}/config/validate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigInfos {
    /// The plugin.
    pub name: String,
    /// How many errors there are in all.
    pub error_count: usize,
    /// The groups in order.
    pub groups: Vec<String>,
    /// The settings in order.
    pub configs: Vec<ConfigInfo>,
}

impl ConfigKeyInfo {
    /// The description of a definition.
    pub fn new(key: &ConfigKey) -> Self {
        Self {
            name: key.name.clone(),
            r#type: key.r#type.name().to_owned(),
            required: key.default.is_none(),
            default_value: key.default.as_ref().and_then(|default| default.shown()),
            importance: key.importance.name().to_owned(),
            documentation: key.documentation.clone(),
            group: key.group.clone(),
            width: key.width.name().to_owned(),
            display_name: key.display_name.clone(),
            dependents: key.dependents.clone(),
            order: key.order,
        }
    }
}

impl ConfigInfo {
    /// Definition and finding of one setting.
    pub fn new(key: Option<&ConfigKey>, validated: &Validated) -> Self {
        Self {
            definition: key.map(ConfigKeyInfo::new),
            value: ConfigValueInfo {
                name: validated.name.clone(),
                value: validated.value.shown(),
                recommended_values: validated.recommended.iter().filter_map(|v| v.shown()).collect(),
                errors: validated.errors.clone(),
                visible: validated.visible,
            },
        }
    }
}

impl ConfigInfos {
    /// Counts the errors of these settings.
    pub fn new(name: &str, groups: Vec<String>, configs: impl IntoIterator<Item = ConfigInfo>) -> Self {
        let configs: Vec<ConfigInfo> = configs.into_iter().collect();
        let error_count = configs.iter().map(|config| config.value.errors.len()).sum();
        Self { name: name.to_owned(), error_count, groups, configs }
    }
}
