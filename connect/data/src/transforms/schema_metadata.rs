//! `SetSchemaMetadata`: name and version of a schema.

use super::Transformation;
use super::cache::SchemaCache;
use super::part::{Part, REPLACE_NULL, replace_null, settle};
use crate::config::{ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, Props};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;
use crate::schema::{SchemaAndValue, SchemaBuilder, SchemaRef};
use crate::value::{Struct, Value};

pub(super) struct SetSchemaMetadata {
    part: Part,
    name: Option<String>,
    version: Option<i32>,
    replace_null: bool,
    schemas: SchemaCache<SchemaRef>,
}

pub(super) fn config_def() -> ConfigDef {
    let null = ConfigValue::Null;
    ConfigDef::new()
        .define(ConfigKey::new(
            "schema.name",
            ConfigType::String,
            null.clone(),
            Importance::High,
            "The new name.",
        ))
        .define(ConfigKey::new("schema.version", ConfigType::Int, null, Importance::High, "The new version."))
        .define(replace_null())
}

impl SetSchemaMetadata {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        let name = config.string("schema.name").map(str::to_owned);
        let version = config.integer("schema.version").and_then(|v| i32::try_from(v).ok());
        if name.is_none() && version.is_none() {
            return Err(DataError::config("Neither schema name nor version configured"));
        }
        Ok(Self {
            part,
            name,
            version,
            replace_null: config.boolean(REPLACE_NULL),
            schemas: SchemaCache::default(),
        })
    }
}

impl Transformation for SetSchemaMetadata {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let Some(schema) = schema else {
            if value.is_null() {
                return Ok(Some(record));
            }
            return Err(DataError::data("Schema required for [updating schema metadata]"));
        };
        let (name, version) = (&self.name, self.version);
        let updated = self.schemas.get(&schema, |schema| {
            let mut builder = SchemaBuilder::copy_of(schema);
            if let Some(name) = name {
                builder = builder.name(name.as_str());
            }
            if let Some(version) = version {
                builder = builder.version(version);
            }
            Ok(builder.build())
        })?;
        let value = match value {
            Value::Struct(inner) => {
                let (_, mut values) = inner.into_parts();
                settle(&updated, &mut values, self.replace_null)?;
                Struct::from_values((*updated).clone(), values)?.into()
            }
            other => other,
        };
        *self.part.of_mut(&mut record) = SchemaAndValue::new(Some((*updated).clone()), value);
        Ok(Some(record))
    }
}
