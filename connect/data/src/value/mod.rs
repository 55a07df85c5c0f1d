//! Values as transforms, converters and connectors see them.

mod decimal;
mod map;
pub mod numbers;
mod structure;
mod text;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;

pub use decimal::Decimal;
pub use map::MapValue;
pub use structure::Struct;
pub use text::java_float_text;

use crate::schema::Type;

/// Any value, with a schema beside it or without one. The variants are the Java classes that Kafka Connect knows.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Null.
    #[default]
    Null,
    /// `java.lang.Byte`.
    Int8(i8),
    /// `java.lang.Short`.
    Int16(i16),
    /// `java.lang.Integer`.
    Int32(i32),
    /// `java.lang.Long`.
    Int64(i64),
    /// `java.lang.Float`.
    Float32(f32),
    /// `java.lang.Double`.
    Float64(f64),
    /// `java.lang.Boolean`.
    Boolean(bool),
    /// `java.lang.String`.
    String(Arc<str>),
    /// `byte[]` or `java.nio.ByteBuffer`.
    Bytes(Bytes),
    /// `java.math.BigDecimal`: what the logical type Decimal holds.
    Decimal(Arc<Decimal>),
    /// `java.util.Date`, milliseconds since 1970-01-01T00:00:00Z: what Date (at midnight UTC), Time (on 1970-01-01) and
    /// Timestamp hold. Which one it is says the schema's name.
    Instant(i64),
    /// `java.util.List`.
    Array(Vec<Value>),
    /// `java.util.Map`, in order of insertion.
    Map(Box<MapValue>),
    /// `org.apache.kafka.connect.data.Struct`.
    Struct(Struct),
}

impl Value {
    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Text.
    pub fn string(text: &str) -> Self {
        Self::String(text.into())
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one of the four kinds.
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::Int8(v) => Some(v.into()),
            Self::Int16(v) => Some(v.into()),
            Self::Int32(v) => Some(v.into()),
            Self::Int64(v) => Some(v),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&MapValue> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The struct, if it is one.
    pub fn as_struct(&self) -> Option<&Struct> {
        match self {
            Self::Struct(value) => Some(value),
            _ => None,
        }
    }

    /// The schema type of the value's class (`ConnectSchema.schemaType`). None for null, and for decimals and instants, whose
    /// class alone does not say a type.
    pub fn schema_type(&self) -> Option<Type> {
        Some(match self {
            Self::Null | Self::Decimal(_) | Self::Instant(_) => return None,
            Self::Int8(_) => Type::Int8,
            Self::Int16(_) => Type::Int16,
            Self::Int32(_) => Type::Int32,
            Self::Int64(_) => Type::Int64,
            Self::Float32(_) => Type::Float32,
            Self::Float64(_) => Type::Float64,
            Self::Boolean(_) => Type::Boolean,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Array(_) => Type::Array,
            Self::Map(_) => Type::Map,
            Self::Struct(_) => Type::Struct,
        })
    }

    /// The full name of the Java class, as Kafka's error texts show it. Maps and lists are named as JsonConverter makes them.
    pub fn java_class(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int8(_) => "java.lang.Byte",
            Self::Int16(_) => "java.lang.Short",
            Self::Int32(_) => "java.lang.Integer",
            Self::Int64(_) => "java.lang.Long",
            Self::Float32(_) => "java.lang.Float",
            Self::Float64(_) => "java.lang.Double",
            Self::Boolean(_) => "java.lang.Boolean",
            Self::String(_) => "java.lang.String",
            Self::Bytes(_) => "[B",
            Self::Decimal(_) => "java.math.BigDecimal",
            Self::Instant(_) => "java.util.Date",
            Self::Array(_) => "java.util.ArrayList",
            Self::Map(_) => "java.util.HashMap",
            Self::Struct(_) => "org.apache.kafka.connect.data.Struct",
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Int8(a), Self::Int8(b)) => a == b,
            (Self::Int16(a), Self::Int16(b)) => a == b,
            (Self::Int32(a), Self::Int32(b)) => a == b,
            (Self::Int64(a), Self::Int64(b)) | (Self::Instant(a), Self::Instant(b)) => a == b,
            // As Java's equals: by bits, so that NaN equals itself and a value can be a key.
            (Self::Float32(a), Self::Float32(b)) => float32_bits(*a) == float32_bits(*b),
            (Self::Float64(a), Self::Float64(b)) => float64_bits(*a) == float64_bits(*b),
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Struct(a), Self::Struct(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

fn float32_bits(value: f32) -> u32 {
    if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }
}

fn float64_bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            // A string hashes as its text alone, so that a map can be asked with a &str.
            Self::String(v) => v.hash(state),
            Self::Null => 0u8.hash(state),
            Self::Int8(v) => v.hash(state),
            Self::Int16(v) => v.hash(state),
            Self::Int32(v) => v.hash(state),
            Self::Int64(v) | Self::Instant(v) => v.hash(state),
            Self::Float32(v) => float32_bits(*v).hash(state),
            Self::Float64(v) => float64_bits(*v).hash(state),
            Self::Boolean(v) => v.hash(state),
            Self::Bytes(v) => v.hash(state),
            Self::Decimal(v) => v.hash(state),
            Self::Array(v) => v.hash(state),
            Self::Map(v) => v.len().hash(state),
            Self::Struct(v) => v.values().hash(state),
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}
from!(i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64, f32 => Float32, f64 => Float64, bool => Boolean);
from!(&str => String, String => String, Arc<str> => String, Bytes => Bytes, Vec<Value> => Array, MapValue => Map);
from!(Struct => Struct, Decimal => Decimal);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
