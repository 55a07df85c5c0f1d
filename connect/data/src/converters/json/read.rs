//! JSON to values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{Settings, is_nothing};
use crate::error::{DataError, Result};
use crate::json::{Json, Parser};
use crate::schema::logical::{DAY_MS, Logical, SCALE};
use crate::schema::{Schema, SchemaRef, Type};
use crate::value::{Decimal, MapValue, Struct, Value};

/// The next value of the text without a schema: INT64, FLOAT64, STRING, BOOLEAN, arrays and maps.
pub(super) fn schemaless(parser: &mut Parser<'_>) -> std::result::Result<Value, String> {
    match parser.peek() {
        Some(b'{') => {
            parser.enter()?;
            let mut map = MapValue::with_capacity(8);
            let mut more = parser.open(b'{', b'}')?;
            while more {
                let name = parser.name()?;
                let value = schemaless(parser)?;
                map.insert(Value::string(&name), value);
                more = parser.more(b'}')?;
            }
            parser.leave();
            Ok(Value::from(map))
        }
        Some(b'[') => {
            parser.enter()?;
            let mut items = Vec::new();
            let mut more = parser.open(b'[', b']')?;
            while more {
                items.push(schemaless(parser)?);
                more = parser.more(b']')?;
            }
            parser.leave();
            Ok(Value::Array(items))
        }
        _ => Ok(plain(&parser.value()?)),
    }
}

/// A tree without a schema.
pub(super) fn plain(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(_) if json.is_integral() => Value::Int64(json.long_value()),
        Json::Number(_) => Value::Float64(json.double_value()),
        Json::String(text) => Value::string(text),
        Json::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Json::Object(members) => {
            members.iter().map(|(k, v)| (Value::string(k), plain(v))).collect::<MapValue>().into()
        }
    }
}

/// A tree as a value of this schema. A missing member is null.
pub(super) fn value(
    schema: Option<&SchemaRef>,
    json: Option<&Json<'_>>,
    settings: Settings,
) -> Result<Value> {
    match schema {
        Some(schema) => with_schema(schema, json, settings),
        None => Ok(json.map_or(Value::Null, plain)),
    }
}

pub(super) fn with_schema(schema: &SchemaRef, json: Option<&Json<'_>>, settings: Settings) -> Result<Value> {
    let json = match json {
        Some(json) if !is_nothing(Some(json)) => json,
        _ => {
            return match schema.default_value().filter(|_| settings.replace_null_with_default) {
                Some(default) => Ok(default.clone()),
                None if schema.is_optional() => Ok(Value::Null),
                None => {
                    Err(DataError::data(format!("Invalid null value for required {} field", schema.r#type())))
                }
            };
        }
    };
    if let Some(logical) = schema.logical() {
        return logical_value(logical, schema, json);
    }
    Ok(match schema.r#type() {
        Type::Boolean => Value::Boolean(matches!(json, Json::Bool(true))),
        // Java's narrowing: the low bits of the int.
        Type::Int8 => Value::Int8(int_value(json) as i8),
        Type::Int16 => Value::Int16(int_value(json) as i16),
        Type::Int32 => Value::Int32(int_value(json)),
        Type::Int64 => Value::Int64(json.long_value()),
        Type::Float32 => Value::Float32(json.float_value()),
        Type::Float64 => Value::Float64(json.double_value()),
        Type::String => json.as_str().map_or(Value::Null, Value::string),
        Type::Bytes => match json.as_str() {
            Some(text) => Value::Bytes(base64(text).ok_or_else(|| DataError::data("Invalid bytes field"))?),
            None => Value::Null,
        },
        Type::Array => Value::Array(match json {
            Json::Array(items) => items
                .iter()
                .map(|i| value(schema.value_schema(), Some(i), settings))
                .collect::<Result<_>>()?,
            Json::Object(members) => members
                .iter()
                .map(|(_, i)| value(schema.value_schema(), Some(i), settings))
                .collect::<Result<_>>()?,
            _ => Vec::new(),
        }),
        Type::Map => map(schema, json, settings)?.into(),
        Type::Struct => structure(schema, json, settings)?.into(),
    })
}

fn int_value(json: &Json<'_>) -> i32 {
    json.long_value() as i32
}

fn base64(text: &str) -> Option<Bytes> {
    STANDARD.decode(text).ok().map(Bytes::from)
}

fn map(schema: &Schema, json: &Json<'_>, settings: Settings) -> Result<MapValue> {
    let (keys, values) = (schema.key_schema(), schema.value_schema());
    if keys.is_none_or(|k| k.r#type() == Type::String) {
        let Json::Object(members) = json else {
            return Err(DataError::data(format!(
                "Maps with string fields should be encoded as JSON objects, but found {}",
                json.node_type()
            )));
        };
        return members
            .iter()
            .map(|(k, v)| Ok((Value::string(k), value(values, Some(v), settings)?)))
            .collect();
    }
    let Json::Array(entries) = json else {
        return Err(DataError::data(format!(
            "Maps with non-string fields should be encoded as JSON array of tuples, but found {}",
            json.node_type()
        )));
    };
    entries
        .iter()
        .map(|entry| match entry {
            Json::Array(pair) => match pair.as_slice() {
                [k, v] => Ok((value(keys, Some(k), settings)?, value(values, Some(v), settings)?)),
                _ => Err(DataError::data(format!(
                    "Found invalid map entry, expected length 2 but found :{}",
                    pair.len()
                ))),
            },
            other => Err(DataError::data(format!(
                "Found invalid map entry instead of array tuple: {}",
                other.node_type()
            ))),
        })
        .collect()
}

fn structure(schema: &SchemaRef, json: &Json<'_>, settings: Settings) -> Result<Struct> {
    let Json::Object(members) = json else {
        return Err(DataError::data(format!(
            "Structs should be encoded as JSON objects, but found {}",
            json.node_type()
        )));
    };
    let mut values = Vec::with_capacity(schema.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        // Members mostly stand in the order of the fields.
        let guess = members
            .get(index)
            .filter(|(name, _)| *name == *field.name && members.len() == schema.fields().len());
        let member = guess.map(|(_, v)| v).or_else(|| json.get(&field.name));
        let found = with_schema(&field.schema, member, settings)?;
        if found.is_null() {
            crate::schema::validate_field(&field.name, &field.schema, &found)?;
        }
        values.push(found);
    }
    Struct::from_values(schema.clone(), values)
}

fn logical_value(logical: Logical, schema: &Schema, json: &Json<'_>) -> Result<Value> {
    let fits_int = json.is_integral() && matches!(json, Json::Number(text) if text.parse::<i32>().is_ok());
    let wrong = |name: &str, what: &str| {
        Err(DataError::data(format!(
            "Invalid type for {name}, underlying representation should be {what} but was {}",
            json.node_type()
        )))
    };
    match logical {
        Logical::Date if fits_int => Ok(Value::Instant(json.long_value() * DAY_MS)),
        Logical::Date => wrong("Date", "integer"),
        Logical::Time if fits_int => match json.long_value() {
            ms @ 0..=DAY_MS => Ok(Value::Instant(ms)),
            _ => Err(DataError::data(
                "Time values must use number of milliseconds greater than 0 and less than 86400000",
            )),
        },
        Logical::Time => wrong("Time", "integer"),
        Logical::Timestamp if json.is_integral() => Ok(Value::Instant(json.long_value())),
        Logical::Timestamp => wrong("Timestamp", "integral"),
        Logical::Decimal => match json {
            Json::Number(text) => Ok(text.parse::<Decimal>()?.into()),
            Json::String(text) => {
                let bytes = base64(text);
                let scale = schema.parameter(SCALE).and_then(|s| s.parse().ok());
                let decimal =
                    bytes.zip(scale).and_then(|(bytes, scale)| Decimal::from_bytes(&bytes, scale).ok());
                decimal.map(Value::from).ok_or_else(|| DataError::data("Invalid bytes for Decimal field"))
            }
            _ => wrong("Decimal", "numeric or bytes"),
        },
    }
}
