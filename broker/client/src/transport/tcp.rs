//! Over TCP: one connection for each broker and lane, made when it is needed.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures::FutureExt;
use futures::future::BoxFuture;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::{Decodable, StrBytes};
use tokio::sync::OnceCell;

use super::connection::Connection;
use super::{Answer, Call, Endpoint, Lane, Pending, RequestBody, Transport};
use crate::error::{ClientError, ErrorCode};

/// A connection with what its broker serves.
#[derive(Debug)]
struct Peer {
    connection: Connection,
    served: HashMap<i16, RangeInclusive<i16>>,
}

type Slot = Arc<OnceCell<Arc<Peer>>>;

/// Connections to brokers.
#[derive(Debug)]
pub struct TcpTransport {
    client_id: StrBytes,
    connect_timeout: Duration,
    peers: Mutex<HashMap<(Endpoint, Lane), Slot>>,
}

impl TcpTransport {
    /// Connects nothing yet.
    #[must_use]
    pub fn new(client_id: &str, connect_timeout: Duration) -> Self {
        let client_id = StrBytes::from_string(client_id.to_owned());
        Self { client_id, connect_timeout, peers: Mutex::default() }
    }

    async fn peer(&self, to: &Endpoint, lane: Lane) -> Result<Arc<Peer>, ClientError> {
        let slot = {
            let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = peers.entry((to.clone(), lane)).or_default();
            if slot.get().is_some_and(|p| p.connection.is_closed()) {
                *slot = Slot::default();
            }
            slot.clone()
        };
        slot.get_or_try_init(|| self.connect(to)).await.cloned()
    }

    async fn connect(&self, to: &Endpoint) -> Result<Arc<Peer>, ClientError> {
        let connection = Connection::open(to, self.connect_timeout).await?;
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("highway"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let mut version = 3;
        let answer = loop {
            let frame = self.frame(ApiKey::ApiVersions, version, &request, to)?;
            let limit = self.connect_timeout;
            let mut bytes = connection.send(frame, true).await?.within(limit, "ApiVersions").await?;
            let malformed = |detail: String| ClientError::Malformed {
                address: to.clone(),
                api: "ApiVersions".to_owned(),
                detail,
            };
            // A broker that does not know the version answers in version 0, with error 35 in front.
            let code = bytes.first_chunk::<2>().map_or(0, |b| i16::from_be_bytes(*b));
            if code == 35 && version > 0 {
                version = 0;
                continue;
            }
            let answer =
                ApiVersionsResponse::decode(&mut bytes, version).map_err(|e| malformed(e.to_string()))?;
            if let Some(code) = ErrorCode::of(answer.error_code) {
                return Err(ClientError::broker(format_args!("ApiVersions of {to}"), code, None));
            }
            break answer;
        };
        let served = answer.api_keys.iter().map(|a| (a.api_key, a.min_version..=a.max_version)).collect();
        Ok(Arc::new(Peer { connection, served }))
    }

    /// Length, header, body; the correlation id is written by the connection.
    fn frame(
        &self,
        api: ApiKey,
        version: i16,
        body: &dyn RequestBody,
        to: &Endpoint,
    ) -> Result<BytesMut, ClientError> {
        let failed =
            |detail: String| ClientError::Encode { api: format!("{api:?} to {to}"), version, detail };
        let mut out = BytesMut::with_capacity(256);
        out.put_i32(0);
        out.put_i16(api as i16);
        out.put_i16(version);
        out.put_i32(0);
        out.put_i16(i16::try_from(self.client_id.len()).map_err(|e| failed(e.to_string()))?);
        out.put_slice(self.client_id.as_bytes());
        if api.request_header_version(version) >= 2 {
            out.put_u8(0);
        }
        body.encode(version, &mut out).map_err(failed)?;
        let len = i32::try_from(out.len() - 4).map_err(|e| failed(e.to_string()))?;
        out[..4].copy_from_slice(&len.to_be_bytes());
        Ok(out)
    }

    async fn start(&self, to: &Endpoint, call: Call) -> Result<Pending, ClientError> {
        let peer = self.peer(to, call.lane).await?;
        let (api, limit, address) = (call.api, call.timeout, to.clone());
        let name = format!("{api:?}");
        let version = peer
            .served
            .get(&(api as i16))
            .map(|served| {
                (*served.start().max(call.versions.start()), *served.end().min(call.versions.end()))
            })
            .filter(|(min, max)| min <= max)
            .map(|(_, max)| max)
            .ok_or_else(|| ClientError::Unsupported {
                address: address.clone(),
                api: name.clone(),
                min: *call.versions.start(),
                max: *call.versions.end(),
            })?;
        let frame = self.frame(api, version, &*call.body, to)?;
        let (decode, header) = (call.body.decoder(), call.body.response_header(version));
        let answered = call.answered;
        drop(call);
        let reply = peer.connection.send(frame, answered).await?;
        Ok(async move {
            // Held until the answer is there: the connection lives as long as somebody waits on it.
            let _peer = peer;
            let mut bytes = reply.within(limit, &name).await?;
            if !answered {
                return Ok(Answer { version, body: None });
            }
            let malformed = |detail: String| ClientError::Malformed {
                address: address.clone(),
                api: name.clone(),
                detail,
            };
            if header >= 1 {
                skip_tags(&mut bytes).ok_or_else(|| malformed("its header is cut off".to_owned()))?;
            }
            let body = decode(version, bytes).map_err(malformed)?;
            Ok(Answer { version, body: Some(body) })
        }
        .boxed())
    }
}

/// Response headers have one byte here: no tagged field is defined. Anything else is skipped with care.
fn skip_tags(bytes: &mut Bytes) -> Option<()> {
    let mut take = |len: usize| (len <= bytes.len()).then(|| bytes.split_to(len));
    let count = *take(1)?.first()?;
    for _ in 0..count {
        take(1)?;
        let len = *take(1)?.first()?;
        take(usize::from(len))?;
    }
    Some(())
}

impl Transport for TcpTransport {
    fn send<'a>(&'a self, to: &'a Endpoint, call: Call) -> BoxFuture<'a, Result<Pending, ClientError>> {
        self.start(to, call).boxed()
    }

    fn retire(&self, lane: Lane) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|(_, of), _| *of != lane);
    }
}
