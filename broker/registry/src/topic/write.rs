//! Carries out requests that write, one after the other: decide, append, wait until it is durable and applied, answer.

use std::sync::Arc;
use std::time::Duration;

use highway_client::admin::NewTopic;
use highway_client::{ClientError, ErrorCode, Producer, ProducerConfig, ProducerRecord};
use highway_types::limits::REGISTRY_PATIENCE;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Job, OwnedRequest, Progress, Shared, TOPIC};
use crate::http::{Response, unavailable};
use crate::registry::{Record, RegistryError};

/// The broker's `MESSAGE_TOO_LARGE`.
const MESSAGE_TOO_LARGE: ErrorCode = ErrorCode(10);

/// Until nobody sends any more.
pub(super) async fn run(shared: Arc<Shared>, mut jobs: mpsc::Receiver<Job>) {
    let mut writer = Writer { shared, producer: None, in_doubt: false };
    while let Some((request, answer)) = jobs.recv().await {
        let response = match writer.carry_out(&request).await {
            Ok(response) => response,
            Err(error) => {
                tracing::warn!(method = request.method, path = request.path, %error, "a schema was not written");
                unavailable(&error)
            }
        };
        // Who asked may be gone.
        let _ = answer.send(response);
    }
}

struct Writer {
    shared: Arc<Shared>,
    producer: Option<Producer>,
    /// An append ended without an answer: its records may still come.
    in_doubt: bool,
}

impl Writer {
    async fn carry_out(&mut self, request: &Arc<OwnedRequest>) -> Result<Response, RegistryError> {
        if self.in_doubt {
            // What is behind this record on the topic is decided; what was appended before it is applied with it.
            self.append(&[Record::Noop]).await?;
            self.in_doubt = false;
        }
        let before = self.shared.catch_up().await?;
        let response = self.shared.respond(request).await;
        if response.records.is_empty() {
            return Ok(response);
        }
        let first = self.append(&response.records).await?;
        if first != before {
            tracing::warn!(
                topic = TOPIC,
                expected = before,
                offset = first,
                "another writer was at work on the topic; two registries over one topic may give an id twice"
            );
        }
        Ok(response)
    }

    /// Appends records and waits until they are durable and applied; the offset of the first.
    async fn append(&mut self, records: &[Record]) -> Result<i64, RegistryError> {
        self.make_topic().await.map_err(failure)?;
        let producer = self.producer.take().unwrap_or_else(|| {
            let config = ProducerConfig {
                linger: Duration::ZERO,
                delivery_timeout: REGISTRY_PATIENCE,
                ..ProducerConfig::default()
            };
            Producer::new(self.shared.client.clone(), config)
        });
        let mut offsets: Option<(i64, i64)> = None;
        let outcome = async {
            let mut deliveries = Vec::with_capacity(records.len());
            for record in records {
                let (key, value) = record.to_bytes();
                let record = ProducerRecord {
                    topic: &self.shared.topic,
                    partition: Some(0),
                    key: Some(&key),
                    value: value.as_deref(),
                    headers: &[],
                    timestamp: None,
                };
                deliveries.push(producer.send(&record).await?);
            }
            for delivery in deliveries {
                let offset = delivery.wait().await?.offset.0;
                offsets = Some((offsets.map_or(offset, |(first, _)| first), offset));
            }
            Ok(())
        };
        if let Err(error) = outcome.await {
            // The producer may not go on behind a gap; a fresh one does.
            self.in_doubt = true;
            return Err(failure(error));
        }
        self.producer = Some(producer);
        let (first, last) = offsets.unwrap_or((0, -1));
        self.shared.applied(last + 1, Instant::now() + REGISTRY_PATIENCE).await?;
        Ok(first)
    }

    /// Makes the topic if there is none.
    async fn make_topic(&self) -> Result<(), ClientError> {
        if *self.shared.progress.borrow() != Progress::Absent {
            return Ok(());
        }
        let topic = NewTopic {
            name: self.shared.topic.clone(),
            partitions: Some(1),
            replication: None,
            configs: vec![("cleanup.policy".to_owned(), "compact".to_owned())],
        };
        match self.shared.client.create_topic(&topic, false).await {
            Ok(_) => tracing::info!(topic = TOPIC, "made the topic of schemas"),
            Err(error) if error.code() == Some(ErrorCode::TOPIC_ALREADY_EXISTS) => {}
            Err(error) => return Err(error),
        }
        self.shared.look.notify_one();
        Ok(())
    }
}

fn failure(error: ClientError) -> RegistryError {
    match &error {
        ClientError::Records { .. } => RegistryError::SchemaTooLarge,
        _ if error.code() == Some(MESSAGE_TOO_LARGE) => RegistryError::SchemaTooLarge,
        ClientError::TimedOut { .. } => {
            RegistryError::Timeout(format!("Write to the topic {TOPIC} timed out: {error}"))
        }
        _ => RegistryError::Store(format!("Write to the topic {TOPIC} failed: {error}")),
    }
}
