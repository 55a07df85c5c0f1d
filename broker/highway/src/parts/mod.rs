//! What runs in a node beside the broker, each with its own listeners, all through the broker's one door ([`door`]).

pub mod door;
mod ingest;
mod openapi;
mod record_check;
mod registry;
mod schemas;
mod users;

use std::sync::Arc;

use record_check::TopicSchemas;
use schemas::NodeSchemas;

use highway_http::{HttpListener, HttpOptions, TlsSettings};
use highway_server::config::HttpListenerConfig;
use highway_server::node::{NodeError, NodeHandle, PartAddress};
use highway_server::schemas::RecordSchemas;

/// Starts all of them; their listeners are bound when this returns.
pub async fn start(node: NodeHandle) -> Result<Vec<PartAddress>, NodeError> {
    let mut addresses = Vec::new();
    node.admin.add(openapi::router());
    let registry = registry::start(&node).await.map_err(NodeError::Part)?;
    let schemas = registry.map(|(address, store)| {
        addresses.push(address);
        NodeSchemas::new(store)
    });
    let for_topics = schemas.clone().map(|schemas| Arc::new(TopicSchemas(schemas)) as Arc<dyn RecordSchemas>);
    node.broker.schemas.fill(for_topics);
    addresses.extend(ingest::start(&node, schemas).await.map_err(NodeError::Part)?);
    Ok(addresses)
}

/// Takes the socket of `highway.NAME.listener`.
async fn bind(name: &'static str, at: &HttpListenerConfig, body_max: usize) -> Result<HttpListener, String> {
    let tls = at.tls.as_ref().map(TlsSettings::load).transpose();
    let tls = tls.map_err(|error| format!("highway.{name}.tls: {error}"))?;
    let options = HttpOptions::new(name, body_max).with_tls(tls);
    HttpListener::bind(&at.host, at.port, options).await.map_err(|e| format!("highway.{name}.listener: {e}"))
}

/// A bound listener, as it is announced.
fn announced(
    name: &'static str,
    title: &str,
    listener: &HttpListener,
    at: &HttpListenerConfig,
) -> PartAddress {
    let address = listener.address().to_string();
    let scheme = if at.tls.is_some() { "https" } else { "http" };
    PartAddress { name, remark: format!("{title}: {scheme}://{address}"), address }
}
