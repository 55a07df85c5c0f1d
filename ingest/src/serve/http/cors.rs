//! Pages of other origins (Fetch standard): an endpoint says which may send.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::serve::live::Live;

/// What the page's origin is told.
pub(super) fn allowed(live: &Live, origin: Option<&str>) -> Option<HeaderValue> {
    live.definition.cors.as_ref()?.allow(origin?)?.parse().ok()
}

/// The answer to a browser's question before it sends.
pub(super) fn preflight(live: &Live) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    let names =
        "authorization, content-type, content-encoding, ce-id, ce-source, ce-type, ce-specversion, ce-time";
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
    if let Some(cors) = &live.definition.cors {
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, cors.max_age_seconds.into());
    }
    response
}

/// Lets the page read the answer.
pub(super) fn mark(response: &mut Response, allowed: &HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
