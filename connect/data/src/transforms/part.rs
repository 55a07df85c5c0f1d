//! What the transforms share: key or value of a record, maps and structs in it, nulls and defaults.

use crate::config::{ConfigKey, ConfigType, Importance};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;
use crate::schema::{Schema, SchemaAndValue, validate_field};
use crate::value::{MapValue, Struct, Value};

/// Which half of a record a transform works on: `X$Key` or `X$Value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
}

impl Part {
    /// This half of the record.
    pub fn of(self, record: &ConnectRecord) -> &SchemaAndValue {
        match self {
            Self::Key => &record.key,
            Self::Value => &record.value,
        }
    }

    /// This half of the record, to change.
    pub fn of_mut(self, record: &mut ConnectRecord) -> &mut SchemaAndValue {
        match self {
            Self::Key => &mut record.key,
            Self::Value => &mut record.value,
        }
    }

    /// This half, taken out; nothing stays behind.
    pub(super) fn take(self, record: &mut ConnectRecord) -> SchemaAndValue {
        std::mem::take(self.of_mut(record))
    }
}

fn class_name(value: &Value) -> &'static str {
    value.java_class()
}

fn no_map(value: &Value, purpose: &str) -> DataError {
    DataError::data(format!(
        "Only Map objects supported in absence of schema for [{purpose}], found: {}",
        class_name(value)
    ))
}

fn no_struct(value: &Value, purpose: &str) -> DataError {
    DataError::data(format!("Only Struct objects supported for [{purpose}], found: {}", class_name(value)))
}

/// The map, or an error that names the purpose (`Requirements.requireMap`).
pub(super) fn require_map(value: Value, purpose: &str) -> Result<Box<MapValue>> {
    match value {
        Value::Map(map) => Ok(map),
        other => Err(no_map(&other, purpose)),
    }
}

/// The map, to look at.
pub(super) fn require_map_ref<'a>(value: &'a Value, purpose: &str) -> Result<&'a MapValue> {
    value.as_map().ok_or_else(|| no_map(value, purpose))
}

/// The struct, or an error that names the purpose (`Requirements.requireStruct`).
pub(super) fn require_struct(value: Value, purpose: &str) -> Result<Struct> {
    match value {
        Value::Struct(inner) => Ok(inner),
        other => Err(no_struct(&other, purpose)),
    }
}

/// The struct, to look at.
pub(super) fn require_struct_ref<'a>(value: &'a Value, purpose: &str) -> Result<&'a Struct> {
    value.as_struct().ok_or_else(|| no_struct(value, purpose))
}

/// What happens to every field that a transform copies: null becomes the default where that is asked for and there is one, and
/// a null that remains must be allowed.
pub(super) fn settle(schema: &Schema, values: &mut [Value], replace_null_with_default: bool) -> Result<()> {
    for (field, value) in schema.fields().iter().zip(values) {
        if !value.is_null() {
            continue;
        }
        match field.schema.default_value().filter(|_| replace_null_with_default) {
            Some(default) => *value = default.clone(),
            None => validate_field(&field.name, &field.schema, value)?,
        }
    }
    Ok(())
}

/// The setting that most transforms have.
pub(super) const REPLACE_NULL: &str = "replace.null.with.default";

pub(super) fn replace_null() -> ConfigKey {
    ConfigKey::new(
        REPLACE_NULL,
        ConfigType::Boolean,
        true,
        Importance::Medium,
        "Whether a null becomes the default of its field, where it has one.",
    )
}
