//! A schema as clients send it and as it is kept: text, type, references, metadata and rules; and its GUID.

mod guid;
mod lookup;
mod metadata;
mod parsed;
mod rules;
mod tags;

use serde::{Deserialize, Serialize};

pub use guid::Guid;
pub use lookup::{Loaded, References, load_references};
pub use metadata::{Metadata, VERSION_PROPERTY};
pub use parsed::{Parsed, parse};
pub use rules::{EnableAt, Rule, RuleError, RuleKind, RuleMode, RuleSet};
pub(crate) use tags::Visit;
pub use tags::{EntityType, SchemaEntity, SchemaTags};

/// The language of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SchemaType {
    /// Apache Avro; what a schema is when nothing is said.
    #[default]
    Avro,
    /// JSON Schema.
    Json,
    /// Protocol Buffers.
    Protobuf,
}

impl SchemaType {
    /// All of them, in the order of `GET /schemas/types`.
    pub const ALL: [SchemaType; 3] = [Self::Json, Self::Protobuf, Self::Avro];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avro => "AVRO",
            Self::Json => "JSON",
            Self::Protobuf => "PROTOBUF",
        }
    }

    /// The type of a name; case does not matter, an empty name is Avro.
    pub fn by_name(name: &str) -> Option<Self> {
        if name.is_empty() {
            return Some(Self::Avro);
        }
        Self::ALL.into_iter().find(|t| t.name().eq_ignore_ascii_case(name))
    }
}

/// A schema that another one uses.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The name it is used by: a full name (Avro), a URI (JSON Schema), a path to import (Protobuf).
    pub name: String,
    /// Its subject.
    pub subject: String,
    /// Its version there; -1 is the latest.
    pub version: i32,
}

/// A schema, not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// The language.
    pub schema_type: SchemaType,
    /// The text; of Protobuf also a descriptor in base64.
    pub text: String,
    /// What it uses.
    pub references: Vec<Reference>,
    /// Tags and properties.
    pub metadata: Option<Metadata>,
    /// Rules that clients carry out.
    pub rule_set: Option<RuleSet>,
}

impl Schema {
    /// A schema of only a text.
    pub fn new(schema_type: SchemaType, text: impl Into<String>) -> Self {
        Self { schema_type, text: text.into(), ..Self::default() }
    }

    /// The GUID: the same in every registry that holds this schema.
    pub fn guid(&self) -> Guid {
        Guid::of(self)
    }
}

/// Why a schema cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The text is no schema of its type.
    #[error("Invalid schema of type {}: {reason}", schema_type.name())]
    Invalid {
        /// The type.
        schema_type: SchemaType,
        /// What is wrong, and where.
        reason: String,
    },
    /// A reference leads nowhere.
    #[error("No schema reference found for subject \"{subject}\" and version {version}")]
    NoReference {
        /// The subject referred to.
        subject: String,
        /// The version referred to.
        version: i32,
    },
    /// References go too deep, are too many, or return to where they came from.
    #[error("the references of the schema {0}")]
    References(String),
}

impl SchemaError {
    /// A fault in a text.
    pub fn invalid(schema_type: SchemaType, reason: impl std::fmt::Display) -> Self {
        Self::Invalid { schema_type, reason: reason.to_string() }
    }
}
