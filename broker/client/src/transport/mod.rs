//! The seam under the client: typed requests go in, typed answers come out.
//!
//! [`tcp::TcpTransport`] encodes them. A transport in process takes the request out of [`Call::body`] with
//! [`RequestBody::into_any`], as the type that belongs to [`Call::api`], and answers with the response's type: no byte
//! is encoded, and the request still goes through the broker's router with its checks.

mod connection;
mod endpoint;
pub mod tcp;

use std::any::Any;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request};

pub use endpoint::{BadEndpoint, Endpoint};

use crate::error::ClientError;

/// Requests of one lane wait for each other; those of different lanes do not. A fetch that waits for records must not
/// hold back a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Metadata and administration.
    Control,
    /// Produce.
    Produce,
    /// Fetches of one consumer, which wait for records.
    Fetch(LaneId),
    /// Joins of one member, which wait for the other members: two of one program must not wait behind each other.
    Group(LaneId),
    /// Heartbeats and commits, which must pass while a join waits.
    Heartbeat,
}

/// Whose lane it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LaneId(u64);

impl LaneId {
    /// One that nobody has.
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// One request to one broker.
pub struct Call {
    /// Which API.
    pub api: ApiKey,
    /// The versions in which `body` says what is meant.
    pub versions: RangeInclusive<i16>,
    /// What it waits for.
    pub lane: Lane,
    /// How long the answer may take.
    pub timeout: Duration,
    /// False for a produce with `acks=0`: success is that it was sent.
    pub answered: bool,
    /// The request.
    pub body: Box<dyn RequestBody>,
}

impl Call {
    /// A request and the versions in which it says what is meant.
    pub fn new<Q: TypedRequest>(
        body: Q,
        versions: RangeInclusive<i16>,
        lane: Lane,
        timeout: Duration,
    ) -> Self {
        let api = ApiKey::try_from(Q::KEY).unwrap_or(ApiKey::ApiVersions);
        Self { api, versions, lane, timeout, answered: true, body: Box::new(body) }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.api, self.versions)
    }
}

/// An answer, as the response type that belongs to the request; nothing for a call that is not answered.
pub struct Answer {
    /// The version that was spoken.
    pub version: i16,
    /// The response.
    pub body: Option<Box<dyn Any + Send>>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answer in version {}", self.version)
    }
}

/// An answer that is still to come. Dropping it does not take the request back.
pub type Pending = BoxFuture<'static, Result<Answer, ClientError>>;

/// Takes requests to brokers.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends. When the outer future is done the request has its place in the order of its lane; the inner one is the
    /// answer.
    fn send<'a>(&'a self, to: &'a Endpoint, call: Call) -> BoxFuture<'a, Result<Pending, ClientError>>;

    /// Nothing more will be sent in this lane: what it holds can go.
    fn retire(&self, lane: Lane);
}

/// A Kafka request that can be handed to another task, with its response.
pub trait TypedRequest: Request<Response: Send + 'static> + Send + 'static {}
impl<Q: Request<Response: Send + 'static> + Send + 'static> TypedRequest for Q {}

/// A request without its type.
pub trait RequestBody: Send {
    /// Writes the body in a version.
    ///
    /// # Errors
    /// The codec's words.
    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), String>;
    /// The version of the header of its response.
    fn response_header(&self, version: i16) -> i16;
    /// How to read its response.
    fn decoder(&self) -> Decoder;
    /// The request itself.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// Reads a response body.
pub type Decoder = fn(i16, Bytes) -> Result<Box<dyn Any + Send>, String>;

impl<Q: TypedRequest> RequestBody for Q {
    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), String> {
        Encodable::encode(self, out, version).map_err(|e| e.to_string())
    }

    fn response_header(&self, version: i16) -> i16 {
        Q::Response::header_version(version)
    }

    fn decoder(&self) -> Decoder {
        |version, mut bytes| match Q::Response::decode(&mut bytes, version) {
            Ok(response) => Ok(Box::new(response)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
