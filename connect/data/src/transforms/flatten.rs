//! `Flatten`: structs in structs, or maps in maps, become fields of the outermost.

use super::Transformation;
use super::cache::SchemaCache;
use super::part::{Part, require_map, require_struct};
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, Props};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, SchemaRef, Type};
use crate::value::{MapValue, Struct, Value};

const PURPOSE: &str = "flattening";

pub(super) struct Flatten {
    part: Part,
    delimiter: String,
    schemas: SchemaCache<SchemaRef>,
}

pub(super) fn config_def() -> ConfigDef {
    ConfigDef::new().define(ConfigKey::new(
        "delimiter",
        ConfigType::String,
        ".",
        Importance::Medium,
        "What stands between the names of outer and inner field.",
    ))
}

fn unsupported(what: impl std::fmt::Display, how: &str, field: &str) -> DataError {
    DataError::data(format!(
        "Flatten transformation does not support {what} for record {how} (for field {field})."
    ))
}

impl Flatten {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        Ok(Self { part, delimiter: config.text("delimiter").to_owned(), schemas: SchemaCache::default() })
    }
}

fn joined(prefix: &str, delimiter: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}{delimiter}{name}") }
}

fn flatten_map(map: MapValue, prefix: &str, delimiter: &str, out: &mut MapValue) -> Result<()> {
    for (key, value) in map {
        let name = joined(prefix, delimiter, &key.to_string());
        match value {
            Value::Map(inner) => flatten_map(*inner, &name, delimiter, out)?,
            Value::Struct(_) => {
                return Err(unsupported(format!("class {}", value.java_class()), "without schemas", &name));
            }
            Value::Decimal(_) | Value::Instant(_) => {
                return Err(DataError::data(format!(
                    "Flatten transformation was passed a value of type class {} which is not supported by Connect's data API",
                    value.java_class()
                )));
            }
            plain => drop(out.insert(name, plain)),
        }
    }
    Ok(())
}

/// The flat schema. Below something optional everything is optional; defaults come from the field itself or from the default of the
/// struct around it.
fn flat_schema(
    schema: &Schema,
    prefix: &str,
    delimiter: &str,
    mut builder: SchemaBuilder,
    optional: bool,
    default: Option<&Struct>,
) -> Result<SchemaBuilder> {
    for (index, field) in schema.fields().iter().enumerate() {
        let name = joined(prefix, delimiter, &field.name);
        let optional = optional || field.schema.is_optional();
        let inherited = default.map(|d| d.at(index)).filter(|v| !v.is_null());
        let default = field.schema.default_value().or(inherited);
        match field.schema.r#type() {
            Type::Struct => {
                let inner = default.and_then(Value::as_struct);
                builder = flat_schema(&field.schema, &name, delimiter, builder, optional, inner)?;
            }
            Type::Map => return Err(unsupported(Type::Map, "with schemas", &name)),
            _ => {
                let mut flat = SchemaBuilder::basics_of(&field.schema).set_optional(optional);
                if let Some(default) = default {
                    flat = flat.default_value(default.clone())?;
                }
                builder = builder.field(name, flat.build())?;
            }
        }
    }
    Ok(builder)
}

fn fields_of(schema: &Schema) -> usize {
    let inner = |s: &SchemaRef| if s.r#type() == Type::Struct { fields_of(s) } else { 1 };
    schema.fields().iter().map(|f| inner(&f.schema)).sum()
}

/// The values in the order of the flat schema; a missing struct leaves nulls.
fn flat_values(value: Struct, out: &mut Vec<Value>) {
    let (schema, values) = value.into_parts();
    for (field, value) in schema.fields().iter().zip(values) {
        match (field.schema.r#type(), value) {
            // As Kafka does: a default of a struct is in the flat schema, not in the flat value.
            (Type::Struct, Value::Struct(inner)) => flat_values(inner, out),
            (Type::Struct, _) => out.extend(std::iter::repeat_n(Value::Null, fields_of(&field.schema))),
            (_, Value::Null) => out.push(field.schema.default_value().cloned().unwrap_or_default()),
            (_, value) => out.push(value),
        }
    }
}

impl Transformation for Flatten {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        if self.part.of(&record).value.is_null() {
            return Ok(Some(record));
        }
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let flat = match schema {
            None => {
                let map = require_map(value, PURPOSE)?;
                let mut out = MapValue::with_capacity(map.len());
                flatten_map(*map, "", &self.delimiter, &mut out)?;
                SchemaAndValue::schemaless(out)
            }
            Some(schema) => {
                let value = require_struct(value, PURPOSE)?;
                let delimiter = &self.delimiter;
                let flat = self.schemas.get(&schema, |schema| {
                    let default = schema.default_value().and_then(Value::as_struct);
                    let builder = SchemaBuilder::basics_of(schema);
                    Ok(flat_schema(schema, "", delimiter, builder, schema.is_optional(), default)?.build())
                })?;
                let mut values = Vec::with_capacity(flat.fields().len());
                flat_values(value, &mut values);
                // A missing struct leaves its fields unset, which is not looked at; all others are put.
                SchemaAndValue::of(Struct::from_values((*flat).clone(), values)?)
            }
        };
        *self.part.of_mut(&mut record) = flat;
        Ok(Some(record))
    }
}
