//! Reads and enforces the native form.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use highway_types::limits::{EVENT_ID_MAX_BYTES, EVENT_NAME_MAX_BYTES, EVENT_VERSION_MAX_BYTES};

use super::stamp::Stamp;
use super::violation::{Code, Violation, shown, step};
use crate::json::{Kind, Object, Value, push_string};
use crate::record::{Record, header};
use crate::time::Moment;

/// A native event: slices of its text.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    whole: Value<'a>,
    /// `metadata.id`
    pub id: Option<Cow<'a, str>>,
    /// `metadata.timestamp`, as written and as a moment.
    pub timestamp: Option<(Cow<'a, str>, Moment)>,
    /// `metadata.version`
    pub version: Option<Cow<'a, str>>,
    /// `event_name`
    pub event_name: Option<Cow<'a, str>>,
    /// `payload`: an object.
    pub payload: Value<'a>,
    metadata: Option<Metadata<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Metadata<'a> {
    value: Value<'a>,
    empty: bool,
}

const TIMESTAMP: &str = "RFC 3339 such as \"2026-11-25T12:00:00.123Z\", or leave it out";

/// Calls `each` for every member; a name that occurs twice is refused, because readers differ in which one they take.
fn members<'a>(
    mut object: Object<'a>,
    path: &str,
    mut each: impl FnMut(&str, Value<'a>) -> Result<(), Violation>,
) -> Result<bool, Violation> {
    let mut seen: Vec<Cow<'a, str>> = Vec::with_capacity(4);
    while let Some(member) = object.next_member()? {
        let name = member.name()?;
        // A native event has a handful; whoever sends hundreds here gets an answer before this costs anything.
        if seen.len() >= 256 {
            return Err(Violation::new(Code::Size, path, "more than 256 members; put data into the payload"));
        }
        if seen.contains(&name) {
            let message = "this name occurs twice; send it once";
            return Err(Violation::new(Code::Duplicate, &format!("{path}/{}", step(&name)), message));
        }
        each(&name, member.value)?;
        seen.push(name);
    }
    object.end()?;
    Ok(seen.is_empty())
}

/// A string of 1 to `max` bytes without control characters.
fn text<'a>(path: &str, value: Value<'a>, max: usize, wanted: &str) -> Result<Cow<'a, str>, Violation> {
    let text = value.string().ok_or_else(|| Violation::kind(path, value, wanted))??;
    check_text(path, &text, max, wanted)?;
    Ok(text)
}

pub(super) fn check_text(path: &str, text: &str, max: usize, wanted: &str) -> Result<(), Violation> {
    if text.is_empty() || text.len() > max || text.chars().any(char::is_control) {
        return Err(Violation::value(
            path,
            text,
            &format!("{wanted} of 1 to {max} bytes without control characters"),
        ));
    }
    Ok(())
}

impl<'a> Envelope<'a> {
    /// Reads an event out of a text that was checked.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(value: Value<'a>) -> Result<Self, Violation> {
        let object = value.object().ok_or_else(|| {
            Violation::kind("", value, "an object with the members metadata, payload and event_name")
        })?;
        let (mut metadata, mut payload, mut event_name) = (None, None, None);
        members(object, "", |name, value| {
            match name {
                "metadata" => metadata = Some(value),
                "payload" => payload = Some(value),
                "event_name" => {
                    event_name = Some(text("/event_name", value, EVENT_NAME_MAX_BYTES, "a string")?);
                }
                other => {
                    let message =
                        "an event has only metadata, payload and event_name; put this into the payload";
                    return Err(Violation::new(Code::Unknown, &format!("/{}", step(other)), message));
                }
            }
            Ok(())
        })?;
        let payload = payload.ok_or_else(|| {
            Violation::new(Code::Missing, "/payload", "there is no payload; send an object, {} at the least")
        })?;
        if payload.kind() != Kind::Object {
            return Err(Violation::kind("/payload", payload, "an object"));
        }
        let mut envelope = Self {
            whole: value,
            id: None,
            timestamp: None,
            version: None,
            event_name,
            payload,
            metadata: None,
        };
        if let Some(value) = metadata {
            envelope.read_metadata(value)?;
        }
        Ok(envelope)
    }

    fn read_metadata(&mut self, value: Value<'a>) -> Result<(), Violation> {
        let object = value
            .object()
            .ok_or_else(|| Violation::kind("/metadata", value, "an object, or leave it out"))?;
        let empty = members(object, "/metadata", |name, value| {
            match name {
                "id" => {
                    self.id = Some(text(
                        "/metadata/id",
                        value,
                        EVENT_ID_MAX_BYTES,
                        "a string, or leave it out: a string",
                    )?);
                }
                "timestamp" => {
                    let path = "/metadata/timestamp";
                    let text = value.string().ok_or_else(|| Violation::kind(path, value, TIMESTAMP))??;
                    let moment = Moment::parse_rfc3339(&text)
                        .ok_or_else(|| Violation::value(path, &text, TIMESTAMP))?;
                    self.timestamp = Some((text, moment));
                }
                "version" => {
                    let path = "/metadata/version";
                    // A number is taken as it was written: many number their versions.
                    let version = match value.kind() {
                        Kind::Number => Cow::Borrowed(value.text()),
                        _ => text(path, value, EVENT_VERSION_MAX_BYTES, "a string or a number: a string")?,
                    };
                    check_text(path, &version, EVENT_VERSION_MAX_BYTES, "a version")?;
                    self.version = Some(version);
                }
                _ => {}
            }
            Ok(())
        })?;
        self.metadata = Some(Metadata { value, empty });
        Ok(())
    }

    /// Makes the record. `body` is the document that the event was read from: where nothing is missing, the value is a
    /// slice of it.
    ///
    /// # Errors
    /// No name, no key where one is required, or too large.
    pub fn record(&self, body: &Bytes, stamp: &mut Stamp<'_>) -> Result<Record, Violation> {
        let named = match (&self.event_name, &stamp.rules.event_name) {
            (Some(name), _) => name.clone(),
            (None, Some(name)) => Cow::Owned(name.clone()),
            (None, None) => {
                let message = "there is no event_name; send a string, or give the endpoint a default";
                return Err(Violation::new(Code::Missing, "/event_name", message));
            }
        };
        let id = self.id.as_deref().map_or_else(|| stamp.id(), str::to_owned);
        let (time, moment) = match &self.timestamp {
            Some((text, moment)) => (text.clone(), *moment),
            None => {
                let moment = Moment::from_timestamp(stamp.now);
                (Cow::Owned(moment.to_string()), moment)
            }
        };
        let key = stamp.rules.key.select(self.whole, Some(self.payload), &id, &named)?;
        let start = self.whole.at();
        let same = body.get(start..start + self.whole.text().len()) == Some(self.whole.text().as_bytes());
        let value = if self.id.is_some() && self.timestamp.is_some() && self.event_name.is_some() && same {
            body.slice(start..start + self.whole.text().len())
        } else {
            self.filled(&id, &time, &named)
        };
        let mut record = Record {
            key,
            value: Some(value),
            headers: Vec::with_capacity(8),
            timestamp: moment.timestamp(),
            partition: None,
            id,
        };
        record.push_header(header::EVENT_ID, record.id.clone());
        record.push_header(header::EVENT_NAME, named.into_owned());
        record.push_header(header::EVENT_TIMESTAMP, time.into_owned());
        if let Some(version) = &self.version {
            record.push_header(header::EVENT_VERSION, version.to_string());
        }
        stamp.check_payload(&mut record, "/payload", self.payload.text())?;
        stamp.finish(record)
    }

    /// The text with what was missing put in, all else byte for byte.
    fn filled(&self, id: &str, time: &str, name: &str) -> Bytes {
        let mut inside = Vec::with_capacity(128);
        if self.id.is_none() {
            inside.extend_from_slice(b"\"id\":");
            push_string(&mut inside, id);
        }
        if self.timestamp.is_none() {
            if !inside.is_empty() {
                inside.push(b',');
            }
            inside.extend_from_slice(b"\"timestamp\":");
            push_string(&mut inside, time);
        }
        let whole = self.whole.text();
        let mut out = BytesMut::with_capacity(whole.len() + inside.len() + name.len() + 64);
        out.put_u8(b'{');
        if self.event_name.is_none() {
            let mut text = Vec::with_capacity(name.len() + 2);
            push_string(&mut text, name);
            out.put_slice(b"\"event_name\":");
            out.put_slice(&text);
            out.put_u8(b',');
        }
        match self.metadata {
            None => {
                out.put_slice(b"\"metadata\":{");
                out.put_slice(&inside);
                out.put_slice(b"},");
                out.put_slice(&whole.as_bytes()[1..]);
            }
            Some(metadata) => {
                let open = metadata.value.at() - self.whole.at() + 1;
                out.put_slice(&whole.as_bytes()[1..open]);
                out.put_slice(&inside);
                if !metadata.empty && !inside.is_empty() {
                    out.put_u8(b',');
                }
                out.put_slice(&whole.as_bytes()[open..]);
            }
        }
        out.freeze()
    }

    /// The event's id as far as it can be told of a text that was refused.
    #[must_use]
    pub fn id_of(value: Value<'_>) -> Option<String> {
        let id = value.get("metadata")?.get("id")?.as_str()?;
        Some(shown(&id))
    }
}
