//! The client's transport that goes to the broker of this process: typed requests in, typed answers out.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use highway_client::transport::{Answer, Call, Lane, Pending, Transport};
use highway_client::{Client, ClientConfig, ClientError, Endpoint};
use highway_server::broker::Broker;
use highway_server::context::{ConnectionInfo, Principal};
use highway_server::local::{self, LocalError, LocalRequest};

/// One after the other, as on a connection.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// See the module.
pub struct InProcess {
    broker: Arc<Broker>,
    connection: Arc<ConnectionInfo>,
    client_id: Arc<str>,
    lanes: Mutex<HashMap<Lane, Turn>>,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InProcess({})", self.client_id)
    }
}

/// A client of the node itself, as a principal of its own: `User:NAME`, client id `NAME`.
pub fn client(broker: &Arc<Broker>, name: &str) -> Client {
    let (host, port) = broker.advertised(0);
    let mut config = ClientConfig::new(vec![Endpoint::new(&host, port)]);
    config.client_id = name.to_owned();
    Client::over(Arc::new(InProcess::new(Arc::clone(broker), name)), config)
}

impl InProcess {
    /// As a principal `User:NAME`.
    pub fn new(broker: Arc<Broker>, name: &str) -> Self {
        let connection = ConnectionInfo {
            listener: 0,
            peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            principal: Principal { name: Arc::from(format!("User:{name}")) },
        };
        Self { broker, connection: Arc::new(connection), client_id: Arc::from(name), lanes: Mutex::default() }
    }

    /// Waits for the request before in the same lane. Produce requests do not wait for each other's answers.
    async fn turn(&self, lane: Lane) -> Option<tokio::sync::OwnedMutexGuard<()>> {
        if lane == Lane::Produce {
            return None;
        }
        let turn = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lanes.entry(lane).or_default())
        };
        Some(turn.lock_owned().await)
    }

    async fn start(&self, to: &Endpoint, call: Call) -> Result<Pending, ClientError> {
        let Call { api, versions, lane, timeout, answered, body } = call;
        let turn = self.turn(lane).await;
        let body: Box<dyn Any + Send> = body.into_any();
        let request = LocalRequest { api, versions, client_id: Arc::clone(&self.client_id), body };
        let failed = |error: LocalError, to: Endpoint| match error {
            LocalError::Unsupported { api, min, max } => {
                ClientError::Unsupported { address: to, api: format!("{api:?}"), min, max }
            }
            other => ClientError::Disconnected { address: to, detail: other.to_string() },
        };
        let started = local::call(&self.broker, &self.connection, request).await;
        let started = started.map_err(|error| failed(error, to.clone()))?;
        let (version, to) = (started.version, to.clone());
        // A task, because a request that was sent is not taken back by who stops waiting for it.
        let work = tokio::spawn(async move {
            let outcome = started.body.await;
            drop(turn);
            outcome
        });
        Ok(async move {
            if !answered {
                return Ok(Answer { version, body: None });
            }
            let what = || format!("{api:?} to {to}");
            let done = tokio::time::timeout(timeout, work)
                .await
                .map_err(|_| ClientError::TimedOut { what: what(), after: timeout })?;
            let outcome = done.map_err(|error| ClientError::Disconnected {
                address: to.clone(),
                detail: format!("{api:?} was not carried out: {error}"),
            })?;
            Ok(Answer { version, body: outcome.map_err(|error| failed(error, to.clone()))? })
        }
        .boxed())
    }
}

impl Transport for InProcess {
    fn send<'a>(&'a self, to: &'a Endpoint, call: Call) -> BoxFuture<'a, Result<Pending, ClientError>> {
        self.start(to, call).boxed()
    }

    fn retire(&self, lane: Lane) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(&lane);
    }
}

#[cfg(test)]
#[path = "door_test.rs"]
pub(super) mod tests;

#[cfg(test)]
#[path = "fence_test.rs"]
pub(super) mod fence_tests;
