//! Context attributes, whatever mode they came in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::envelope::{Code, Parts, Payload, Stamp, Violation};
use crate::json::{Members, push_string};
use crate::record::Record;
use crate::time::Moment;

/// The attributes of one event; extensions as JSON.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) source: Option<Cow<'a, str>>,
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) specversion: Option<Cow<'a, str>>,
    pub(super) subject: Option<Cow<'a, str>>,
    pub(super) time: Option<Cow<'a, str>>,
    pub(super) dataschema: Option<Cow<'a, str>>,
    pub(super) datacontenttype: Option<Cow<'a, str>>,
    extensions: BTreeMap<String, String>,
}

impl<'a> Attributes<'a> {
    /// Sets an attribute that is a string.
    pub(super) fn set(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), Violation> {
        let place = match name {
            "id" => &mut self.id,
            "source" => &mut self.source,
            "type" => &mut self.kind,
            "specversion" => &mut self.specversion,
            "subject" => &mut self.subject,
            "time" => &mut self.time,
            "dataschema" => &mut self.dataschema,
            "datacontenttype" => &mut self.datacontenttype,
            _ => {
                let mut json = Vec::new();
                push_string(&mut json, &value);
                return self.extension(name, String::from_utf8(json).unwrap_or_default());
            }
        };
        if place.is_some() {
            return Err(Violation::new(
                Code::Duplicate,
                &format!("/{name}"),
                "this attribute occurs twice; send it once",
            ));
        }
        *place = Some(value);
        Ok(())
    }

    /// Sets an extension whose value is JSON already.
    pub(super) fn extension(&mut self, name: &str, json: String) -> Result<(), Violation> {
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let path = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        if name.is_empty() || !name.bytes().all(lower) {
            return Err(Violation::new(
                Code::Unknown,
                &path,
                "names of attributes have only a-z and 0-9; rename it",
            ));
        }
        if self.extensions.len() >= 64 {
            return Err(Violation::new(Code::Size, &path, "more than 64 extensions; put data into the data"));
        }
        if self.extensions.insert(name.to_owned(), json).is_some() {
            return Err(Violation::new(Code::Duplicate, &path, "this attribute occurs twice; send it once"));
        }
        Ok(())
    }

    /// Checks what must be there and makes the record.
    pub(super) fn record(&self, payload: Payload<'_>, stamp: &mut Stamp<'_>) -> Result<Record, Violation> {
        let must = |name: &str, value: &Option<Cow<'a, str>>| match value.as_deref() {
            None => Err(Violation::new(Code::Missing, &format!("/{name}"), "CloudEvents need it; send it")),
            Some("") => Err(Violation::new(Code::Value, &format!("/{name}"), "it is empty; send a value")),
            Some(text) => Ok(text.to_owned()),
        };
        let specversion = must("specversion", &self.specversion)?;
        if specversion != "1.0" {
            return Err(Violation::value("/specversion", &specversion, "\"1.0\""));
        }
        let (id, source, kind) =
            (must("id", &self.id)?, must("source", &self.source)?, must("type", &self.kind)?);
        let timestamp = match self.time.as_deref() {
            None => None,
            Some(text) => Some(Moment::parse_rfc3339(text).ok_or_else(|| {
                Violation::value("/time", text, "RFC 3339 such as \"2026-11-25T12:00:00Z\"")
            })?),
        };
        let mut metadata = Vec::new();
        let mut member = |name: &'static str, value: Option<&str>| {
            if let Some(value) = value {
                let mut json = Vec::new();
                push_string(&mut json, value);
                metadata.push((name, String::from_utf8(json).unwrap_or_default()));
            }
        };
        member("source", Some(&source));
        member("subject", self.subject.as_deref());
        member("datacontenttype", self.datacontenttype.as_deref());
        if !self.extensions.is_empty() {
            let mut json = Vec::new();
            let mut members = Members::open(&mut json);
            for (name, value) in &self.extensions {
                members.raw(name, value);
            }
            members.close();
            metadata.push(("extensions", String::from_utf8(json).unwrap_or_default()));
        }
        let parts = Parts {
            identity: Some(format!("{source} {id}")),
            id: Some(&id),
            timestamp,
            version: self.dataschema.as_deref(),
            event_name: &kind,
            metadata: &metadata,
            payload,
        };
        parts.record(stamp)
    }
}

/// True for media types whose data is JSON.
pub(super) fn is_json(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/json")
        || media.eq_ignore_ascii_case("text/json")
        || media.to_ascii_lowercase().ends_with("+json")
}
