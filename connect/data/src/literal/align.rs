//! One schema for the elements of a literal list or map, and the elements made to fit it.

use crate::error::{DataError, Result};
use crate::json::low_bits;
use crate::schema::{Schema, SchemaAndValue, SchemaRef, Type};
use crate::value::{Decimal, MapValue, Value};

/// The schema that all elements so far have in common.
#[derive(Default)]
pub(super) struct Common {
    schema: Option<SchemaRef>,
    incompatible: bool,
}

/// The order in which number types hold one another.
fn width(r#type: Type) -> Option<u8> {
    Some(match r#type {
        Type::Int8 => 0,
        Type::Int16 => 1,
        Type::Int32 => 2,
        Type::Int64 => 3,
        Type::Float32 => 4,
        Type::Float64 => 5,
        _ => return None,
    })
}

impl Common {
    /// One more element.
    pub(super) fn merge(&mut self, latest: Option<&SchemaAndValue>) {
        let Some(latest) = latest.and_then(|l| l.schema.as_ref()).filter(|_| !self.incompatible) else {
            return;
        };
        self.schema = match self.schema.take() {
            None => Some(latest.clone()),
            Some(before) => Self::both(before, latest),
        };
        self.incompatible = self.schema.is_none();
    }

    fn both(before: SchemaRef, latest: &SchemaRef) -> Option<SchemaRef> {
        if before.r#type() != latest.r#type() {
            let (a, b) = (width(before.r#type())?, width(latest.r#type())?);
            return Some(if a > b { before } else { latest.clone() });
        }
        if before.is_optional() == latest.is_optional() {
            return Some(if before.is_optional() { before } else { latest.clone() });
        }
        (*before == **latest).then_some(before)
    }

    /// The common schema, if there is one.
    pub(super) fn schema(self) -> Option<SchemaRef> {
        self.schema
    }
}

pub(super) fn align_list(schema: Option<&SchemaRef>, items: Vec<Value>) -> Result<Vec<Value>> {
    match schema {
        Some(schema) => items.into_iter().map(|item| align(schema, item)).collect(),
        None => Ok(items),
    }
}

pub(super) fn align_map(
    keys: Option<&SchemaRef>,
    values: Option<&SchemaRef>,
    map: MapValue,
) -> Result<MapValue> {
    let Some(keys) = keys else { return Ok(map) };
    let fit = |value| values.map_or_else(|| Ok(Value::clone(&value)), |schema| align(schema, value.clone()));
    map.into_iter().map(|(key, value)| Ok((align(keys, key)?, fit(value)?))).collect()
}

/// `Values.convertTo` for what a literal can hold.
fn align(schema: &Schema, value: Value) -> Result<Value> {
    if value.is_null() {
        if schema.is_optional() {
            return Ok(value);
        }
        return Err(DataError::data("Unable to convert a null value to a schema that requires a value"));
    }
    if schema.logical().is_some() && matches!(value, Value::Instant(_) | Value::Decimal(_)) {
        return Ok(value);
    }
    Ok(match schema.r#type() {
        Type::String => super::text(&value)?.into(),
        Type::Int8 => Value::Int8(as_long(&value)? as i8),
        Type::Int16 => Value::Int16(as_long(&value)? as i16),
        Type::Int32 => Value::Int32(as_long(&value)? as i32),
        Type::Int64 => Value::Int64(as_long(&value)?),
        Type::Float32 => Value::Float32(match value {
            Value::Float32(v) => v,
            other => as_double(&other)? as f32,
        }),
        Type::Float64 => Value::Float64(as_double(&value)?),
        Type::Boolean => match value {
            Value::Boolean(_) => value,
            other => Value::Boolean(as_long(&other)? != 0),
        },
        _ => value,
    })
}

/// `Values.asLong` without a schema: a number cut to 64 bits, or a text that holds one.
pub fn as_long(value: &Value) -> Result<i64> {
    Ok(match value {
        Value::Float32(v) => *v as i64,
        Value::Float64(v) => *v as i64,
        Value::Decimal(v) => low_bits(&v.to_integer()),
        Value::String(text) => match text.parse::<Decimal>() {
            Ok(number) => low_bits(&number.to_integer()),
            Err(_) => return Err(no_number(value)),
        },
        other => other.as_i64().ok_or_else(|| no_number(value))?,
    })
}

/// `Values.asDouble` without a schema.
pub fn as_double(value: &Value) -> Result<f64> {
    Ok(match value {
        Value::Float32(v) => f64::from(*v),
        Value::Float64(v) => *v,
        Value::Decimal(v) => v.to_f64(),
        Value::String(text) => match text.parse::<Decimal>() {
            Ok(number) => number.to_f64(),
            Err(_) => return Err(no_number(value)),
        },
        other => as_long(other)? as f64,
    })
}

fn no_number(value: &Value) -> DataError {
    DataError::data(format!("Unable to convert {value} (class {}) to a number", value.java_class()))
}
