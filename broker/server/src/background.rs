//! Work that goes on beside requests: checkpoints, retention, expiry of producers.

use std::sync::Arc;
use std::time::Duration;

use highway_cluster::MetadataRecord;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;

/// How often the journal's pressure is looked at.
const PRESSURE_CHECK: Duration = Duration::from_millis(100);
/// Memory for requests that was not needed for so long is given back.
const IDLE_MEMORY: Duration = Duration::from_secs(1);
/// Segment files that were not used for so long are closed, those used since after twice as long.
const IDLE_FILES: Duration = Duration::from_secs(30);
/// How often silent producers are forgotten, as in Kafka.
const PRODUCER_CHECK: Duration = Duration::from_secs(600);

/// Makes checkpoints at `interval`, and at once when the journal fills up, and keeps what is derived from internal logs.
/// Runs on a thread of its own until `stop`.
pub fn checkpoints(broker: Arc<Broker>, interval: Duration, stop: CancellationToken) {
    let logs = &broker.logs;
    // The first one comes at once: what recovery wrote need not be replayed twice, and journal files come free.
    let mut waited = interval;
    let (mut derived_behind, mut idle, mut unused) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    while !stop.is_cancelled() {
        std::thread::park_timeout(PRESSURE_CHECK);
        waited += PRESSURE_CHECK;
        logs.sweep_deleted();
        let tight = logs.open_files().is_tight();
        unused += PRESSURE_CHECK;
        if unused >= IDLE_MEMORY {
            unused = Duration::ZERO;
            broker.memory.trim();
        }
        idle += PRESSURE_CHECK;
        if idle >= IDLE_FILES {
            idle = Duration::ZERO;
            logs.close_idle_files(false);
        }
        derived_behind += PRESSURE_CHECK;
        if waited < interval && !tight && !logs.commit_log().pressure().is_high() {
            continue;
        }
        waited = Duration::ZERO;
        if let Err(error) = logs.checkpoint() {
            tracing::error!(%error, "a checkpoint failed; the journal keeps growing until one succeeds");
        }
        if tight {
            logs.close_idle_files(true);
        }
        if derived_behind >= interval {
            derived_behind = Duration::ZERO;
            broker.derived.write(&broker.image(), logs);
        }
    }
}

/// Applies retention and forgets silent producers until `stop`.
pub async fn retention(broker: Arc<Broker>, stop: CancellationToken) {
    let mut producers_due = PRODUCER_CHECK;
    loop {
        let settings = broker.settings();
        let pause = settings.retention_check_interval.max(Duration::from_millis(1));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        apply_retention(&broker).await;
        producers_due = producers_due.saturating_sub(pause);
        if producers_due.is_zero() {
            producers_due = PRODUCER_CHECK;
            for log in broker.logs.all() {
                log.expire_producers(settings.producer_id_expiration_ms);
            }
        }
    }
}

async fn apply_retention(broker: &Arc<Broker>) {
    let now = broker.clock.now();
    let mut records = Vec::new();
    for log in broker.logs.all() {
        if log.topic().as_str() == highway_types::TopicName::CLUSTER_METADATA {
            continue;
        }
        match tokio::task::block_in_place(|| log.retention_start(now)) {
            Ok(Some(offset)) => {
                let id = log.id();
                records.push(MetadataRecord::LogStart {
                    topic_id: id.topic_id,
                    partition: id.partition,
                    offset,
                });
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(dir = %log.dir().display(), %error, "retention could not roll a segment")
            }
        }
    }
    if records.is_empty() {
        return;
    }
    let wanted = records.len();
    let outcome = broker
        .controller
        .change(|image| {
            // A topic may have been deleted meanwhile.
            let still_there = records.into_iter().filter(|record| match record {
                MetadataRecord::LogStart { topic_id, .. } => image.topic_by_id(*topic_id).is_some(),
                _ => false,
            });
            (still_there.collect(), ())
        })
        .await;
    match outcome {
        Ok(()) => tracing::info!(partitions = wanted, "retention moved log start offsets"),
        Err(error) => tracing::error!(%error, "retention could not record log start offsets"),
    }
}
