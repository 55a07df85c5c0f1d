//! Segment's HTTP tracking API: `POST /v1/{track,identify,page,screen,group,alias,batch}`, the key as basic authentication.
//!
//! The message is the payload as it came. `messageId` is the id; `timestamp`, else `originalTimestamp`, is when it happened; the
//! name of a `track` is its `event`, of all others their type.

use std::borrow::Cow;

use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;

use super::answer::{Answer, JSON};
use super::decoded::{Decoded, Form, RequestError, part};
use crate::envelope::{Code, Parts, Payload, Stamp, Violation};
use crate::json::{Members, Value};
use crate::outcome::{EventResult, Outcome, Status};
use crate::record::Record;
use crate::time::Moment;

/// The types of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Something happened.
    Track,
    /// Who a user is.
    Identify,
    /// A page was seen.
    Page,
    /// A screen was seen.
    Screen,
    /// A user belongs to a group.
    Group,
    /// Two ids are one user.
    Alias,
    /// Any number of messages, each with its `type`.
    Batch,
}

impl Call {
    /// The call that a path ends with, or a message's `type` names.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "track" | "t" => Self::Track,
            "identify" | "i" => Self::Identify,
            "page" | "p" => Self::Page,
            "screen" | "s" => Self::Screen,
            "group" | "g" => Self::Group,
            "alias" | "a" => Self::Alias,
            "batch" | "b" | "import" => Self::Batch,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
            Self::Batch => "batch",
        }
    }
}

/// Decodes a request of the given call. Its content type is not looked at: beacons send what they can.
///
/// # Errors
/// A body that is not JSON, a batch without `batch`, or too many messages.
pub fn decode(
    call: Call,
    body: &Bytes,
    max_events: usize,
    stamp: &mut Stamp<'_>,
) -> Result<Decoded, RequestError> {
    let document = Value::parse(body, INGEST_JSON_MAX_DEPTH + 2).map_err(Violation::from)?;
    if call != Call::Batch {
        let mut decoded = Decoded::new(Form::Single);
        push(&mut decoded, Some(call), document, body, stamp);
        return Ok(decoded);
    }
    let batch = document.get("batch").ok_or_else(|| {
        Violation::new(
            Code::Missing,
            "/batch",
            "there is no batch; send {\"batch\": [{\"type\": \"track\", …}]}",
        )
    })?;
    let mut array = batch.array().ok_or_else(|| Violation::kind("/batch", batch, "an array of messages"))?;
    let mut decoded = Decoded::new(Form::Batch);
    while let Some(message) = array.next_element().map_err(Violation::from)? {
        decoded.room(max_events)?;
        push(&mut decoded, None, message, body, stamp);
    }
    Ok(decoded)
}

fn push(decoded: &mut Decoded, call: Option<Call>, message: Value<'_>, body: &Bytes, stamp: &mut Stamp<'_>) {
    let id = || message.get("messageId").and_then(|id| id.as_str()).map(|id| id.chars().take(256).collect());
    decoded.push(event(call, message, stamp), || (part(body, message), id()));
}

fn event(call: Option<Call>, message: Value<'_>, stamp: &mut Stamp<'_>) -> Result<Record, Violation> {
    if message.object().is_none() {
        return Err(Violation::kind("", message, "a message: an object"));
    }
    let text = |name: &str| -> Result<Option<Cow<'_, str>>, Violation> {
        match message.get(name) {
            None => Ok(None),
            Some(value) if value.text() == "null" => Ok(None),
            Some(value) => {
                let wrong = || Violation::kind(&format!("/{name}"), value, "a string");
                Ok(Some(value.string().ok_or_else(wrong)??))
            }
        }
    };
    let call = match call {
        Some(call) => call,
        None => {
            let name = text("type")?.ok_or_else(|| {
                Violation::new(Code::Missing, "/type", "there is no type; send \"track\" or another")
            })?;
            let wanted = "track, identify, page, screen, group or alias";
            let call = Call::of(&name).filter(|c| *c != Call::Batch && c.name() == name);
            call.ok_or_else(|| Violation::value("/type", &name, wanted))?
        }
    };
    if text("userId")?.is_none() && text("anonymousId")?.is_none() && call != Call::Alias {
        return Err(Violation::new(
            Code::Missing,
            "/userId",
            "there is neither userId nor anonymousId; send one",
        ));
    }
    let name = match call {
        Call::Track => text("event")?.ok_or_else(|| {
            Violation::new(Code::Missing, "/event", "a track needs the event's name; send event")
        })?,
        other => Cow::Borrowed(other.name()),
    };
    let mut timestamp = None;
    for field in ["timestamp", "originalTimestamp"] {
        if let Some(text) = text(field)?.filter(|_| timestamp.is_none()) {
            let wrong = || {
                Violation::value(&format!("/{field}"), &text, "RFC 3339 such as \"2026-11-25T12:00:00.123Z\"")
            };
            timestamp = Some(Moment::parse_rfc3339(&text).ok_or_else(wrong)?);
        }
    }
    let id = text("messageId")?;
    let metadata = [("type", format!("\"{}\"", call.name()))];
    let parts = Parts {
        id: id.as_deref(),
        identity: None,
        timestamp,
        version: None,
        event_name: &name,
        metadata: &metadata,
        payload: Payload::Json(message),
    };
    parts.record(stamp)
}

/// The answer: `{"success": true}`; its libraries look at the status alone. They give up on 4xx and try again on 429 and 5xx, so a
/// batch of which anything may be tried again is answered with that, and repeats are recognised by `messageId`.
#[must_use]
pub fn answer(results: &[EventResult]) -> Answer {
    let again = results.iter().find(|r| matches!(r.outcome, Outcome::Failed { .. } | Outcome::Unknown));
    let status = match again {
        Some(result) => Status::of_event(&result.outcome),
        None => {
            let status = Status::of_results(results, Form::Batch);
            if status.code == http::StatusCode::MULTI_STATUS {
                Status { code: http::StatusCode::OK, retry_after: None }
            } else {
                status
            }
        }
    };
    let refused = results.iter().filter(|r| matches!(r.outcome, Outcome::Refused(_))).count();
    let mut body = Vec::new();
    let mut members = Members::open(&mut body);
    members.raw("success", if status.code.is_success() { "true" } else { "false" });
    if refused > 0 {
        members.number("rejected", refused);
    }
    members.close();
    Answer { status: status.code, content_type: JSON, retry_after: status.retry_after, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::testing::{events, json, refused, with_stamp};

    fn run(call: &str, body: &str) -> Result<Decoded, RequestError> {
        with_stamp(|stamp| decode(Call::of(call).unwrap(), &Bytes::from(body.to_owned()), 3, stamp))
    }

    const TRACK: &str = r#"{"type":"track","event":"Order Placed","userId":"u","messageId":"m1",
        "timestamp":"2026-11-25T12:00:00Z","properties":{"n":1e999}}"#;

    #[test]
    fn calls_and_batches() {
        for decoded in [run("track", TRACK), run("batch", &format!(r#"{{"batch":[{TRACK}],"sentAt":"x"}}"#))]
        {
            let decoded = decoded.unwrap();
            let record = events(&decoded)[0];
            assert_eq!((record.id.as_str(), record.timestamp.0), ("m1", 1_795_608_000_000));
            let text = std::str::from_utf8(record.value.as_ref().unwrap()).unwrap();
            assert!(
                text.ends_with(&format!(
                    r#""type":"track"}},"event_name":"Order Placed","payload":{TRACK}}}"#
                )),
                "{text}"
            );
        }
        let page = run("page", r#"{"anonymousId":"a","name":"Home"}"#).unwrap();
        assert_eq!(json(events(&page)[0].value.as_ref())["event_name"], "page");
    }

    #[test]
    fn refusals() {
        for (body, path) in [
            (r#"{"userId":"u"}"#, "/type"),
            (r#"{"type":"batch"}"#, "/type"),
            (r#"{"type":"track","userId":"u"}"#, "/event"),
            (r#"{"type":"page"}"#, "/userId"),
            (r#"{"type":"page","userId":7}"#, "/userId"),
            (r#"{"type":"page","userId":"u","timestamp":"now"}"#, "/timestamp"),
            (r#"{"type":"page","userId":"u","messageId":""}"#, "/metadata/id"),
            ("7", ""),
        ] {
            let decoded = run("batch", &format!(r#"{{"batch":[{body},{TRACK}]}}"#)).unwrap();
            assert_eq!(
                (refused(&decoded)[0].violation.path.as_str(), decoded.items.len()),
                (path, 2),
                "{body}"
            );
        }
        assert!(run("batch", "{}").is_err() && run("batch", "[]").is_err() && run("track", "{").is_err());
        assert!(matches!(run("batch", r#"{"batch":[1,2,3,4]}"#), Err(RequestError::TooMany { .. })));
    }

    #[test]
    fn answers() {
        let of = |outcomes: &[Outcome]| {
            let results: Vec<_> =
                outcomes.iter().map(|o| EventResult { id: None, outcome: o.clone() }).collect();
            answer(&results).status.as_u16()
        };
        let stored = Outcome::Stored { partition: 0, offset: 0, duplicate: false };
        let bad = Outcome::Refused(Violation::new(Code::Type, "", "x"));
        assert_eq!(of(&[stored.clone(), bad.clone()]), 200);
        assert_eq!(of(std::slice::from_ref(&bad)), 422);
        assert_eq!(of(&[stored, bad, Outcome::Unknown]), 504);
    }
}
