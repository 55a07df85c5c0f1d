//! Which value of a setting counts.

use std::collections::BTreeMap;

use highway_types::topic_config::ConfigError;
use highway_types::{NodeId, TopicConfig};

use super::table::broker_config;
use crate::image::{ConfigMap, MetadataImage, TopicImage};
use crate::record::BrokerScope;

/// The settings of one broker: the dynamic ones of an image over those that it was started with.
#[derive(Clone, Copy, Debug)]
pub struct BrokerSettings<'a> {
    /// The broker.
    pub node: NodeId,
    /// The dynamic settings.
    pub image: &'a MetadataImage,
    /// The settings from the file, the environment and the command line: Kafka's names, text as given.
    pub statics: &'a BTreeMap<String, String>,
}

impl<'a> BrokerSettings<'a> {
    pub(super) fn dynamic(&self, scope: BrokerScope, name: &str) -> Option<&'a str> {
        self.image.broker_configs(scope)?.get(name).map(String::as_str)
    }

    /// The text that is set for `name` itself, without the default.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.dynamic(BrokerScope::Node(self.node), name)
            .or_else(|| self.dynamic(BrokerScope::Default, name))
            .or_else(|| self.statics.get(name).map(String::as_str))
    }

    /// The text that is set for `name`, or its default.
    #[must_use]
    pub fn effective(&self, name: &str) -> Option<&'a str> {
        self.get(name).or_else(|| broker_config(name)?.def.default)
    }

    /// A whole number, within the type of the setting; the default where the text is not one.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        let parse = |text: &str| text.trim().parse().ok();
        self.effective(name).and_then(parse).or_else(|| parse(broker_config(name)?.def.default?))
    }

    /// True only for `true`, in any case.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.effective(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
    }

    /// The effective settings of a topic.
    ///
    /// # Errors
    /// A value that its setting does not take.
    pub fn topic_config(&self, topic: &TopicImage) -> Result<TopicConfig, ConfigError> {
        self.topic_config_of(&topic.configs)
    }

    /// The effective settings of a topic that has these of its own.
    ///
    /// # Errors
    /// A setting that does not exist, or a value that it does not take.
    pub fn topic_config_of(&self, own: &ConfigMap) -> Result<TopicConfig, ConfigError> {
        TopicConfig::resolve(own, &|name| self.get(name).map(str::to_owned))
    }
}
