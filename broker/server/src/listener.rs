//! Listeners: bind, accept, hand over.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, lookup_host};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::Broker;
use crate::config::listeners::ListenerConfig;
use crate::connection;
use crate::context::{ConnectionInfo, Principal};

/// A socket that is bound and not served yet.
#[derive(Debug)]
pub struct BoundListener {
    /// Its settings.
    pub config: ListenerConfig,
    socket: TcpListener,
}

impl BoundListener {
    /// Binds the address of a listener.
    ///
    /// # Errors
    /// The address is taken, foreign or unknown; the message names it.
    pub async fn bind(config: ListenerConfig) -> io::Result<Self> {
        let named = |e: io::Error| {
            io::Error::new(
                e.kind(),
                format!("listener {}://{}:{}: {e}", config.name, config.host, config.port),
            )
        };
        let socket = if config.host.is_empty() {
            match TcpListener::bind(("::", config.port)).await {
                Ok(socket) => socket,
                Err(_) => TcpListener::bind(("0.0.0.0", config.port)).await.map_err(named)?,
            }
        } else {
            let addresses: Vec<SocketAddr> =
                lookup_host((config.host.as_str(), config.port)).await.map_err(named)?.collect();
            TcpListener::bind(&addresses[..]).await.map_err(named)?
        };
        Ok(Self { config, socket })
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until `stop`.
    pub async fn serve(self, index: usize, broker: Arc<Broker>, tasks: TaskTracker, stop: CancellationToken) {
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let placed = tokio::select! {
                        placed = broker.connections.place(peer.ip(), || broker.settings().connection_limits) => placed,
                        () = stop.cancelled() => return,
                    };
                    let place = match placed {
                        Ok(place) => place,
                        Err(refused) => {
                            tracing::info!(listener = self.config.name, %refused, "closing a new connection");
                            continue;
                        }
                    };
                    let info = ConnectionInfo { listener: index, peer, principal: Principal::anonymous() };
                    let gauge = broker.metrics.connection_opened();
                    let served = connection::serve(Arc::clone(&broker), info, stream, stop.clone());
                    tasks.spawn(async move {
                        served.await;
                        drop((gauge, place));
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most often: existing connections go on, and closing ones free some.
                    tracing::warn!(listener = self.config.name, %error, "cannot accept a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }
}
