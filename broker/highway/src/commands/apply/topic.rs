//! Topics: made, given more partitions, set.

use highway_client::admin::{ConfigChange, ConfigResource, NewTopic};
use highway_client::{Client, ErrorCode};
use highway_types::TopicName;
use serde_json::Value;

use super::document::Topic;
use super::run::{Plan, State};
use crate::commands::common::config_failure;
use crate::failure::{EXIT_CONFLICT, Failure};

fn new_topic(topic: &Topic) -> NewTopic {
    NewTopic {
        name: TopicName::new(&topic.topic),
        partitions: topic.partitions,
        replication: topic.replication,
        configs: configs(topic),
    }
}

fn configs(topic: &Topic) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    topic.configs.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

fn named(topic: &Topic, error: highway_client::ClientError) -> Failure {
    let keys: Vec<&str> = topic.configs.keys().map(String::as_str).collect();
    config_failure(error, &keys)
}

/// What is to be done for a topic: its partitions, if it needs more, and settings.
struct Difference {
    partitions: Option<i32>,
    configs: Vec<ConfigChange>,
}

async fn difference(client: &Client, topic: &Topic) -> Result<Option<Difference>, Failure> {
    let name = TopicName::new(&topic.topic);
    let there = match client.topic(&name, false).await {
        Err(error) if error.code() == Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) => return Ok(None),
        there => there?,
    };
    let count = i32::try_from(there.partitions.len()).unwrap_or(i32::MAX);
    if let Some(wanted) = topic.partitions.filter(|wanted| *wanted < count) {
        let message =
            format!("partitions: {wanted}, but the topic has {count}, and partitions cannot be taken away");
        return Err(Failure::new(EXIT_CONFLICT, message));
    }
    let replicas = there.partitions.first().map_or(0, |p| p.replicas.len());
    if let Some(wanted) = topic.replication.filter(|wanted| usize::try_from(*wanted) != Ok(replicas)) {
        let message =
            format!("replication: {wanted}, but the topic has {replicas}; this cannot be changed here");
        return Err(Failure::new(EXIT_CONFLICT, message));
    }
    let now = client.describe_configs(&ConfigResource::Topic(name), None, false).await?;
    let differs = |key: &str, value: &str| {
        !now.iter().any(|entry| entry.name == key && entry.value.as_deref() == Some(value))
    };
    let changed = configs(topic).into_iter().filter(|(key, value)| differs(key, value));
    Ok(Some(Difference {
        partitions: topic.partitions.filter(|wanted| *wanted > count),
        configs: changed.map(|(key, value)| ConfigChange::Set(key, value)).collect(),
    }))
}

/// Says what applying it would change; with `apply` it is done.
pub(super) async fn run(client: &Client, topic: &Topic, apply: bool) -> Result<Plan, Failure> {
    let Some(difference) = difference(client, topic).await? else {
        let made = client.create_topic(&new_topic(topic), !apply).await.map_err(|e| named(topic, e))?;
        return Ok(Plan::new(State::Created, [format!("partitions {}", made.partitions)]));
    };
    let name = TopicName::new(&topic.topic);
    let mut changes = Vec::new();
    if let Some(count) = difference.partitions {
        client.create_partitions(&name, count, !apply).await?;
        changes.push(format!("partitions {count}"));
    }
    if !difference.configs.is_empty() {
        let resource = ConfigResource::Topic(name);
        let altered = client.alter_configs(&resource, &difference.configs, !apply).await;
        altered.map_err(|error| named(topic, error))?;
    }
    changes.extend(difference.configs.iter().filter_map(|change| match change {
        ConfigChange::Set(key, value) => Some(format!("{key}={value}")),
        _ => None,
    }));
    Ok(Plan::new(if changes.is_empty() { State::Unchanged } else { State::Changed }, changes))
}
