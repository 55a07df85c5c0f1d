//! Events in: HTTP on `highway.ingest.listener`, syslog on `highway.syslog.*.listener`, endpoints on the admin listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use highway_cluster::MetadataRecord;
use highway_http::TlsSettings;
use highway_ingest::schema::{NoSchemas, Schemas};
use highway_ingest::serve::{
    EndpointStore, Ingest, Options, StoreFuture, SyslogListeners, admin_router, http_router, start_syslog,
};
use highway_server::broker::Broker;
use highway_server::config::listeners::is_loopback_host;
use highway_server::node::{NodeHandle, PartAddress};
use highway_types::limits::REQUEST_MAX_BYTES;
use highway_types::{TopicId, TopicName};

use super::schemas::{EndpointSchemas, NodeSchemas};
use super::{announced, bind, door};

/// The client id and principal of ingest.
const NAME: &str = "highway-ingest";

/// Endpoints as control records.
struct ControlRecords(Arc<Broker>);

impl EndpointStore for ControlRecords {
    fn all(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(self.0.image().endpoints())
    }

    fn put<'a>(&'a self, name: &'a str, definition: Option<String>) -> StoreFuture<'a> {
        Box::pin(async move {
            let record = MetadataRecord::Endpoint { name: name.to_owned(), definition };
            self.0.controller.commit(vec![record]).await.map_err(|error| error.to_string())
        })
    }

    fn topic(&self, name: &TopicName) -> Option<(TopicId, usize)> {
        let image = self.0.image();
        image.topic(name.as_str()).map(|topic| (topic.id, topic.partition_ids().count()))
    }
}

/// Binds and serves all that is on.
pub(super) async fn start(
    node: &NodeHandle,
    schemas: Option<Arc<NodeSchemas>>,
) -> Result<Vec<PartAddress>, String> {
    let config = &node.broker.config;
    let anonymous = config.own("highway.allow.anonymous").eq_ignore_ascii_case("true");
    let asks = |at: &highway_server::config::HttpListenerConfig| {
        at.tls.as_ref().is_some_and(|t| t.client_ca.is_some())
    };
    let exposed = config.ingest.as_ref().is_some_and(|at| !is_loopback_host(&at.host) && !asks(at));
    let options = Options {
        exposed,
        anonymous,
        cluster_id: node.broker.cluster_id.to_string(),
        delivery_timeout: None,
    };
    let store = Arc::new(ControlRecords(Arc::clone(&node.broker)));
    let schemas: Arc<dyn Schemas> = match schemas {
        Some(schemas) => Arc::new(EndpointSchemas(schemas)),
        None => Arc::new(NoSchemas),
    };
    let ingest = Ingest::new(door::client(&node.broker, NAME), store, schemas, options);
    let mut addresses = Vec::new();
    if let Some(at) = &config.ingest {
        let listener = bind("ingest", at, REQUEST_MAX_BYTES).await?;
        addresses.push(announced("ingest", "events over HTTP", &listener, at));
        node.tasks.spawn(listener.serve(http_router(Arc::clone(&ingest)), node.stop.clone()));
    }
    node.admin.add(admin_router(Arc::clone(&ingest)));
    let counts = Arc::clone(&ingest);
    node.broker.metrics.add_part(Arc::new(move || counts.metrics_text()));
    let place = |at: &Option<highway_server::config::HttpListenerConfig>| {
        at.as_ref().map(|at| (at.host.clone(), at.port))
    };
    let syslog = &config.syslog;
    let tls = match &syslog.tls {
        None => None,
        Some(at) => {
            let files = at
                .tls
                .as_ref()
                .ok_or("highway.syslog.tls.listener needs highway.syslog.tls.certificate and .key")?;
            let settings =
                TlsSettings::load(files).map_err(|error| format!("highway.syslog.tls: {error}"))?;
            Some(((at.host.clone(), at.port), settings))
        }
    };
    let listeners =
        SyslogListeners { udp: place(&syslog.udp), tcp: place(&syslog.tcp), tls, relp: place(&syslog.relp) };
    let bound =
        start_syslog(&ingest, listeners, &node.tasks, &node.stop).await.map_err(|error| error.to_string())?;
    for (name, address) in bound {
        let address = address.to_string();
        addresses.push(PartAddress {
            name,
            remark: format!("{}: {address}", name.replace('-', " over ")),
            address,
        });
    }
    Ok(addresses)
}

#[cfg(test)]
#[path = "doubt_test.rs"]
mod tests;
