//! A schema learnt from the events that an endpoint stored: proposed, and, once a person accepts it, registered and enforced.
//!
//! Samples are the newest events of the endpoint in its topic, so nothing is kept for this, and a restart loses nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use highway_client::{ClientError, Record};
use highway_types::limits::{INFER_MAX_SAMPLES, INGEST_JSON_MAX_DEPTH};
use http::StatusCode;
use serde_json::{Value, json};

use super::api::{error, not_found, schema_error, store};
use super::extract::{Named, Params, Whole};
use super::live::Live;
use super::restore::{ends, read};
use super::service::Ingest;
use crate::endpoint::SchemaMode;
use crate::infer::Shape;
use crate::record::header;

/// Further parts of the log are read for an endpoint whose events are few among others', up to so many records for each sample.
const RECORDS_FOR_A_SAMPLE: i64 = 20;

/// `?samples=N`
#[derive(Debug, serde::Deserialize)]
pub(super) struct Asked {
    samples: Option<usize>,
}

/// `GET …/{name}/schema`: what the endpoint checks, and what it could.
pub(super) async fn show(
    State(ingest): State<Arc<Ingest>>,
    Named(name): Named<String>,
    Params(asked): Params<Asked>,
) -> Response {
    let Some(live) = ingest.endpoint(&name) else { return not_found(&name) };
    match propose(&ingest, &live, asked.samples).await {
        Ok(proposal) => axum::Json(proposal).into_response(),
        Err(fault) => error(StatusCode::SERVICE_UNAVAILABLE, "not_read", fault, &[]),
    }
}

/// `POST …/{name}/schema`: registers the proposal, or the JSON Schema in the body, and enforces it.
pub(super) async fn accept(
    State(ingest): State<Arc<Ingest>>,
    Named(name): Named<String>,
    Params(asked): Params<Asked>,
    Whole(body): Whole,
) -> Response {
    let _turn = ingest.changing.lock().await;
    let Some(live) = ingest.endpoint(&name) else { return not_found(&name) };
    let schema = if body.is_empty() {
        let proposal = match propose(&ingest, &live, asked.samples).await {
            Ok(proposal) => proposal,
            Err(fault) => return error(StatusCode::SERVICE_UNAVAILABLE, "not_read", fault, &[]),
        };
        if proposal["samples"] == 0 {
            let message = format!(
                "endpoint '{name}' has stored no events to learn from; send some, or give the schema in the body"
            );
            return error(StatusCode::CONFLICT, "no_samples", message, &[]);
        }
        proposal["schema"].clone()
    } else {
        match serde_json::from_slice(&body) {
            Ok(schema) => schema,
            Err(fault) => {
                return error(StatusCode::BAD_REQUEST, "schema", format!("not JSON: {fault}"), &[]);
            }
        }
    };
    let mut definition = live.definition.clone();
    let mut used = definition.schema.unwrap_or_default();
    // From here on the latest version counts, whichever it was that was named before.
    (used.mode, used.version, used.message) = (SchemaMode::Enforce, None, None);
    definition.schema = Some(used);
    let Some(reference) = definition.schema_ref() else { return not_found(&name) };
    let id = match ingest.schemas.register(&reference.subject, schema.to_string()).await {
        Ok(id) => id,
        Err(fault) => return schema_error(&fault),
    };
    let stored = store(&ingest, &name, &definition, false).await;
    if !stored.status().is_success() {
        return stored;
    }
    let answer = json!({ "endpoint": name, "subject": reference.subject, "id": id, "mode": "enforce", "schema": schema });
    axum::Json(answer).into_response()
}

async fn propose(ingest: &Ingest, live: &Live, samples: Option<usize>) -> Result<Value, ClientError> {
    let wanted = samples.unwrap_or(1000).clamp(1, INFER_MAX_SAMPLES);
    let shape = learn(ingest, live, wanted).await?;
    let reference = live.definition.schema_ref();
    let subject = reference.map_or_else(|| format!("{}-value", live.definition.topic), |r| r.subject);
    Ok(json!({
        "endpoint": live.name,
        "subject": subject,
        "mode": live.definition.schema.as_ref().map(|s| s.mode),
        "samples": shape.seen(),
        "schema": shape.schema(&live.name),
    }))
}

/// The shape of the newest payloads that came through this endpoint.
async fn learn(ingest: &Ingest, live: &Live, wanted: usize) -> Result<Shape, ClientError> {
    let mut shape = Shape::default();
    let topic = ingest.client.topic(&live.topic, true).await?;
    let partitions = i32::try_from(topic.partitions.len()).unwrap_or(1).max(1);
    let each = i64::try_from(wanted.div_ceil(topic.partitions.len().max(1))).unwrap_or(i64::MAX);
    for partition in 0..partitions {
        let (start, end) = ends(&ingest.client, &live.topic, partition).await?;
        let (mut to, mut length, mut left) = (end, each, each);
        let floor = start.max(end - each.saturating_mul(RECORDS_FOR_A_SAMPLE));
        while to > floor && left > 0 {
            let from = to.saturating_sub(length).max(floor);
            read(&ingest.client, &live.topic, partition, from..to, |record| {
                if left > 0
                    && let Some(payload) = payload(record, &live.name)
                {
                    shape.take(&payload);
                    left -= 1;
                }
            })
            .await?;
            to = from;
            length = length.saturating_mul(4);
        }
    }
    Ok(shape)
}

/// The payload of a record that came through this endpoint.
fn payload(record: &Record, endpoint: &str) -> Option<Value> {
    let ingest = record.headers.iter().rev().find(|h| &h.name[..] == header::INGEST.as_bytes())?;
    let of_endpoint = ingest.value.as_deref()?.strip_prefix(endpoint.as_bytes())?.first() == Some(&b'/');
    let text = record.value.as_deref().filter(|_| of_endpoint)?;
    // One level more than a payload has, for the envelope; serde_json stops at 128.
    let event = crate::json::Value::parse(text, INGEST_JSON_MAX_DEPTH + 1).ok()?;
    serde_json::from_str(event.get("payload")?.text()).ok()
}
