//! `highway.Compute`: a field by an expression.

use std::sync::Arc;

use super::convert::from_cel;
use super::{Expression, check, compile};
use crate::config::{
    Check, ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, NonEmptyString, OneOf, Props, Validator,
};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, SchemaRef, Type};
use crate::transforms::Part;
use crate::transforms::Transformation;
use crate::transforms::cache::SchemaCache;
use crate::transforms::part::{require_map, require_struct};
use crate::value::{Struct, Value};

const PURPOSE: &str = "computing a field";

pub(crate) struct Compute {
    part: Part,
    field: Arc<str>,
    expression: Expression,
    r#type: Option<Type>,
    plans: SchemaCache<Plan>,
}

/// The new schema and the field's place in it.
struct Plan {
    schema: SchemaRef,
    place: usize,
}

pub(crate) fn config_def() -> ConfigDef {
    use ConfigType::String;
    let field = ConfigKey::required(
        "field",
        String,
        Importance::High,
        "The field to set; one of that name is replaced.",
    );
    let expression = ConfigKey::required(
        "expression",
        String,
        Importance::High,
        "A CEL expression, such as value.price * double(value.count). It sees key, value, headers, topic, partition, offset and timestamp.",
    );
    // Not `type`, which names the class of the transform in a connector's configuration.
    let result = ConfigKey::new(
        "result.type",
        String,
        ConfigValue::Null,
        Importance::Medium,
        "The type of the field where records have schemas: string, int64, float64, boolean or bytes. Such records need it.",
    );
    ConfigDef::new()
        .define(field.validator(NonEmptyString))
        .define(expression.validator(Check(check, "a CEL expression")))
        .define(result.validator(Check(check_type, "[string, int64, float64, boolean, bytes]")))
}

fn check_type(name: &str, value: &ConfigValue) -> Result<()> {
    match value {
        ConfigValue::Null => Ok(()),
        given => TYPES.ensure_valid(name, given),
    }
}

const TYPES: OneOf = OneOf(&["string", "int64", "float64", "boolean", "bytes"]);

impl Compute {
    pub(crate) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        Ok(Self {
            part,
            field: config.text("field").into(),
            expression: compile("expression", config.text("expression"))?,
            r#type: config.string("result.type").map(|name| match name {
                "int64" => Type::Int64,
                "float64" => Type::Float64,
                "boolean" => Type::Boolean,
                "bytes" => Type::Bytes,
                _ => Type::String,
            }),
            plans: SchemaCache::default(),
        })
    }

    fn plan(schema: &Schema, field: &Arc<str>, r#type: Type) -> Result<Plan> {
        let mut builder = SchemaBuilder::basics_of(schema).set_optional(schema.is_optional());
        let place = schema.position(field);
        for old in schema.fields() {
            let kept = if old.name == *field { Schema::optional(r#type) } else { old.schema.clone() };
            builder = builder.field(old.name.clone(), kept)?;
        }
        if place.is_none() {
            builder = builder.field(field.clone(), Schema::optional(r#type))?;
        }
        Ok(Plan { schema: builder.build(), place: place.unwrap_or(schema.fields().len()) })
    }

    fn result(&mut self, record: &ConnectRecord) -> Result<Value> {
        let found = self.expression.of(record)??;
        let value = from_cel(&found).ok_or_else(|| {
            DataError::data(format!(
                "The expression {} is a {}, which no field holds",
                self.expression.source,
                found.type_of()
            ))
        })?;
        match (self.r#type, value) {
            (Some(Type::Float64), Value::Int64(v)) => Ok((v as f64).into()),
            (Some(wanted), value) if !value.is_null() && value.schema_type() != Some(wanted) => {
                Err(DataError::data(format!(
                    "The expression {} is a {} and not of the type {wanted}",
                    self.expression.source,
                    found.type_of()
                )))
            }
            (_, value) => Ok(value),
        }
    }
}

impl Transformation for Compute {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        if self.part.of(&record).value.is_null() {
            return Ok(Some(record));
        }
        let result = self.result(&record)?;
        let SchemaAndValue { schema, value } = std::mem::take(self.part.of_mut(&mut record));
        let computed = match schema {
            None => {
                let mut map = require_map(value, PURPOSE)?;
                map.insert(self.field.clone(), result);
                SchemaAndValue::new(None, Value::Map(map))
            }
            Some(_) => {
                let Some(r#type) = self.r#type else {
                    return Err(DataError::data(format!(
                        "The record has a schema, so that the computed field {} needs a type: set result.type",
                        self.field
                    )));
                };
                let (schema, mut values) = require_struct(value, PURPOSE)?.into_parts();
                let field = &self.field;
                let plan = self.plans.get(&schema, |schema| Self::plan(schema, field, r#type))?;
                values.resize(plan.schema.fields().len(), Value::Null);
                values[plan.place] = result;
                SchemaAndValue::of(Struct::from_values(plan.schema.clone(), values)?)
            }
        };
        *self.part.of_mut(&mut record) = computed;
        Ok(Some(record))
    }
}
