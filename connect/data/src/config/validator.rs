//! What values must be, in Kafka's words.

use std::collections::HashSet;

use super::value::ConfigValue;
use crate::error::{DataError, Result};

/// `ConfigDef.Validator`.
pub trait Validator: Send + Sync {
    /// Whether the value may be. The error is a `ConfigException` that names setting and value.
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()>;

    /// What values are valid, for documentation.
    fn describe(&self) -> String;

    /// Whether what stands twice in a list is taken once before it is looked at.
    fn distinct(&self) -> bool {
        false
    }
}

fn refuse(name: &str, value: &ConfigValue, why: impl std::fmt::Display) -> Result<()> {
    Err(DataError::config_value(name, value, why))
}

/// `ConfigDef.Range`: a number between these, both allowed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    /// The least.
    pub min: Option<i64>,
    /// The most.
    pub max: Option<i64>,
}

impl Range {
    /// No less than this.
    pub fn at_least(min: i64) -> Self {
        Self { min: Some(min), max: None }
    }

    /// Neither less nor more.
    pub fn between(min: i64, max: i64) -> Self {
        Self { min: Some(min), max: Some(max) }
    }
}

impl Validator for Range {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        let number = match *value {
            ConfigValue::Int(v) => f64::from(v),
            ConfigValue::Short(v) => f64::from(v),
            ConfigValue::Long(v) => v as f64,
            ConfigValue::Double(v) => v,
            _ => return refuse(name, value, "Value must be non-null"),
        };
        if let Some(min) = self.min.filter(|min| number < *min as f64) {
            return refuse(name, value, format!("Value must be at least {min}"));
        }
        if let Some(max) = self.max.filter(|max| number > *max as f64) {
            return refuse(name, value, format!("Value must be no more than {max}"));
        }
        Ok(())
    }

    fn describe(&self) -> String {
        match (self.min, self.max) {
            (None, None) => "[...]".to_owned(),
            (None, Some(max)) => format!("[...,{max}]"),
            (Some(min), None) => format!("[{min},...]"),
            (Some(min), Some(max)) => format!("[{min},...,{max}]"),
        }
    }
}

/// `ConfigDef.ValidString`: one of these texts.
#[derive(Clone, Debug)]
pub struct OneOf(pub &'static [&'static str]);

impl Validator for OneOf {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        match value {
            ConfigValue::String(text) if self.0.contains(&text.as_str()) => Ok(()),
            _ => refuse(name, value, format!("String must be one of: {}", self.0.join(", "))),
        }
    }

    fn describe(&self) -> String {
        format!("[{}]", self.0.join(", "))
    }
}

/// `ConfigDef.CaseInsensitiveValidString`: one of these texts, which are in upper case, in any case.
#[derive(Clone, Debug)]
pub struct OneOfIgnoringCase(pub &'static [&'static str]);

impl Validator for OneOfIgnoringCase {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        match value {
            ConfigValue::String(text) if self.0.iter().any(|v| v.eq_ignore_ascii_case(text)) => Ok(()),
            _ => refuse(
                name,
                value,
                format!("String must be one of (case insensitive): {}", self.0.join(", ")),
            ),
        }
    }

    fn describe(&self) -> String {
        format!("(case insensitive) [{}]", self.0.join(", "))
    }
}

/// `ConfigDef.ValidList`: each text once, and only of these, if any are given.
#[derive(Clone, Debug)]
pub struct ListOf {
    /// The texts that may be in it; none: any.
    pub texts: &'static [&'static str],
    /// Whether the list may be empty.
    pub empty: bool,
}

impl ListOf {
    /// Any texts, but at least one.
    pub const SOME: Self = Self { texts: &[], empty: false };
    /// Any texts.
    pub const ANY: Self = Self { texts: &[], empty: true };
}

impl Validator for ListOf {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        let ConfigValue::List(items) = value else {
            return Err(DataError::config(format!("Configuration '{name}' values must not be null.")));
        };
        if items.is_empty() && !self.empty {
            let valid = if self.texts.is_empty() {
                "any non-empty value".to_owned()
            } else {
                OneOf(self.texts).describe()
            };
            return Err(DataError::config(format!(
                "Configuration '{name}' must not be empty. Valid values include: {valid}"
            )));
        }
        if items.iter().collect::<HashSet<_>>().len() < items.len() {
            return Err(DataError::config(format!("Configuration '{name}' values must not be duplicated.")));
        }
        for item in items {
            if item.is_empty() {
                return Err(DataError::config(format!("Configuration '{name}' values must not be empty.")));
            }
            if !self.texts.is_empty() {
                OneOf(self.texts).ensure_valid(name, &ConfigValue::String(item.clone()))?;
            }
        }
        Ok(())
    }

    fn describe(&self) -> String {
        if self.texts.is_empty() { String::new() } else { OneOf(self.texts).describe() }
    }

    fn distinct(&self) -> bool {
        true
    }
}

/// `NonEmptyListValidator` of Connect's transforms.
#[derive(Clone, Copy, Debug)]
pub struct NonEmptyList;

impl Validator for NonEmptyList {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        match value {
            ConfigValue::List(items) if !items.is_empty() => Ok(()),
            _ => refuse(name, value, "Empty list"),
        }
    }

    fn describe(&self) -> String {
        "non-empty list".to_owned()
    }
}

/// `ConfigDef.NonNullValidator`.
#[derive(Clone, Copy, Debug)]
pub struct NonNull;

impl Validator for NonNull {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        if value.is_null() { refuse(name, value, "entry must be non null") } else { Ok(()) }
    }

    fn describe(&self) -> String {
        "non-null string".to_owned()
    }
}

/// `ConfigDef.NonEmptyString`.
#[derive(Clone, Copy, Debug)]
pub struct NonEmptyString;

impl Validator for NonEmptyString {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        match value {
            ConfigValue::String(text) if text.is_empty() => refuse(name, value, "String must be non-empty"),
            _ => Ok(()),
        }
    }

    fn describe(&self) -> String {
        "non-empty string".to_owned()
    }
}

/// `RegexValidator` of Connect's transforms: a Java regular expression.
#[derive(Clone, Copy, Debug)]
pub struct Regex;

impl Validator for Regex {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        let ConfigValue::String(text) = value else { return refuse(name, value, "Invalid regex: null") };
        match crate::transforms::JavaRegex::new(text) {
            Ok(_) => Ok(()),
            Err(error) => refuse(name, value, format!("Invalid regex: {}", error.message)),
        }
    }

    fn describe(&self) -> String {
        "valid regex".to_owned()
    }
}

/// `ConfigDef.CompositeValidator`: all of these, in order.
pub struct AllOf(pub Vec<Box<dyn Validator>>);

impl Validator for AllOf {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        self.0.iter().try_for_each(|validator| validator.ensure_valid(name, value))
    }

    fn describe(&self) -> String {
        self.0.iter().map(|v| v.describe()).collect::<Vec<_>>().join(", ")
    }
}

/// `ConfigDef.LambdaValidator`: a function and its description.
pub struct Check<F>(pub F, pub &'static str);

impl<F: Fn(&str, &ConfigValue) -> Result<()> + Send + Sync> Validator for Check<F> {
    fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        (self.0)(name, value)
    }

    fn describe(&self) -> String {
        self.1.to_owned()
    }
}
