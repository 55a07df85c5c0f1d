//! Endpoints over the admin listener: `/api/v1/endpoints`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::extract::{Named, Whole};
use super::http::{Decoding, Route};
use super::live::Live;
use super::propose;
use super::service::Ingest;
use crate::dialect::Item;
use crate::endpoint::{Auth, Definition, DefinitionError, new_key};
use crate::envelope::Provenance;
use crate::schema::SchemaFault;

/// Bytes of a definition.
const DEFINITION_MAX_BYTES: usize = 1024 * 1024;

/// What the admin listener mounts.
pub fn router(ingest: Arc<Ingest>) -> Router {
    Router::new()
        .route("/api/v1/endpoints", get(list))
        .route("/api/v1/endpoints/{name}", get(show).put(put).delete(remove))
        .route("/api/v1/endpoints/{name}/keys", post(add_key))
        .route("/api/v1/endpoints/{name}/test", post(test))
        .route("/api/v1/endpoints/{name}/replay", post(replay))
        .route("/api/v1/endpoints/{name}/schema", get(propose::show).post(propose::accept))
        .route("/api/v1/ingest", get(status))
        .layer(DefaultBodyLimit::max(DEFINITION_MAX_BYTES))
        .with_state(ingest)
}

pub(super) fn error(status: StatusCode, code: &str, message: impl ToString, problems: &[Value]) -> Response {
    let mut error = json!({ "code": code, "message": message.to_string() });
    if !problems.is_empty() {
        error["problems"] = json!(problems);
    }
    (status, axum::Json(json!({ "error": error }))).into_response()
}

pub(super) fn not_found(name: &str) -> Response {
    let message = format!(
        "there is no endpoint '{name}'; create it with `highway endpoint create {name} --topic TOPIC`"
    );
    error(StatusCode::NOT_FOUND, "no_endpoint", message, &[])
}

fn unusable(fault: &DefinitionError) -> Response {
    let problems: Vec<Value> = match fault {
        DefinitionError::Problems(problems) => {
            problems.iter().map(|p| json!({ "field": p.field, "message": p.message })).collect()
        }
        DefinitionError::Form(_) => Vec::new(),
    };
    error(StatusCode::UNPROCESSABLE_ENTITY, "definition", fault, &problems)
}

/// A schema that is not there is a fault of the definition; a registry that cannot answer is none.
pub(super) fn schema_error(fault: &SchemaFault) -> Response {
    let problem = [json!({ "field": "schema", "message": fault.to_string() })];
    match fault {
        SchemaFault::Unavailable(_) => error(StatusCode::SERVICE_UNAVAILABLE, "registry", fault, &[]),
        SchemaFault::Refused(_) => error(StatusCode::CONFLICT, "schema", fault, &[]),
        _ => error(StatusCode::UNPROCESSABLE_ENTITY, "schema", fault, &problem),
    }
}

fn shown(name: &str, definition: &Definition) -> Value {
    let mut value = serde_json::to_value(definition.shown()).unwrap_or_default();
    value["name"] = json!(name);
    value["path"] = json!(format!("/v1/events/{name}"));
    value["rejects_topic"] = json!(definition.rejects.enabled.then(|| definition.rejects_topic(name)));
    value
}

async fn list(State(ingest): State<Arc<Ingest>>) -> Response {
    let all = ingest.store.all();
    let items: Vec<Value> = all
        .keys()
        .filter_map(|name| ingest.endpoint(name))
        .map(|live| shown(&live.name, &live.definition))
        .collect();
    axum::Json(json!({ "items": items })).into_response()
}

async fn show(State(ingest): State<Arc<Ingest>>, Named(name): Named<String>) -> Response {
    match ingest.endpoint(&name) {
        None => not_found(&name),
        Some(live) => {
            let mut value = shown(&name, &live.definition);
            let rejects: Vec<Value> = live
                .reject_counts()
                .into_iter()
                .map(|(code, refused, kept)| json!({ "code": code, "refused": refused, "kept": kept }))
                .collect();
            value["rejects_since_start"] = json!(rejects);
            let (misfits, last) = live.misfits.seen();
            if misfits > 0 {
                let last =
                    last.map(|m| json!({ "path": format!("/payload{}", m.path), "message": m.message }));
                value["misfits_since_start"] = json!({ "count": misfits, "last": last });
            }
            axum::Json(value).into_response()
        }
    }
}

async fn put(
    State(ingest): State<Arc<Ingest>>,
    Named(name): Named<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Response {
    let dry_run = query.is_some_and(|query| query.split('&').any(|pair| pair == "dry_run=true"));
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let read = if media.contains("yaml") {
        match std::str::from_utf8(&body) {
            Ok(text) => Definition::from_yaml(text),
            Err(fault) => Err(DefinitionError::Form(fault.to_string())),
        }
    } else {
        Definition::from_json(&body)
    };
    match read {
        Ok(definition) => {
            let _turn = ingest.changing.lock().await;
            store(&ingest, &name, &definition, dry_run).await
        }
        Err(fault) => unusable(&fault),
    }
}

/// Checks, makes the topics, commits; what would change nothing, or is not meant to, is only checked.
pub(super) async fn store(ingest: &Ingest, name: &str, definition: &Definition, dry_run: bool) -> Response {
    if let Err(fault) = definition.check(name, ingest.options.exposed, ingest.options.anonymous) {
        return unusable(&fault);
    }
    if let Some(schema) = definition.checked_against()
        && let Err(fault) = ingest.schemas.find(&schema).await
    {
        return schema_error(&fault);
    }
    let existed = ingest.store.all().contains_key(name);
    let text = match serde_json::to_string(definition) {
        Ok(text) => text,
        Err(fault) => return error(StatusCode::INTERNAL_SERVER_ERROR, "internal", fault, &[]),
    };
    let live = match Live::of(name, &text, definition.clone(), ingest.clock.monotonic()) {
        Ok(live) => live,
        Err(fault) => return error(StatusCode::UNPROCESSABLE_ENTITY, "definition", fault, &[]),
    };
    let before = ingest.endpoint(name);
    let change = match &before {
        None if !existed => "created",
        Some(before) if before.definition == *definition => "unchanged",
        _ => "changed",
    };
    let answer = |status: StatusCode| {
        let mut told = shown(name, definition);
        told["change"] = json!(change);
        (status, axum::Json(told)).into_response()
    };
    if dry_run {
        return answer(StatusCode::OK);
    }
    for topic in std::iter::once(&live.topic).chain(&live.rejects) {
        if let Err(fault) = ingest.ensure_topic(topic).await {
            let message = format!("topic {topic} cannot be made: {fault}");
            return error(StatusCode::SERVICE_UNAVAILABLE, "topic", message, &[]);
        }
    }
    if change != "unchanged"
        && let Err(fault) = ingest.store.put(name, Some(text)).await
    {
        return error(StatusCode::SERVICE_UNAVAILABLE, "not_stored", fault, &[]);
    }
    answer(if existed { StatusCode::OK } else { StatusCode::CREATED })
}

async fn remove(State(ingest): State<Arc<Ingest>>, Named(name): Named<String>) -> Response {
    let _turn = ingest.changing.lock().await;
    if !ingest.store.all().contains_key(&name) {
        return not_found(&name);
    }
    match ingest.store.put(&name, None).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(fault) => error(StatusCode::SERVICE_UNAVAILABLE, "not_stored", fault, &[]),
    }
}

/// Makes an API key. The answer is the only place where it is ever shown.
async fn add_key(State(ingest): State<Arc<Ingest>>, Named(name): Named<String>) -> Response {
    let _turn = ingest.changing.lock().await;
    let Some(live) = ingest.endpoint(&name) else { return not_found(&name) };
    let mut definition = live.definition.clone();
    let made = new_key(&mut rand::rng());
    match &mut definition.auth {
        Auth::ApiKeys(keys) => keys.push(made.kept.clone()),
        Auth::None => definition.auth = Auth::ApiKeys(vec![made.kept.clone()]),
        Auth::Signature { .. } => {
            let message = "the endpoint knows its senders by their signature; keys are for other dialects";
            return error(StatusCode::CONFLICT, "auth", message, &[]);
        }
    }
    let stored = store(&ingest, &name, &definition, false).await;
    if !stored.status().is_success() {
        return stored;
    }
    (StatusCode::CREATED, axum::Json(json!({ "endpoint": name, "id": made.kept.id, "key": made.key })))
        .into_response()
}

/// Says what an endpoint would make of a body, and stores nothing.
async fn test(
    State(ingest): State<Arc<Ingest>>,
    Named(name): Named<String>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Response {
    let Some(live) = ingest.endpoint(&name) else { return not_found(&name) };
    let now = ingest.clock.now();
    let provenance = Provenance::new(format!("{name}/test"), now);
    let route = Route::Events;
    let schema = match ingest.checking(&live).await {
        Ok(schema) => schema,
        Err(fault) => return schema_error(&fault),
    };
    let (live, route, schema) = (&*live, &route, schema.as_ref());
    let decoding =
        Decoding { live, route, headers: &headers, body: &body, provenance: &provenance, schema, now };
    match decoding.run() {
        Err(turned) => error(crate::outcome::Status::of_turned(&turned).code, "request", turned, &[]),
        Ok((decoded, _)) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let items: Vec<Value> = decoded
                .items
                .iter()
                .map(|item| match item {
                    Item::Event(record) => json!({
                        "status": "accepted", "id": record.id, "topic": live.definition.topic,
                        "key": record.key.as_deref().map(text), "value": record.value.as_deref().map(text),
                    }),
                    Item::Refused(refused) => json!({
                        "status": "rejected", "id": refused.id, "code": refused.violation.code.as_str(),
                        "path": refused.violation.path, "message": refused.violation.message,
                    }),
                })
                .collect();
            axum::Json(json!({ "items": items })).into_response()
        }
    }
}

async fn replay(State(ingest): State<Arc<Ingest>>, Named(name): Named<String>) -> Response {
    let _turn = ingest.changing.lock().await;
    let Some(live) = ingest.endpoint(&name) else { return not_found(&name) };
    match ingest.replay(&live).await {
        Ok(done) => axum::Json(done).into_response(),
        Err(fault) => error(StatusCode::SERVICE_UNAVAILABLE, "not_replayed", fault, &[]),
    }
}

async fn status(State(ingest): State<Arc<Ingest>>) -> Response {
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let totals = &ingest.totals;
    let (taken, requests) = ingest.memory.taken();
    axum::Json(json!({
        "http": {
            "requests": of(&totals.requests), "stored": of(&totals.stored), "duplicates": of(&totals.duplicates),
            "refused": of(&totals.refused), "failed": of(&totals.failed), "unknown": of(&totals.unknown),
            "turned_away": of(&totals.turned), "rejects_lost": of(&totals.rejects_lost),
            "memory_bytes": taken, "requests_in_flight": requests,
            "lanes": ingest.lanes.count(),
        },
        "syslog": ingest.syslog.show(),
    }))
    .into_response()
}
