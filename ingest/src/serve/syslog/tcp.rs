//! Connections: lines over TCP and TLS. A stream has no answers: what is read is stored, and a slow log slows the sender.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use highway_client::Delivery;
use highway_http::TlsSettings;
use highway_types::limits::{
    HTTP_HANDSHAKE_TIMEOUT, SYSLOG_CONNECTIONS_MAX, SYSLOG_IDLE, SYSLOG_MESSAGE_MAX_BYTES,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::counters::Counters;
use super::relp;
use super::sink::{Line, Maker, Sink};
use crate::serve::live::Live;
use crate::syslog::framing::Deframer;

/// Deliveries of a connection that are waited for; more slow its reader down.
const UNSETTLED: usize = 16 * 1024;
/// Bytes of one read.
const READ: usize = 64 * 1024;

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Lines,
    Relp,
}

/// Serves until `stop`; then what was read is settled.
pub(super) async fn serve(
    socket: TcpListener,
    tls: Option<TlsSettings>,
    protocol: Protocol,
    sink: Sink,
    stop: CancellationToken,
) {
    let acceptor = tls.map(|tls| TlsAcceptor::from(tls.plain_config()));
    let places = Arc::new(Semaphore::new(SYSLOG_CONNECTIONS_MAX));
    let connections = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = socket.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "syslog: cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            Counters::add(&sink.counters().connections_refused, 1);
            continue;
        };
        Counters::add(&sink.counters().connections, 1);
        let (acceptor, sink, stop) = (acceptor.clone(), sink.clone(), stop.clone());
        connections.spawn(async move {
            let _place = place;
            one(stream, peer, acceptor, protocol, sink, stop).await;
        });
    }
    drop(socket);
    connections.close();
    connections.wait().await;
}

async fn one(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    protocol: Protocol,
    sink: Sink,
    stop: CancellationToken,
) {
    let source = peer.ip().to_canonical().to_string();
    match acceptor {
        None => speak(stream, &source, protocol, sink, stop).await,
        Some(acceptor) => match tokio::time::timeout(HTTP_HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => speak(stream, &source, protocol, sink, stop).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "syslog: no TLS connection"),
            Err(_) => tracing::debug!(%peer, "syslog: TLS takes too long"),
        },
    }
}

async fn speak<S>(stream: S, source: &str, protocol: Protocol, sink: Sink, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    match protocol {
        Protocol::Lines => lines(stream, source, sink, stop).await,
        Protocol::Relp => relp::serve(stream, source, sink, stop).await,
    }
}

async fn lines<S: AsyncRead + Unpin>(mut stream: S, source: &str, sink: Sink, stop: CancellationToken) {
    let (settler, mut deliveries) = mpsc::channel::<Delivery>(UNSETTLED);
    let settling = {
        let sink = sink.clone();
        tokio::spawn(async move {
            while let Some(delivery) = deliveries.recv().await {
                sink.settle(delivery).await;
            }
        })
    };
    let mut maker = Maker::new();
    let mut deframer = Deframer::new(SYSLOG_MESSAGE_MAX_BYTES);
    loop {
        deframer.room().reserve(READ);
        let read = tokio::select! {
            () = stop.cancelled() => break,
            read = tokio::time::timeout(SYSLOG_IDLE, stream.read_buf(deframer.room())) => read,
        };
        match read {
            Ok(Ok(0)) | Err(_) => break,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::debug!(source, %error, "a syslog connection ended early");
                break;
            }
        }
        let Some(live) = sink.endpoint() else { break };
        while let Some(frame) = deframer.next_frame() {
            store(&sink, &live, &frame.bytes, source, &mut maker, &settler).await;
        }
    }
    if let (Some(frame), Some(live)) = (deframer.finish(), sink.endpoint()) {
        store(&sink, &live, &frame.bytes, source, &mut maker, &settler).await;
    }
    drop(settler);
    // Only a panic in it is an error, and that is told already.
    let _ = settling.await;
}

async fn store(
    sink: &Sink,
    live: &Live,
    line: &[u8],
    source: &str,
    maker: &mut Maker,
    settler: &mpsc::Sender<Delivery>,
) {
    if let Line::Sent(delivery) = sink.line(live, line, Some(source), sink.now(), maker).await {
        // The settler lives until this sender is gone.
        let _ = settler.send(delivery).await;
    }
}
