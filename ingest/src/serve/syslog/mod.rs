//! Syslog listeners: UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425), RELP.
//!
//! All of them feed the endpoint `syslog`; without one, a topic of that name with every default.

mod counters;
mod relp;
mod sink;
mod tcp;
mod udp;
mod udp_socket;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use highway_http::TlsSettings;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::service::Ingest;
pub(super) use counters::{BySyslogListener, Counters};
use sink::Sink;
use tcp::Protocol;

/// The endpoint that syslog goes to.
const ENDPOINT: &str = "syslog";

/// Where to listen; `None` is off.
#[derive(Clone, Debug, Default)]
pub struct SyslogListeners {
    /// `highway.syslog.udp.listener`
    pub udp: Option<(String, u16)>,
    /// `highway.syslog.tcp.listener`
    pub tcp: Option<(String, u16)>,
    /// `highway.syslog.tls.listener`, with the certificate.
    pub tls: Option<((String, u16), TlsSettings)>,
    /// `highway.syslog.relp.listener`
    pub relp: Option<(String, u16)>,
}

/// A listener could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("highway.syslog.{kind}.listener: cannot bind {host}:{port}: {source}")]
pub struct SyslogError {
    kind: &'static str,
    host: String,
    port: u16,
    source: io::Error,
}

/// Binds all of them and serves until `stop`. Gives the addresses by `syslog-udp`, `syslog-tcp`, ...
///
/// # Errors
/// One cannot be bound.
pub async fn start(
    ingest: &Arc<Ingest>,
    listeners: SyslogListeners,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Vec<(&'static str, SocketAddr)>, SyslogError> {
    let mut bound = Vec::new();
    if let Some((host, port)) = &listeners.udp {
        let wrong = |source| SyslogError { kind: "udp", host: host.clone(), port: *port, source };
        let socket = udp::bind(host, *port).await.map_err(wrong)?;
        bound.push(("syslog-udp", socket.local_addr().map_err(wrong)?));
        let sink = Sink::new(Arc::clone(ingest), "udp");
        udp::start(socket, sink, tasks, stop);
    }
    let streams = [
        ("tcp", "syslog-tcp", listeners.tcp, None, Protocol::Lines),
        ("relp", "syslog-relp", listeners.relp, None, Protocol::Relp),
    ];
    let tls = listeners.tls.map(|(at, tls)| ("tls", "syslog-tls", Some(at), Some(tls), Protocol::Lines));
    for (kind, name, at, tls, protocol) in streams.into_iter().chain(tls) {
        let Some((host, port)) = at else { continue };
        let wrong = |source| SyslogError { kind, host: host.clone(), port, source };
        let socket = TcpListener::bind((host.as_str(), port)).await.map_err(wrong)?;
        bound.push((name, socket.local_addr().map_err(wrong)?));
        let sink = Sink::new(Arc::clone(ingest), kind);
        tasks.spawn(tcp::serve(socket, tls, protocol, sink, stop.clone()));
    }
    Ok(bound)
}
