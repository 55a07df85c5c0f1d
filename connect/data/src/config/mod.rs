//! Kafka's `ConfigDef`: what keys a plugin knows, what values they take, and how a configuration is parsed, validated and
//! described over REST.

mod define;
mod info;
mod parse;
mod validator;
mod value;

#[cfg(test)]
mod config_test;

pub use define::{ConfigDef, ConfigKey, Importance, Recommender, Width};
pub use info::{ConfigInfo, ConfigInfos, ConfigKeyInfo, ConfigValueInfo};
pub use parse::{Config, Props, Validated, with_prefix};
pub use validator::{
    AllOf, Check, ListOf, NonEmptyList, NonEmptyString, NonNull, OneOf, OneOfIgnoringCase, Range, Regex,
    Validator,
};
pub use value::{ConfigType, ConfigValue};
