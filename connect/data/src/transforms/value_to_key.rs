//! `ValueToKey`: a key of fields of the value.

use std::sync::Arc;

use super::Transformation;
use super::cache::SchemaCache;
use super::part::{REPLACE_NULL, replace_null, require_map_ref, require_struct_ref};
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, ListOf, Props};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;
use crate::schema::{SchemaAndValue, SchemaBuilder, SchemaRef, validate_field};
use crate::value::{MapValue, Struct, Value};

const PURPOSE: &str = "copying fields from value to key";

pub(super) struct ValueToKey {
    fields: Vec<Value>,
    replace_null: bool,
    plans: SchemaCache<Plan>,
}

/// The key's schema, and for each of its fields the index in the value.
struct Plan {
    schema: SchemaRef,
    sources: Vec<usize>,
}

pub(super) fn config_def() -> ConfigDef {
    let fields = ConfigKey::required(
        "fields",
        ConfigType::List,
        Importance::High,
        "The fields of the value that become the key.",
    );
    ConfigDef::new().define(fields.validator(ListOf::SOME)).define(replace_null())
}

impl ValueToKey {
    pub(super) fn new(props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        Ok(Self {
            fields: config.list("fields").iter().map(|f| Value::string(f)).collect(),
            replace_null: config.boolean(REPLACE_NULL),
            plans: SchemaCache::default(),
        })
    }
}

impl Transformation for ValueToKey {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        if record.value.schema.is_none() {
            let map = require_map_ref(&record.value.value, PURPOSE)?;
            let pairs = self
                .fields
                .iter()
                .map(|f| (f.clone(), map.get(f.as_str().unwrap_or_default()).cloned().unwrap_or_default()));
            record.key = SchemaAndValue::schemaless(pairs.collect::<MapValue>());
            return Ok(Some(record));
        }
        let value = require_struct_ref(&record.value.value, PURPOSE)?;
        let fields = &self.fields;
        let plan = self.plans.get(value.schema(), |schema| {
            let (mut builder, mut sources) = (SchemaBuilder::structure(), Vec::new());
            for name in fields.iter().filter_map(Value::as_str) {
                let index = schema.position(name);
                let index = index.ok_or_else(|| DataError::data(format!("Field does not exist: {name}")))?;
                builder = builder.field(name, schema.fields()[index].schema.clone())?;
                sources.push(index);
            }
            Ok(Plan { schema: builder.build(), sources })
        })?;
        let mut values = Vec::with_capacity(plan.sources.len());
        for (field, index) in plan.schema.fields().iter().zip(&plan.sources) {
            let found = if self.replace_null { value.at(*index) } else { &value.values()[*index] };
            if found.is_null() {
                validate_field(&field.name, &field.schema, found)?;
            }
            values.push(found.clone());
        }
        record.key = SchemaAndValue::of(Struct::from_values(Arc::clone(&plan.schema), values)?);
        Ok(Some(record))
    }
}
