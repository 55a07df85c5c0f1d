//! `TimestampConverter`: moments as text, as a number since 1970, or as Connect's Date, Time or Timestamp.

use std::sync::Arc;

use super::Transformation;
use super::cache::SchemaCache;
use super::part::{Part, REPLACE_NULL, replace_null, require_map, require_struct, settle};
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, OneOf, Props};
use crate::dates::DatePattern;
use crate::error::{DataError, ErrorClass, Result};
use crate::record::ConnectRecord;
use crate::schema::logical::{self, DAY_MS, Logical};
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, SchemaRef, Type};
use crate::value::{Struct, Value};

const PURPOSE: &str = "converting timestamp formats";

pub(super) struct TimestampConverter {
    part: Part,
    /// Empty: the whole key or value.
    field: Arc<str>,
    moments: Moments,
    replace_null: bool,
    plans: SchemaCache<Plan>,
}

/// How moments are read and written.
struct Moments {
    target: Form,
    format: Option<DatePattern>,
    /// Of a number since 1970: how many of it make a millisecond (numerator), or how many milliseconds one is (denominator).
    per_ms: i64,
    ms_per: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    String,
    Unix,
    Date,
    Time,
    Timestamp,
}

struct Plan {
    schema: SchemaRef,
    /// The field's index and the form it has now.
    field: Option<(usize, Result<Form>)>,
}

pub(super) fn config_def() -> ConfigDef {
    use ConfigType::String;
    let target = ConfigKey::required(
        "target.type",
        String,
        Importance::High,
        "The new form: string, unix, Date, Time or Timestamp.",
    );
    let precision = ConfigKey::new(
        "unix.precision",
        String,
        "milliseconds",
        Importance::Low,
        "What numbers since 1970 count: seconds, milliseconds, microseconds or nanoseconds. Parts of a millisecond are lost.",
    );
    ConfigDef::new()
        .define(ConfigKey::new(
            "field",
            String,
            "",
            Importance::High,
            "The field, or nothing for the whole key or value.",
        ))
        .define(target.validator(OneOf(&["string", "unix", "Date", "Time", "Timestamp"])))
        .define(ConfigKey::new(
            "format",
            String,
            "",
            Importance::Medium,
            "A pattern of SimpleDateFormat, for texts that are read or written.",
        ))
        .define(precision.validator(OneOf(&["nanoseconds", "microseconds", "milliseconds", "seconds"])))
        .define(replace_null())
}

impl TimestampConverter {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        let target = match config.text("target.type") {
            "string" => Form::String,
            "unix" => Form::Unix,
            "Date" => Form::Date,
            "Time" => Form::Time,
            _ => Form::Timestamp,
        };
        let format = Some(config.text("format")).filter(|format| !format.trim().is_empty());
        if target == Form::String && format.is_none() {
            return Err(DataError::config(
                "TimestampConverter requires format option to be specified when using string timestamps",
            ));
        }
        let parsed = format.map(|format| {
            DatePattern::new(format).map_err(|_| {
                DataError::config(format!(
                    "TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: {format}"
                ))
            })
        });
        let (per_ms, ms_per) = match config.text("unix.precision") {
            "nanoseconds" => (1_000_000, 1),
            "microseconds" => (1000, 1),
            "seconds" => (1, 1000),
            _ => (1, 1),
        };
        Ok(Self {
            part,
            field: config.text("field").into(),
            moments: Moments { target, format: parsed.transpose()?, per_ms, ms_per },
            replace_null: config.boolean(REPLACE_NULL),
            plans: SchemaCache::default(),
        })
    }
}

fn form_of(schema: &Schema) -> Result<Form> {
    match (schema.logical(), schema.r#type()) {
        (Some(Logical::Timestamp), _) => Ok(Form::Timestamp),
        (Some(Logical::Date), _) => Ok(Form::Date),
        (Some(Logical::Time), _) => Ok(Form::Time),
        (_, Type::String) => Ok(Form::String),
        (_, Type::Int64) => Ok(Form::Unix),
        _ => Err(DataError::connect(format!(
            "Schema {schema} does not correspond to a known timestamp type format"
        ))),
    }
}

impl Moments {
    fn schema(&self, optional: bool) -> SchemaRef {
        let builder = match self.target {
            Form::String => SchemaBuilder::new(Type::String),
            Form::Unix => SchemaBuilder::new(Type::Int64),
            Form::Date => logical::date(),
            Form::Time => logical::time(),
            Form::Timestamp => logical::timestamp(),
        };
        builder.set_optional(optional).build()
    }

    /// A value of this form in the target form. Null stays null.
    fn convert(&self, value: &Value, form: Form) -> Result<Value> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        let ms = self.read(value, form)?;
        Ok(match (self.target, &self.format) {
            (Form::String, Some(format)) => format.format(ms).into(),
            (Form::String, None) => {
                return Err(DataError::new(ErrorClass::NullPointer, "no format is configured"));
            }
            (Form::Unix, _) => Value::Int64((ms / self.ms_per).saturating_mul(self.per_ms)),
            (Form::Date, _) => Value::Instant(ms.div_euclid(DAY_MS) * DAY_MS),
            (Form::Time, _) => Value::Instant(ms.rem_euclid(DAY_MS)),
            (Form::Timestamp, _) => Value::Instant(ms),
        })
    }

    fn schemaless(&self, value: &Value) -> Result<Value> {
        let form = match value {
            Value::Null => return Ok(Value::Null),
            Value::Instant(_) => Form::Timestamp,
            Value::Int64(_) => Form::Unix,
            Value::String(_) => Form::String,
            other => {
                return Err(DataError::data(format!(
                    "TimestampConverter does not support class {} objects as timestamps",
                    other.java_class()
                )));
            }
        };
        self.convert(value, form)
    }

    fn read(&self, value: &Value, form: Form) -> Result<i64> {
        let (name, class) = match (form, value) {
            (Form::String, Value::String(text)) => return self.read_text(text),
            (Form::Unix, Value::Int64(number)) => {
                return Ok((number / self.per_ms).saturating_mul(self.ms_per));
            }
            (Form::Date | Form::Time | Form::Timestamp, Value::Instant(ms)) => return Ok(*ms),
            (Form::String, _) => ("string timestamp", "String"),
            (Form::Unix, _) => ("Unix timestamp", "Long"),
            (Form::Date, _) => ("Date", "java.util.Date"),
            (Form::Time, _) => ("Time", "java.util.Date"),
            (Form::Timestamp, _) => ("Timestamp", "java.util.Date"),
        };
        Err(DataError::data(format!(
            "Expected {name} to be a {class}, but found class {}",
            value.java_class()
        )))
    }

    fn read_text(&self, text: &str) -> Result<i64> {
        let Some(format) = &self.format else {
            return Err(DataError::new(
                ErrorClass::NullPointer,
                "TimestampConverter got a text as timestamp, but no format is configured to read it",
            ));
        };
        format.parse(text).ok_or_else(|| {
            DataError::data(format!(
                "Could not parse timestamp: value ({text}) does not match pattern ({})",
                format.source()
            ))
        })
    }
}

fn plan(schema: &Schema, name: &str, moments: &Moments, replace_null: bool) -> Result<Plan> {
    if schema.r#type() != Type::Struct {
        return Err(DataError::data("Cannot list fields on non-struct type"));
    }
    let (mut builder, mut found) = (SchemaBuilder::basics_of(schema), None);
    for (index, field) in schema.fields().iter().enumerate() {
        if *field.name == *name {
            builder = builder.field(field.name.clone(), moments.schema(field.schema.is_optional()))?;
            found = Some((index, form_of(&field.schema)));
        } else {
            builder = builder.field(field.name.clone(), field.schema.clone())?;
        }
    }
    builder = builder.set_optional(schema.is_optional());
    let mut plan = Plan { schema: builder.clone().build(), field: found };
    if let Some(Value::Struct(default)) = schema.default_value() {
        let (schema, values) = default.clone().into_parts();
        let converted = plan.apply(&schema, values, moments, replace_null)?;
        plan.schema = builder.default_value(converted.into())?.build();
    }
    Ok(plan)
}

impl Plan {
    fn apply(
        &self,
        schema: &Schema,
        mut values: Vec<Value>,
        moments: &Moments,
        replace_null: bool,
    ) -> Result<Struct> {
        if let Some((index, form)) = &self.field {
            let form = form.clone()?;
            let default = schema.fields()[*index].schema.default_value();
            let default = default.filter(|_| replace_null && values[*index].is_null());
            values[*index] = moments.convert(default.unwrap_or(&values[*index]), form)?;
        }
        settle(&self.schema, &mut values, replace_null)?;
        Struct::from_values(self.schema.clone(), values)
    }
}

impl Transformation for TimestampConverter {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let moments = &self.moments;
        let converted = match schema {
            None if value.is_null() || self.field.is_empty() => {
                SchemaAndValue::schemaless(moments.schemaless(&value)?)
            }
            None => {
                let mut map = require_map(value, PURPOSE)?;
                match map.get_mut(&self.field) {
                    Some(slot) => *slot = moments.schemaless(slot)?,
                    // Kafka puts a null for a field that is not there.
                    None => drop(map.insert(self.field.clone(), Value::Null)),
                }
                SchemaAndValue::new(None, Value::Map(map))
            }
            Some(schema) if self.field.is_empty() => {
                let value = moments.convert(&value, form_of(&schema)?)?;
                SchemaAndValue::new(Some(moments.schema(schema.is_optional())), value)
            }
            Some(schema) => {
                let value = if value.is_null() { None } else { Some(require_struct(value, PURPOSE)?) };
                let (field, replace_null) = (&self.field, self.replace_null);
                let plan = self.plans.get(&schema, |schema| plan(schema, field, moments, replace_null))?;
                let value = match value.map(Struct::into_parts) {
                    Some((schema, values)) => plan.apply(&schema, values, moments, replace_null)?.into(),
                    None => Value::Null,
                };
                SchemaAndValue::new(Some(plan.schema.clone()), value)
            }
        };
        *self.part.of_mut(&mut record) = converted;
        Ok(Some(record))
    }
}
