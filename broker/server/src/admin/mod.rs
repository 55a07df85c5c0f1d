//! The HTTP listener for operations: health, metrics, and later the admin API.

mod health;
mod metrics;

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;

/// Serves until `stop`.
///
/// # Errors
/// The socket failed.
pub async fn serve(broker: Arc<Broker>, socket: TcpListener, stop: CancellationToken) -> std::io::Result<()> {
    axum::serve(socket, router(broker)).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// All routes.
fn router(broker: Arc<Broker>) -> Router {
    Router::new().merge(health::router()).merge(metrics::router()).with_state(broker)
}
