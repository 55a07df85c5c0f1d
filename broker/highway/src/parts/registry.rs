//! The schema registry: its store over the door, its REST API on `highway.registry.listener`.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use highway_registry::http::{self, CONTENT_TYPE, content};
use highway_registry::topic::{OwnedRequest, SchemaStore};
use highway_server::node::{NodeHandle, PartAddress};
use highway_types::limits::REGISTRY_BODY_MAX;

use super::users::Users;
use super::{announced, bind, door};

/// The client id and principal of the registry.
const NAME: &str = "highway-registry";

struct Registry {
    store: Arc<SchemaStore>,
    users: Option<Users>,
}

/// Binds and serves, if it is on; the schemas are for the other parts.
pub(super) async fn start(node: &NodeHandle) -> Result<Option<(PartAddress, Arc<SchemaStore>)>, String> {
    let Some(at) = &node.broker.config.registry else { return Ok(None) };
    let users = match &at.users {
        Some(path) => Some(Users::load(path).map_err(|e| format!("highway.registry.users: {e}"))?),
        None => None,
    };
    let listener = bind("registry", at, REGISTRY_BODY_MAX).await?;
    let address = announced("registry", "schema registry", &listener, at);
    let store = Arc::new(SchemaStore::start(door::client(&node.broker, NAME)));
    let registry = Arc::new(Registry { store: Arc::clone(&store), users });
    let router = Router::new().fallback(answer).with_state(registry);
    node.tasks.spawn(listener.serve(router, node.stop.clone()));
    Ok(Some((address, store)))
}

/// Every request of the API. Who may not come in sends no body.
async fn answer(State(registry): State<Arc<Registry>>, request: Request) -> Response<Body> {
    let headers = request.headers().clone();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(users) = &registry.users
        && !users.admit(text(header::AUTHORIZATION)).await
    {
        let mut refused = reply(CONTENT_TYPE, http::refusal(401, 401, "HTTP 401 Unauthorized"));
        let ask = HeaderValue::from_static("Basic realm=\"SchemaRegistry\", charset=\"UTF-8\"");
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
        return refused;
    }
    let Some(kind) = content::negotiate(text(header::ACCEPT)) else {
        return reply(CONTENT_TYPE, http::refusal(406, 406, "HTTP 406 Not Acceptable"));
    };
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(rejection) => {
            let status = rejection.status().as_u16();
            return reply(kind, http::refusal(status, status.into(), &rejection.body_text()));
        }
    };
    if !body.is_empty() && !content::accepts(text(header::CONTENT_TYPE)) {
        return reply(kind, http::refusal(415, 415, "HTTP 415 Unsupported Media Type"));
    }
    let request = OwnedRequest {
        method: method.as_str().to_owned(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        body: body.to_vec(),
    };
    let mut response = reply(kind, registry.store.answer(request).await);
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(allowed) = HeaderValue::from_str(&http::allowed(uri.path()))
    {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

fn reply(kind: &'static str, answer: http::Response) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    if answer.status == StatusCode::NO_CONTENT.as_u16() {
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    }
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
