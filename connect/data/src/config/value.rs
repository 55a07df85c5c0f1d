//! Types of settings and their values.

use std::fmt;

use crate::error::{DataError, Result};
use crate::value::numbers;

/// `ConfigDef.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigType {
    /// `true` or `false`, in any case.
    Boolean,
    /// Text, trimmed.
    String,
    /// 32 bits, signed.
    Int,
    /// 16 bits, signed.
    Short,
    /// 64 bits, signed.
    Long,
    /// A floating-point number.
    Double,
    /// Texts separated by commas.
    List,
    /// The name of a plugin's class.
    Class,
    /// Text that is never shown.
    Password,
}

impl ConfigType {
    /// Kafka's upper-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::String => "STRING",
            Self::Int => "INT",
            Self::Short => "SHORT",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::List => "LIST",
            Self::Class => "CLASS",
            Self::Password => "PASSWORD",
        }
    }
}

/// The value of a setting after parsing.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum ConfigValue {
    /// Not set, or could not be parsed.
    #[default]
    Null,
    /// Of [`ConfigType::Boolean`].
    Boolean(bool),
    /// Of [`ConfigType::String`].
    String(String),
    /// Of [`ConfigType::Int`].
    Int(i32),
    /// Of [`ConfigType::Short`].
    Short(i16),
    /// Of [`ConfigType::Long`].
    Long(i64),
    /// Of [`ConfigType::Double`].
    Double(f64),
    /// Of [`ConfigType::List`].
    List(Vec<String>),
    /// Of [`ConfigType::Class`].
    Class(String),
    /// Of [`ConfigType::Password`]; shown as `[hidden]`.
    Password(Secret),
}

/// A secret, which neither `Debug` nor `Display` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl ConfigValue {
    /// `ConfigDef.parseType`: the text of a setting as a value of its type. The error is a `ConfigException` that names setting
    /// and value.
    pub fn parse(name: &str, text: &str, r#type: ConfigType) -> Result<Self> {
        let trimmed = text.trim();
        let number =
            || DataError::config_value(name, text, format!("Not a number of type {}", r#type.name()));
        Ok(match r#type {
            ConfigType::Boolean if trimmed.eq_ignore_ascii_case("true") => Self::Boolean(true),
            ConfigType::Boolean if trimmed.eq_ignore_ascii_case("false") => Self::Boolean(false),
            ConfigType::Boolean => {
                return Err(DataError::config_value(name, text, "Expected value to be either true or false"));
            }
            ConfigType::String => Self::String(trimmed.to_owned()),
            ConfigType::Class => Self::Class(trimmed.to_owned()),
            ConfigType::Password => Self::Password(Secret(trimmed.to_owned())),
            ConfigType::Int => Self::Int(trimmed.parse().map_err(|_| number())?),
            ConfigType::Short => Self::Short(trimmed.parse().map_err(|_| number())?),
            ConfigType::Long => Self::Long(trimmed.parse().map_err(|_| number())?),
            ConfigType::Double => Self::Double(numbers::parse_double(trimmed).ok_or_else(number)?),
            ConfigType::List if trimmed.is_empty() => Self::List(Vec::new()),
            ConfigType::List => Self::List(trimmed.split(',').map(|item| item.trim().to_owned()).collect()),
        })
    }

    /// `ConfigDef.convertToString`: as REST shows it. None where nothing is set.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::List(items) => Some(items.join(",")),
            other => Some(other.to_string()),
        }
    }

    /// Whether nothing is set.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl fmt::Display for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(v) => v.fmt(f),
            Self::String(v) | Self::Class(v) => f.write_str(v),
            Self::Int(v) => v.fmt(f),
            Self::Short(v) => v.fmt(f),
            Self::Long(v) => v.fmt(f),
            Self::Double(v) => f.write_str(&numbers::double_text(*v)),
            Self::List(items) => write!(f, "[{}]", items.join(", ")),
            Self::Password(_) => f.write_str("[hidden]"),
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),*) => {$(
        impl From<$from> for ConfigValue {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}
from!(bool => Boolean, &str => String, String => String, i32 => Int, i16 => Short, i64 => Long, f64 => Double);

impl From<&[&str]> for ConfigValue {
    fn from(items: &[&str]) -> Self {
        Self::List(items.iter().map(|&item| item.to_owned()).collect())
    }
}
