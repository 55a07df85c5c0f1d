//! A log record on its way to an event, from either encoding.

use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;

use crate::dialect::decoded::{Decoded, RequestError};
use crate::envelope::{Parts, Payload, Stamp, Violation};
use crate::json::{Members, Value};
use crate::time::Moment;

/// What a record has in common with its neighbours: JSON texts, empty if there is nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Common {
    /// The resource's attributes: an object.
    pub(super) resource: String,
    /// The scope: an object.
    pub(super) scope: String,
}

/// A log record.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) time_unix_nano: u64,
    pub(super) observed_time_unix_nano: u64,
    pub(super) severity_number: u64,
    pub(super) severity_text: String,
    /// JSON.
    pub(super) body: Option<String>,
    /// JSON: an object.
    pub(super) attributes: String,
    pub(super) dropped_attributes_count: u64,
    pub(super) flags: u64,
    /// Hexadecimal.
    pub(super) trace_id: String,
    /// Hexadecimal.
    pub(super) span_id: String,
    pub(super) event_name: String,
}

impl Log {
    /// Makes the event, or says why not.
    pub(super) fn push(
        self,
        common: &Common,
        decoded: &mut Decoded,
        max_events: usize,
        stamp: &mut Stamp<'_>,
    ) -> Result<(), RequestError> {
        decoded.room(max_events)?;
        let payload = self.payload(common);
        let time = [self.time_unix_nano, self.observed_time_unix_nano].into_iter().find(|t| *t != 0);
        let name = if self.event_name.is_empty() { "otlp.log" } else { &self.event_name };
        let made = Value::parse(&payload, INGEST_JSON_MAX_DEPTH).map_err(Violation::from).and_then(|value| {
            let parts = Parts {
                id: None,
                identity: None,
                timestamp: time.and_then(|t| i64::try_from(t).ok()).map(Moment),
                version: None,
                event_name: name,
                metadata: &[],
                payload: Payload::Json(value),
            };
            parts.record(stamp)
        });
        decoded.push(made, || (Bytes::from(payload), None));
        Ok(())
    }

    fn payload(&self, common: &Common) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let mut members = Members::open(&mut out);
        for (name, number) in [
            ("time_unix_nano", self.time_unix_nano),
            ("observed_time_unix_nano", self.observed_time_unix_nano),
            ("severity_number", self.severity_number),
            ("dropped_attributes_count", self.dropped_attributes_count),
            ("flags", self.flags),
        ] {
            if number != 0 {
                members.number(name, number);
            }
        }
        for (name, text) in
            [("severity_text", &self.severity_text), ("trace_id", &self.trace_id), ("span_id", &self.span_id)]
        {
            if !text.is_empty() {
                members.string(name, text);
            }
        }
        if let Some(body) = &self.body {
            members.raw("body", body);
        }
        for (name, json) in
            [("attributes", &self.attributes), ("resource", &common.resource), ("scope", &common.scope)]
        {
            if !json.is_empty() {
                members.raw(name, json);
            }
        }
        members.close();
        out
    }
}

/// JSON that was written by us, as text.
pub(super) fn string(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_default()
}
