//! The schema itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::value::Value;

/// A schema shared by the records that have it. Compare with [`Schema::same`], which looks at the pointers first.
pub type SchemaRef = Arc<Schema>;

/// More fields than this and a struct looks its fields up in a table.
const INDEXED_FROM: usize = 12;

/// `Schema.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// 8 bits, signed.
    Int8,
    /// 16 bits, signed.
    Int16,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
    /// IEEE 754, 32 bits.
    Float32,
    /// IEEE 754, 64 bits.
    Float64,
    /// True or false.
    Boolean,
    /// Unicode text.
    String,
    /// Any bytes.
    Bytes,
    /// Values of one schema in order.
    Array,
    /// Keys of one schema to values of one schema.
    Map,
    /// Named fields, each with its schema.
    Struct,
}

impl Type {
    /// Kafka's upper-case name, as its error texts show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Float32 => "FLOAT32",
            Self::Float64 => "FLOAT64",
            Self::Boolean => "BOOLEAN",
            Self::String => "STRING",
            Self::Bytes => "BYTES",
            Self::Array => "ARRAY",
            Self::Map => "MAP",
            Self::Struct => "STRUCT",
        }
    }

    /// Neither array nor map nor struct.
    pub fn is_primitive(self) -> bool {
        !matches!(self, Self::Array | Self::Map | Self::Struct)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One field of a struct. Its index is its place in [`Schema::fields`].
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The field's name, never empty.
    pub name: Arc<str>,
    /// What it holds.
    pub schema: SchemaRef,
}

/// `ConnectSchema`: what a value may be. Made by [`crate::SchemaBuilder`], never changed afterwards.
#[derive(Clone)]
pub struct Schema {
    pub(super) r#type: Type,
    pub(super) optional: bool,
    pub(super) default: Option<Value>,
    pub(super) name: Option<Arc<str>>,
    pub(super) version: Option<i32>,
    pub(super) doc: Option<Arc<str>>,
    pub(super) parameters: Vec<(Arc<str>, Arc<str>)>,
    pub(super) fields: Vec<Field>,
    pub(super) index: Option<HashMap<Arc<str>, usize>>,
    pub(super) key: Option<SchemaRef>,
    pub(super) value: Option<SchemaRef>,
}

impl Schema {
    pub(super) fn indexed(mut self) -> Self {
        if self.fields.len() >= INDEXED_FROM {
            self.index = Some(self.fields.iter().enumerate().map(|(i, f)| (f.name.clone(), i)).collect());
        }
        self
    }

    /// A required schema of a primitive type, without anything else (`Schema.INT8_SCHEMA` and so on).
    pub fn primitive(r#type: Type) -> SchemaRef {
        crate::SchemaBuilder::new(r#type).build()
    }

    /// An optional schema of a primitive type (`Schema.OPTIONAL_INT8_SCHEMA` and so on).
    pub fn optional(r#type: Type) -> SchemaRef {
        crate::SchemaBuilder::new(r#type).optional().build()
    }

    /// The type.
    pub fn r#type(&self) -> Type {
        self.r#type
    }

    /// Whether null is a value.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// What a missing value means.
    pub fn default_value(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// The name: a struct's, or a logical type's.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The same, to share.
    pub fn shared_name(&self) -> Option<&Arc<str>> {
        self.name.as_ref()
    }

    /// The version.
    pub fn version(&self) -> Option<i32> {
        self.version
    }

    /// The documentation.
    pub fn doc(&self) -> Option<&str> {
        self.doc.as_deref()
    }

    /// The parameters in the order in which they were set.
    pub fn parameters(&self) -> &[(Arc<str>, Arc<str>)] {
        &self.parameters
    }

    /// One parameter's value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| &**n == name).map(|(_, v)| &**v)
    }

    /// The fields of a struct in order; none for any other type.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Where the field of this name stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.fields.iter().position(|f| &*f.name == name),
        }
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.position(name).and_then(|i| self.fields.get(i))
    }

    /// The schema of a map's keys.
    pub fn key_schema(&self) -> Option<&SchemaRef> {
        self.key.as_ref()
    }

    /// The schema of a map's values or an array's elements.
    pub fn value_schema(&self) -> Option<&SchemaRef> {
        self.value.as_ref()
    }

    /// Whether two shared schemas say the same; cheap when they are one.
    pub fn same(a: &SchemaRef, b: &SchemaRef) -> bool {
        Arc::ptr_eq(a, b) || **a == **b
    }

    /// [`Schema::same`] where either may be missing.
    pub fn same_option(a: Option<&SchemaRef>, b: Option<&SchemaRef>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => Self::same(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    fn same_parameters(&self, other: &Self) -> bool {
        self.parameters.len() == other.parameters.len()
            && self.parameters.iter().all(|(name, value)| other.parameter(name) == Some(value))
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.r#type == other.r#type
            && self.optional == other.optional
            && self.version == other.version
            && self.name == other.name
            && self.doc == other.doc
            && self.default == other.default
            && self.fields.len() == other.fields.len()
            && self
                .fields
                .iter()
                .zip(&other.fields)
                .all(|(a, b)| a.name == b.name && Self::same(&a.schema, &b.schema))
            && Self::same_option(self.key.as_ref(), other.key.as_ref())
            && Self::same_option(self.value.as_ref(), other.value.as_ref())
            && self.same_parameters(other)
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "Schema{{{name}:{}}}", self.r#type),
            None => write!(f, "Schema{{{}}}", self.r#type),
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}{}", if self.optional { "?" } else { "" })?;
        if !self.fields.is_empty() {
            f.debug_map().entries(self.fields.iter().map(|x| (&x.name, &x.schema))).finish()?;
        }
        if let Some(key) = &self.key {
            write!(f, "<{key:?}>")?;
        }
        if let Some(value) = &self.value {
            write!(f, "<{value:?}>")?;
        }
        Ok(())
    }
}

/// A value with its schema; no schema means schemaless data.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SchemaAndValue {
    /// The schema, if the data has one.
    pub schema: Option<SchemaRef>,
    /// The value.
    pub value: Value,
}

impl SchemaAndValue {
    /// No schema and no value (`SchemaAndValue.NULL`).
    pub const NULL: Self = Self { schema: None, value: Value::Null };

    /// A value with its schema.
    pub fn new(schema: Option<SchemaRef>, value: Value) -> Self {
        Self { schema, value }
    }

    /// A struct with the schema it was made for.
    pub fn of(value: crate::Struct) -> Self {
        Self { schema: Some(value.schema().clone()), value: Value::Struct(value) }
    }

    /// A value without a schema.
    pub fn schemaless(value: impl Into<Value>) -> Self {
        Self { schema: None, value: value.into() }
    }
}
