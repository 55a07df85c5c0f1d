//! `ParquetFormat`.

use std::sync::Arc;

use arrow_array::{RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Fields, Schema as ArrowSchema, TimeUnit};
use highway_connect_data::schema::logical::Logical;
use highway_connect_data::schema::logical::SCALE;
use highway_connect_data::{Schema, SchemaRef, Type, Value};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::columns::Column;
use super::encoder::{Encoder, FormatError};

/// Records that are gathered in columns before the library gets them.
const GATHER: usize = 1024;
/// Bytes of a row group, encoded.
const ROW_GROUP: usize = 64 * 1024 * 1024;
/// Memory that the library takes for a column before it holds anything, about.
const COLUMN_STATE: usize = 2 * 1024;

/// Writes one Parquet file.
pub struct Parquet {
    schema: SchemaRef,
    root: Column,
    rows: usize,
    /// Bytes of values in `root`, about.
    gathered: usize,
    arrow: Arc<ArrowSchema>,
    compression: Compression,
    writer: Option<ArrowWriter<Vec<u8>>>,
    held: usize,
}

impl Parquet {
    /// A file of records of this schema, which must be a struct.
    pub fn new(schema: SchemaRef, compression: Compression) -> Result<Self, FormatError> {
        let arrow = Arc::new(arrow_schema(&schema)?);
        let root = Column::new(&DataType::Struct(arrow.fields().clone()));
        Ok(Self { schema, root, rows: 0, gathered: 0, arrow, compression, writer: None, held: 0 })
    }

    /// Gives the gathered columns to the library.
    fn hand_over(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        if self.rows == 0 && self.writer.is_some() {
            return Ok(());
        }
        let batch = match self.root.finish()?.as_any().downcast_ref::<StructArray>() {
            Some(data) => RecordBatch::try_new(self.arrow.clone(), data.columns().to_vec()),
            None => return Err(FormatError::Value("records must be structs".to_owned())),
        };
        let batch = batch.map_err(|e| FormatError::Library { format: "Arrow", why: e.to_string() })?;
        (self.rows, self.gathered) = (0, 0);
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let properties = WriterProperties::builder()
                    .set_compression(self.compression)
                    .set_created_by(concat!("highway version ", env!("CARGO_PKG_VERSION")).to_owned())
                    .set_statistics_enabled(EnabledStatistics::Chunk)
                    .build();
                ArrowWriter::try_new(Vec::new(), self.arrow.clone(), Some(properties)).map_err(library)?
            }
        };
        writer.write(&batch).map_err(library)?;
        if writer.in_progress_size() >= ROW_GROUP {
            writer.flush().map_err(library)?;
        }
        self.keep(writer, out);
        Ok(())
    }

    /// Takes what the library wrote, and remembers what it holds.
    fn keep(&mut self, mut writer: ArrowWriter<Vec<u8>>, out: &mut Vec<u8>) {
        out.append(writer.inner_mut());
        self.held = if writer.in_progress_rows() > 0 {
            writer.memory_size() + COLUMN_STATE * self.arrow.fields().len()
        } else {
            0
        };
        self.writer = Some(writer);
    }
}

fn library(e: parquet::errors::ParquetError) -> FormatError {
    FormatError::Library { format: "Parquet", why: e.to_string() }
}

impl Encoder for Parquet {
    fn write(
        &mut self,
        _schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let Value::Struct(data) = value else { return Err(FormatError::Schemaless("ParquetFormat")) };
        self.root.append(value, &self.schema)?;
        self.rows += 1;
        self.gathered += data.values().iter().map(size).sum::<usize>();
        if self.rows >= GATHER { self.hand_over(out) } else { Ok(()) }
    }

    fn held(&self) -> usize {
        self.held + self.gathered
    }

    fn relieve(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        if self.rows > 0 {
            self.hand_over(out)?;
        }
        if let Some(mut writer) = self.writer.take() {
            writer.flush().map_err(library)?;
            self.keep(writer, out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.hand_over(out)?;
        let Some(mut writer) = self.writer.take() else { return Ok(()) };
        writer.finish().map_err(library)?;
        self.keep(writer, out);
        self.writer = None;
        self.held = 0;
        Ok(())
    }
}

/// Bytes of a value in a column, about.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 4,
        Value::Bytes(bytes) => bytes.len() + 4,
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 8,
        Value::Map(map) => map.iter().map(|(k, v)| size(k) + size(v)).sum::<usize>() + 8,
        Value::Struct(data) => data.values().iter().map(size).sum(),
        _ => 8,
    }
}

/// Connect's schema of a struct as Arrow's: `docs/formats/s3-objects.md`.
pub fn arrow_schema(schema: &Schema) -> Result<ArrowSchema, FormatError> {
    if schema.r#type() != Type::Struct {
        return Err(FormatError::Schemaless("ParquetFormat"));
    }
    Ok(ArrowSchema::new(fields(schema)?))
}

fn fields(schema: &Schema) -> Result<Fields, FormatError> {
    if schema.fields().is_empty() {
        let what = format!("{schema}, a struct without fields");
        return Err(FormatError::Type { format: "Parquet", what });
    }
    schema.fields().iter().map(|field| one(&field.name, &field.schema)).collect()
}

fn one(name: &str, schema: &Schema) -> Result<Field, FormatError> {
    Ok(Field::new(name, data_type(name, schema)?, schema.is_optional()))
}

fn data_type(name: &str, schema: &Schema) -> Result<DataType, FormatError> {
    let missing = || FormatError::Type { format: "Parquet", what: format!("field {name}: {schema}") };
    match schema.logical() {
        Some(Logical::Decimal) => {
            let scale: i32 = schema.parameter(SCALE).and_then(|s| s.parse().ok()).ok_or_else(missing)?;
            return Ok(match i8::try_from(scale) {
                Ok(scale) if (0..=38).contains(&scale) => DataType::Decimal128(38, scale),
                _ => DataType::Binary,
            });
        }
        Some(Logical::Date) => return Ok(DataType::Date32),
        Some(Logical::Time) => return Ok(DataType::Time32(TimeUnit::Millisecond)),
        Some(Logical::Timestamp) => {
            return Ok(DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())));
        }
        None => {}
    }
    Ok(match schema.r#type() {
        Type::Int8 => DataType::Int8,
        Type::Int16 => DataType::Int16,
        Type::Int32 => DataType::Int32,
        Type::Int64 => DataType::Int64,
        Type::Float32 => DataType::Float32,
        Type::Float64 => DataType::Float64,
        Type::Boolean => DataType::Boolean,
        Type::String => DataType::Utf8,
        Type::Bytes => DataType::Binary,
        Type::Array => {
            let element = schema.value_schema().ok_or_else(missing)?;
            DataType::List(Arc::new(one("element", element)?))
        }
        Type::Map => {
            let (key, value) = (schema.key_schema(), schema.value_schema());
            let (key, value) = (key.ok_or_else(missing)?, value.ok_or_else(missing)?);
            let key = Field::new("key", data_type(name, key)?, false);
            let entries = Fields::from(vec![key, one("value", value)?]);
            DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entries), false)), false)
        }
        Type::Struct => DataType::Struct(fields(schema)?),
    })
}
