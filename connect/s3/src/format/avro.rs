//! `AvroFormat`: object container files (Avro 1.11 specification, "Object Container Files").

use std::io::Write as _;

use highway_connect_data::{Schema, SchemaRef, Type, Value};

use super::avro_schema::avro_schema;
use super::encoder::{Encoder, FormatError};
use super::json::stored;

/// Bytes of a block before it is compressed.
const BLOCK: usize = 64 * 1024;

/// `avro.codec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AvroCodec {
    /// `null`.
    Null,
    /// `deflate`.
    Deflate,
    /// `snappy`.
    Snappy,
    /// `zstandard`.
    Zstandard,
}

impl AvroCodec {
    /// The name in the file's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::Zstandard => "zstandard",
        }
    }
}

/// Writes one container file.
pub struct Avro {
    schema: SchemaRef,
    codec: AvroCodec,
    sync: [u8; 16],
    header: Option<Vec<u8>>,
    block: Vec<u8>,
    records: i64,
}

impl Avro {
    /// A file of records of this schema. `sync` tells blocks apart: random.
    pub fn new(schema: SchemaRef, codec: AvroCodec, sync: [u8; 16]) -> Result<Self, FormatError> {
        let mut header = b"Obj\x01".to_vec();
        long(&mut header, 2);
        for (key, value) in
            [("avro.schema", avro_schema(&schema)?.to_string()), ("avro.codec", codec.name().to_owned())]
        {
            bytes(&mut header, key.as_bytes());
            bytes(&mut header, value.as_bytes());
        }
        long(&mut header, 0);
        header.extend_from_slice(&sync);
        Ok(Self { schema, codec, sync, header: Some(header), block: Vec::new(), records: 0 })
    }

    fn end_block(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        if let Some(header) = self.header.take() {
            out.extend_from_slice(&header);
        }
        if self.records == 0 {
            return Ok(());
        }
        let packed = self.packed().map_err(|why| FormatError::Library { format: "Avro's codec", why })?;
        long(out, self.records);
        bytes(out, packed.as_deref().unwrap_or(&self.block));
        out.extend_from_slice(&self.sync);
        self.records = 0;
        self.block.clear();
        Ok(())
    }

    fn packed(&self) -> Result<Option<Vec<u8>>, String> {
        Ok(match self.codec {
            AvroCodec::Null => None,
            AvroCodec::Deflate => {
                let mut deflate =
                    flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                deflate.write_all(&self.block).map_err(|e| e.to_string())?;
                Some(deflate.finish().map_err(|e| e.to_string())?)
            }
            AvroCodec::Snappy => {
                let mut packed =
                    snap::raw::Encoder::new().compress_vec(&self.block).map_err(|e| e.to_string())?;
                packed.extend_from_slice(&crc32fast::hash(&self.block).to_be_bytes());
                Some(packed)
            }
            AvroCodec::Zstandard => Some(zstd::bulk::compress(&self.block, 3).map_err(|e| e.to_string())?),
        })
    }
}

impl Encoder for Avro {
    fn write(
        &mut self,
        _schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let before = self.block.len();
        if let Err(e) = encode(value, &self.schema, &mut self.block) {
            self.block.truncate(before);
            return Err(e);
        }
        self.records += 1;
        if self.block.len() >= BLOCK { self.end_block(out) } else { Ok(()) }
    }

    fn held(&self) -> usize {
        self.block.capacity() + self.header.as_ref().map_or(0, Vec::len)
    }

    fn relieve(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.end_block(out)?;
        self.block = Vec::new();
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.relieve(out)
    }
}

/// Zigzag and base 128, low groups first.
fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    long(out, bytes.len() as i64);
    out.extend_from_slice(bytes);
}

fn encode(value: &Value, schema: &Schema, out: &mut Vec<u8>) -> Result<(), FormatError> {
    let value = match value {
        Value::Null => schema.default_value().unwrap_or(value),
        value => value,
    };
    if schema.is_optional() {
        out.push(if value.is_null() { 0 } else { 2 });
        if value.is_null() {
            return Ok(());
        }
    }
    match (value, schema.r#type()) {
        (Value::Int8(v), Type::Int8) => long(out, i64::from(*v)),
        (Value::Int16(v), Type::Int16) => long(out, i64::from(*v)),
        (Value::Int32(v), Type::Int32) => long(out, i64::from(*v)),
        (Value::Int64(v), Type::Int64) => long(out, *v),
        (Value::Instant(v), Type::Int32 | Type::Int64) => long(out, stored(*v, Some(schema))),
        (Value::Float32(v), Type::Float32) => out.extend_from_slice(&v.to_le_bytes()),
        (Value::Float64(v), Type::Float64) => out.extend_from_slice(&v.to_le_bytes()),
        (Value::Boolean(v), Type::Boolean) => out.push(u8::from(*v)),
        (Value::String(v), Type::String) => bytes(out, v.as_bytes()),
        (Value::Bytes(v), Type::Bytes) => bytes(out, v),
        (Value::Decimal(v), Type::Bytes) => bytes(out, &v.to_bytes()),
        (Value::Array(items), Type::Array) => {
            let element = schema.value_schema().ok_or_else(|| wrong(value, schema))?;
            if !items.is_empty() {
                long(out, items.len() as i64);
                items.iter().try_for_each(|item| encode(item, element, out))?;
            }
            out.push(0);
        }
        (Value::Map(map), Type::Map) => {
            let (key, element) = (schema.key_schema(), schema.value_schema());
            let (Some(key), Some(element)) = (key, element) else { return Err(wrong(value, schema)) };
            if !map.is_empty() {
                long(out, map.len() as i64);
                for (k, v) in map.iter() {
                    encode(k, key, out)?;
                    encode(v, element, out)?;
                }
            }
            out.push(0);
        }
        (Value::Struct(data), Type::Struct) if data.values().len() == schema.fields().len() => {
            for (value, field) in data.values().iter().zip(schema.fields()) {
                encode(value, &field.schema, out)?;
            }
        }
        _ => return Err(wrong(value, schema)),
    }
    Ok(())
}

fn wrong(value: &Value, schema: &Schema) -> FormatError {
    FormatError::Value(format!("a value of {} where the schema says {schema}", value.java_class()))
}
