//! Schemas, parsed.

use highway_types::limits::SCHEMA_MAX_BYTES;

use super::{Loaded, Schema, SchemaError, SchemaType};
use crate::avro::{self, AvroSchema};
use crate::jsonschema::JsonSchema;
use crate::protobuf::{self, ProtobufSchema};

/// A parsed schema of one of the three languages.
#[derive(Debug)]
pub enum Parsed {
    /// With its text as kept.
    Avro((AvroSchema, String)),
    /// JSON Schema.
    Json(Box<JsonSchema>),
    /// Protobuf.
    Protobuf(Box<ProtobufSchema>),
}

/// Parses a schema; `references` come from [`super::load_references`]. With `strict` also defaults are checked (Confluent's
/// `validateNewSchemas`).
///
/// # Errors
/// [`SchemaError::Invalid`] with what is wrong.
pub fn parse(schema: &Schema, references: &[Loaded], strict: bool) -> Result<Parsed, SchemaError> {
    let of = schema.schema_type;
    let invalid = |reason: String| SchemaError::invalid(of, reason);
    if schema.text.len() > SCHEMA_MAX_BYTES {
        return Err(invalid(format!("the text is longer than {SCHEMA_MAX_BYTES} bytes")));
    }
    if let Some(other) = references.iter().find(|loaded| loaded.schema.schema_type != of) {
        return Err(invalid(format!(
            "the reference '{}' is of type {}",
            other.name,
            other.schema.schema_type.name()
        )));
    }
    let named: Vec<(&str, &str)> =
        references.iter().map(|loaded| (loaded.name.as_str(), loaded.schema.text.as_str())).collect();
    Ok(match of {
        SchemaType::Avro => {
            let texts: Vec<&str> = named.iter().map(|(_, text)| *text).collect();
            let parsed = avro::parse(&schema.text, &texts, strict).map_err(invalid)?;
            let canonical = parsed.canonical();
            Parsed::Avro((parsed, canonical))
        }
        SchemaType::Json => Parsed::Json(Box::new(JsonSchema::parse(&schema.text, &named).map_err(invalid)?)),
        SchemaType::Protobuf => {
            Parsed::Protobuf(Box::new(ProtobufSchema::parse(&schema.text, &named).map_err(invalid)?))
        }
    })
}

impl Parsed {
    /// The language.
    pub fn schema_type(&self) -> SchemaType {
        match self {
            Self::Avro(_) => SchemaType::Avro,
            Self::Json(_) => SchemaType::Json,
            Self::Protobuf(_) => SchemaType::Protobuf,
        }
    }

    /// The name that the strategies RecordName and TopicRecordName make a subject of: the full name of an Avro type or of a
    /// Protobuf message (`indexes` name it; the first when they are empty), the `title` of a JSON Schema.
    pub fn record_name(&self, indexes: &[i32]) -> Option<String> {
        match self {
            Self::Avro((schema, _)) => schema.name(),
            Self::Json(schema) => schema.value().get("title")?.as_str().map(str::to_owned),
            Self::Protobuf(schema) => protobuf::message_name(schema, indexes),
        }
    }

    /// The text as kept and compared.
    pub fn canonical(&self) -> String {
        match self {
            Self::Avro((_, canonical)) => canonical.clone(),
            Self::Json(schema) => schema.canonical(),
            Self::Protobuf(schema) => schema.canonical(),
        }
    }

    /// The text as kept when a client asks to normalise: what means the same looks the same.
    pub fn normalized(&self) -> String {
        match self {
            Self::Avro((schema, _)) => schema.normalized(),
            Self::Json(schema) => schema.normalized(),
            Self::Protobuf(schema) => schema.normalized(),
        }
    }

    /// The text with everything it uses in it, when the language can say that in one text (Confluent: `format=resolved`).
    pub fn resolved(&self) -> String {
        match self {
            Self::Avro((schema, _)) => schema.resolved(),
            _ => self.canonical(),
        }
    }

    /// The text in a format by Confluent's name: `resolved` (Avro), `serialized` and `ignore_extensions` (Protobuf). All
    /// others give the text as kept, so that clients of later versions are served.
    pub fn formatted(&self, format: &str) -> String {
        match (self, format) {
            (Self::Avro(_), "resolved") => self.resolved(),
            (Self::Protobuf(schema), "serialized") => schema.serialized(),
            (Self::Protobuf(schema), "ignore_extensions") => schema.without_extensions(),
            _ => self.canonical(),
        }
    }

    /// Whether a client that sends `self` means `other`, which is registered: the same text once references are resolved.
    pub fn means(&self, other: &Parsed) -> bool {
        match (self, other) {
            (Self::Avro((a, _)), Self::Avro((b, _))) => a.resolved() == b.resolved(),
            (Self::Json(a), Self::Json(b)) => a.is_same(b),
            (Self::Protobuf(a), Self::Protobuf(b)) => a.is_same(b),
            _ => false,
        }
    }
}
