//! Parts of requests, with refusals in the shape that all of the API's have.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::json;

/// The parameters of a path.
pub(super) struct Named<T>(pub T);

/// The parameters behind the question mark.
pub(super) struct Params<T>(pub T);

/// A body.
pub(super) struct Whole(pub Bytes);

fn refusal(status: StatusCode, message: &str) -> Response {
    let code = if status == StatusCode::PAYLOAD_TOO_LARGE { "size" } else { "malformed" };
    let error = json!({ "error": { "code": code, "path": "", "message": message } });
    (status, axum::Json(error)).into_response()
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(named)| Self(named))
            .map_err(|rejection| refusal(rejection.status(), &rejection.body_text()))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Params<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(params)| Self(params))
            .map_err(|rejection| refusal(rejection.status(), &rejection.body_text()))
    }
}

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|rejection| refusal(rejection.status(), &rejection.body_text()))
    }
}
