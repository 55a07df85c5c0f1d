//! Topics: create, delete, grow.

use highway_types::{TopicId, TopicName};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse,
    DeleteTopicsRequest, DeleteTopicsResponse,
};

use crate::cluster::Client;
use crate::cluster::{text, topic_name};
use crate::error::{ClientError, ErrorCode};

/// A topic to be made.
#[derive(Clone, Debug)]
pub struct NewTopic {
    /// Its name.
    pub name: TopicName,
    /// How many partitions; `None` is the broker's default.
    pub partitions: Option<i32>,
    /// How many replicas; `None` is the broker's default.
    pub replication: Option<i16>,
    /// Settings other than the defaults.
    pub configs: Vec<(String, String)>,
}

/// A topic that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTopic {
    /// Its id.
    pub id: TopicId,
    /// How many partitions it has.
    pub partitions: i32,
    /// How many replicas each has.
    pub replication: i16,
}

impl Client {
    /// Makes one topic, or with `validate_only` says whether it could be made.
    ///
    /// # Errors
    /// It exists, its name or a setting is not allowed, or nobody answers.
    pub async fn create_topic(
        &self,
        topic: &NewTopic,
        validate_only: bool,
    ) -> Result<CreatedTopic, ClientError> {
        let configs = topic.configs.iter().map(|(key, value)| {
            CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
        });
        let wanted = CreatableTopic::default()
            .with_name(topic_name(&topic.name))
            .with_num_partitions(topic.partitions.unwrap_or(-1))
            .with_replication_factor(topic.replication.unwrap_or(-1))
            .with_configs(configs.collect());
        let request = CreateTopicsRequest::default()
            .with_topics(vec![wanted])
            .with_timeout_ms(self.timeout_ms())
            .with_validate_only(validate_only);
        let answer: CreateTopicsResponse = self
            .call_controller(request, 5..=7, |a: &CreateTopicsResponse| {
                a.topics.first().and_then(|t| ErrorCode::of(t.error_code))
            })
            .await?;
        let subject = format!("topic {}", topic.name);
        let result = answer.topics.first().ok_or_else(|| nothing_said(&subject))?;
        match ErrorCode::of(result.error_code) {
            Some(code) => Err(ClientError::broker(subject, code, result.error_message.as_deref())),
            None => Ok(CreatedTopic {
                id: TopicId(result.topic_id),
                partitions: result.num_partitions,
                replication: result.replication_factor,
            }),
        }
    }

    /// Deletes one topic with all its records.
    ///
    /// # Errors
    /// It does not exist or may not be deleted, or nobody answers.
    pub async fn delete_topic(&self, topic: &TopicName) -> Result<(), ClientError> {
        let state = DeleteTopicState::default().with_name(Some(topic_name(topic)));
        let request =
            DeleteTopicsRequest::default().with_topics(vec![state]).with_timeout_ms(self.timeout_ms());
        let answer: DeleteTopicsResponse = self
            .call_controller(request, 6..=6, |a: &DeleteTopicsResponse| {
                a.responses.first().and_then(|t| ErrorCode::of(t.error_code))
            })
            .await?;
        let subject = format!("topic {topic}");
        let result = answer.responses.first().ok_or_else(|| nothing_said(&subject))?;
        self.forget(topic);
        match ErrorCode::of(result.error_code) {
            Some(code) => Err(ClientError::broker(subject, code, result.error_message.as_deref())),
            None => Ok(()),
        }
    }

    /// Gives a topic `count` partitions altogether.
    ///
    /// # Errors
    /// It has as many or more already, does not exist, or nobody answers.
    pub async fn create_partitions(
        &self,
        topic: &TopicName,
        count: i32,
        validate_only: bool,
    ) -> Result<(), ClientError> {
        let wanted = CreatePartitionsTopic::default()
            .with_name(topic_name(topic))
            .with_count(count)
            .with_assignments(None);
        let request = CreatePartitionsRequest::default()
            .with_topics(vec![wanted])
            .with_timeout_ms(self.timeout_ms())
            .with_validate_only(validate_only);
        let answer: CreatePartitionsResponse = self
            .call_controller(request, 1..=3, |a: &CreatePartitionsResponse| {
                a.results.first().and_then(|t| ErrorCode::of(t.error_code))
            })
            .await?;
        let subject = format!("topic {topic}");
        let result = answer.results.first().ok_or_else(|| nothing_said(&subject))?;
        self.forget(topic);
        match ErrorCode::of(result.error_code) {
            Some(code) => Err(ClientError::broker(subject, code, result.error_message.as_deref())),
            None => Ok(()),
        }
    }

    /// What the broker is told to take at the most.
    pub(crate) fn timeout_ms(&self) -> i32 {
        i32::try_from(self.config().request_timeout.as_millis()).unwrap_or(i32::MAX)
    }
}

/// An answer that leaves out what was asked.
pub(super) fn nothing_said(subject: &str) -> ClientError {
    ClientError::Closed(format!("{subject}: the broker's answer does not mention it"))
}
