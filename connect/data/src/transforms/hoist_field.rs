//! `HoistField`: the whole key or value becomes a field.

use std::sync::Arc;

use super::Transformation;
use super::cache::SchemaCache;
use super::part::Part;
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, Props};
use crate::error::Result;
use crate::record::ConnectRecord;
use crate::schema::{SchemaAndValue, SchemaBuilder, SchemaRef, validate_field};
use crate::value::{MapValue, Struct};

pub(super) struct HoistField {
    part: Part,
    field: Arc<str>,
    schemas: SchemaCache<SchemaRef>,
}

pub(super) fn config_def() -> ConfigDef {
    ConfigDef::new().define(ConfigKey::required(
        "field",
        ConfigType::String,
        Importance::Medium,
        "The name of the one field of the new struct or map.",
    ))
}

impl HoistField {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        Ok(Self { part, field: config.text("field").into(), schemas: SchemaCache::default() })
    }
}

impl Transformation for HoistField {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let hoisted = match schema {
            None => SchemaAndValue::schemaless(MapValue::from_iter([(self.field.clone(), value)])),
            Some(schema) => {
                let make =
                    || Ok(SchemaBuilder::structure().field(self.field.clone(), schema.clone())?.build());
                let updated = self.schemas.get(&schema, |_| make())?;
                if value.is_null() {
                    validate_field(&self.field, &schema, &value)?;
                }
                SchemaAndValue::of(Struct::from_values((*updated).clone(), vec![value])?)
            }
        };
        *self.part.of_mut(&mut record) = hoisted;
        Ok(Some(record))
    }
}
