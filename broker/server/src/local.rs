//! The door for what runs in this node beside the broker: requests come as the codec's types and are answered as such.
//!
//! They take the way of a request that came over a connection, from the table of versions through the same handlers and
//! the same back-pressure; what is left out is the frame, its encoding and its memory permit. Like a connection, a caller
//! has a [`ConnectionInfo`] with a principal. Order between requests is the caller's business, except that a Produce is
//! appended when [`call`] returns. WriteTxnMarkers is served here only.

mod fetched;

use std::any::Any;
use std::future::Future;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;

use highway_wire::apis;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, FetchRequest, ProduceRequest};
use kafka_protocol::protocol::Request;

use crate::broker::Broker;
use crate::context::{ConnectionInfo, RequestContext};
use crate::handlers as h;
use crate::handlers::table::answer_by_table;

/// One request.
pub struct LocalRequest {
    /// Which API.
    pub api: ApiKey,
    /// The versions in which `body` says what is meant; the highest that is served is taken.
    pub versions: RangeInclusive<i16>,
    /// The caller's name for itself.
    pub client_id: Arc<str>,
    /// The request, of the codec's type for `api`.
    pub body: Box<dyn Any + Send>,
}

/// A response of the codec's type that belongs to the request; `None` for a Produce with acks 0.
pub type LocalBody = Option<Box<dyn Any + Send>>;
/// A response to come.
pub type BoxBody = Pin<Box<dyn Future<Output = Result<LocalBody, LocalError>> + Send>>;

/// A request on its way.
pub struct LocalAnswer {
    /// The version that it was taken as.
    pub version: i16,
    /// Its response. Dropping it takes the request back, unless it is a Produce, which is appended already.
    pub body: BoxBody,
}

/// Why there is no response; over a connection each of these closes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// Not in the table of APIs, or not in one of these versions.
    #[error("{api:?} is not served in versions {min} to {max}")]
    Unsupported {
        /// The API.
        api: ApiKey,
        /// The lowest version that would do.
        min: i16,
        /// The highest version that would do.
        max: i16,
    },
    /// The body is of another API's type.
    #[error("the body of a {0:?} request is of another type")]
    Foreign(ApiKey),
    /// Records could not be read, or a Produce with acks 0 failed.
    #[error("{0}")]
    Failed(String),
}

impl From<String> for LocalError {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// Starts the handler of a request. When this returns, a Produce request is appended.
///
/// # Errors
/// See [`LocalError`].
pub async fn call(
    broker: &Arc<Broker>,
    connection: &Arc<ConnectionInfo>,
    request: LocalRequest,
) -> Result<LocalAnswer, LocalError> {
    let LocalRequest { api, versions, client_id, body } = request;
    let (min, max) = (*versions.start(), *versions.end());
    // The one that is served here and to no connection.
    let served = if api == ApiKey::WriteTxnMarkers { Some((0, 1)) } else { served(api) };
    let version = served
        .map(|(lowest, highest)| (lowest.max(min), highest.min(max)))
        .filter(|(min, max)| min <= max)
        .map(|(_, max)| max)
        .ok_or(LocalError::Unsupported { api, min, max })?;
    broker.metrics.request();
    let ctx = RequestContext { connection: Arc::clone(connection), version, client_id: Some(client_id) };
    let call = Call { broker: Arc::clone(broker), ctx, api, body };
    let body = match api {
        ApiKey::Produce => call.produce().await?,
        ApiKey::Fetch => call.fetch()?,
        ApiKey::ApiVersions => call.api_versions()?,
        ApiKey::WriteTxnMarkers => {
            call.answer(|b, c, r| async move { h::write_txn_markers::handle(&b, &c, r).await })?
        }
        key => dispatch(key, call)?,
    };
    Ok(LocalAnswer { version, body })
}

fn served(api: ApiKey) -> Option<(i16, i16)> {
    apis::lookup(api as i16).map(|served| (served.min, served.max))
}

fn dispatch(key: ApiKey, call: Call) -> Result<BoxBody, LocalError> {
    answer_by_table!(key, call)
}

struct Call {
    broker: Arc<Broker>,
    ctx: RequestContext,
    api: ApiKey,
    body: Box<dyn Any + Send>,
}

impl Call {
    fn open<T: 'static>(self) -> Result<(Arc<Broker>, RequestContext, T), LocalError> {
        let body = self.body.downcast::<T>().map_err(|_| LocalError::Foreign(self.api))?;
        Ok((self.broker, self.ctx, *body))
    }

    fn answer<T, F>(
        self,
        handler: impl FnOnce(Arc<Broker>, RequestContext, T) -> F,
    ) -> Result<BoxBody, LocalError>
    where
        T: Request + 'static,
        F: Future<Output = T::Response> + Send + 'static,
        T::Response: Send + 'static,
    {
        let (broker, ctx, request) = self.open::<T>()?;
        let handled = handler(broker, ctx, request);
        Ok(Box::pin(async move { Ok(boxed(handled.await)) }))
    }

    async fn produce(self) -> Result<BoxBody, LocalError> {
        let (broker, ctx, request) = self.open::<ProduceRequest>()?;
        let pending = h::produce::append(&broker, &ctx, request).await;
        Ok(Box::pin(async move {
            match pending.finish().await {
                Ok(response) => Ok(response.and_then(boxed)),
                Err(code) => {
                    Err(LocalError::Failed(format!("a produce with acks=0 failed with code {code}")))
                }
            }
        }))
    }

    fn fetch(self) -> Result<BoxBody, LocalError> {
        let (broker, ctx, request) = self.open::<FetchRequest>()?;
        Ok(Box::pin(async move {
            let parts = h::fetch::handle(&broker, &ctx, request).await;
            Ok(boxed(fetched::response(parts).await?))
        }))
    }

    fn api_versions(self) -> Result<BoxBody, LocalError> {
        let (broker, ctx, request) = self.open::<ApiVersionsRequest>()?;
        let response = h::api_versions::answer(&broker, ctx.version, &request);
        Ok(Box::pin(async move { Ok(boxed(response)) }))
    }
}

fn boxed<R: Send + 'static>(response: R) -> LocalBody {
    Some(Box::new(response))
}
