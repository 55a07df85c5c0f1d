//! Avro schemas (specification 1.12): parsed into an arena, so that recursive types are indexes and not pointers.

mod compat;
mod decode;
mod default;
mod json_value;
mod parse;
mod print;
mod tags;

use std::collections::BTreeMap;

pub use compat::incompatibilities;
pub use decode::check;
pub use json_value::check_json;
pub(crate) use json_value::whole;
pub use parse::parse;
pub(crate) use tags::visit;

use crate::json::Json;

/// The place of a type in its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub(crate) u32);

/// A parsed schema.
#[derive(Debug, Clone)]
pub struct AvroSchema {
    types: Vec<Type>,
    root: TypeId,
    /// Names that references brought: written as names, not as definitions.
    referenced: BTreeMap<String, TypeId>,
}

/// A type with what else was written at it.
#[derive(Debug, Clone)]
struct Type {
    kind: Kind,
    /// Attributes that the specification does not name, `logicalType` among them, in the order written.
    props: Vec<(String, Json)>,
}

/// The name of a record, enum or fixed type and what else these have in common.
#[derive(Debug, Clone, Default)]
struct Named {
    name: String,
    namespace: Option<String>,
    doc: Option<String>,
    /// Full names.
    aliases: Vec<String>,
}

impl Named {
    fn full(&self) -> String {
        self.namespace.as_ref().map_or_else(|| self.name.clone(), |space| format!("{space}.{}", self.name))
    }
}

#[derive(Debug, Clone)]
enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Record { named: Named, fields: Vec<Field>, error: bool },
    Enum { named: Named, symbols: Vec<String>, default: Option<String> },
    Fixed { named: Named, size: usize },
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
}

impl Kind {
    /// The name in Java's `Schema.Type`, as messages show it.
    fn name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Boolean => "BOOLEAN",
            Self::Int => "INT",
            Self::Long => "LONG",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Bytes => "BYTES",
            Self::String => "STRING",
            Self::Record { .. } => "RECORD",
            Self::Enum { .. } => "ENUM",
            Self::Fixed { .. } => "FIXED",
            Self::Array(_) => "ARRAY",
            Self::Map(_) => "MAP",
            Self::Union(_) => "UNION",
        }
    }

    fn primitive(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "bytes" => Self::Bytes,
            "string" => Self::String,
            _ => return None,
        })
    }

    fn named(&self) -> Option<&Named> {
        match self {
            Self::Record { named, .. } | Self::Enum { named, .. } | Self::Fixed { named, .. } => Some(named),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
struct Field {
    name: String,
    of: TypeId,
    doc: Option<String>,
    default: Option<Json>,
    /// `ascending` unless said otherwise.
    order: Option<String>,
    aliases: Vec<String>,
    props: Vec<(String, Json)>,
}

impl AvroSchema {
    fn of(&self, id: TypeId) -> &Type {
        // Ids are only made by the parser, for types it adds to the same arena.
        &self.types[id.0 as usize]
    }

    fn kind(&self, id: TypeId) -> &Kind {
        &self.of(id).kind
    }

    /// The full name of the outermost type, when it has one.
    pub fn name(&self) -> Option<String> {
        self.kind(self.root).named().map(Named::full)
    }
}

#[cfg(test)]
#[path = "avro_test.rs"]
mod tests;
