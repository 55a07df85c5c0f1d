//! `org.apache.kafka.connect.data.Struct`: values of named fields.

use std::fmt;
use std::sync::Arc;

use super::Value;
use crate::error::{DataError, Result};
use crate::schema::{Schema, SchemaRef, Type, validate_field};

/// The values of a struct, one for each field of its schema.
#[derive(Clone)]
pub struct Struct {
    schema: SchemaRef,
    values: Vec<Value>,
}

impl Struct {
    /// A struct of nulls. The schema must be of type STRUCT.
    pub fn new(schema: SchemaRef) -> Result<Self> {
        if schema.r#type() != Type::Struct {
            return Err(DataError::data(format!("Not a struct schema: {schema}")));
        }
        let values = vec![Value::Null; schema.fields().len()];
        Ok(Self { schema, values })
    }

    /// A struct of these values in the order of the schema's fields. They are not looked at ([`Struct::validate`] does), but
    /// there must be one for each field.
    pub fn from_values(schema: SchemaRef, values: Vec<Value>) -> Result<Self> {
        if schema.r#type() != Type::Struct || values.len() != schema.fields().len() {
            return Err(DataError::data(format!(
                "Not a struct schema, or not of {} fields: {schema}",
                values.len()
            )));
        }
        Ok(Self { schema, values })
    }

    /// The schema.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The values in order of the fields, without defaults.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Schema and values.
    pub fn into_parts(self) -> (SchemaRef, Vec<Value>) {
        (self.schema, self.values)
    }

    /// The same values under another schema, which must have as many fields.
    pub fn with_schema(self, schema: SchemaRef) -> Result<Self> {
        Self::from_values(schema, self.values)
    }

    /// The value of a field, or the field's default where it is null. An unknown name is an error.
    pub fn get(&self, field: &str) -> Result<&Value> {
        self.position(field).map(|i| self.at(i))
    }

    /// The value of a field as it is.
    pub fn get_without_default(&self, field: &str) -> Result<&Value> {
        self.position(field).map(|i| &self.values[i])
    }

    /// The value of the field at this index, or its default where it is null.
    ///
    /// # Panics
    /// When the schema has no such index.
    pub fn at(&self, index: usize) -> &Value {
        match &self.values[index] {
            Value::Null => self.schema.fields()[index].schema.default_value().unwrap_or(&Value::Null),
            value => value,
        }
    }

    /// The value at this index, taken out (null stays behind), or its default where it is null.
    pub fn take(&mut self, index: usize, replace_null_with_default: bool) -> Value {
        match std::mem::take(&mut self.values[index]) {
            Value::Null if replace_null_with_default => self.at(index).clone(),
            value => value,
        }
    }

    /// Sets a field; the value must go with the field's schema.
    pub fn put(&mut self, field: &str, value: impl Into<Value>) -> Result<&mut Self> {
        let (value, index) = (value.into(), self.position(field)?);
        validate_field(field, &self.schema.fields()[index].schema, &value)?;
        self.values[index] = value;
        Ok(self)
    }

    /// Sets the field at this index without looking at the value.
    ///
    /// # Panics
    /// When the schema has no such index.
    pub fn set(&mut self, index: usize, value: Value) {
        self.values[index] = value;
    }

    /// Whether all values go with their fields: required fields are there or have a default.
    pub fn validate(&self) -> Result<()> {
        for (field, value) in self.schema.fields().iter().zip(&self.values) {
            let null_is_fine = field.schema.is_optional() || field.schema.default_value().is_some();
            if !(value.is_null() && null_is_fine) {
                validate_field(&field.name, &field.schema, value)?;
            }
        }
        Ok(())
    }

    fn position(&self, field: &str) -> Result<usize> {
        self.schema
            .position(field)
            .ok_or_else(|| DataError::data(format!("{field} is not a valid field name")))
    }
}

impl PartialEq for Struct {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && Schema::same(&self.schema, &other.schema)
    }
}

impl Eq for Struct {}

impl fmt::Debug for Struct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.schema.fields().iter().map(|x| Arc::clone(&x.name));
        f.write_str("Struct")?;
        f.debug_map().entries(names.zip(&self.values)).finish()
    }
}
