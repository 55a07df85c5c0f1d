//! Records of the `_schemas` topic: Confluent's JSON, byte for byte (storage package: `SchemaKey`, `SchemaValue` and so on).

use serde::{Deserialize, Serialize};

use super::config::{Config, Mode};
use crate::schema::{Metadata, Reference, RuleSet, SchemaType};

/// The tenant of contexts; there is but one.
const TENANT: &str = "default";

/// A schema's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaRecord {
    /// The subject with its context.
    pub subject: String,
    /// The version.
    pub version: i32,
    /// The id in the context.
    pub id: i32,
    /// The GUID in base64, when it is not that of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// The language.
    #[serde(default)]
    pub schema_type: SchemaType,
    /// What it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<RuleSet>,
    /// The text.
    pub schema: String,
    /// Softly deleted.
    #[serde(default)]
    pub deleted: bool,
}

/// The record of settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigRecord {
    /// Nothing for all subjects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The settings.
    #[serde(flatten)]
    pub config: Config,
}

/// A record, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A schema; nothing when it is gone for good.
    Schema {
        /// The subject with its context.
        subject: String,
        /// The version.
        version: i32,
        /// What there is.
        value: Option<Box<SchemaRecord>>,
    },
    /// Settings of a subject, of a context (`:.ctx:`), or of all.
    Config {
        /// Nothing for all.
        subject: Option<String>,
        /// Nothing when they are taken back.
        value: Option<Box<Config>>,
    },
    /// A mode.
    Mode {
        /// Nothing for all.
        subject: Option<String>,
        /// Nothing when it is taken back.
        value: Option<Mode>,
    },
    /// All versions up to one are softly deleted.
    DeleteSubject {
        /// The subject.
        subject: String,
        /// The last version deleted.
        version: i32,
    },
    /// What is softly deleted is forgotten.
    ClearSubject {
        /// The subject, or nothing for all.
        subject: Option<String>,
    },
    /// A context exists, or does no longer.
    Context {
        /// With its dot.
        context: String,
        /// Whether it exists.
        exists: bool,
    },
    /// Nothing; registries write it to find the end of the log.
    Noop,
}

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The key.
    #[error("a key of the schemas topic is malformed: {0}")]
    Key(String),
    /// The value.
    #[error("the value of {key} is malformed: {reason}")]
    Value {
        /// The key, as text.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Key {
    keytype: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    #[serde(default)]
    magic: i32,
}

#[derive(Serialize, Deserialize)]
struct Value {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
}

impl Value {
    fn of_subject(subject: Option<&str>) -> Self {
        Self { tenant: None, context: None, subject: subject.map(str::to_owned), version: None, mode: None }
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Maps with keys of text and nothing else: writing them does not fail.
    serde_json::to_vec(value).unwrap_or_default()
}

impl Record {
    /// Key and value as they are appended; without a value it is a tombstone.
    pub fn to_bytes(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        let key = |keytype: &str, subject: Option<&str>, version: Option<i32>| Key {
            keytype: keytype.to_owned(),
            tenant: None,
            context: None,
            subject: subject.map(str::to_owned),
            version,
            magic: i32::from(keytype == "SCHEMA"),
        };
        match self {
            Self::Schema { subject, version, value } => {
                (json(&key("SCHEMA", Some(subject), Some(*version))), value.as_ref().map(json))
            }
            Self::Config { subject, value } => {
                let record =
                    |config: &Config| ConfigRecord { subject: subject.clone(), config: config.clone() };
                (json(&key("CONFIG", subject.as_deref(), None)), value.as_ref().map(|c| json(&record(c))))
            }
            Self::Mode { subject, value } => {
                let record =
                    |mode: &Mode| Value { mode: Some(*mode), ..Value::of_subject(subject.as_deref()) };
                (json(&key("MODE", subject.as_deref(), None)), value.as_ref().map(|mode| json(&record(mode))))
            }
            Self::DeleteSubject { subject, version } => {
                let value = Value { version: Some(*version), ..Value::of_subject(Some(subject)) };
                (json(&key("DELETE_SUBJECT", Some(subject), None)), Some(json(&value)))
            }
            Self::ClearSubject { subject } => {
                let value = Value::of_subject(subject.as_deref());
                (json(&key("CLEAR_SUBJECT", subject.as_deref(), None)), Some(json(&value)))
            }
            Self::Context { context, exists } => {
                let (tenant, context) = (Some(TENANT.to_owned()), Some(context.clone()));
                let value =
                    Value { tenant: tenant.clone(), context: context.clone(), ..Value::of_subject(None) };
                let key = Key { tenant, context, ..key("CONTEXT", None, None) };
                (json(&key), exists.then(|| json(&value)))
            }
            Self::Noop => (json(&key("NOOP", None, None)), None),
        }
    }

    /// Reads a record; nothing for kinds of keys that we do not know (associations, say).
    ///
    /// # Errors
    /// [`RecordError`] for what is malformed.
    pub fn read(key: &[u8], value: Option<&[u8]>) -> Result<Option<Self>, RecordError> {
        let wrong_key = |reason: &str| {
            RecordError::Key(format!("{}: {reason}", String::from_utf8_lossy(&key[..key.len().min(200)])))
        };
        let read: Key = serde_json::from_slice(key).map_err(|e| wrong_key(&e.to_string()))?;
        let wrong_value = |e: serde_json::Error| RecordError::Value {
            key: String::from_utf8_lossy(key).into_owned(),
            reason: e.to_string(),
        };
        let small = || -> Result<Option<Value>, RecordError> {
            value.map(|value| serde_json::from_slice(value).map_err(wrong_value)).transpose()
        };
        let subject = read.subject.clone();
        let named = || subject.clone().ok_or_else(|| wrong_key("no subject"));
        Ok(Some(match read.keytype.as_str() {
            "SCHEMA" => {
                let version = read.version.ok_or_else(|| wrong_key("no version"))?;
                let value =
                    value.map(|value| serde_json::from_slice(value).map_err(wrong_value)).transpose()?;
                Self::Schema { subject: named()?, version, value }
            }
            "CONFIG" => {
                let value =
                    value.map(|value| serde_json::from_slice(value).map_err(wrong_value)).transpose()?;
                Self::Config { subject, value: value.map(|record: ConfigRecord| Box::new(record.config)) }
            }
            "MODE" => Self::Mode { subject, value: small()?.and_then(|value| value.mode) },
            "DELETE_SUBJECT" => match small()?.and_then(|value| value.version) {
                Some(version) => Self::DeleteSubject { subject: named()?, version },
                None => Self::Noop,
            },
            "CLEAR_SUBJECT" => Self::ClearSubject { subject },
            "CONTEXT" => {
                let context = read.context.ok_or_else(|| wrong_key("no context"))?;
                Self::Context { context, exists: value.is_some() }
            }
            "NOOP" => Self::Noop,
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::Level;

    fn both_ways(record: Record, key: &str, value: Option<&str>) {
        let (written_key, written_value) = record.to_bytes();
        assert_eq!(String::from_utf8(written_key).unwrap(), key);
        assert_eq!(written_value.map(|v| String::from_utf8(v).unwrap()).as_deref(), value);
        assert_eq!(Record::read(key.as_bytes(), value.map(str::as_bytes)), Ok(Some(record)));
    }

    #[test]
    fn as_confluent_writes_them() {
        let schema = SchemaRecord {
            subject: "s".into(),
            version: 1,
            id: 7,
            md5: None,
            schema_type: SchemaType::Avro,
            references: vec![Reference { name: "n".into(), subject: "r".into(), version: 2 }],
            metadata: None,
            rule_set: None,
            schema: "\"string\"".into(),
            deleted: false,
        };
        both_ways(
            Record::Schema { subject: "s".into(), version: 1, value: Some(Box::new(schema)) },
            r#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#,
            Some(
                r#"{"subject":"s","version":1,"id":7,"schemaType":"AVRO","references":[{"name":"n","subject":"r","version":2}],"schema":"\"string\"","deleted":false}"#,
            ),
        );
        both_ways(
            Record::Schema { subject: "s".into(), version: 1, value: None },
            r#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#,
            None,
        );
        both_ways(
            Record::Config { subject: None, value: Some(Box::new(Config::of_level(Level::FullTransitive))) },
            r#"{"keytype":"CONFIG","magic":0}"#,
            Some(r#"{"compatibilityLevel":"FULL_TRANSITIVE"}"#),
        );
        both_ways(
            Record::Config {
                subject: Some("s".into()),
                value: Some(Box::new(Config::of_level(Level::None))),
            },
            r#"{"keytype":"CONFIG","subject":"s","magic":0}"#,
            Some(r#"{"subject":"s","compatibilityLevel":"NONE"}"#),
        );
        both_ways(
            Record::Mode { subject: Some("s".into()), value: Some(Mode::ReadOnlyOverride) },
            r#"{"keytype":"MODE","subject":"s","magic":0}"#,
            Some(r#"{"subject":"s","mode":"READONLY_OVERRIDE"}"#),
        );
        both_ways(
            Record::DeleteSubject { subject: "s".into(), version: 3 },
            r#"{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}"#,
            Some(r#"{"subject":"s","version":3}"#),
        );
        both_ways(
            Record::ClearSubject { subject: Some("s".into()) },
            r#"{"keytype":"CLEAR_SUBJECT","subject":"s","magic":0}"#,
            Some(r#"{"subject":"s"}"#),
        );
        both_ways(
            Record::Context { context: ".c".into(), exists: true },
            r#"{"keytype":"CONTEXT","tenant":"default","context":".c","magic":0}"#,
            Some(r#"{"tenant":"default","context":".c"}"#),
        );
        both_ways(Record::Noop, r#"{"keytype":"NOOP","magic":0}"#, None);
    }

    #[test]
    fn old_and_strange_records() {
        let key = br#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#;
        let old = br#"{"subject":"s","version":1,"id":1,"schema":"\"int\"","deleted":false,"new":[]}"#;
        let read = Record::read(key, Some(old)).unwrap();
        let Some(Record::Schema { value: Some(value), .. }) = read else { panic!("{read:?}") };
        assert_eq!(value.schema_type, SchemaType::Avro);
        assert_eq!(Record::read(br#"{"keytype":"ASSOC","x":1}"#, Some(b"{}")), Ok(None));
        assert!(matches!(Record::read(b"x", None), Err(RecordError::Key(_))));
        assert!(matches!(Record::read(key, Some(b"{")), Err(RecordError::Value { .. })));
        assert!(matches!(Record::read(br#"{"keytype":"SCHEMA"}"#, None), Err(RecordError::Key(_))));
    }
}
