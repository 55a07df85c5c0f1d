//! What all formats have in common.

use highway_connect_data::{DataError, SchemaRef, Value};

/// Why a record cannot be written in a format. The record is at fault, or what is set for it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FormatError {
    /// The format has columns or fields, and the data has no schema.
    #[error("{0} needs records with a schema (a struct): use a converter that gives one, or JsonFormat")]
    Schemaless(&'static str),
    /// A type that the format does not have.
    #[error("{format} has no type for {what}")]
    Type {
        /// The format.
        format: &'static str,
        /// The field and its type.
        what: String,
    },
    /// A value that does not go with the schema of its file.
    #[error("{0}")]
    Value(String),
    /// The library refused.
    #[error("{format}: {why}")]
    Library {
        /// The library.
        format: &'static str,
        /// Its words.
        why: String,
    },
}

impl From<DataError> for FormatError {
    fn from(e: DataError) -> Self {
        Self::Value(e.message)
    }
}

/// Turns the records of one object into its bytes, which come out bit by bit: what is held back is bounded by
/// [`Encoder::relieve`].
pub trait Encoder: Send {
    /// Takes a record, and writes bytes if there are some.
    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError>;

    /// Bytes of memory that are held back, about.
    fn held(&self) -> usize;

    /// Writes out what is held back and frees its memory, at the cost of some compression.
    fn relieve(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError>;

    /// Writes all that is left. Nothing may be written afterwards.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError>;
}
