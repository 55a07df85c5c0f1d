//! What every handler knows about the request it answers.

use std::net::SocketAddr;
use std::sync::Arc;

/// Who a connection speaks for (Kafka's `KafkaPrincipal`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `User:name`.
    pub name: Arc<str>,
}

impl Principal {
    /// The principal of a connection without authentication.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { name: Arc::from("User:ANONYMOUS") }
    }
}

/// One connection, as its requests see it.
#[derive(Debug)]
pub struct ConnectionInfo {
    /// Index of the listener in the node's list; decides which addresses clients are told.
    pub listener: usize,
    /// The other end.
    pub peer: SocketAddr,
    /// Who speaks.
    pub principal: Principal,
}

/// One request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The connection it came on.
    pub connection: Arc<ConnectionInfo>,
    /// The version it was sent in.
    pub version: i16,
    /// The client's name for itself.
    pub client_id: Option<Arc<str>>,
}

impl RequestContext {
    /// The client id, empty if there is none.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.client_id.as_deref().unwrap_or("")
    }

    /// The other end's host as Kafka prints it: `/127.0.0.1`.
    #[must_use]
    pub fn client_host(&self) -> String {
        format!("/{}", self.connection.peer.ip())
    }
}
