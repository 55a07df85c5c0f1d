//! Bytes against a schema: what a broker asks of each record, so it is compiled once and bounded in depth and work.

use crate::jsonschema::Validator;
use crate::schema::Parsed;
use crate::{avro, protobuf};

/// Why bytes are no value of a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}{}", place(.path), .at.map(|at| format!(" (byte {at})")).unwrap_or_default())]
pub struct Fault {
    /// Names of fields on the way, or a JSON pointer.
    pub path: String,
    /// Bytes from the start of the value.
    pub at: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

fn place(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("at '{path}': ") }
}

impl Fault {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { path: String::new(), at: None, reason: reason.into() }
    }

    pub(crate) fn at(at: usize, reason: impl Into<String>) -> Self {
        Self { at: Some(at), ..Self::new(reason) }
    }

    /// Puts the name of an outer field before the path.
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.path = if self.path.is_empty() { name.to_owned() } else { format!("{name}.{}", self.path) };
        self
    }

    /// Puts a member's name or an element's number before the path, which is a JSON pointer.
    pub(crate) fn below(mut self, step: &str) -> Self {
        self.path = format!("/{}{}", step.replace('~', "~0").replace('/', "~1"), self.path);
        self
    }

    pub(crate) fn in_path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }
}

/// A schema made ready for checking bytes.
#[derive(Debug)]
pub enum Compiled {
    /// Walks the bytes.
    Avro(std::sync::Arc<Parsed>),
    /// A compiled validator.
    Json(Box<Validator>),
    /// Walks the bytes.
    Protobuf(std::sync::Arc<Parsed>),
}

impl Compiled {
    /// Makes a schema ready.
    ///
    /// # Errors
    /// What a JSON Schema asks that cannot be checked in bounded time.
    pub fn new(schema: std::sync::Arc<Parsed>) -> Result<Self, String> {
        Ok(match &*schema {
            Parsed::Avro(_) => Self::Avro(schema),
            Parsed::Json(json) => Self::Json(Box::new(Validator::new(json)?)),
            Parsed::Protobuf(_) => Self::Protobuf(schema),
        })
    }
}

/// Checks that `bytes` (without the wire format's prefix) are one value of the schema. `indexes` name the message of a
/// Protobuf schema; empty is the first.
///
/// # Errors
/// [`Fault`] with the place and the reason.
pub fn validate(schema: &Compiled, indexes: &[i32], bytes: &[u8]) -> Result<(), Fault> {
    match schema {
        Compiled::Json(validator) => validator.check(bytes),
        Compiled::Avro(parsed) | Compiled::Protobuf(parsed) => match &**parsed {
            Parsed::Avro(schema) => avro::check(&schema.0, bytes),
            Parsed::Protobuf(schema) => protobuf::check(schema, indexes, bytes),
            Parsed::Json(_) => Err(Fault::new("a JSON Schema that is not compiled")),
        },
    }
}
