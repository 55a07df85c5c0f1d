//! Values as Avro's bytes, in the shape that [`super::from_connect`] gives their schema.

use bytes::{BufMut as _, BytesMut};

use super::binary::{put_counted, put_long};
use super::from_connect::{enum_symbols, is_object_map};
use super::names::{FIXED_SIZE, UNION};
use crate::converters::json::{date_days, decimal_bytes, time_ms};
use crate::error::{DataError, Result};
use crate::schema::logical::Logical;
use crate::schema::{Schema, Type, validate};
use crate::value::{Struct, Value};

/// Appends the value.
pub(super) fn value(out: &mut BytesMut, schema: &Schema, value: &Value) -> Result<()> {
    let is_union = schema.name() == Some(UNION) && schema.r#type() == Type::Struct;
    let value = match value {
        Value::Null => schema.default_value().unwrap_or(value),
        value => value,
    };
    if schema.is_optional() && !is_union {
        // Null stands first, unless there is a default, which must be of the first branch.
        let null = i64::from(schema.default_value().is_some());
        if value.is_null() {
            put_long(out, null);
            return Ok(());
        }
        put_long(out, 1 - null);
    } else if value.is_null() && !is_union {
        return validate(schema, value);
    }
    if let Some(logical) = schema.logical() {
        return logical_value(out, logical, schema, value);
    }
    match (schema.r#type(), value) {
        (Type::Boolean, Value::Boolean(v)) => out.put_u8(u8::from(*v)),
        (Type::Int8, Value::Int8(v)) => put_long(out, (*v).into()),
        (Type::Int16, Value::Int16(v)) => put_long(out, (*v).into()),
        (Type::Int32, Value::Int32(v)) => put_long(out, (*v).into()),
        (Type::Int64, Value::Int64(v)) => put_long(out, *v),
        (Type::Float32, Value::Float32(v)) => out.put_f32_le(*v),
        (Type::Float64, Value::Float64(v)) => out.put_f64_le(*v),
        (Type::String, Value::String(text)) => return string(out, schema, text),
        (Type::Bytes, Value::Bytes(bytes)) => match schema.parameter(FIXED_SIZE) {
            Some(size) if size.parse() == Ok(bytes.len()) => out.put_slice(bytes),
            Some(size) => {
                return Err(DataError::data(format!("{} bytes for a fixed of {size}", bytes.len())));
            }
            None => put_counted(out, bytes),
        },
        (Type::Array, Value::Array(items)) => {
            let Some(element) = schema.value_schema() else { return no_element() };
            if !items.is_empty() {
                put_long(out, items.len() as i64);
                items.iter().try_for_each(|item| self::value(out, element, item))?;
            }
            put_long(out, 0);
        }
        (Type::Map, Value::Map(map)) => {
            let (Some(keys), Some(values)) = (schema.key_schema(), schema.value_schema()) else {
                return no_element();
            };
            if !map.is_empty() {
                put_long(out, map.len() as i64);
                for (key, item) in map.iter() {
                    match key {
                        Value::String(text) if is_object_map(schema) => put_counted(out, text.as_bytes()),
                        key => self::value(out, keys, key)?,
                    }
                    self::value(out, values, item)?;
                }
            }
            put_long(out, 0);
        }
        (Type::Struct, Value::Struct(inner)) if is_union => return union(out, schema, inner),
        (Type::Struct, Value::Null) if is_union && schema.is_optional() => put_long(out, 0),
        (Type::Struct, Value::Struct(inner)) => {
            if inner.values().len() != schema.fields().len() {
                return Err(DataError::data("Struct schemas do not match."));
            }
            for (field, item) in schema.fields().iter().zip(inner.values()) {
                self::value(out, &field.schema, item).map_err(|error| {
                    DataError::new(error.class, format!("Invalid field {}: {}", field.name, error.message))
                })?;
            }
        }
        (r#type, other) => {
            return Err(DataError::data(format!(
                "Invalid type for {}: class {}",
                r#type,
                other.java_class()
            )));
        }
    }
    Ok(())
}

fn no_element() -> Result<()> {
    Err(DataError::data("A list or map without the schema of its elements"))
}

fn string(out: &mut BytesMut, schema: &Schema, text: &str) -> Result<()> {
    match enum_symbols(schema) {
        None => put_counted(out, text.as_bytes()),
        Some(symbols) => {
            let index = symbols.iter().position(|symbol| *symbol == text);
            let index = index.ok_or_else(|| {
                DataError::data(format!("{text} is no symbol of the enum: {}", symbols.join(", ")))
            })?;
            put_long(out, index as i64);
        }
    }
    Ok(())
}

fn union(out: &mut BytesMut, schema: &Schema, inner: &Struct) -> Result<()> {
    let Some(place) = inner.values().iter().position(|v| !v.is_null()) else {
        return Err(DataError::data("A union without a value"));
    };
    put_long(out, (place + usize::from(schema.is_optional())) as i64);
    let field = schema.fields().get(place).ok_or_else(|| DataError::data("Struct schemas do not match."))?;
    // The branch is not a union with null by itself.
    let branch = crate::SchemaBuilder::copy_of(&field.schema).set_optional(false).build();
    value(out, &branch, &inner.values()[place])
}

fn logical_value(out: &mut BytesMut, logical: Logical, schema: &Schema, value: &Value) -> Result<()> {
    match (logical, value) {
        (Logical::Date, Value::Instant(ms)) => put_long(out, date_days(*ms)?.into()),
        (Logical::Time, Value::Instant(ms)) => put_long(out, time_ms(*ms)?.into()),
        (Logical::Timestamp, Value::Instant(ms)) => put_long(out, *ms),
        (Logical::Decimal, Value::Decimal(decimal)) => {
            put_counted(out, &decimal_bytes(Some(schema), decimal)?)
        }
        _ => return validate(schema, value),
    }
    Ok(())
}
