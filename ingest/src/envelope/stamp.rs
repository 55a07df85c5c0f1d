//! What is put on every event at the door: id, time, key, provenance.

use bytes::Bytes;
use highway_types::Timestamp;
use highway_types::limits::MESSAGE_MAX_BYTES;

use super::key::KeyRule;
use super::violation::{Code, Violation};
use crate::ids::Ids;
use crate::record::{Record, header};
use crate::schema::Checking;

/// An endpoint's rules for single events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The name of events that have none; without it they are refused.
    pub event_name: Option<String>,
    /// The record key.
    pub key: KeyRule,
    /// Bytes of one record at the most.
    pub max_event_bytes: usize,
}

impl Default for Rules {
    fn default() -> Self {
        // Room for what a batch of one record has around it.
        Self { event_name: None, key: KeyRule::None, max_event_bytes: MESSAGE_MAX_BYTES as usize - 512 }
    }
}

/// Where events came from: the same for all of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// `endpoint/dialect`.
    pub ingest: Bytes,
    /// The API key's id.
    pub key_id: Option<Bytes>,
    /// The sender's address, if the endpoint keeps it.
    pub client: Option<Bytes>,
    /// [`Stamp::now`] as digits.
    received_at: Bytes,
}

impl Provenance {
    /// For a request that was read at `now`.
    #[must_use]
    pub fn new(ingest: impl Into<Bytes>, now: Timestamp) -> Self {
        Self { ingest: ingest.into(), key_id: None, client: None, received_at: now.to_string().into() }
    }
}

/// What a decoder needs beside the request.
pub struct Stamp<'a> {
    /// When the request was read.
    pub now: Timestamp,
    /// Makes ids for events without one.
    pub ids: &'a mut dyn Ids,
    /// The endpoint's rules.
    pub rules: &'a Rules,
    /// Where the request came from.
    pub provenance: &'a Provenance,
    /// What payloads are checked against.
    pub schema: Option<&'a Checking>,
}

impl std::fmt::Debug for Stamp<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stamp").field("now", &self.now).field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Stamp<'_> {
    /// A new id.
    pub fn id(&mut self) -> String {
        self.ids.next_id(self.now)
    }

    /// Checks a payload against the endpoint's schema, and says in the record's headers which it fits. `at` is the pointer to it.
    ///
    /// # Errors
    /// It does not fit.
    pub fn check_payload(&self, record: &mut Record, at: &str, payload: &str) -> Result<(), Violation> {
        if let Some(schema) = self.schema
            && schema.check(at, payload)?
        {
            record.push_header(header::SCHEMA_ID, schema.id());
        }
        Ok(())
    }

    /// Adds the provenance, and checks the size: the last step of every decoder.
    ///
    /// # Errors
    /// The record is larger than the endpoint takes.
    pub fn finish(&self, mut record: Record) -> Result<Record, Violation> {
        record.push_header(header::INGEST, self.provenance.ingest.clone());
        record.push_header(header::RECEIVED_AT, self.provenance.received_at.clone());
        if let Some(key_id) = &self.provenance.key_id {
            record.push_header(header::KEY_ID, key_id.clone());
        }
        if let Some(client) = &self.provenance.client {
            record.push_header(header::CLIENT_ADDRESS, client.clone());
        }
        let (size, max) = (record.size(), self.rules.max_event_bytes);
        if size > max {
            let message = format!(
                "{size} bytes with its headers; the endpoint takes {max}: send less, or raise max_event_bytes"
            );
            return Err(Violation::new(Code::Size, "", message));
        }
        Ok(record)
    }
}
