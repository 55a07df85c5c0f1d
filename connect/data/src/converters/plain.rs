//! Converters of one plain type: StringConverter, ByteArrayConverter and those of numbers and booleans.

use bytes::Bytes;

use super::Converter;
use super::json::converter_type;
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, Props, Width};
use crate::error::{DataError, Result};
use crate::schema::{Schema, SchemaAndValue, SchemaRef, Type};
use crate::value::Value;

/// `org.apache.kafka.connect.storage.StringConverter`.
pub struct StringConverter {
    encoding: Encoding,
    schema: SchemaRef,
}

#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Latin1,
    Ascii,
}

impl StringConverter {
    /// Its settings.
    pub fn config_def() -> ConfigDef {
        let documentation = "The character set of the texts: UTF-8, ISO-8859-1 or US-ASCII.";
        converter_type().define(
            ConfigKey::new(
                "converter.encoding",
                ConfigType::String,
                "UTF-8",
                Importance::High,
                documentation,
            )
            .shown("", -1, Width::Medium, "Encoding"),
        )
    }

    /// From its settings, without prefix.
    pub fn new(props: &Props) -> Result<Self> {
        let name = props.get("converter.encoding").map_or("UTF-8", |name| name.trim());
        let encoding = match name.to_ascii_uppercase().as_str() {
            "UTF-8" | "UTF8" => Encoding::Utf8,
            "ISO-8859-1" | "ISO8859_1" | "LATIN1" => Encoding::Latin1,
            "US-ASCII" | "ASCII" => Encoding::Ascii,
            _ => {
                return Err(DataError::config_value(
                    "converter.encoding",
                    name,
                    "only UTF-8, ISO-8859-1 and US-ASCII are known here",
                ));
            }
        };
        Ok(Self { encoding, schema: Schema::optional(Type::String) })
    }
}

impl Converter for StringConverter {
    fn to_connect(&mut self, _topic: &str, bytes: Option<&Bytes>) -> Result<SchemaAndValue> {
        // As Java decodes: what is not of the character set becomes the replacement character.
        let value = bytes.map(|bytes| match self.encoding {
            Encoding::Utf8 => Value::string(&String::from_utf8_lossy(bytes)),
            Encoding::Latin1 => bytes.iter().map(|&b| char::from(b)).collect::<String>().into(),
            Encoding::Ascii => {
                let text =
                    bytes.iter().map(|&b| if b < 128 { char::from(b) } else { char::REPLACEMENT_CHARACTER });
                text.collect::<String>().into()
            }
        });
        Ok(SchemaAndValue::new(Some(self.schema.clone()), value.into()))
    }

    fn to_bytes(
        &mut self,
        _topic: &str,
        _schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>> {
        let text = match value {
            Value::Null => return Ok(None),
            Value::String(text) => text.to_string(),
            other => other.to_string(),
        };
        let most = match self.encoding {
            Encoding::Utf8 => return Ok(Some(Bytes::from(text))),
            Encoding::Latin1 => 256,
            Encoding::Ascii => 128,
        };
        let bytes = text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).ok().filter(|b| u32::from(*b) < most).unwrap_or(b'?'));
        Ok(Some(bytes.collect()))
    }
}

/// `org.apache.kafka.connect.converters.ByteArrayConverter`.
pub struct ByteArrayConverter {
    schema: SchemaRef,
}

impl ByteArrayConverter {
    /// It has no settings of its own.
    pub fn config_def() -> ConfigDef {
        converter_type()
    }
}

impl Default for ByteArrayConverter {
    fn default() -> Self {
        Self { schema: Schema::optional(Type::Bytes) }
    }
}

impl Converter for ByteArrayConverter {
    fn to_connect(&mut self, _topic: &str, bytes: Option<&Bytes>) -> Result<SchemaAndValue> {
        Ok(SchemaAndValue::new(Some(self.schema.clone()), bytes.cloned().into()))
    }

    fn to_bytes(&mut self, _topic: &str, schema: Option<&SchemaRef>, value: &Value) -> Result<Option<Bytes>> {
        if let Some(schema) = schema.filter(|s| s.r#type() != Type::Bytes) {
            return Err(DataError::data(format!(
                "Invalid schema type for ByteArrayConverter: {}",
                schema.r#type()
            )));
        }
        match value {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes.clone())),
            other => Err(DataError::data(format!(
                "ByteArrayConverter is not compatible with objects of type class {}",
                other.java_class()
            ))),
        }
    }
}

/// Which of `org.apache.kafka.connect.converters.{Short,Integer,Long,Float,Double,Boolean}Converter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// Two bytes.
    Short,
    /// Four bytes.
    Integer,
    /// Eight bytes.
    Long,
    /// Four bytes, IEEE 754.
    Float,
    /// Eight bytes, IEEE 754.
    Double,
    /// One byte, 0 or 1.
    Boolean,
}

impl NumberKind {
    fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Integer => "integer",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Boolean => "boolean",
        }
    }

    fn r#type(self) -> Type {
        match self {
            Self::Short => Type::Int16,
            Self::Integer => Type::Int32,
            Self::Long => Type::Int64,
            Self::Float => Type::Float32,
            Self::Double => Type::Float64,
            Self::Boolean => Type::Boolean,
        }
    }
}

/// A converter of one number, big-endian.
pub struct NumberConverter {
    kind: NumberKind,
    schema: SchemaRef,
}

impl NumberConverter {
    /// Of this kind.
    pub fn new(kind: NumberKind) -> Self {
        Self { kind, schema: Schema::optional(kind.r#type()) }
    }

    /// They have no settings of their own.
    pub fn config_def() -> ConfigDef {
        converter_type()
    }

    fn read(&self, bytes: &[u8]) -> Option<Value> {
        Some(match self.kind {
            NumberKind::Short => i16::from_be_bytes(bytes.try_into().ok()?).into(),
            NumberKind::Integer => i32::from_be_bytes(bytes.try_into().ok()?).into(),
            NumberKind::Long => i64::from_be_bytes(bytes.try_into().ok()?).into(),
            NumberKind::Float => f32::from_be_bytes(bytes.try_into().ok()?).into(),
            NumberKind::Double => f64::from_be_bytes(bytes.try_into().ok()?).into(),
            NumberKind::Boolean => match bytes {
                [0] => false.into(),
                [1] => true.into(),
                _ => return None,
            },
        })
    }
}

impl Converter for NumberConverter {
    fn to_connect(&mut self, _topic: &str, bytes: Option<&Bytes>) -> Result<SchemaAndValue> {
        let value = match bytes {
            None => Value::Null,
            Some(bytes) => self.read(bytes).ok_or_else(|| {
                DataError::data(format!(
                    "Failed to deserialize {}: {} bytes are none",
                    self.kind.name(),
                    bytes.len()
                ))
            })?,
        };
        Ok(SchemaAndValue::new(Some(self.schema.clone()), value))
    }

    fn to_bytes(&mut self, _topic: &str, schema: Option<&SchemaRef>, value: &Value) -> Result<Option<Bytes>> {
        if self.kind == NumberKind::Boolean
            && let Some(schema) = schema.filter(|s| s.r#type() != Type::Boolean)
        {
            return Err(DataError::data(format!(
                "Invalid schema type for BooleanConverter: {}",
                schema.r#type()
            )));
        }
        Ok(Some(match (self.kind, value) {
            (_, Value::Null) => return Ok(None),
            (NumberKind::Short, Value::Int16(v)) => Bytes::copy_from_slice(&v.to_be_bytes()),
            (NumberKind::Integer, Value::Int32(v)) => Bytes::copy_from_slice(&v.to_be_bytes()),
            (NumberKind::Long, Value::Int64(v)) => Bytes::copy_from_slice(&v.to_be_bytes()),
            (NumberKind::Float, Value::Float32(v)) => Bytes::copy_from_slice(&v.to_be_bytes()),
            (NumberKind::Double, Value::Float64(v)) => Bytes::copy_from_slice(&v.to_be_bytes()),
            (NumberKind::Boolean, Value::Boolean(v)) => Bytes::copy_from_slice(&[u8::from(*v)]),
            (NumberKind::Boolean, other) => {
                return Err(DataError::data(format!(
                    "BooleanConverter is not compatible with objects of type class {}",
                    other.java_class()
                )));
            }
            (kind, other) => {
                return Err(DataError::data(format!(
                    "Failed to serialize to {} (was class {}): ",
                    kind.name(),
                    other.java_class()
                )));
            }
        }))
    }
}
