//! `Cast`: fields, or the whole key or value, as another type.

mod convert;

use std::sync::Arc;

use self::convert::cast;
use super::Transformation;
use super::cache::SchemaCache;
use super::part::{Part, REPLACE_NULL, replace_null, require_map, require_struct, settle};
use crate::config::{Check, ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, Props};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;
use crate::schema::{Schema, SchemaBuilder, SchemaRef, Type};

const PURPOSE: &str = "cast types";

pub(super) struct Cast {
    part: Part,
    casts: Casts,
    replace_null: bool,
    plans: SchemaCache<Plan>,
}

/// What to cast to what.
#[derive(Clone, Debug, PartialEq)]
enum Casts {
    Whole(Type),
    Fields(Vec<(Arc<str>, Type)>),
}

/// What to do with the fields of a schema.
struct Plan {
    schema: SchemaRef,
    /// Index of a field, its schema before, its new type.
    casts: Vec<(usize, SchemaRef, Type)>,
}

/// Types to cast to, by their names in lower case.
fn target(name: &str) -> Result<Type> {
    let upper = name.trim().to_ascii_uppercase();
    let known = [
        Type::Int8,
        Type::Int16,
        Type::Int32,
        Type::Int64,
        Type::Float32,
        Type::Float64,
        Type::Boolean,
        Type::String,
        Type::Bytes,
        Type::Array,
        Type::Map,
        Type::Struct,
    ];
    let found = known.into_iter().find(|t| t.name() == upper);
    match found {
        None => Err(DataError::config(format!("Invalid type found in casting spec: {}", name.trim()))),
        Some(t @ (Type::Bytes | Type::Array | Type::Map | Type::Struct)) => Err(DataError::config(format!(
            "Cast transformation does not support casting to {t}; supported types are \
             [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]"
        ))),
        Some(found) => Ok(found),
    }
}

fn parse(mappings: &[String]) -> Result<Casts> {
    let (mut fields, mut whole) = (Vec::<(Arc<str>, Type)>::new(), None);
    for mapping in mappings {
        // As Java splits: empty pieces at the end do not count.
        let pieces: Vec<&str> = mapping.trim_end_matches(':').split(':').collect();
        match pieces.as_slice() {
            [only] => whole = Some(target(only)?),
            [field, name] => {
                let (field, found) = (field.trim(), target(name)?);
                match fields.iter_mut().find(|(f, _)| &**f == field) {
                    Some(slot) => slot.1 = found,
                    None => fields.push((field.into(), found)),
                }
            }
            _ => {
                let all = ConfigValue::List(mappings.to_vec());
                return Err(DataError::config_value(
                    "renames",
                    all,
                    format!("Invalid rename mapping: {mapping}"),
                ));
            }
        }
    }
    match whole {
        Some(_) if mappings.len() > 1 => Err(DataError::config(
            "Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec",
        )),
        Some(found) => Ok(Casts::Whole(found)),
        None => Ok(Casts::Fields(fields)),
    }
}

fn check(_name: &str, value: &ConfigValue) -> Result<()> {
    match value {
        ConfigValue::List(items) if !items.is_empty() => parse(items).map(drop),
        _ => Err(DataError::config("Must specify at least one field to cast.")),
    }
}

pub(super) fn config_def() -> ConfigDef {
    let spec = ConfigKey::required(
        "spec",
        ConfigType::List,
        Importance::High,
        "Fields and their new types as field:type,field:type, or one type for the whole key or value. Types: int8, int16, int32, \
         int64, float32, float64, boolean, string. Bytes can only become strings.",
    );
    let spec =
        spec.validator(Check(check, "list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>"));
    ConfigDef::new().define(spec).define(replace_null())
}

impl Cast {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        Ok(Self {
            part,
            casts: parse(config.list("spec"))?,
            replace_null: config.boolean(REPLACE_NULL),
            plans: SchemaCache::default(),
        })
    }
}

fn plan(schema: &Schema, casts: &Casts) -> Result<Plan> {
    let mut planned = Vec::new();
    let mut builder = match casts {
        Casts::Whole(target) => SchemaBuilder::basics_as(schema, *target),
        Casts::Fields(_) if schema.r#type() != Type::Struct => {
            return Err(DataError::data("Cannot list fields on non-struct type"));
        }
        Casts::Fields(fields) => {
            let mut builder = SchemaBuilder::basics_of(schema);
            for (index, field) in schema.fields().iter().enumerate() {
                let Some((_, target)) = fields.iter().find(|(name, _)| *name == field.name) else {
                    builder = builder.field(field.name.clone(), field.schema.clone())?;
                    continue;
                };
                let mut cast_to = SchemaBuilder::new(*target).set_optional(field.schema.is_optional());
                if let Some(default) = field.schema.default_value() {
                    cast_to = cast_to.default_value(cast(Some(&field.schema), default, *target)?)?;
                }
                builder = builder.field(field.name.clone(), cast_to.build())?;
                planned.push((index, field.schema.clone(), *target));
            }
            builder
        }
    };
    builder = builder.set_optional(schema.is_optional());
    if let Some(default) = schema.default_value() {
        let target = match casts {
            Casts::Whole(target) => *target,
            Casts::Fields(_) => Type::Struct,
        };
        builder = builder.default_value(cast(Some(schema), default, target)?)?;
    }
    Ok(Plan { schema: builder.build(), casts: planned })
}

impl Transformation for Cast {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let before = self.part.of_mut(&mut record);
        if before.value.is_null() {
            return Ok(Some(record));
        }
        match (&before.schema, &self.casts) {
            (None, Casts::Whole(target)) => before.value = cast(None, &before.value, *target)?,
            (None, Casts::Fields(fields)) => {
                let mut map = require_map(std::mem::take(&mut before.value), PURPOSE)?;
                for (field, target) in fields {
                    match map.get_mut(field) {
                        Some(slot) => *slot = cast(None, slot, *target)?,
                        // Kafka puts a null for a field that is not there.
                        None => drop(map.insert(field.clone(), crate::Value::Null)),
                    }
                }
                before.value = crate::Value::Map(map);
            }
            (Some(schema), casts) => {
                let plan = self.plans.get(schema, |schema| plan(schema, casts))?;
                if let Casts::Whole(target) = casts {
                    before.value = cast(Some(schema), &before.value, *target)?;
                } else {
                    let (schema, mut values) =
                        require_struct(std::mem::take(&mut before.value), PURPOSE)?.into_parts();
                    for (index, field, target) in &plan.casts {
                        let default =
                            field.default_value().filter(|_| self.replace_null && values[*index].is_null());
                        values[*index] = cast(Some(field), default.unwrap_or(&values[*index]), *target)?;
                    }
                    drop(schema);
                    settle(&plan.schema, &mut values, self.replace_null)?;
                    before.value = crate::Struct::from_values(plan.schema.clone(), values)?.into();
                }
                before.schema = Some(plan.schema.clone());
            }
        }
        Ok(Some(record))
    }
}
