//! What a setting is: its type, which values it takes, and how text becomes a value. The messages are those of
//! Kafka's `ConfigDef`, because tools show them and tests compare them.

use std::fmt;

/// The type of a setting. The numbers are `DescribeConfigs`' (v3 and later).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum ConfigType {
    /// `true` or `false`, in any case.
    Boolean = 1,
    /// Text.
    String = 2,
    /// 32 bits.
    Int = 3,
    /// 16 bits.
    Short = 4,
    /// 64 bits.
    Long = 5,
    /// A double.
    Double = 6,
    /// Texts between commas.
    List = 7,
    /// A Java class name.
    Class = 8,
    /// A secret; never shown.
    Password = 9,
}

impl ConfigType {
    /// The number on the wire.
    #[must_use]
    pub fn id(self) -> i8 {
        self as i8
    }

    /// Kafka's name, as its messages have it.
    #[must_use]
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

/// How much a setting matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// Look at it before going live.
    High,
    /// For tuning.
    Medium,
    /// Rarely touched.
    Low,
}

/// Which values a setting takes beside its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Validator {
    /// Every value of the type.
    Any,
    /// A number from here on.
    AtLeast(i64),
    /// A number in this range, both ends included.
    Between(i64, i64),
    /// -1, or a number in this range.
    DefaultOrBetween(i64, i64),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list of these texts.
    ListOf(&'static [&'static str]),
    /// `*`, or a list of `partition:broker`.
    ThrottledReplicas,
}

/// A setting's definition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigDef {
    /// Kafka's name.
    pub name: &'static str,
    /// The type.
    pub config_type: ConfigType,
    /// The default as text; `None` is null.
    pub default: Option<&'static str>,
    /// The values it takes.
    pub validator: Validator,
    /// How much it matters.
    pub importance: Importance,
    /// What it does.
    pub doc: &'static str,
}

/// A value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// Int, short and long.
    Number(i64),
    /// A double.
    Double(f64),
    /// String, class and password.
    Text(String),
    /// A list.
    List(Vec<String>),
}

impl fmt::Display for Value {
    /// As Kafka shows a value in `DescribeConfigs`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Double(value) => f.write_str(&format!("{value:?}").replace('e', "E")),
            Self::Text(value) => value.fmt(f),
            Self::List(items) => f.write_str(&items.join(",")),
        }
    }
}

/// Why a value cannot be a setting's. The text is Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The value has the wrong type or is out of range.
    #[error("Invalid value {value} for configuration {name}: {reason}")]
    Invalid {
        /// The setting.
        name: String,
        /// The value.
        value: String,
        /// What is wrong.
        reason: String,
    },
    /// A list with an empty item.
    #[error("Configuration '{0}' values must not be empty.")]
    EmptyItem(String),
    /// No such topic setting.
    #[error("Unknown topic config name: {0}")]
    UnknownTopicConfig(String),
    /// `min.compaction.lag.ms` above `max.compaction.lag.ms`.
    #[error("conflict topic config setting min.compaction.lag.ms ({min}) > max.compaction.lag.ms ({max})")]
    CompactionLags {
        /// `min.compaction.lag.ms`
        min: i64,
        /// `max.compaction.lag.ms`
        max: i64,
    },
    /// `remote.storage.enable=true`.
    #[error(
        "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage."
    )]
    NoTieredStorage,
}

impl ConfigDef {
    /// Reads and checks a value.
    ///
    /// # Errors
    /// The text has the wrong type, or the validator refuses the value.
    pub fn parse(&self, text: &str) -> Result<Value, ConfigError> {
        let value = self.convert(text)?;
        self.validate(&value)?;
        Ok(value)
    }

    fn convert(&self, text: &str) -> Result<Value, ConfigError> {
        let trimmed = text.trim();
        let not_a_number = || self.invalid(text, format!("Not a number of type {}", self.config_type.name()));
        let number = |min: i64, max: i64| {
            let number = trimmed.parse::<i64>().ok().filter(|number| (min..=max).contains(number));
            number.map(Value::Number).ok_or_else(not_a_number)
        };
        match self.config_type {
            ConfigType::Boolean if trimmed.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
            ConfigType::Boolean if trimmed.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
            ConfigType::Boolean => {
                Err(self.invalid(text, "Expected value to be either true or false".into()))
            }
            ConfigType::Int => number(i32::MIN.into(), i32::MAX.into()),
            ConfigType::Short => number(i16::MIN.into(), i16::MAX.into()),
            ConfigType::Long => number(i64::MIN, i64::MAX),
            ConfigType::Double => {
                let number = trimmed.parse::<f64>().ok().filter(|number| number.is_finite());
                number.map(Value::Double).ok_or_else(not_a_number)
            }
            ConfigType::List if trimmed.is_empty() => Ok(Value::List(Vec::new())),
            ConfigType::List => {
                Ok(Value::List(trimmed.split(',').map(|item| item.trim().to_owned()).collect()))
            }
            ConfigType::String | ConfigType::Class => Ok(Value::Text(trimmed.to_owned())),
            ConfigType::Password => Ok(Value::Text(text.to_owned())),
        }
    }

    fn validate(&self, value: &Value) -> Result<(), ConfigError> {
        let in_range = |min: i64, max: i64| match value {
            Value::Number(number) if *number < min => Some(format!("Value must be at least {min}")),
            Value::Number(number) if *number > max => Some(format!("Value must be no more than {max}")),
            Value::Double(number) if *number < min as f64 => Some(format!("Value must be at least {min}")),
            Value::Double(number) if *number > max as f64 => {
                Some(format!("Value must be no more than {max}"))
            }
            _ => None,
        };
        let reason = match (self.validator, value) {
            (Validator::Any, _) => None,
            (Validator::AtLeast(min), _) => in_range(min, i64::MAX),
            (Validator::Between(min, max), _) => in_range(min, max),
            (Validator::DefaultOrBetween(..), Value::Number(-1)) => None,
            (Validator::DefaultOrBetween(min, max), _) => {
                in_range(min, max).map(|_| format!("Value must be between {min} and {max} or equal to -1"))
            }
            (Validator::OneOf(allowed), Value::Text(text)) => not_one_of(allowed, text),
            (Validator::ListOf(allowed), Value::List(items)) => return self.check_items(allowed, items),
            (Validator::ThrottledReplicas, Value::List(items)) if !are_throttled_replicas(items) => {
                let reason = format!(
                    "{} must be the literal '*' or a list of replicas in the following format: \
                     [partitionId]:[brokerId],[partitionId]:[brokerId],...",
                    self.name
                );
                return Err(self.invalid(&format!("[{}]", items.join(", ")), reason));
            }
            _ => None,
        };
        reason.map_or(Ok(()), |reason| Err(self.invalid(&value.to_string(), reason)))
    }

    fn check_items(&self, allowed: &[&str], items: &[String]) -> Result<(), ConfigError> {
        for item in items {
            if item.is_empty() {
                return Err(ConfigError::EmptyItem(self.name.to_owned()));
            }
            if let Some(reason) = not_one_of(allowed, item) {
                return Err(self.invalid(item, reason));
            }
        }
        Ok(())
    }

    fn invalid(&self, value: &str, reason: String) -> ConfigError {
        let value = if self.config_type == ConfigType::Password { "[hidden]" } else { value };
        ConfigError::Invalid { name: self.name.to_owned(), value: value.to_owned(), reason }
    }
}

fn not_one_of(allowed: &[&str], text: &str) -> Option<String> {
    (!allowed.contains(&text)).then(|| format!("String must be one of: {}", allowed.join(", ")))
}

fn are_throttled_replicas(items: &[String]) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let replica = |item: &String| item.split_once(':').is_some_and(|(p, b)| number(p) && number(b));
    items.iter().all(replica) || items == ["*"]
}
