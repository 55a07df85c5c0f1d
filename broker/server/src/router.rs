//! From a frame to the handler of its API, and back to frames.
//!
//! Unknown APIs, unsupported versions and bodies that cannot be read close the connection, as in Kafka; only
//! ApiVersions is answered in a version that every client reads (KIP-511).

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use highway_types::limits::LARGE_REQUEST;
use highway_wire::header::RequestHead;
use highway_wire::piece::Piece;
use highway_wire::{apis, request, response};
use kafka_protocol::messages::{self as m, ApiKey};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request};

use crate::broker::Broker;
use crate::context::{ConnectionInfo, RequestContext};
use crate::handlers as h;
use crate::handlers::table::answer_by_table;

/// What goes out for a request.
#[derive(Debug)]
pub enum Answer {
    /// A response, in pieces that are written as they are.
    Frames(VecDeque<Piece>),
    /// acks 0: nothing.
    Nothing,
    /// The connection ends.
    Close(&'static str),
}

/// An answer to come.
pub type BoxAnswer = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A request on its way.
pub struct Routed {
    /// Its answer.
    pub answer: BoxAnswer,
    /// The next request waits for it.
    pub exclusive: bool,
}

/// Decodes a frame and starts its handler. When this returns, a Produce request is appended.
///
/// # Errors
/// Why the connection has to be closed.
pub async fn route(
    broker: &Arc<Broker>,
    connection: &Arc<ConnectionInfo>,
    frame: Bytes,
) -> Result<Routed, String> {
    let refuse = |reason: String| {
        broker.metrics.refused();
        Err(reason)
    };
    let head = match RequestHead::parse(frame) {
        Ok(head) => head,
        Err(error) => return refuse(format!("request header: {error}")),
    };
    let Some(api) = apis::lookup(head.api_key) else {
        return refuse(format!("api key {} is not served", head.api_key));
    };
    if !(api.min..=api.max).contains(&head.api_version) && api.key != ApiKey::ApiVersions {
        return refuse(format!("{:?} version {} is not served", api.key, head.api_version));
    }
    broker.metrics.request();
    let ctx = RequestContext {
        connection: Arc::clone(connection),
        version: head.api_version,
        client_id: head.client_id.clone(),
    };
    let call = Call { broker: Arc::clone(broker), ctx, head };
    match api.key {
        ApiKey::Produce => call.produce().await,
        ApiKey::Fetch => call.fetch(),
        ApiKey::ApiVersions => call.api_versions(),
        key => dispatch(key, call),
    }
}

/// Members of a group wait for each other, for minutes: no thread may wait with them.
fn waits_for_others(key: i16) -> bool {
    key == ApiKey::JoinGroup as i16 || key == ApiKey::SyncGroup as i16
}

struct Call {
    broker: Arc<Broker>,
    ctx: RequestContext,
    head: RequestHead,
}

fn dispatch(key: ApiKey, call: Call) -> Result<Routed, String> {
    answer_by_table!(key, call)
}

impl Call {
    fn answer<T, F, R>(
        self,
        handler: impl FnOnce(Arc<Broker>, RequestContext, T) -> F + Send + 'static,
    ) -> Result<Routed, String>
    where
        T: Request + Decodable,
        F: Future<Output = R> + Send + 'static,
        R: Encodable + HeaderVersion + Send + 'static,
    {
        let (version, correlation_id) = (self.head.api_version, self.head.correlation_id);
        if self.head.body.len() > LARGE_REQUEST && !waits_for_others(T::KEY) {
            return Ok(Routed { answer: self.answer_aside(handler), exclusive: true });
        }
        let decoded = request::decode::<T>(version, &self.head.body).map_err(|e| {
            self.broker.metrics.refused();
            format!("api key {} version {version}: {e}", T::KEY)
        })?;
        let handled = handler(self.broker, self.ctx, decoded);
        let answer = async move { encode(T::KEY, version, correlation_id, &handled.await) };
        Ok(Routed { answer: Box::pin(answer), exclusive: true })
    }

    /// The same on a thread of its own: a request that names a million topics takes seconds, and the threads that serve
    /// connections look at no socket meanwhile.
    fn answer_aside<T, F, R>(
        self,
        handler: impl FnOnce(Arc<Broker>, RequestContext, T) -> F + Send + 'static,
    ) -> BoxAnswer
    where
        T: Request + Decodable,
        F: Future<Output = R> + Send + 'static,
        R: Encodable + HeaderVersion + Send + 'static,
    {
        let runtime = tokio::runtime::Handle::current();
        let work = tokio::task::spawn_blocking(move || {
            let (version, correlation_id) = (self.head.api_version, self.head.correlation_id);
            match request::decode::<T>(version, &self.head.body) {
                Ok(decoded) => {
                    let handled = runtime.block_on(handler(self.broker, self.ctx, decoded));
                    encode(T::KEY, version, correlation_id, &handled)
                }
                Err(error) => {
                    self.broker.metrics.refused();
                    tracing::info!(key = T::KEY, version, %error, "a large request cannot be read");
                    Answer::Close("a large request cannot be read")
                }
            }
        });
        Box::pin(async move { work.await.unwrap_or(Answer::Close("a large request was not carried out")) })
    }

    async fn produce(self) -> Result<Routed, String> {
        let (version, correlation_id) = (self.head.api_version, self.head.correlation_id);
        let decoded = request::decode::<m::ProduceRequest>(version, &self.head.body).map_err(|e| {
            self.broker.metrics.refused();
            format!("Produce version {version}: {e}")
        })?;
        let pending = h::produce::append(&self.broker, &self.ctx, decoded).await;
        let answer = async move {
            match pending.finish().await {
                Ok(Some(response)) => encode(ApiKey::Produce as i16, version, correlation_id, &response),
                Ok(None) => Answer::Nothing,
                Err(_) => Answer::Close("a produce with acks=0 failed"),
            }
        };
        Ok(Routed { answer: Box::pin(answer), exclusive: false })
    }

    fn fetch(self) -> Result<Routed, String> {
        let (version, correlation_id) = (self.head.api_version, self.head.correlation_id);
        let decoded = request::decode::<m::FetchRequest>(version, &self.head.body).map_err(|e| {
            self.broker.metrics.refused();
            format!("Fetch version {version}: {e}")
        })?;
        let (broker, ctx) = (self.broker, self.ctx);
        let answer = async move {
            let response = h::fetch::handle(&broker, &ctx, decoded).await;
            match response.encode(version, correlation_id) {
                Ok(frames) => Answer::Frames(frames),
                Err(error) => {
                    tracing::error!(%error, version, "a Fetch response could not be encoded");
                    Answer::Close("a response could not be encoded")
                }
            }
        };
        Ok(Routed { answer: Box::pin(answer), exclusive: true })
    }

    fn api_versions(self) -> Result<Routed, String> {
        let (version, correlation_id) = (self.head.api_version, self.head.correlation_id);
        let response = h::api_versions::handle(&self.broker, version, &self.head.body)?;
        let (encoded_version, response) = response;
        let answer =
            async move { encode(ApiKey::ApiVersions as i16, encoded_version, correlation_id, &response) };
        Ok(Routed { answer: Box::pin(answer), exclusive: true })
    }
}

fn encode<R: Encodable + HeaderVersion>(key: i16, version: i16, correlation_id: i32, response: &R) -> Answer {
    match response::encode(version, correlation_id, response) {
        Ok(frame) => Answer::Frames(VecDeque::from([Piece::Bytes(frame)])),
        Err(error) => {
            tracing::error!(key, version, %error, "a response could not be encoded");
            Answer::Close("a response could not be encoded")
        }
    }
}
