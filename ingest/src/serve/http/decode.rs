//! Which decoder a request goes to.

use bytes::Bytes;
use highway_types::Timestamp;
use http::HeaderMap;

use super::Route;
use crate::dialect::{Decoded, cloudevents, native, otlp, rest_proxy, segment, webhook};
use crate::endpoint::{Auth, Dialect};
use crate::envelope::{Provenance, Stamp};
use crate::ids::IdMaker;
use crate::outcome::Turned;
use crate::schema::Checking;
use crate::serve::live::Live;

/// Bodies of this size are decoded beside the other requests of their worker thread.
const LARGE: usize = 128 * 1024;

/// A body and what is known of it.
pub(in crate::serve) struct Decoding<'a> {
    pub live: &'a Live,
    pub route: &'a Route,
    pub headers: &'a HeaderMap,
    pub body: &'a Bytes,
    pub provenance: &'a Provenance,
    pub schema: Option<&'a Checking>,
    pub now: Timestamp,
}

/// The dialect's name, for provenance.
pub(super) fn name(live: &Live, route: &Route, headers: &HeaderMap) -> &'static str {
    match (route, live.definition.dialect) {
        (Route::Otlp, _) | (Route::Events, Dialect::Otlp) => "otlp",
        (Route::Segment(_), _) | (Route::Events, Dialect::Segment) => "segment",
        (Route::ProxyV2(_) | Route::ProxyV3(_) | Route::ProxyV3Batch(_), _)
        | (Route::Events, Dialect::RestProxy) => "rest-proxy",
        (Route::Events, Dialect::Webhook) => "webhook",
        (Route::Events, Dialect::Cloudevents) => "cloudevents",
        (Route::Events, Dialect::Auto) if cloudevents::recognises(headers) => "cloudevents",
        (Route::Events, Dialect::Syslog) => "syslog",
        (Route::Events, Dialect::Auto | Dialect::Native) => "native",
    }
}

impl Decoding<'_> {
    /// Decodes; with the ids of entries where the dialect has such.
    pub fn run(&self) -> Result<(Decoded, Vec<String>), Turned> {
        if self.body.len() >= LARGE
            && tokio::runtime::Handle::try_current()
                .is_ok_and(|h| h.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread)
        {
            return tokio::task::block_in_place(|| self.decode());
        }
        self.decode()
    }

    fn decode(&self) -> Result<(Decoded, Vec<String>), Turned> {
        let mut ids = IdMaker::new(rand::rng());
        let stamp = &mut Stamp {
            now: self.now,
            ids: &mut ids,
            rules: &self.live.rules,
            provenance: self.provenance,
            schema: self.schema,
        };
        let (definition, headers, body) = (&self.live.definition, self.headers, self.body);
        let max = definition.limits.max_events;
        let dialect = definition.dialect;
        let mine = |wanted: Dialect| {
            if dialect == wanted || (dialect == Dialect::Auto && wanted != Dialect::Webhook) {
                return Ok(());
            }
            Err(Turned::Forbidden(format!(
                "endpoint '{}' takes the dialect {dialect:?} only; make another one for this",
                self.live.name
            )))
        };
        let decoded = match self.route {
            Route::Otlp => {
                mine(Dialect::Otlp)?;
                otlp::decode(otlp::Wire::of(headers)?, body, max, stamp)?
            }
            Route::Segment(call) => {
                mine(Dialect::Segment)?;
                segment::decode(*call, body, max, stamp)?
            }
            Route::ProxyV2(partition) => {
                mine(Dialect::RestProxy)?;
                rest_proxy::v2::decode(headers, body, *partition, max, stamp)?
            }
            Route::ProxyV3(_) => {
                mine(Dialect::RestProxy)?;
                rest_proxy::v3::decode(body, max, stamp)?
            }
            Route::ProxyV3Batch(_) => {
                mine(Dialect::RestProxy)?;
                return Ok(rest_proxy::v3::decode_batch(body, stamp)?);
            }
            Route::Events => match (dialect, &definition.auth) {
                (Dialect::Cloudevents, _) => cloudevents::decode(headers, body, max, stamp)?,
                (Dialect::Auto, _) if cloudevents::recognises(headers) => {
                    cloudevents::decode(headers, body, max, stamp)?
                }
                (Dialect::Otlp, _) => otlp::decode(otlp::Wire::of(headers)?, body, max, stamp)?,
                (Dialect::Segment, _) => segment::decode(segment::Call::Batch, body, max, stamp)?,
                (Dialect::Webhook, Auth::Signature { profile, .. }) => {
                    webhook::decode(*profile, headers, body, stamp)
                }
                (Dialect::RestProxy, _) => rest_proxy::v2::decode(headers, body, None, max, stamp)?,
                (Dialect::Auto | Dialect::Native, _) => native::decode(headers, body, max, stamp)?,
                (Dialect::Webhook | Dialect::Syslog, _) => {
                    let message = format!("endpoint '{}' is not for this path", self.live.name);
                    return Err(Turned::Forbidden(message));
                }
            },
        };
        Ok((decoded, Vec::new()))
    }
}
