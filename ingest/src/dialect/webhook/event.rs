//! From a delivery to an event.

use std::borrow::Cow;

use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;
use http::HeaderMap;

use super::verify::Profile;
use crate::dialect::decoded::{Decoded, Form, header, media_type};
use crate::envelope::{Parts, Payload, Stamp, Violation};
use crate::json::{Value, push_string};
use crate::record::Record;

/// Makes the event of a delivery that was verified. A body that is no JSON, as Slack's commands, is kept as text.
///
/// | profile | id | name |
/// | --- | --- | --- |
/// | Standard Webhooks | `webhook-id` | the body's `type` |
/// | GitHub | `X-GitHub-Delivery` | `X-GitHub-Event`, with the body's `action` behind a point |
/// | Stripe | the body's `id` | the body's `type` |
/// | Slack | the body's `event_id` | the body's `event.type`, else `type` |
///
/// Without one, the id is made and the name is `webhook`.
pub fn decode(profile: Profile, headers: &HeaderMap, body: &Bytes, stamp: &mut Stamp<'_>) -> Decoded {
    let mut decoded = Decoded::new(Form::Single);
    decoded.push(event(profile, headers, body, stamp), || (body.clone(), None));
    decoded
}

fn event(
    profile: Profile,
    headers: &HeaderMap,
    body: &Bytes,
    stamp: &mut Stamp<'_>,
) -> Result<Record, Violation> {
    let media = media_type(headers);
    let says_json = media.is_empty() || media.ends_with("json");
    let document = match Value::parse(body, INGEST_JSON_MAX_DEPTH) {
        Ok(value) => Some(value),
        Err(error) if says_json => return Err(error.into()),
        Err(_) => None,
    };
    let text = |name: &str| document.and_then(|d| d.get(name)).and_then(|v| v.as_str());
    let head = |name: &str| header(headers, name).map(Cow::Borrowed);
    let (id, name) = match profile {
        Profile::StandardWebhooks => (head("webhook-id"), text("type")),
        Profile::Github => {
            let event = head("x-github-event").map(|event| match text("action") {
                Some(action) => Cow::Owned(format!("{event}.{action}")),
                None => event,
            });
            (head("x-github-delivery"), event)
        }
        Profile::Stripe => (text("id"), text("type")),
        Profile::Slack => {
            let inner =
                document.and_then(|d| d.get("event")).and_then(|e| e.get("type")).and_then(|t| t.as_str());
            (text("event_id"), inner.or_else(|| text("type")))
        }
    };
    let payload = match (document, std::str::from_utf8(body)) {
        (Some(value), _) => Payload::Json(value),
        (None, Ok(text)) => Payload::Text(text),
        (None, Err(_)) => Payload::Binary(body),
    };
    let mut media_json = Vec::new();
    push_string(&mut media_json, &media);
    let metadata = [("content_type", String::from_utf8(media_json).unwrap_or_default())];
    let name = name.filter(|n| !n.is_empty()).or_else(|| stamp.rules.event_name.clone().map(Cow::Owned));
    let parts = Parts {
        id: id.as_deref(),
        identity: None,
        timestamp: None,
        version: None,
        event_name: name.as_deref().unwrap_or("webhook"),
        metadata: if says_json { &[] } else { &metadata },
        payload,
    };
    parts.record(stamp)
}

/// What Slack wants back when an endpoint is registered: the body's `challenge`, as text. Only for a request that was verified;
/// it is no event.
#[must_use]
pub fn challenge(profile: Profile, body: &[u8]) -> Option<String> {
    if profile != Profile::Slack {
        return None;
    }
    let document = Value::parse(body, INGEST_JSON_MAX_DEPTH).ok()?;
    if document.get("type")?.as_str()? != "url_verification" {
        return None;
    }
    Some(document.get("challenge")?.as_str()?.into_owned())
}
