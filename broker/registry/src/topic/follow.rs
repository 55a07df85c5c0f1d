//! Reads the topic into the state, from its beginning and then as it grows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use highway_client::admin::ConfigResource;
use highway_client::consumer::{partition_of, resolve_positions};
use highway_client::{ClientError, Consumer, ConsumerConfig, ConsumerEvent, ErrorCode, Position};
use highway_types::limits::REGISTRY_FETCH_WAIT;

use super::{Progress, Shared, TOPIC};
use crate::registry::{Record, Registry};

/// Between two attempts to read a topic that cannot be read.
const PAUSE: Duration = Duration::from_millis(500);

/// Until it is aborted.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        match follow(&shared).await {
            Ok(Ended::Absent) => {
                forget(&shared);
                shared.progress.send_replace(Progress::Absent);
                shared.look.notified().await;
            }
            // What is shown meanwhile would be half of it.
            Ok(Ended::Again) => drop(shared.progress.send_replace(Progress::Unknown)),
            Err(reason) => {
                tracing::warn!(
                    topic = TOPIC,
                    reason,
                    "the schema registry cannot read its topic; it tries again"
                );
                shared.progress.send_replace(Progress::Failed(reason));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

enum Ended {
    /// There is no such topic.
    Absent,
    /// What was read is not the topic any more.
    Again,
}

fn forget(shared: &Shared) {
    *shared.registry_mut() = Registry::default();
}

/// Reads from the beginning for as long as that goes well.
async fn follow(shared: &Arc<Shared>) -> Result<Ended, String> {
    let Some(id) = shared.topic_id().await.map_err(|e| e.to_string())? else { return Ok(Ended::Absent) };
    check(shared).await?;
    let partition = partition_of(&shared.topic, 0);
    let from = resolve_positions(&shared.client, &[(partition.clone(), Position::Earliest)]).await;
    let from: BTreeMap<_, _> = from.map_err(|e| e.to_string())?;
    let mut applied = from.get(&partition).map_or(0, |offset| offset.0);
    forget(shared);
    let config = ConsumerConfig { max_wait: REGISTRY_FETCH_WAIT, ..ConsumerConfig::default() };
    let mut consumer = Consumer::assign(shared.client.clone(), config, from);
    let end = shared.end().await.map_err(|e| e.to_string())?;
    // State that is half read is shown to nobody.
    let mut whole = applied >= end;
    loop {
        if whole {
            shared.progress.send_replace(Progress::Applied(applied));
        }
        let event = tokio::select! {
            event = consumer.poll() => event,
            // Somebody could not find the end of the log: it may be deleted, or another one by now.
            () = shared.look.notified() => {
                match shared.topic_id().await {
                    Ok(found) if found == Some(id) => continue,
                    Ok(_) => return Ok(Ended::Again),
                    Err(error) => return Err(error.to_string()),
                }
            }
        };
        match event {
            Ok(ConsumerEvent::Records { records, .. }) => {
                applied = records.last().map_or(applied, |last| last.offset.0 + 1);
                apply(shared, records).await?;
            }
            Ok(ConsumerEvent::End { offset, .. }) => applied = applied.max(offset.0),
            Ok(ConsumerEvent::Reset { from, to, .. }) => {
                tracing::warn!(topic = TOPIC, %from, %to, "the log of schemas is another one; it is read again");
                return Ok(Ended::Again);
            }
            Ok(ConsumerEvent::Assigned(_)) => {}
            Err(error) if gone(&error) => return Ok(Ended::Again),
            Err(error) => return Err(error.to_string()),
        }
        if !whole && applied >= end {
            whole = true;
            tracing::info!(topic = TOPIC, offset = applied, "schemas read");
        }
    }
}

fn gone(error: &ClientError) -> bool {
    error.code() == Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
}

/// The topic of another's making may not be fit for schemas.
async fn check(shared: &Shared) -> Result<(), String> {
    let topic = shared.client.topic(&shared.topic, false).await.map_err(|e| e.to_string())?;
    if topic.partitions.len() != 1 {
        return Err(format!("it has {} partitions and must have one", topic.partitions.len()));
    }
    let about = ConfigResource::Topic(shared.topic.clone());
    let keys = ["cleanup.policy".to_owned()];
    let policy = shared.client.describe_configs(&about, Some(&keys), false).await;
    let policy = policy.ok().and_then(|entries| entries.into_iter().next()).and_then(|entry| entry.value);
    if policy.as_deref() != Some("compact") {
        tracing::warn!(
            topic = TOPIC,
            policy,
            "schemas may be deleted with age: set cleanup.policy=compact for the topic"
        );
    }
    Ok(())
}

/// Takes records in. One that cannot be read is skipped, as in Confluent's registry: the others must not be lost for it.
async fn apply(shared: &Arc<Shared>, records: Vec<highway_client::Record>) -> Result<(), String> {
    let shared = Arc::clone(shared);
    let work = tokio::task::spawn_blocking(move || {
        let mut registry = shared.registry_mut();
        for record in records {
            let key = record.key.as_deref().unwrap_or_default();
            match Record::read(key, record.value.as_deref()) {
                Ok(Some(read)) => registry.apply(read),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(topic = TOPIC, offset = %record.offset, %error, "a record is skipped")
                }
            }
        }
    });
    work.await.map_err(|error| error.to_string())
}
