//! The form of an endpoint, in JSON and YAML. `{"topic": "t"}` is a whole one.

use highway_types::limits::{
    DEDUP_MAX_IDS, DEDUP_WINDOW_MS, INGEST_BATCH_MAX_EVENTS, INGEST_BODY_MAX_BYTES, INGEST_UNPACKED_MAX_BYTES,
};
use serde::{Deserialize, Serialize};

use super::validate::Problem;
use crate::dialect::webhook::Profile;
use crate::envelope::{KeyRule, Rules};
use crate::json::Pointer;
use crate::schema::SchemaRef;

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Where its events go. Made with the endpoint if it is not there.
    pub topic: String,
    /// What it understands; `auto` takes native events and CloudEvents as they come.
    #[serde(default)]
    pub dialect: Dialect,
    /// The name of events that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_name: Option<String>,
    /// What payloads are checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// The record key.
    #[serde(default)]
    pub key: Key,
    /// Who may send.
    #[serde(default)]
    pub auth: Auth,
    /// How much, for the endpoint as a whole and for each key.
    #[serde(default)]
    pub limits: Limits,
    /// How far back repeats are recognised.
    #[serde(default)]
    pub dedup: Dedup,
    /// Which pages may send from a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// What becomes of refused events.
    #[serde(default)]
    pub rejects: Rejects,
    /// Keep the sender's address in a header.
    #[serde(default = "yes")]
    pub keep_client_address: bool,
}

fn yes() -> bool {
    true
}

/// What an endpoint understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Native events and CloudEvents.
    #[default]
    Auto,
    /// Native events only.
    Native,
    /// CloudEvents only.
    Cloudevents,
    /// OTLP logs.
    Otlp,
    /// Segment's tracking API.
    Segment,
    /// A signed webhook; `auth` says whose.
    Webhook,
    /// Confluent's REST Proxy.
    RestProxy,
    /// Syslog.
    Syslog,
}

/// A schema subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The subject in the registry; `<topic>-value` if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// One version, for good; else the latest, and each that comes after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// The full name of a message of a Protobuf schema; its first if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What it is used for.
    #[serde(default)]
    pub mode: SchemaMode,
}

/// What a schema is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaMode {
    /// Refuse what does not fit.
    #[default]
    Enforce,
    /// Take everything, count what does not fit.
    Warn,
    /// Learn a first schema from what comes, and propose it.
    Infer,
}

/// Where the record key comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Key {
    /// No key.
    #[default]
    None,
    /// The event's id.
    Id,
    /// The event's name.
    EventName,
    /// A JSON pointer into the event.
    Pointer {
        /// `/payload/user_id`
        path: String,
        /// Refuse events without it.
        #[serde(default)]
        required: bool,
    },
}

/// Who may send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Auth {
    /// Anybody; only where the listener is on loopback.
    #[default]
    None,
    /// Whoever has one of these keys.
    ApiKeys(Vec<ApiKey>),
    /// Whoever signs with one of these secrets.
    Signature {
        /// How the sender signs.
        profile: Profile,
        /// Secrets, newest first. Never shown again.
        secrets: Vec<String>,
        /// Seconds that a signature may be old.
        #[serde(default = "tolerance")]
        tolerance_seconds: i64,
    },
}

fn tolerance() -> i64 {
    300
}

/// A key, as it is kept: its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// The part that may be shown.
    pub id: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub hash: String,
    /// RFC 3339; not taken from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Names of events that it may send; all, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_names: Vec<String>,
}

/// How much. Rates of 0 are no bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request as sent.
    pub max_body_bytes: usize,
    /// Bytes of a request once unpacked.
    pub max_unpacked_bytes: usize,
    /// Bytes of one event.
    pub max_event_bytes: usize,
    /// Events of a request.
    pub max_events: usize,
    /// Events in a second, for each key.
    pub events_per_second: u64,
    /// Bytes in a second, for each key.
    pub bytes_per_second: u64,
    /// Seconds of the rate that may come at once.
    pub burst_seconds: u64,
    /// Milliseconds until an answer is 504.
    pub timeout_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: INGEST_BODY_MAX_BYTES,
            max_unpacked_bytes: INGEST_UNPACKED_MAX_BYTES,
            max_event_bytes: Rules::default().max_event_bytes,
            max_events: INGEST_BATCH_MAX_EVENTS,
            events_per_second: 0,
            bytes_per_second: 0,
            burst_seconds: 2,
            timeout_ms: 30_000,
        }
    }
}

/// How far back repeats are recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dedup {
    /// Off: every try is stored.
    pub enabled: bool,
    /// Milliseconds.
    pub window_ms: u64,
    /// Ids of one partition.
    pub max_ids: usize,
}

impl Default for Dedup {
    fn default() -> Self {
        Self { enabled: true, window_ms: DEDUP_WINDOW_MS, max_ids: DEDUP_MAX_IDS }
    }
}

/// Which pages may send from a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// `https://shop.example`, or `*` for all.
    pub origins: Vec<String>,
    /// Seconds that a browser may keep the answer to its question.
    #[serde(default = "max_age")]
    pub max_age_seconds: u32,
}

fn max_age() -> u32 {
    600
}

impl Cors {
    /// What `Access-Control-Allow-Origin` says to a page of this origin; `None`: it may not.
    #[must_use]
    pub fn allow(&self, origin: &str) -> Option<String> {
        let any = self.origins.iter().any(|o| o == "*" || o.eq_ignore_ascii_case(origin));
        any.then(|| origin.to_owned())
    }
}

/// What becomes of refused events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rejects {
    /// Keep them.
    pub enabled: bool,
    /// Where; `<endpoint>.rejects` if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Kept in a second at the most; the count stays exact.
    pub max_per_second: u64,
}

impl Default for Rejects {
    fn default() -> Self {
        Self { enabled: true, topic: None, max_per_second: 1000 }
    }
}

/// Why a text is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// Not of the form; the text says where.
    #[error("not an endpoint: {0}")]
    Form(String),
    /// Of the form, but it cannot work: everything that is wrong, at once.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Problems(Vec<Problem>),
}

impl Definition {
    /// An endpoint with defaults for all but the topic.
    #[must_use]
    pub fn new(topic: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            dialect: Dialect::default(),
            event_name: None,
            schema: None,
            key: Key::default(),
            auth: Auth::default(),
            limits: Limits::default(),
            dedup: Dedup::default(),
            cors: None,
            rejects: Rejects::default(),
            keep_client_address: true,
        }
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// Not of the form.
    pub fn from_json(text: &[u8]) -> Result<Self, DefinitionError> {
        // Serde would take an array for the members in their order.
        if text.trim_ascii_start().first() == Some(&b'[') {
            return Err(DefinitionError::Form("an array; send an object with a topic".to_owned()));
        }
        serde_json::from_slice(text).map_err(|error| DefinitionError::Form(error.to_string()))
    }

    /// Reads YAML: the same members.
    ///
    /// # Errors
    /// Not of the form.
    pub fn from_yaml(text: &str) -> Result<Self, DefinitionError> {
        serde_saphyr::from_str(text).map_err(|error| DefinitionError::Form(error.to_string()))
    }

    /// As it may be shown: secrets are stars. Hashes of keys may be seen, they give nothing away.
    #[must_use]
    pub fn shown(&self) -> Self {
        let mut shown = self.clone();
        if let Auth::Signature { secrets, .. } = &mut shown.auth {
            secrets.fill("***".to_owned());
        }
        shown
    }

    /// Where refused events of the endpoint `name` go.
    #[must_use]
    pub fn rejects_topic(&self, name: &str) -> String {
        self.rejects.topic.clone().unwrap_or_else(|| format!("{name}.rejects"))
    }

    /// The schema that the endpoint names, whatever it is used for.
    #[must_use]
    pub fn schema_ref(&self) -> Option<SchemaRef> {
        let schema = self.schema.as_ref()?;
        let subject = schema.subject.clone().unwrap_or_else(|| format!("{}-value", self.topic));
        Some(SchemaRef { subject, version: schema.version, message: schema.message.clone() })
    }

    /// What payloads are checked against; `None` too where a schema is yet to be learnt.
    #[must_use]
    pub fn checked_against(&self) -> Option<SchemaRef> {
        self.schema_ref().filter(|_| self.schema.as_ref().is_some_and(|s| s.mode != SchemaMode::Infer))
    }

    /// The rules for single events.
    ///
    /// # Errors
    /// A pointer that is none.
    pub fn rules(&self) -> Result<Rules, Problem> {
        let key = match &self.key {
            Key::None => KeyRule::None,
            Key::Id => KeyRule::Id,
            Key::EventName => KeyRule::EventName,
            Key::Pointer { path, required } => {
                let pointer = Pointer::parse(path)
                    .map_err(|error| Problem::new("key.pointer.path", error.to_string()))?;
                KeyRule::Pointer { pointer, required: *required }
            }
        };
        Ok(Rules { event_name: self.event_name.clone(), key, max_event_bytes: self.limits.max_event_bytes })
    }
}
