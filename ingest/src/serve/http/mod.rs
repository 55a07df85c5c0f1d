//! HTTP ingest: routes, and the steps of a request in their order.
//!
//! endpoint → key → rate → memory → body, unpacked as it arrives → decode → refused events aside, all others into the log → answer.

mod auth;
mod body;
mod cors;
mod decode;
mod respond;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{any, get};
use bytes::Bytes;
use highway_http::Peer;
use http::Method;

use super::extract::Named;
use super::live::Live;
use super::openapi;
use super::service::{Ingest, Totals};
use crate::dialect::{Item, Refused, rest_proxy, segment};
use crate::envelope::Provenance;
use crate::outcome::{EventResult, Outcome, Turned};
use crate::record::header;
use crate::rejects::Origin;
pub(super) use decode::Decoding;
use respond::Speech;

/// Which API was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::serve) enum Route {
    /// `/v1/events/{endpoint}`: the endpoint says what it understands.
    Events,
    /// `/v1/logs`
    Otlp,
    /// `/v1/track` and its like.
    Segment(segment::Call),
    /// `/topics/{topic}`
    ProxyV2(Option<i32>),
    /// `/v3/…/records`
    ProxyV3(String),
    /// `/v3/…/records:batch`
    ProxyV3Batch(String),
}

/// Every route of the ingest listener. Paths without an endpoint's name go to the endpoint `otlp` or `segment`.
pub fn router(ingest: Arc<Ingest>) -> Router {
    type Shared = State<Arc<Ingest>>;
    let mut router = Router::new()
        .route("/openapi.json", get(|| async { axum::Json(openapi::document()) }))
        .route(
            "/v1/events/{endpoint}",
            any(|s: Shared, Named(name): Named<String>, r: Request| take(s, Route::Events, name, r)),
        )
        .route(
            "/v1/webhooks/{endpoint}",
            any(|s: Shared, Named(name): Named<String>, r: Request| take(s, Route::Events, name, r)),
        )
        .route("/v1/logs", any(|s: Shared, r: Request| take(s, Route::Otlp, "otlp".to_owned(), r)))
        .route(
            "/otlp/{endpoint}/v1/logs",
            any(|s: Shared, Named(name): Named<String>, r: Request| take(s, Route::Otlp, name, r)),
        )
        .route(
            "/topics/{topic}",
            any(|s: Shared, Named(topic): Named<String>, r: Request| {
                proxy(s, Route::ProxyV2(None), topic, r)
            }),
        )
        .route(
            "/topics/{topic}/partitions/{partition}",
            any(|s: Shared, Named((topic, partition)): Named<(String, String)>, r: Request| async move {
                match partition.parse() {
                    Ok(partition) => proxy(s, Route::ProxyV2(Some(partition)), topic, r).await,
                    Err(_) => respond::no_partition(&partition),
                }
            }),
        )
        .route(
            "/v3/clusters/{cluster}/topics/{topic}/records",
            any(|s: Shared, Named((cluster, topic)): Named<(String, String)>, r: Request| {
                proxy(s, Route::ProxyV3(cluster), topic, r)
            }),
        )
        .route(
            "/v3/clusters/{cluster}/topics/{topic}/records:batch",
            any(|s: Shared, Named((cluster, topic)): Named<(String, String)>, r: Request| {
                proxy(s, Route::ProxyV3Batch(cluster), topic, r)
            }),
        );
    for name in ["track", "identify", "page", "screen", "group", "alias", "batch", "import"] {
        let Some(call) = segment::Call::of(name) else { continue };
        router = router
            .route(
                &format!("/v1/{name}"),
                any(move |s: Shared, r: Request| take(s, Route::Segment(call), "segment".to_owned(), r)),
            )
            .route(
                &format!("/segment/{{endpoint}}/v1/{name}"),
                any(move |s: Shared, Named(endpoint): Named<String>, r: Request| {
                    take(s, Route::Segment(call), endpoint, r)
                }),
            );
    }
    router
        .route("/v3/clusters", get(|s: Shared, r: Request| clusters(s, None, r)))
        .route(
            "/v3/clusters/{cluster}",
            get(|s: Shared, Named(id): Named<String>, r: Request| clusters(s, Some(id), r)),
        )
        .fallback(nowhere)
        .with_state(ingest)
}

/// What clients of the REST Proxy ask before they produce.
async fn clusters(State(ingest): State<Arc<Ingest>>, id: Option<String>, request: Request) -> Response {
    let own = &ingest.options.cluster_id;
    let host = request.headers().get(http::header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let base = format!("http://{host}");
    match id {
        None => respond::json(&rest_proxy::clusters::list(&base, own)),
        Some(id) if id == *own => respond::json(&rest_proxy::clusters::one(&base, own)),
        Some(id) => respond::not_found_by_proxy(&format!("cluster {id} is not this one; it is {own}")),
    }
}

async fn nowhere(State(ingest): State<Arc<Ingest>>, request: Request) -> Response {
    Totals::add(&ingest.totals.requests, 1);
    Totals::add(&ingest.totals.turned, 1);
    let response = Speech::of(&Route::Events, request.headers(), "")
        .turned(&Turned::NoPath(request.uri().path().chars().take(200).collect()));
    ingest.metrics.endpoint(None).answered(response.status().as_u16(), std::time::Duration::ZERO);
    response
}

/// The REST Proxy names topics: the endpoint of that name, else the first of its dialect for that topic.
async fn proxy(State(ingest): State<Arc<Ingest>>, route: Route, topic: String, request: Request) -> Response {
    let by_topic = || {
        let all = ingest.store.all();
        let found = all.keys().filter_map(|name| ingest.endpoint(name));
        let fits = |live: &Arc<Live>| {
            live.definition.topic == topic && live.definition.dialect == crate::endpoint::Dialect::RestProxy
        };
        found.into_iter().find(fits).map(|live| live.name.clone())
    };
    let name = if ingest.endpoint(&topic).is_some() { topic.clone() } else { by_topic().unwrap_or(topic) };
    take(State(ingest), route, name, request).await
}

async fn take(State(ingest): State<Arc<Ingest>>, route: Route, name: String, request: Request) -> Response {
    Totals::add(&ingest.totals.requests, 1);
    let began = ingest.clock.monotonic();
    let speech = Speech::of(&route, request.headers(), &ingest.options.cluster_id);
    let origin = request.headers().get(http::header::ORIGIN).and_then(|o| o.to_str().ok()).map(str::to_owned);
    let live = ingest.endpoint(&name);
    let counts = ingest.metrics.endpoint(live.as_ref().map(|live| live.name.as_str()));
    let allowed = live.as_ref().and_then(|live| cors::allowed(live, origin.as_deref()));
    let method = request.method();
    let mut response = match &live {
        _ if *method != Method::POST && *method != Method::OPTIONS => {
            Totals::add(&ingest.totals.turned, 1);
            speech.turned(&Turned::Method(method.to_string()))
        }
        None => speech.turned(&Turned::NoEndpoint(name)),
        Some(live) if request.method() == Method::OPTIONS && live.definition.cors.is_some() => {
            cors::preflight(live)
        }
        Some(live) => match serve(&ingest, live, &route, &speech, request).await {
            Ok(response) => response,
            Err(turned) => {
                Totals::add(&ingest.totals.turned, 1);
                speech.turned(&turned)
            }
        },
    };
    if let Some(allowed) = allowed {
        cors::mark(&mut response, &allowed);
    }
    counts.answered(response.status().as_u16(), ingest.clock.monotonic().saturating_sub(began));
    response
}

async fn serve(
    ingest: &Ingest,
    live: &Live,
    route: &Route,
    speech: &Speech,
    request: Request,
) -> Result<Response, Turned> {
    if request.method() != Method::POST {
        return Err(Turned::Method(request.method().to_string()));
    }
    let (parts, body) = request.into_parts();
    let now = ingest.clock.now();
    let key = auth::check(ingest, live, &parts, now)?;
    let key_id = key.map(|key| key.id.clone());
    let rate_key = key_id.clone().unwrap_or_default();
    let declared = body::declared(&parts.headers);
    live.admit(&rate_key, 1, declared.unwrap_or(1), ingest.clock.monotonic()).map_err(Turned::RateLimited)?;
    let schema = ingest.checking(live).await.map_err(|fault| Turned::Unavailable(fault.to_string()))?;
    let (body, _held) = body::read(ingest, live, &parts.headers, declared, body).await?;
    if let Some(challenge) = auth::check_signature(live, &parts.headers, &body, now)? {
        return Ok(respond::text(challenge));
    }
    let dialect = decode::name(live, route, &parts.headers);
    let client = parts.extensions.get::<Peer>().filter(|_| live.definition.keep_client_address);
    let client = client.map(|peer| peer.address.ip().to_string());
    let mut provenance = Provenance::new(format!("{}/{dialect}", live.name), now);
    provenance.key_id = key_id.clone().map(Into::into);
    provenance.client = client.clone().map(Into::into);
    let schema = schema.as_ref();
    let decoding =
        Decoding { live, route, headers: &parts.headers, body: &body, provenance: &provenance, schema, now };
    let (decoded, entries) = decoding.run()?;
    if let Some(key) = key {
        auth::check_names(key, &decoded.items)?;
    }
    let events = u64::try_from(decoded.items.len()).unwrap_or(u64::MAX);
    let bytes = declared.map_or(body.len() as u64, |_| 0);
    live.take(&rate_key, events.saturating_sub(1), bytes, ingest.clock.monotonic());
    let origin = Origin {
        endpoint: live.name.clone(),
        topic: live.definition.topic.clone(),
        dialect: dialect.to_owned(),
        content_type: parts
            .headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned(),
        key_id,
        client,
        attempt: 0,
    };
    let form = decoded.form;
    let results = carry_out(ingest, live, decoded.items, &origin, now).await;
    Ok(speech.answer(live, &results, form, &entries))
}

/// Stores and puts aside; a result for each item, in order.
pub(super) async fn carry_out(
    ingest: &Ingest,
    live: &Live,
    items: Vec<Item>,
    origin: &Origin,
    now: highway_types::Timestamp,
) -> Vec<EventResult> {
    let mut results = Vec::with_capacity(items.len());
    let (mut records, mut places, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Item::Event(record) => {
                // Provenance says the id that deduplication goes by; answers say the sender's own.
                debug_assert!(record.header(header::EVENT_ID).is_some());
                results.push(EventResult { id: Some(record.id.clone()), outcome: Outcome::Unknown });
                records.push(record);
                places.push(index);
            }
            Item::Refused(item) => {
                let outcome = Outcome::Refused(item.violation.clone());
                results.push(EventResult { id: item.id.clone(), outcome });
                refused.push((index, item));
            }
        }
    }
    ingest.put_aside(live, &refused, origin, now).await;
    let values: Vec<Option<Bytes>> = records.iter().map(|record| record.value.clone()).collect();
    let mut forbidden = Vec::new();
    for ((index, outcome), value) in places.into_iter().zip(ingest.append(live, records).await).zip(values) {
        if let Outcome::Refused(violation) = &outcome {
            let (id, raw) = (results[index].id.clone(), value.unwrap_or_default());
            forbidden.push((index, Refused { id, raw, violation: violation.clone() }));
        }
        let counter = match &outcome {
            Outcome::Stored { duplicate: false, .. } => &ingest.totals.stored,
            Outcome::Stored { duplicate: true, .. } => &ingest.totals.duplicates,
            Outcome::Unknown => &ingest.totals.unknown,
            Outcome::Failed { .. } => &ingest.totals.failed,
            // Counted where it is put aside.
            Outcome::Refused(_) => {
                results[index].outcome = outcome;
                continue;
            }
        };
        Totals::add(counter, 1);
        results[index].outcome = outcome;
    }
    // What the topic itself does not take.
    ingest.put_aside(live, &forbidden, origin, now).await;
    let counts = ingest.metrics.endpoint(Some(&live.name));
    results.iter().for_each(|result| counts.event(&result.outcome));
    results
}
