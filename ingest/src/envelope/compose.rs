//! The same form, made from what other dialects say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use highway_types::limits::{EVENT_ID_MAX_BYTES, EVENT_NAME_MAX_BYTES, INGEST_JSON_MAX_DEPTH};

use super::read::check_text;
use super::stamp::Stamp;
use super::violation::Violation;
use crate::json::{Kind, Members, Value, push_string};
use crate::record::{Record, header};
use crate::time::Moment;

/// What becomes the payload.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// A checked JSON text: an object as it is, anything else as `{"data": …}`.
    Json(Value<'a>),
    /// `{"data": "…"}`
    Text(&'a str),
    /// `{"data_base64": "…"}`
    Binary(&'a [u8]),
    /// `{}`
    Empty,
}

/// The parts of an event.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// Its id; made if there is none.
    pub id: Option<&'a str>,
    /// What repeats are recognised by, where that is more than the id: CloudEvents' source and id.
    pub identity: Option<String>,
    /// When it happened; now, if not said.
    pub timestamp: Option<Moment>,
    /// Its version.
    pub version: Option<&'a str>,
    /// Its name.
    pub event_name: &'a str,
    /// Further members of `metadata`: names, and values that are JSON.
    pub metadata: &'a [(&'a str, String)],
    /// Its payload.
    pub payload: Payload<'a>,
}

impl Parts<'_> {
    /// Writes the envelope and makes the record.
    ///
    /// # Errors
    /// An id or name that cannot be taken, a key rule that is not met, or too large.
    pub fn record(&self, stamp: &mut Stamp<'_>) -> Result<Record, Violation> {
        let id = match self.id {
            Some(id) => {
                check_text("/metadata/id", id, EVENT_ID_MAX_BYTES, "an id")?;
                id.to_owned()
            }
            None => stamp.id(),
        };
        check_text("/event_name", self.event_name, EVENT_NAME_MAX_BYTES, "a name")?;
        let moment = self.timestamp.unwrap_or_else(|| Moment::from_timestamp(stamp.now));
        let time = moment.to_string();
        let value = self.write(&id, &time);
        let document = Value::parse(&value, INGEST_JSON_MAX_DEPTH + 1)?;
        let key = stamp.rules.key.select(document, None, &id, self.event_name)?;
        let mut record = Record {
            id: self.identity.clone().unwrap_or(id),
            key,
            value: None,
            headers: Vec::with_capacity(8),
            timestamp: moment.timestamp(),
            partition: None,
        };
        if stamp.schema.is_some()
            && let Some(payload) = document.get("payload")
        {
            stamp.check_payload(&mut record, "/payload", payload.text())?;
        }
        record.value = Some(Bytes::from(value));
        record.push_header(header::EVENT_ID, record.id.clone());
        record.push_header(header::EVENT_NAME, self.event_name.to_owned());
        record.push_header(header::EVENT_TIMESTAMP, time);
        if let Some(version) = self.version {
            record.push_header(header::EVENT_VERSION, version.to_owned());
        }
        stamp.finish(record)
    }

    fn write(&self, id: &str, time: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"metadata\":");
        let mut metadata = Members::open(&mut out);
        metadata.string("id", id);
        metadata.string("timestamp", time);
        if let Some(version) = self.version {
            metadata.string("version", version);
        }
        for (name, value) in self.metadata {
            metadata.raw(name, value);
        }
        metadata.close();
        out.extend_from_slice(b",\"event_name\":");
        push_string(&mut out, self.event_name);
        out.extend_from_slice(b",\"payload\":");
        match self.payload {
            Payload::Json(value) if value.kind() == Kind::Object => {
                out.extend_from_slice(value.text().as_bytes())
            }
            Payload::Json(value) => {
                out.extend_from_slice(b"{\"data\":");
                out.extend_from_slice(value.text().as_bytes());
                out.push(b'}');
            }
            Payload::Text(text) => {
                out.extend_from_slice(b"{\"data\":");
                push_string(&mut out, text);
                out.push(b'}');
            }
            Payload::Binary(bytes) => {
                out.extend_from_slice(b"{\"data_base64\":\"");
                out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
                out.extend_from_slice(b"\"}");
            }
            Payload::Empty => out.extend_from_slice(b"{}"),
        }
        out.push(b'}');
        out
    }
}
