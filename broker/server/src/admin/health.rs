//! `/livez`: the process answers. `/readyz`: it takes what producers send.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use highway_log::commit_log::CommitLogStatus;

use crate::broker::Broker;

/// The routes.
pub fn router() -> Router<Arc<Broker>> {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(State(broker): State<Arc<Broker>>) -> (StatusCode, String) {
    match broker.logs.commit_log().status() {
        CommitLogStatus::Healthy => (StatusCode::OK, "ok\n".to_owned()),
        CommitLogStatus::Closed => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned()),
        CommitLogStatus::Failed(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}
