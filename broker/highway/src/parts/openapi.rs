//! The description of the admin listener (OpenAPI 3.1). It is made here, where what is served there comes together.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

/// The description as it is kept: YAML, for people to edit.
const TEXT: &str = include_str!("../../openapi.yaml");

/// What the admin listener mounts.
pub(super) fn router() -> Router {
    Router::new().route("/openapi.json", get(document))
}

async fn document() -> Response {
    match serde_saphyr::from_str::<Value>(TEXT) {
        Ok(document) => ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_read() {
        let document: Value = serde_saphyr::from_str(TEXT).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
    }
}
