//! Defaults of Avro schemas, which are JSON, as values.

use bytes::Bytes;

use super::parse::{Kind, Node};
use super::to_connect::{is_entry, single};
use crate::error::{DataError, Result};
use crate::json::Json;
use crate::schema::logical::{DAY_MS, Logical};
use crate::schema::{SchemaRef, Type};
use crate::value::{Decimal, MapValue, Struct, Value};

/// The default as a value of the schema that was made of the node.
pub(super) fn value(node: &Node, schema: &SchemaRef, default: &Json<'_>) -> Result<Value> {
    let wrong = || DataError::data(format!("The default of a field is no {}", schema.r#type()));
    if matches!(default, Json::Null) {
        return Ok(Value::Null);
    }
    if let Kind::Union(branches) = &node.kind
        && let Some((only, _)) = single(branches)
    {
        return value(only, schema, default);
    }
    // A text that stands for bytes has one character for each.
    let bytes = || {
        let text = default.as_str().ok_or_else(wrong)?;
        text.chars().map(|c| u8::try_from(u32::from(c)).map_err(|_| wrong())).collect::<Result<Vec<u8>>>()
    };
    let text = match default {
        Json::Number(text) => Some(&**text),
        _ => None,
    };
    let integer = || text.and_then(|text| text.parse::<i64>().ok()).ok_or_else(wrong);
    if let Some(logical) = schema.logical() {
        return Ok(match logical {
            Logical::Date => Value::Instant(integer()? * DAY_MS),
            Logical::Time | Logical::Timestamp => Value::Instant(integer()?),
            Logical::Decimal => {
                Decimal::from_bytes(&bytes()?, i32::try_from(node.scale).unwrap_or(0))?.into()
            }
        });
    }
    Ok(match schema.r#type() {
        Type::Boolean => match default {
            Json::Bool(value) => (*value).into(),
            _ => return Err(wrong()),
        },
        Type::Int8 => i8::try_from(integer()?).map_err(|_| wrong())?.into(),
        Type::Int16 => i16::try_from(integer()?).map_err(|_| wrong())?.into(),
        Type::Int32 => i32::try_from(integer()?).map_err(|_| wrong())?.into(),
        Type::Int64 => integer()?.into(),
        Type::Float32 => text.and_then(|t| t.parse::<f32>().ok()).ok_or_else(wrong)?.into(),
        Type::Float64 => text.and_then(|t| t.parse::<f64>().ok()).ok_or_else(wrong)?.into(),
        Type::String => Value::string(default.as_str().ok_or_else(wrong)?),
        Type::Bytes => Value::Bytes(Bytes::from(bytes()?)),
        Type::Array => match (&node.kind, schema.value_schema(), default) {
            (Kind::Array(inner), Some(element), Json::Array(items)) => {
                Value::Array(items.iter().map(|item| value(inner, element, item)).collect::<Result<_>>()?)
            }
            _ => return Err(wrong()),
        },
        Type::Map => match (&node.kind, schema.value_schema(), default) {
            (Kind::Map(inner), Some(values), Json::Object(members)) => {
                let pairs = members.iter().map(|(k, v)| Ok((Value::string(k), value(inner, values, v)?)));
                pairs.collect::<Result<MapValue>>()?.into()
            }
            (Kind::Array(inner), _, Json::Array(items)) if is_entry(inner) && items.is_empty() => {
                MapValue::new().into()
            }
            _ => return Err(wrong()),
        },
        Type::Struct => match &node.kind {
            Kind::Record(fields) => {
                let values = fields.iter().zip(schema.fields()).map(|(field, connect)| {
                    let given = default.get(&field.name).or(field.default.as_deref());
                    given.map_or(Ok(Value::Null), |given| value(&field.node, &connect.schema, given))
                });
                Struct::from_values(schema.clone(), values.collect::<Result<_>>()?)?.into()
            }
            _ => return Err(wrong()),
        },
    })
}
