//! `HeaderFrom`: fields become headers.

use std::sync::Arc;

use super::Transformation;
use super::cache::SchemaCache;
use super::headers::checked;
use super::part::{Part, REPLACE_NULL, replace_null, require_map, require_struct};
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, NonEmptyList, OneOf, Props};
use crate::error::{DataError, ErrorClass, Result};
use crate::record::{ConnectRecord, Header};
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, SchemaRef, validate_field};
use crate::value::{MapValue, Struct, Value};

pub(super) struct HeaderFrom {
    part: Part,
    /// Fields with the headers they become.
    pairs: Vec<(String, Arc<str>)>,
    moves: bool,
    purpose: &'static str,
    replace_null: bool,
    plans: SchemaCache<Plan>,
}

/// What is left of a schema when the fields are gone, with the indexes of those that stay.
struct Plan {
    schema: SchemaRef,
    stay: Vec<usize>,
}

pub(super) fn config_def() -> ConfigDef {
    let list = |name: &str, documentation: &str| {
        ConfigKey::required(name, ConfigType::List, Importance::High, documentation).validator(NonEmptyList)
    };
    let operation = ConfigKey::required(
        "operation",
        ConfigType::String,
        Importance::High,
        "move takes the fields out of key or value, copy leaves them there.",
    );
    ConfigDef::new()
        .define(list("fields", "The fields that become headers."))
        .define(list("headers", "The names of the headers, in the order of the fields."))
        .define(operation.validator(OneOf(&["move", "copy"])))
        .define(replace_null())
}

impl HeaderFrom {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        let (fields, headers) = (config.list("fields"), config.list("headers"));
        if fields.len() != headers.len() {
            return Err(DataError::config(
                "'fields' config must have the same number of elements as 'headers' config.",
            ));
        }
        let moves = config.text("operation") == "move";
        Ok(Self {
            part,
            pairs: fields.iter().cloned().zip(headers.iter().map(|h| h.as_str().into())).collect(),
            moves,
            purpose: if moves { "header move" } else { "header copy" },
            replace_null: config.boolean(REPLACE_NULL),
            plans: SchemaCache::default(),
        })
    }

    fn plan(pairs: &[(String, Arc<str>)], schema: &Schema) -> Result<Plan> {
        let (mut builder, mut stay) = (SchemaBuilder::basics_of(schema), Vec::new());
        for (index, field) in schema.fields().iter().enumerate() {
            if !pairs.iter().any(|(name, _)| **name == *field.name) {
                builder = builder.field(field.name.clone(), field.schema.clone())?;
                stay.push(index);
            }
        }
        Ok(Plan { schema: builder.build(), stay })
    }

    fn take_from_map(&self, mut map: Box<MapValue>, headers: &mut Vec<Header>) -> Box<MapValue> {
        // All are looked up before any is taken out: a field may become two headers.
        for (field, header) in &self.pairs {
            let value = map.get(field).cloned().unwrap_or_default();
            headers.push(Header { key: header.clone(), value: SchemaAndValue::schemaless(value) });
        }
        if self.moves {
            for (field, _) in &self.pairs {
                map.remove(field);
            }
        }
        map
    }

    fn take_from_struct(&mut self, mut value: Struct, headers: &mut Vec<Header>) -> Result<Struct> {
        let mut found = Vec::with_capacity(self.pairs.len());
        for (name, header) in &self.pairs {
            let Some(index) = value.schema().position(name) else {
                return Err(DataError::new(
                    ErrorClass::NullPointer,
                    format!(
                        "The field {name}, which becomes the header {header}, is not in the schema {}",
                        value.schema()
                    ),
                ));
            };
            let schema = value.schema().fields()[index].schema.clone();
            let value =
                if self.replace_null { value.at(index).clone() } else { value.values()[index].clone() };
            found.push(Header { key: header.clone(), value: SchemaAndValue::new(Some(schema), value) });
        }
        if self.moves {
            let pairs = &self.pairs;
            let plan = self.plans.get(value.schema(), |schema| Self::plan(pairs, schema))?;
            let mut values = Vec::with_capacity(plan.stay.len());
            for (field, index) in plan.schema.fields().iter().zip(&plan.stay) {
                let value = value.take(*index, self.replace_null);
                if value.is_null() {
                    validate_field(&field.name, &field.schema, &value)?;
                }
                values.push(value);
            }
            value = Struct::from_values(plan.schema.clone(), values)?;
        }
        for header in found {
            headers.push(checked(header)?);
        }
        Ok(value)
    }
}

impl Transformation for HeaderFrom {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let left = match schema {
            None => {
                let map = require_map(value, self.purpose)?;
                SchemaAndValue::new(None, Value::Map(self.take_from_map(map, &mut record.headers)))
            }
            Some(_) => {
                let value = require_struct(value, self.purpose)?;
                SchemaAndValue::of(self.take_from_struct(value, &mut record.headers)?)
            }
        };
        *self.part.of_mut(&mut record) = left;
        Ok(Some(record))
    }
}
