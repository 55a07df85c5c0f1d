//! The HTTP listener for operations: health, metrics, and later the admin API.

mod health;
mod metrics;

use std::sync::Arc;

use axum::Router;
use highway_http::{HttpListener, HttpOptions, TlsSettings};
use highway_types::limits::ADMIN_BODY_MAX;

use crate::broker::Broker;
use crate::config::HttpListenerConfig;

/// Takes the socket.
///
/// # Errors
/// It cannot be had, or the files of its TLS cannot be used.
pub async fn bind(at: &HttpListenerConfig) -> Result<HttpListener, String> {
    let tls =
        at.tls.as_ref().map(TlsSettings::load).transpose().map_err(|e| format!("highway.admin.tls: {e}"))?;
    let options = HttpOptions::new("admin", ADMIN_BODY_MAX).with_tls(tls);
    HttpListener::bind(&at.host, at.port, options).await.map_err(|e| format!("highway.admin.listener: {e}"))
}

/// All routes.
pub fn router(broker: Arc<Broker>) -> Router {
    Router::new().merge(health::router()).merge(metrics::router()).with_state(broker)
}
