//! `SchemaBuilder`.

use std::collections::HashSet;
use std::sync::Arc;

use super::describe::{Field, Schema, SchemaRef, Type};
use super::validate::validate;
use crate::error::{DataError, Result};
use crate::value::Value;

/// Builds a [`Schema`]. Unlike Kafka's, setting a thing twice keeps the later one.
#[derive(Clone, Debug)]
pub struct SchemaBuilder {
    schema: Schema,
    names: HashSet<Arc<str>>,
}

impl SchemaBuilder {
    /// A required schema of this type. Arrays and maps: [`SchemaBuilder::array`] and [`SchemaBuilder::map`].
    pub fn new(r#type: Type) -> Self {
        let schema = Schema {
            r#type,
            optional: false,
            default: None,
            name: None,
            version: None,
            doc: None,
            parameters: Vec::new(),
            fields: Vec::new(),
            index: None,
            key: None,
            value: None,
        };
        Self { schema, names: HashSet::new() }
    }

    /// A struct without fields.
    pub fn structure() -> Self {
        Self::new(Type::Struct)
    }

    /// An array of these.
    pub fn array(value: SchemaRef) -> Self {
        let mut builder = Self::new(Type::Array);
        builder.schema.value = Some(value);
        builder
    }

    /// A map of these keys to these values.
    pub fn map(key: SchemaRef, value: SchemaRef) -> Self {
        let mut builder = Self::new(Type::Map);
        builder.schema.key = Some(key);
        builder.schema.value = Some(value);
        builder
    }

    /// A map of which keys or values are not known, as literals without any have.
    pub(crate) fn map_of(key: Option<SchemaRef>, value: Option<SchemaRef>) -> Self {
        let mut builder = Self::new(Type::Map);
        builder.schema.key = key;
        builder.schema.value = value;
        builder
    }

    /// A schema of the type, name, version, documentation and parameters of another, but without its fields
    /// (`SchemaUtil.copySchemaBasics`). Element and key schemas are kept; whether it is optional and its default are not.
    pub fn basics_of(source: &Schema) -> Self {
        let mut builder = Self::new(source.r#type);
        builder.schema.name.clone_from(&source.name);
        builder.schema.version = source.version;
        builder.schema.doc.clone_from(&source.doc);
        builder.schema.parameters.clone_from(&source.parameters);
        builder.schema.key.clone_from(&source.key);
        builder.schema.value.clone_from(&source.value);
        builder
    }

    /// The same as another type, without element and key schemas.
    pub fn basics_as(source: &Schema, r#type: Type) -> Self {
        let mut builder = Self::basics_of(source);
        builder.schema.r#type = r#type;
        (builder.schema.key, builder.schema.value) = (None, None);
        builder
    }

    /// All of another schema, to change something of it.
    pub fn copy_of(source: &Schema) -> Self {
        Self { schema: source.clone(), names: source.fields.iter().map(|f| f.name.clone()).collect() }
    }

    /// Null becomes a value.
    pub fn optional(self) -> Self {
        self.set_optional(true)
    }

    /// Null is a value or not.
    pub fn set_optional(mut self, optional: bool) -> Self {
        self.schema.optional = optional;
        self
    }

    /// What a missing value means. Refused when the value does not go with what was set before.
    pub fn default_value(mut self, value: Value) -> Result<Self> {
        validate(&self.schema, &value).map_err(|_| DataError::schema("Invalid default value"))?;
        self.schema.default = Some(value).filter(|v| !v.is_null());
        Ok(self)
    }

    /// No default.
    pub fn no_default(mut self) -> Self {
        self.schema.default = None;
        self
    }

    /// The name.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.schema.name = Some(name.into());
        self
    }

    /// The version.
    pub fn version(mut self, version: i32) -> Self {
        self.schema.version = Some(version);
        self
    }

    /// The documentation.
    pub fn doc(mut self, doc: impl Into<Arc<str>>) -> Self {
        self.schema.doc = Some(doc.into());
        self
    }

    /// One parameter; an earlier value of the same name is replaced.
    pub fn parameter(mut self, name: impl Into<Arc<str>>, value: impl Into<Arc<str>>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.schema.parameters.iter_mut().find(|(n, _)| *n == name) {
            Some(slot) => slot.1 = value,
            None => self.schema.parameters.push((name, value)),
        }
        self
    }

    /// One more field of a struct.
    pub fn field(mut self, name: impl Into<Arc<str>>, schema: SchemaRef) -> Result<Self> {
        let name = name.into();
        if self.schema.r#type != Type::Struct {
            return Err(DataError::schema(format!("Cannot create fields on type {}", self.schema.r#type)));
        }
        if name.is_empty() {
            return Err(DataError::schema("fieldName cannot be null."));
        }
        if !self.names.insert(name.clone()) {
            return Err(DataError::schema(format!(
                "Cannot create field because of field name duplication {name}"
            )));
        }
        self.schema.fields.push(Field { name, schema });
        Ok(self)
    }

    /// The fields so far.
    pub fn fields(&self) -> &[Field] {
        &self.schema.fields
    }

    /// The schema.
    pub fn build(self) -> SchemaRef {
        Arc::new(self.schema.indexed())
    }
}
