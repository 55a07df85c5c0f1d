//! Settings of topics and brokers.

use std::fmt;

use highway_types::{NodeId, TopicName};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{
    DescribeConfigsRequest, DescribeConfigsResponse, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
};

use super::topics::nothing_said;
use crate::cluster::{Client, text};
use crate::error::{ClientError, ErrorCode};
use crate::transport::Lane;

/// What has settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigResource {
    /// A topic.
    Topic(TopicName),
    /// One broker.
    Broker(NodeId),
    /// The defaults of all brokers.
    AllBrokers,
}

impl ConfigResource {
    fn wire(&self) -> (i8, String) {
        match self {
            Self::Topic(name) => (2, name.to_string()),
            Self::Broker(id) => (4, id.to_string()),
            Self::AllBrokers => (4, String::new()),
        }
    }
}

impl fmt::Display for ConfigResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(name) => write!(f, "topic {name}"),
            Self::Broker(id) => write!(f, "broker {id}"),
            Self::AllBrokers => f.write_str("all brokers"),
        }
    }
}

/// Where a value comes from (`ConfigSource` of the protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// Set for this topic.
    Topic,
    /// Set for this broker while it runs.
    DynamicBroker,
    /// Set for all brokers while they run.
    DynamicDefault,
    /// The broker's file, environment or flags.
    Static,
    /// Nobody set it.
    Default,
    /// Another kind.
    Other(i8),
}

impl ConfigSource {
    fn read(source: i8) -> Self {
        match source {
            1 => Self::Topic,
            2 => Self::DynamicBroker,
            3 => Self::DynamicDefault,
            4 => Self::Static,
            5 => Self::Default,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for ConfigSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Topic => "topic",
            Self::DynamicBroker => "broker",
            Self::DynamicDefault => "all-brokers",
            Self::Static => "static",
            Self::Default => "default",
            Self::Other(_) => "other",
        })
    }
}

/// One setting as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Its name.
    pub name: String,
    /// Its value; secrets are not shown.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: ConfigSource,
    /// It cannot be changed while the broker runs.
    pub read_only: bool,
    /// It is a secret.
    pub sensitive: bool,
    /// What it does, if the broker says.
    pub documentation: Option<String>,
}

/// A change of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigChange {
    /// Set it.
    Set(String, String),
    /// Back to the default.
    Unset(String),
    /// Add to a list.
    Append(String, String),
    /// Take from a list.
    Subtract(String, String),
}

impl Client {
    /// Settings of one thing: those named, or all of them. What does not exist is left out.
    ///
    /// # Errors
    /// The topic or broker does not exist, or nobody answers.
    pub async fn describe_configs(
        &self,
        resource: &ConfigResource,
        keys: Option<&[String]>,
        documentation: bool,
    ) -> Result<Vec<ConfigEntry>, ClientError> {
        let (kind, name) = resource.wire();
        let wanted = DescribeConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(text(&name))
            .with_configuration_keys(keys.map(|keys| keys.iter().map(|k| text(k)).collect()));
        let request = DescribeConfigsRequest::default()
            .with_resources(vec![wanted])
            .with_include_documentation(documentation);
        let answer: DescribeConfigsResponse = match resource {
            ConfigResource::Broker(id) => {
                let node = self.node(*id).await?;
                self.call(&node.endpoint, request, 3..=4, Lane::Control).await?
            }
            _ => self.call_any(request, 3..=4).await?,
        };
        let subject = resource.to_string();
        let result = answer.results.into_iter().next().ok_or_else(|| nothing_said(&subject))?;
        if let Some(code) = ErrorCode::of(result.error_code) {
            return Err(ClientError::broker(subject, code, result.error_message.as_deref()));
        }
        let mut entries: Vec<_> = result
            .configs
            .into_iter()
            .map(|c| ConfigEntry {
                name: c.name.to_string(),
                value: c.value.map(|v| v.to_string()),
                source: ConfigSource::read(c.config_source),
                read_only: c.read_only,
                sensitive: c.is_sensitive,
                documentation: c.documentation.map(|d| d.to_string()),
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Changes settings; those that are not named stay as they are (KIP-339).
    ///
    /// # Errors
    /// A name or value is not allowed, the topic or broker does not exist, or nobody answers.
    pub async fn alter_configs(
        &self,
        resource: &ConfigResource,
        changes: &[ConfigChange],
        validate_only: bool,
    ) -> Result<(), ClientError> {
        let configs = changes.iter().map(|change| {
            let (operation, name, value) = match change {
                ConfigChange::Set(name, value) => (0, name, Some(value)),
                ConfigChange::Unset(name) => (1, name, None),
                ConfigChange::Append(name, value) => (2, name, Some(value)),
                ConfigChange::Subtract(name, value) => (3, name, Some(value)),
            };
            AlterableConfig::default()
                .with_name(text(name))
                .with_config_operation(operation)
                .with_value(value.map(|v| text(v)))
        });
        let (kind, name) = resource.wire();
        let wanted = AlterConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(text(&name))
            .with_configs(configs.collect());
        let request = IncrementalAlterConfigsRequest::default()
            .with_resources(vec![wanted])
            .with_validate_only(validate_only);
        let answer: IncrementalAlterConfigsResponse = match resource {
            ConfigResource::Broker(id) => {
                let node = self.node(*id).await?;
                self.call(&node.endpoint, request, 0..=1, Lane::Control).await?
            }
            _ => self.call_any(request, 0..=1).await?,
        };
        let subject = resource.to_string();
        let result = answer.responses.into_iter().next().ok_or_else(|| nothing_said(&subject))?;
        match ErrorCode::of(result.error_code) {
            Some(code) => Err(ClientError::broker(subject, code, result.error_message.as_deref())),
            None => Ok(()),
        }
    }
}
