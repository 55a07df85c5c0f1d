//! A bound socket and the loop that serves a router on it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use highway_types::limits::{
    HTTP_BODY_IDLE, HTTP_CONNECTIONS_MAX, HTTP_DRAIN, HTTP_HANDSHAKE_TIMEOUT, HTTP_HEADER_MAX_BYTES,
    HTTP_HEADER_TIMEOUT,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::tls::TlsSettings;

/// How a listener behaves.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// For log lines: `admin`, `registry`, `ingest`, ...
    pub name: &'static str,
    /// `None` speaks plain HTTP.
    pub tls: Option<TlsSettings>,
    /// Bytes of a request's body at the most, unless a route says otherwise.
    pub body_max_bytes: usize,
    /// Connections at the same time; further ones wait to be accepted.
    pub connections_max: usize,
    /// How long a client may take for the headers of a request.
    pub header_timeout: Duration,
    /// How long a client may pause within a body.
    pub body_idle: Duration,
}

impl HttpOptions {
    /// Plain HTTP with the limits of `highway_types::limits`.
    #[must_use]
    pub fn new(name: &'static str, body_max_bytes: usize) -> Self {
        Self {
            name,
            tls: None,
            body_max_bytes,
            connections_max: HTTP_CONNECTIONS_MAX,
            header_timeout: HTTP_HEADER_TIMEOUT,
            body_idle: HTTP_BODY_IDLE,
        }
    }

    /// The same with TLS.
    #[must_use]
    pub fn with_tls(self, tls: Option<TlsSettings>) -> Self {
        Self { tls, ..self }
    }
}

/// The other end of a connection; in every request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
}

/// A socket could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("{name} listener: cannot bind {host}:{port}: {source}")]
pub struct BindError {
    name: &'static str,
    host: String,
    port: u16,
    source: io::Error,
}

/// A bound socket that is not served yet.
#[derive(Debug)]
pub struct HttpListener {
    socket: TcpListener,
    address: SocketAddr,
    options: HttpOptions,
}

impl HttpListener {
    /// Binds `host:port`; port 0 takes a free one, an empty host every address.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn bind(host: &str, port: u16, options: HttpOptions) -> Result<Self, BindError> {
        let name = options.name;
        let wrong = |source| BindError { name, host: host.to_owned(), port, source };
        let bound = if host.is_empty() { "0.0.0.0" } else { host };
        let socket = TcpListener::bind((bound, port)).await.map_err(wrong)?;
        let address = socket.local_addr().map_err(wrong)?;
        Ok(Self { socket, address, options })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`; then requests that were begun are answered, for a few seconds at the most.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let Self { socket, options, .. } = self;
        let router = router
            .layer(DefaultBodyLimit::max(options.body_max_bytes))
            .layer(RequestBodyTimeoutLayer::new(options.body_idle));
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(options.connections_max));
        let acceptor = options.tls.as_ref().map(|tls| TlsAcceptor::from(Arc::clone(&tls.0)));
        loop {
            let place = tokio::select! {
                () = stop.cancelled() => break,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            let Ok(place) = place else { break };
            let (stream, address) = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accept(&socket, options.name) => accepted,
            };
            let router = router.clone();
            let watcher = graceful.watcher();
            let (acceptor, options) = (acceptor.clone(), options.clone());
            tokio::spawn(async move {
                let _place = place;
                let peer = Peer { address, tls: acceptor.is_some() };
                match acceptor {
                    None => connection(stream, router, peer, &options, watcher).await,
                    Some(acceptor) => {
                        match tokio::time::timeout(HTTP_HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                            Ok(Ok(stream)) => connection(stream, router, peer, &options, watcher).await,
                            Ok(Err(error)) => {
                                tracing::debug!(listener = options.name, %address, %error, "no TLS connection");
                            }
                            Err(_) => {
                                tracing::debug!(listener = options.name, %address, "TLS takes too long")
                            }
                        }
                    }
                }
            });
        }
        drop(socket);
        if tokio::time::timeout(HTTP_DRAIN, graceful.shutdown()).await.is_err() {
            tracing::warn!(listener = options.name, "requests were still under way at the end");
        }
    }
}

/// The next connection. Running out of descriptors passes: connections end.
async fn accept(socket: &TcpListener, name: &'static str) -> (TcpStream, SocketAddr) {
    loop {
        match socket.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(listener = name, %error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection<S>(
    stream: S,
    router: Router,
    peer: Peer,
    options: &HttpOptions,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_timeout)
        .max_buf_size(HTTP_HEADER_MAX_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(served).await {
        tracing::debug!(listener = options.name, peer = %peer.address, %error, "a connection ended early");
    }
}
