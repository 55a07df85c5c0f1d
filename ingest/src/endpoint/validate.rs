//! What makes an endpoint that can work.

use std::collections::BTreeSet;
use std::fmt;

use highway_types::TopicName;
use highway_types::limits::{
    DEDUP_MAX_IDS_LIMIT, ENDPOINT_MAX_KEYS, ENDPOINT_NAME_MAX_LEN, EVENT_NAME_MAX_BYTES, REQUEST_MAX_BYTES,
};

use super::api_key::ApiKeyHash;
use super::definition::{Auth, Definition, DefinitionError, Dialect, SchemaMode};
use crate::time::Moment;

/// One thing that is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The member: `limits.max_events`.
    pub field: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl Definition {
    /// Checks the definition of an endpoint called `name`. `exposed` says that its listener can be reached from other
    /// machines; `anonymous` that the operator allowed endpoints without keys there.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(&self, name: &str, exposed: bool, anonymous: bool) -> Result<(), DefinitionError> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: String| problems.push(Problem::new(field, message));
        if name.len() > ENDPOINT_NAME_MAX_LEN {
            wrong("name", format!("'{name}' has more than {ENDPOINT_NAME_MAX_LEN} characters; shorten it"));
        } else if let Err(error) = TopicName::check(name) {
            wrong("name", error.to_string());
        }
        for (field, topic) in [("topic", self.topic.clone()), ("rejects.topic", self.rejects_topic(name))] {
            match TopicName::check(&topic) {
                Err(error) if field == "topic" || self.rejects.topic.is_some() => {
                    wrong(field, error.to_string())
                }
                Ok(()) if TopicName::new(&topic).is_internal() => {
                    wrong(field, format!("'{topic}' is internal; choose another topic"));
                }
                _ => {}
            }
        }
        if self.rejects.enabled && self.rejects_topic(name) == self.topic {
            wrong("rejects.topic", "refused events would go to the topic itself; choose another".to_owned());
        }
        if let Some(event_name) = &self.event_name
            && (event_name.is_empty()
                || event_name.len() > EVENT_NAME_MAX_BYTES
                || event_name.chars().any(char::is_control))
        {
            wrong(
                "event_name",
                format!(
                    "'{event_name}' cannot be taken; use 1 to {EVENT_NAME_MAX_BYTES} bytes without control characters"
                ),
            );
        }
        if let Some(schema) = &self.schema {
            if schema.subject.as_ref().is_some_and(String::is_empty) {
                wrong("schema.subject", "it is empty; name a subject of the registry".to_owned());
            }
            if let Some(version) = schema.version.filter(|version| *version < 1) {
                wrong("schema.version", format!("{version} is no version; use 1 or more, or leave it out"));
            }
            if schema.mode == SchemaMode::Infer && (schema.version.is_some() || schema.message.is_some()) {
                let message =
                    "a schema that is yet to be learnt has no version and no message; leave them out";
                wrong("schema.mode", message.to_owned());
            }
            if self.dialect == Dialect::Syslog {
                wrong("schema", "syslog messages have a form of their own; leave the schema out".to_owned());
            }
        }
        if let Err(problem) = self.rules() {
            problems.push(problem);
        }
        self.check_auth(exposed, anonymous, &mut problems);
        self.check_numbers(&mut problems);
        if let Some(cors) = &self.cors {
            for origin in &cors.origins {
                let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
                if origin != "*" && !rest.is_some_and(|r| !r.is_empty() && !r.contains('/')) {
                    let message = format!(
                        "'{origin}' is no origin; write scheme and host as in https://shop.example, or *"
                    );
                    problems.push(Problem::new("cors.origins", message));
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(DefinitionError::Problems(problems)) }
    }

    fn check_auth(&self, exposed: bool, anonymous: bool, problems: &mut Vec<Problem>) {
        let mut wrong = |field: &str, message: String| problems.push(Problem::new(field, message));
        let signed = matches!(self.auth, Auth::Signature { .. });
        if (self.dialect == Dialect::Webhook) != signed {
            let message = "webhooks are known by their signature and nothing else is: use dialect webhook with auth signature";
            wrong("auth", message.to_owned());
        }
        match &self.auth {
            Auth::None if exposed && !anonymous && self.dialect != Dialect::Syslog => wrong(
                "auth",
                "the listener can be reached from other machines, so a key is needed: add one with \
                 `highway endpoint key create`, or set highway.allow.anonymous=true"
                    .to_owned(),
            ),
            Auth::None => {}
            Auth::ApiKeys(keys) => {
                if keys.is_empty() || keys.len() > ENDPOINT_MAX_KEYS {
                    wrong("auth.api-keys", format!("{} keys; use 1 to {ENDPOINT_MAX_KEYS}", keys.len()));
                }
                let mut ids = BTreeSet::new();
                for (index, key) in keys.iter().enumerate() {
                    let field = |name: &str| format!("auth.api-keys[{index}].{name}");
                    if !ids.insert(&key.id)
                        || key.id.is_empty()
                        || !key.id.bytes().all(|b| b.is_ascii_alphanumeric())
                    {
                        wrong(
                            &field("id"),
                            format!("'{}' must be letters and digits that no other key has", key.id),
                        );
                    }
                    if ApiKeyHash::parse(&key.hash).is_none() {
                        wrong(
                            &field("hash"),
                            "not 'sha256:' and 64 hexadecimal digits; a key itself is never kept".to_owned(),
                        );
                    }
                    if key.expires.as_deref().is_some_and(|text| Moment::parse_rfc3339(text).is_none()) {
                        wrong(
                            &field("expires"),
                            "not RFC 3339; write it as in 2026-11-25T12:00:00Z".to_owned(),
                        );
                    }
                }
            }
            Auth::Signature { secrets, tolerance_seconds, .. } => {
                if secrets.is_empty()
                    || secrets.len() > ENDPOINT_MAX_KEYS
                    || secrets.iter().any(String::is_empty)
                {
                    wrong(
                        "auth.signature.secrets",
                        format!(
                            "{} secrets; use 1 to {ENDPOINT_MAX_KEYS}, none of them empty",
                            secrets.len()
                        ),
                    );
                }
                if secrets.iter().any(|s| s == "***") {
                    wrong(
                        "auth.signature.secrets",
                        "'***' is what is shown instead of a secret; send the secret".to_owned(),
                    );
                }
                if !(1..=86_400).contains(tolerance_seconds) {
                    wrong(
                        "auth.signature.tolerance_seconds",
                        format!("{tolerance_seconds} s; use 1 to 86400"),
                    );
                }
            }
        }
    }

    fn check_numbers(&self, problems: &mut Vec<Problem>) {
        let limits = &self.limits;
        let mut range = |field: &str, value: u64, low: u64, high: u64| {
            if !(low..=high).contains(&value) {
                problems.push(Problem::new(field, format!("{value} is out of range; use {low} to {high}")));
            }
        };
        let max = REQUEST_MAX_BYTES as u64;
        range("limits.max_body_bytes", limits.max_body_bytes as u64, 1024, max);
        range("limits.max_unpacked_bytes", limits.max_unpacked_bytes as u64, 1024, 4 * max);
        range("limits.max_event_bytes", limits.max_event_bytes as u64, 256, max);
        range("limits.max_events", limits.max_events as u64, 1, 1_000_000);
        range("limits.burst_seconds", limits.burst_seconds, 1, 3600);
        range("limits.timeout_ms", limits.timeout_ms, 100, 300_000);
        range("dedup.window_ms", self.dedup.window_ms, 1000, 7 * 86_400_000);
        range("dedup.max_ids", self.dedup.max_ids as u64, 1, DEDUP_MAX_IDS_LIMIT as u64);
    }
}
