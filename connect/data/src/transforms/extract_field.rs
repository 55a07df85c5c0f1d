//! `ExtractField`: one field becomes the whole key or value.

use super::Transformation;
use super::field_path::{self, FieldPath};
use super::part::{Part, REPLACE_NULL, replace_null, require_map_ref, require_struct_ref};
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, Props};
use crate::error::{DataError, ErrorClass, Result};
use crate::record::ConnectRecord;
use crate::schema::SchemaAndValue;
use crate::value::Value;

const PURPOSE: &str = "field extraction";

pub(super) struct ExtractField {
    part: Part,
    name: String,
    path: FieldPath,
    replace_null: bool,
}

pub(super) fn config_def() -> ConfigDef {
    let field = ConfigKey::required("field", ConfigType::String, Importance::Medium, "The field to extract.");
    field_path::define(ConfigDef::new().define(field).define(replace_null()))
}

impl ExtractField {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        let name = config.text("field").to_owned();
        Ok(Self {
            part,
            path: FieldPath::new(&name, &config)?,
            name,
            replace_null: config.boolean(REPLACE_NULL),
        })
    }
}

impl Transformation for ExtractField {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let extracted = match schema {
            None if value.is_null() => SchemaAndValue::NULL,
            None => {
                require_map_ref(&value, PURPOSE)?;
                SchemaAndValue::schemaless(self.path.in_map(&value)?)
            }
            Some(schema) => {
                if !value.is_null() {
                    require_struct_ref(&value, PURPOSE)?;
                }
                let Some(field) = self.path.field_in(&schema)? else {
                    return Err(DataError::new(
                        ErrorClass::IllegalArgument,
                        format!("Unknown field: {}", self.name),
                    ));
                };
                let found = if value.is_null() {
                    Value::Null
                } else {
                    self.path.in_struct(&value, self.replace_null)?
                };
                SchemaAndValue::new(Some(field.schema.clone()), found)
            }
        };
        *self.part.of_mut(&mut record) = extracted;
        Ok(Some(record))
    }
}
