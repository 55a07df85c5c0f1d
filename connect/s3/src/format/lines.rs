//! `JsonFormat` and `ByteArrayFormat`: records one after the other, compressed as a whole.

use std::io;

use highway_connect_data::{SchemaRef, Value};

use super::codec::{Codec, Compressor};
use super::encoder::{Encoder, FormatError};
use super::json::{DecimalText, write_json};

/// What a record looks like.
#[derive(Clone, Debug)]
pub enum Kind {
    /// JSON and a line feed.
    Json(DecimalText),
    /// The value's bytes and this separator.
    Bytes(Vec<u8>),
}

/// Writes lines.
pub struct Lines {
    kind: Kind,
    compressor: Compressor,
}

impl Lines {
    /// A writer of one object.
    pub fn new(kind: Kind, codec: Codec) -> Self {
        Self { kind, compressor: Compressor::new(codec) }
    }
}

fn library(e: io::Error) -> FormatError {
    FormatError::Library { format: "compression", why: e.to_string() }
}

impl Encoder for Lines {
    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let plain = self.compressor.plain(out);
        match &self.kind {
            Kind::Json(decimals) => {
                write_json(value, schema.map(|s| &**s), *decimals, plain);
                plain.push(b'\n');
            }
            Kind::Bytes(separator) => {
                match value {
                    Value::Bytes(bytes) => plain.extend_from_slice(bytes),
                    Value::String(text) => plain.extend_from_slice(text.as_bytes()),
                    Value::Null => {}
                    other => {
                        return Err(FormatError::Type {
                            format: "ByteArrayFormat",
                            what: format!("a value of {}: use ByteArrayConverter", other.java_class()),
                        });
                    }
                }
                plain.extend_from_slice(separator);
            }
        }
        self.compressor.pump(out).map_err(library)
    }

    fn held(&self) -> usize {
        self.compressor.held()
    }

    fn relieve(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.compressor.end(out).map_err(library)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.compressor.end(out).map_err(library)
    }
}
