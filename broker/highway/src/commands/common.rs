//! What several commands need.

use std::sync::Arc;

use highway_client::cluster::TopicView;
use highway_client::{Client, ClientError, ErrorCode};
use highway_types::{GroupId, TopicName, topic_config};

use crate::failure::{EXIT_NOT_FOUND, Failure};
use crate::output::nearest;

/// A topic that must be there; else the nearest name is suggested.
pub async fn existing_topic(client: &Client, name: &str) -> Result<Arc<TopicView>, Failure> {
    let topic = TopicName::new(name);
    match client.topic(&topic, false).await {
        Ok(view) => Ok(view),
        Err(error) if error.code() == Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) => {
            Err(unknown_topic(client, name).await)
        }
        Err(error) => Err(error.into()),
    }
}

async fn unknown_topic(client: &Client, name: &str) -> Failure {
    let names: Vec<String> = match client.refresh(None, false).await {
        Ok(view) => view.topics.keys().map(ToString::to_string).collect(),
        Err(_) => Vec::new(),
    };
    let failure = Failure::new(EXIT_NOT_FOUND, format!("topic {name} does not exist"));
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint(format!(
            "`highway topic list` shows what there is, `highway topic create {name}` makes it"
        )),
    }
}

/// The failure of a group that is not there, with the nearest name.
pub async fn unknown_group(client: &Client, name: &GroupId) -> Failure {
    let names: Vec<String> = match client.list_groups().await {
        Ok(groups) => groups.into_iter().map(|g| g.id.to_string()).collect(),
        Err(_) => Vec::new(),
    };
    let failure = Failure::new(EXIT_NOT_FOUND, format!("group {name} does not exist"));
    match nearest(name.as_str(), names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint("`highway group list` shows what there is"),
    }
}

/// `KEY=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("give KEY=VALUE".to_owned()),
    }
}

/// An error about topic settings, with the nearest name where one is unknown.
pub fn config_failure(error: ClientError, keys: &[&str]) -> Failure {
    let failure = Failure::from(error);
    let all = topic_config::TOPIC_CONFIGS.iter().chain(topic_config::SCHEMA_CONFIGS);
    let known: Vec<_> = all.map(|d| d.name()).collect();
    let slip = keys.iter().find(|k| !known.contains(k)).and_then(|k| nearest(k, known.iter().copied()));
    match slip {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure,
    }
}

/// `topic` or `topic:0,3`.
pub fn topic_partitions(text: &str) -> Result<(String, Option<Vec<i32>>), String> {
    let Some((topic, list)) = text.rsplit_once(':') else { return Ok((text.to_owned(), None)) };
    let partitions = list.split(',').map(|p| p.trim().parse::<i32>().ok().filter(|p| *p >= 0));
    match partitions.collect::<Option<Vec<_>>>() {
        Some(partitions) => Ok((topic.to_owned(), Some(partitions))),
        None => Err("give TOPIC or TOPIC:0,1,2".to_owned()),
    }
}
