//! Values of one schema gathered in columns, and the columns as Arrow arrays.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder,
    Int8Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder, Time32MillisecondBuilder,
    TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields};
use highway_connect_data::{Schema, Value};

use super::encoder::FormatError;
use super::json::stored;

/// One column.
pub(super) enum Column {
    Int8(Int8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Boolean(BooleanBuilder),
    String(StringBuilder),
    Bytes(BinaryBuilder),
    Decimal(Decimal128Builder, i32),
    Date(Date32Builder),
    Time(Time32MillisecondBuilder),
    Timestamp(TimestampMillisecondBuilder),
    List {
        field: Arc<Field>,
        offsets: Vec<i32>,
        nulls: NullBufferBuilder,
        items: Box<Column>,
        len: i32,
    },
    Map {
        field: Arc<Field>,
        offsets: Vec<i32>,
        nulls: NullBufferBuilder,
        entries: Box<[Column; 2]>,
        len: i32,
    },
    Struct {
        fields: Fields,
        nulls: NullBufferBuilder,
        columns: Vec<Column>,
    },
}

macro_rules! plain {
    ($builder:expr, $value:expr, $schema:expr, $pattern:pat => $out:expr) => {
        match $value {
            $pattern => $builder.append_value($out),
            Value::Null => $builder.append_null(),
            other => return Err(wrong($schema, other)),
        }
    };
}

fn wrong(schema: &Schema, value: &Value) -> FormatError {
    FormatError::Value(format!("a value of {} where the schema says {schema}", value.java_class()))
}

impl Column {
    /// An empty column for this Arrow type.
    pub(super) fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Int8 => Self::Int8(Int8Builder::with_capacity(0)),
            DataType::Int16 => Self::Int16(Int16Builder::with_capacity(0)),
            DataType::Int32 => Self::Int32(Int32Builder::with_capacity(0)),
            DataType::Int64 => Self::Int64(Int64Builder::with_capacity(0)),
            DataType::Float32 => Self::Float32(Float32Builder::with_capacity(0)),
            DataType::Float64 => Self::Float64(Float64Builder::with_capacity(0)),
            DataType::Boolean => Self::Boolean(BooleanBuilder::with_capacity(0)),
            DataType::Binary => Self::Bytes(BinaryBuilder::with_capacity(0, 0)),
            DataType::Decimal128(_, scale) => {
                let builder = Decimal128Builder::with_capacity(0).with_data_type(data_type.clone());
                Self::Decimal(builder, i32::from(*scale))
            }
            DataType::Date32 => Self::Date(Date32Builder::with_capacity(0)),
            DataType::Time32(_) => Self::Time(Time32MillisecondBuilder::with_capacity(0)),
            DataType::Timestamp(_, _) => {
                let builder = TimestampMillisecondBuilder::with_capacity(0).with_data_type(data_type.clone());
                Self::Timestamp(builder)
            }
            DataType::List(field) => Self::List {
                field: field.clone(),
                offsets: vec![0],
                nulls: NullBufferBuilder::new(0),
                items: Box::new(Self::new(field.data_type())),
                len: 0,
            },
            DataType::Map(field, _) => {
                let entry = |i: usize| match field.data_type() {
                    DataType::Struct(fields) => Self::new(fields[i].data_type()),
                    other => Self::new(other),
                };
                Self::Map {
                    field: field.clone(),
                    offsets: vec![0],
                    nulls: NullBufferBuilder::new(0),
                    entries: Box::new([entry(0), entry(1)]),
                    len: 0,
                }
            }
            DataType::Struct(fields) => Self::Struct {
                fields: fields.clone(),
                nulls: NullBufferBuilder::new(0),
                columns: fields.iter().map(|f| Self::new(f.data_type())).collect(),
            },
            _ => Self::String(StringBuilder::with_capacity(0, 0)),
        }
    }

    /// Adds a value of this schema, from which the column's type was made. Null takes the schema's default if it has one.
    pub(super) fn append(&mut self, value: &Value, schema: &Schema) -> Result<(), FormatError> {
        let value = match value {
            Value::Null => schema.default_value().unwrap_or(value),
            value => value,
        };
        match self {
            Self::Int8(b) => plain!(b, value, schema, Value::Int8(v) => *v),
            Self::Int16(b) => plain!(b, value, schema, Value::Int16(v) => *v),
            Self::Int32(b) => plain!(b, value, schema, Value::Int32(v) => *v),
            Self::Int64(b) => plain!(b, value, schema, Value::Int64(v) => *v),
            Self::Float32(b) => plain!(b, value, schema, Value::Float32(v) => *v),
            Self::Float64(b) => plain!(b, value, schema, Value::Float64(v) => *v),
            Self::Boolean(b) => plain!(b, value, schema, Value::Boolean(v) => *v),
            Self::String(b) => plain!(b, value, schema, Value::String(v) => &**v),
            Self::Bytes(b) => match value {
                // Decimals of a scale that Arrow does not have.
                Value::Decimal(v) => b.append_value(v.to_bytes()),
                value => plain!(b, value, schema, Value::Bytes(v) => v),
            },
            Self::Decimal(b, scale) => match value {
                Value::Decimal(v) => {
                    let number = v.rescale(*scale).and_then(|v| i128::try_from(v.unscaled()).ok());
                    let number = number.filter(|n| n.unsigned_abs() < 10_u128.pow(38));
                    b.append_value(number.ok_or_else(|| {
                        FormatError::Value(format!("decimal {v} does not fit 38 digits of scale {scale}"))
                    })?);
                }
                Value::Null => b.append_null(),
                other => return Err(wrong(schema, other)),
            },
            Self::Date(b) => plain!(b, value, schema, Value::Instant(v) => stored(*v, Some(schema)) as i32),
            Self::Time(b) => plain!(b, value, schema, Value::Instant(v) => stored(*v, Some(schema)) as i32),
            Self::Timestamp(b) => plain!(b, value, schema, Value::Instant(v) => *v),
            Self::List { offsets, nulls, items, len, .. } => {
                match (value, schema.value_schema()) {
                    (Value::Array(values), Some(element)) => {
                        for value in values {
                            items.append(value, element)?;
                        }
                        *len += i32::try_from(values.len()).unwrap_or(i32::MAX);
                        nulls.append_non_null();
                    }
                    (Value::Null, _) => nulls.append_null(),
                    (other, _) => return Err(wrong(schema, other)),
                }
                offsets.push(*len);
            }
            Self::Map { offsets, nulls, entries, len, .. } => {
                match (value, schema.key_schema(), schema.value_schema()) {
                    (Value::Map(map), Some(key_schema), Some(value_schema)) => {
                        for (key, value) in map.iter() {
                            entries[0].append(key, key_schema)?;
                            entries[1].append(value, value_schema)?;
                        }
                        *len += i32::try_from(map.len()).unwrap_or(i32::MAX);
                        nulls.append_non_null();
                    }
                    (Value::Null, ..) => nulls.append_null(),
                    (other, ..) => return Err(wrong(schema, other)),
                }
                offsets.push(*len);
            }
            Self::Struct { nulls, columns, .. } => match value {
                Value::Struct(data) => {
                    for ((column, value), field) in columns.iter_mut().zip(data.values()).zip(schema.fields())
                    {
                        column.append(value, &field.schema)?;
                    }
                    nulls.append_non_null();
                }
                Value::Null => {
                    for (column, field) in columns.iter_mut().zip(schema.fields()) {
                        column.append_nothing(&field.schema)?;
                    }
                    nulls.append_null();
                }
                other => return Err(wrong(schema, other)),
            },
        }
        Ok(())
    }

    /// A place below a struct that is null itself: any value does.
    fn append_nothing(&mut self, schema: &Schema) -> Result<(), FormatError> {
        match self {
            Self::Int8(b) => b.append_null(),
            Self::Int16(b) => b.append_null(),
            Self::Int32(b) => b.append_null(),
            Self::Int64(b) => b.append_null(),
            Self::Float32(b) => b.append_null(),
            Self::Float64(b) => b.append_null(),
            Self::Boolean(b) => b.append_null(),
            Self::String(b) => b.append_null(),
            Self::Bytes(b) => b.append_null(),
            Self::Decimal(b, _) => b.append_null(),
            Self::Date(b) => b.append_null(),
            Self::Time(b) => b.append_null(),
            Self::Timestamp(b) => b.append_null(),
            Self::List { .. } | Self::Map { .. } | Self::Struct { .. } => {
                self.append(&Value::Null, schema)?
            }
        }
        Ok(())
    }

    /// The column's values so far; it is empty afterwards.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, FormatError> {
        let library =
            |e: arrow_schema::ArrowError| FormatError::Library { format: "Arrow", why: e.to_string() };
        Ok(match self {
            Self::Int8(b) => Arc::new(b.finish()),
            Self::Int16(b) => Arc::new(b.finish()),
            Self::Int32(b) => Arc::new(b.finish()),
            Self::Int64(b) => Arc::new(b.finish()),
            Self::Float32(b) => Arc::new(b.finish()),
            Self::Float64(b) => Arc::new(b.finish()),
            Self::Boolean(b) => Arc::new(b.finish()),
            Self::String(b) => Arc::new(b.finish()),
            Self::Bytes(b) => Arc::new(b.finish()),
            Self::Decimal(b, _) => Arc::new(b.finish()),
            Self::Date(b) => Arc::new(b.finish()),
            Self::Time(b) => Arc::new(b.finish()),
            Self::Timestamp(b) => Arc::new(b.finish()),
            Self::List { field, offsets, nulls, items, len } => {
                *len = 0;
                let offsets = OffsetBuffer::new(std::mem::replace(offsets, vec![0]).into());
                let list = ListArray::try_new(field.clone(), offsets, items.finish()?, nulls.finish());
                Arc::new(list.map_err(library)?)
            }
            Self::Map { field, offsets, nulls, entries, len } => {
                *len = 0;
                let offsets = OffsetBuffer::new(std::mem::replace(offsets, vec![0]).into());
                let DataType::Struct(fields) = field.data_type() else {
                    return Err(FormatError::Value("a map's entries must be structs".to_owned()));
                };
                let columns = vec![entries[0].finish()?, entries[1].finish()?];
                let entries = StructArray::try_new(fields.clone(), columns, None).map_err(library)?;
                let map = MapArray::try_new(field.clone(), offsets, entries, nulls.finish(), false);
                Arc::new(map.map_err(library)?)
            }
            Self::Struct { fields, nulls, columns } => {
                let arrays = columns.iter_mut().map(Self::finish).collect::<Result<Vec<_>, _>>()?;
                let data = StructArray::try_new(fields.clone(), arrays, nulls.finish());
                Arc::new(data.map_err(library)?)
            }
        })
    }
}
