//! Predicates (`org.apache.kafka.connect.transforms.predicates`), with which a chain decides whether a transform is for a record.

use std::sync::Arc;

use super::regex::JavaRegex;
use crate::config::{AllOf, ConfigDef, ConfigKey, ConfigType, Importance, NonEmptyString, Props, Regex};
use crate::error::Result;
use crate::record::ConnectRecord;

/// `Predicate`: whether something holds for a record.
pub trait Predicate: Send {
    /// Whether it holds.
    fn test(&mut self, record: &ConnectRecord) -> Result<bool>;
}

pub(super) struct HasHeaderKey {
    name: String,
}

pub(super) fn has_header_key_config_def() -> ConfigDef {
    let name = ConfigKey::required("name", ConfigType::String, Importance::Medium, "The name of the header.");
    ConfigDef::new().define(name.validator(NonEmptyString))
}

impl HasHeaderKey {
    pub(super) fn new(props: &Props) -> Result<Self> {
        Ok(Self { name: has_header_key_config_def().parse(props)?.text("name").to_owned() })
    }
}

impl Predicate for HasHeaderKey {
    fn test(&mut self, record: &ConnectRecord) -> Result<bool> {
        Ok(record.headers_with(&self.name).next().is_some())
    }
}

pub(super) struct RecordIsTombstone;

impl Predicate for RecordIsTombstone {
    fn test(&mut self, record: &ConnectRecord) -> Result<bool> {
        Ok(record.is_tombstone())
    }
}

pub(super) struct TopicNameMatches {
    pattern: JavaRegex,
    last: Option<(Arc<str>, bool)>,
}

pub(super) fn topic_name_matches_config_def() -> ConfigDef {
    let pattern = ConfigKey::required(
        "pattern",
        ConfigType::String,
        Importance::Medium,
        "The Java regular expression that the whole topic must match.",
    );
    ConfigDef::new().define(pattern.validator(AllOf(vec![Box::new(NonEmptyString), Box::new(Regex)])))
}

impl TopicNameMatches {
    pub(super) fn new(props: &Props) -> Result<Self> {
        let config = topic_name_matches_config_def().parse(props)?;
        Ok(Self { pattern: JavaRegex::new(config.text("pattern"))?, last: None })
    }
}

impl Predicate for TopicNameMatches {
    fn test(&mut self, record: &ConnectRecord) -> Result<bool> {
        if let Some((topic, matches)) = &self.last
            && *topic == record.topic
        {
            return Ok(*matches);
        }
        let matches = self.pattern.matches(&record.topic)?;
        self.last = Some((record.topic.clone(), matches));
        Ok(matches)
    }
}
