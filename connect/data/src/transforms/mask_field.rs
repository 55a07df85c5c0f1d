//! `MaskField`: fields become zero, empty, or a fixed replacement.

use std::collections::HashSet;

use super::Transformation;
use super::part::{Part, REPLACE_NULL, replace_null, require_map, require_struct, settle};
use crate::config::{
    ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, ListOf, NonEmptyString, Props,
};
use crate::error::{DataError, Result};
use crate::literal::{as_double, as_long};
use crate::record::ConnectRecord;
use crate::schema::{SchemaAndValue, validate_field};
use crate::value::{Decimal, MapValue, Value};

const PURPOSE: &str = "mask fields";

pub(super) struct MaskField {
    part: Part,
    fields: HashSet<String>,
    replacement: Option<Value>,
    replace_null: bool,
}

pub(super) fn config_def() -> ConfigDef {
    let fields = ConfigKey::required("fields", ConfigType::List, Importance::High, "The fields to mask.");
    let replacement = ConfigKey::new(
        "replacement",
        ConfigType::String,
        ConfigValue::Null,
        Importance::Low,
        "What stands in their place: a text, or a number for fields that are numbers. Without it: zero, false or empty.",
    );
    ConfigDef::new()
        .define(fields.validator(ListOf::SOME))
        .define(replacement.validator(NonEmptyString))
        .define(replace_null())
}

impl MaskField {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        Ok(Self {
            part,
            fields: config.list("fields").iter().cloned().collect(),
            replacement: config.string("replacement").map(Value::string),
            replace_null: config.boolean(REPLACE_NULL),
        })
    }

    fn masked(&self, value: &Value) -> Result<Value> {
        match &self.replacement {
            _ if value.is_null() => Ok(Value::Null),
            None => empty(value),
            Some(replacement) => replaced(value, replacement),
        }
    }
}

fn empty(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Boolean(_) => false.into(),
        Value::Int8(_) => Value::Int8(0),
        Value::Int16(_) => Value::Int16(0),
        Value::Int32(_) => Value::Int32(0),
        Value::Int64(_) => Value::Int64(0),
        Value::Float32(_) => Value::Float32(0.0),
        Value::Float64(_) => Value::Float64(0.0),
        Value::Decimal(_) => Decimal::new(0, 0).into(),
        Value::Instant(_) => Value::Instant(0),
        Value::String(_) => Value::string(""),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Map(_) => MapValue::new().into(),
        Value::Null | Value::Bytes(_) | Value::Struct(_) => {
            return Err(DataError::data(format!("Cannot mask value of type: class {}", value.java_class())));
        }
    })
}

fn replaced(value: &Value, replacement: &Value) -> Result<Value> {
    Ok(match value {
        Value::Int8(_) => Value::Int8(as_long(replacement)? as i8),
        Value::Int16(_) => Value::Int16(as_long(replacement)? as i16),
        Value::Int32(_) => Value::Int32(as_long(replacement)? as i32),
        Value::Int64(_) => Value::Int64(as_long(replacement)?),
        Value::Float32(_) => Value::Float32(as_double(replacement)? as f32),
        Value::Float64(_) => Value::Float64(as_double(replacement)?),
        Value::String(_) => replacement.clone(),
        Value::Decimal(_) => {
            let text = replacement.as_str().unwrap_or_default();
            let parsed: Result<Decimal> = text.parse();
            parsed.map(Value::from).map_err(|_| {
                DataError::data(format!("Unable to convert {text} (class java.lang.String) to number"))
            })?
        }
        _ => {
            return Err(DataError::data(format!(
                "Cannot mask value of type class {} with custom replacement.",
                value.java_class()
            )));
        }
    })
}

impl Transformation for MaskField {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let masked = match schema {
            None => {
                let mut map = require_map(value, PURPOSE)?;
                for field in &self.fields {
                    match map.get_mut(field) {
                        Some(slot) => *slot = self.masked(slot)?,
                        // Kafka puts a null for a field that is not there.
                        None => drop(map.insert(field.as_str(), Value::Null)),
                    }
                }
                Value::Map(map)
            }
            Some(_) => {
                let (schema, mut values) = require_struct(value, PURPOSE)?.into_parts();
                settle(&schema, &mut values, self.replace_null)?;
                for (field, slot) in schema.fields().iter().zip(&mut values) {
                    if self.fields.contains(&*field.name) {
                        *slot = self.masked(slot)?;
                        validate_field(&field.name, &field.schema, slot)?;
                    }
                }
                let value = crate::Struct::from_values(schema, values)?;
                *self.part.of_mut(&mut record) = SchemaAndValue::of(value);
                return Ok(Some(record));
            }
        };
        self.part.of_mut(&mut record).value = masked;
        Ok(Some(record))
    }
}
