//! Values against schemas: `ConnectSchema.validateValue` with its texts.

use super::describe::{Schema, SchemaRef, Type};
use super::logical::Logical;
use crate::error::{DataError, Result};
use crate::value::Value;

/// Whether the value goes with the schema. The error is a `DataException` that names what does not.
pub fn validate(schema: &Schema, value: &Value) -> Result<()> {
    if fits(schema, value) { Ok(()) } else { at(schema, value, "value") }
}

/// [`validate`] for the value of a field, whose name the error says.
pub fn validate_field(field: &str, schema: &Schema, value: &Value) -> Result<()> {
    if fits(schema, value) { Ok(()) } else { at(schema, value, &format!("field: \"{field}\"")) }
}

/// The usual case without building the words for the other one.
fn fits(schema: &Schema, value: &Value) -> bool {
    if value.is_null() {
        return schema.is_optional();
    }
    schema.r#type().is_primitive() && of_class(schema, value)
}

/// Whether the value is of the Java class that the schema wants.
fn of_class(schema: &Schema, value: &Value) -> bool {
    match schema.logical() {
        Some(Logical::Decimal) => matches!(value, Value::Decimal(_)),
        Some(Logical::Date | Logical::Time | Logical::Timestamp) => matches!(value, Value::Instant(_)),
        None => matches!(
            (schema.r#type(), value),
            (Type::Int8, Value::Int8(_))
                | (Type::Int16, Value::Int16(_))
                | (Type::Int32, Value::Int32(_))
                | (Type::Int64, Value::Int64(_))
                | (Type::Float32, Value::Float32(_))
                | (Type::Float64, Value::Float64(_))
                | (Type::Boolean, Value::Boolean(_))
                | (Type::String, Value::String(_))
                | (Type::Bytes, Value::Bytes(_))
                | (Type::Array, Value::Array(_))
                | (Type::Map, Value::Map(_))
                | (Type::Struct, Value::Struct(_))
        ),
    }
}

fn at(schema: &Schema, value: &Value, location: &str) -> Result<()> {
    if value.is_null() {
        if schema.is_optional() {
            return Ok(());
        }
        return Err(DataError::data(format!(
            "Invalid value: null used for required {location}, schema type: {}",
            schema.r#type()
        )));
    }
    if !of_class(schema, value) {
        let name = schema.name().map(|n| format!(" \"{n}\"")).unwrap_or_default();
        return Err(DataError::data(format!(
            "Invalid Java object for schema{name} with type {}: class {} for {location}",
            schema.r#type(),
            value.java_class()
        )));
    }
    match value {
        Value::Struct(inner) => {
            if **inner.schema() != *schema {
                return Err(DataError::data("Struct schemas do not match."));
            }
            inner.validate()
        }
        Value::Array(items) => {
            let location = format!("element of array {location}");
            let element = inner_schema(schema.value_schema(), &location)?;
            items.iter().try_for_each(|item| check(element, item, &location))
        }
        Value::Map(map) => {
            let (key_at, value_at) = (format!("key of map {location}"), format!("value of map {location}"));
            let key_schema = inner_schema(schema.key_schema(), &key_at)?;
            let value_schema = inner_schema(schema.value_schema(), &value_at)?;
            map.iter().try_for_each(|(key, value)| {
                check(key_schema, key, &key_at)?;
                check(value_schema, value, &value_at)
            })
        }
        _ => Ok(()),
    }
}

fn check(schema: &Schema, value: &Value, location: &str) -> Result<()> {
    if fits(schema, value) { Ok(()) } else { at(schema, value, location) }
}

fn inner_schema<'a>(schema: Option<&'a SchemaRef>, location: &str) -> Result<&'a SchemaRef> {
    schema.ok_or_else(|| DataError::data(format!("No schema defined for {location}")))
}
