//! Records as values of CEL, and back.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value as Cel;
use cel::objects::{Key, Map};

use crate::record::ConnectRecord;
use crate::value::{MapValue, Value};

/// One of the variables.
pub(super) fn variable(name: &str, record: &ConnectRecord) -> Cel {
    match name {
        "key" => to_cel(&record.key.value),
        "value" => to_cel(&record.value.value),
        "topic" => text(&record.topic),
        "partition" => record.partition.map_or(Cel::Null, |p| Cel::Int(p.into())),
        "offset" => record.sink_offset().map_or(Cel::Null, Cel::Int),
        "timestamp" => record.timestamp.map_or(Cel::Null, Cel::Int),
        _ => map(record.headers.iter().map(|h| (string_key(&h.key), to_cel(&h.value.value)))),
    }
}

fn text(text: &str) -> Cel {
    Cel::String(Arc::new(text.to_owned()))
}

fn string_key(text: &str) -> Key {
    Key::String(Arc::new(text.to_owned()))
}

fn map(entries: impl Iterator<Item = (Key, Cel)>) -> Cel {
    Cel::Map(Map { map: Arc::new(entries.collect::<HashMap<_, _>>()) })
}

fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Int8(_) | Value::Int16(_) | Value::Int32(_) | Value::Int64(_) => {
            value.as_i64().map_or(Cel::Null, Cel::Int)
        }
        Value::Float32(v) => Cel::Float((*v).into()),
        Value::Float64(v) => Cel::Float(*v),
        Value::Boolean(v) => Cel::Bool(*v),
        Value::String(v) => text(v),
        Value::Bytes(v) => Cel::Bytes(Arc::new(v.to_vec())),
        Value::Decimal(v) => Cel::Float(v.to_f64()),
        Value::Instant(v) => Cel::Int(*v),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Map(entries) => map(entries.iter().map(|(k, v)| (key(k), to_cel(v)))),
        Value::Struct(inner) => {
            let fields = inner.schema().fields().iter().enumerate();
            map(fields.map(|(index, field)| (string_key(&field.name), to_cel(inner.at(index)))))
        }
    }
}

fn key(value: &Value) -> Key {
    match (value, value.as_i64()) {
        (Value::Boolean(v), _) => Key::Bool(*v),
        (_, Some(v)) => Key::Int(v),
        (other, None) => string_key(&other.to_string()),
    }
}

/// A value of CEL as one of Connect's: INT64, FLOAT64, STRING, BOOLEAN, BYTES, arrays and maps. None for what has no place there.
pub(super) fn from_cel(value: &Cel) -> Option<Value> {
    Some(match value {
        Cel::Null => Value::Null,
        Cel::Int(v) => (*v).into(),
        Cel::UInt(v) => i64::try_from(*v).ok()?.into(),
        Cel::Float(v) => (*v).into(),
        Cel::Bool(v) => (*v).into(),
        Cel::String(v) => Value::string(v),
        Cel::Bytes(v) => Value::Bytes(v.as_ref().clone().into()),
        Cel::List(items) => Value::Array(items.iter().map(from_cel).collect::<Option<_>>()?),
        Cel::Map(entries) => {
            let mut pairs: Vec<(String, Value)> = Vec::with_capacity(entries.map.len());
            for (key, value) in entries.map.iter() {
                let key = match key {
                    Key::String(text) => text.to_string(),
                    Key::Int(v) => v.to_string(),
                    Key::Uint(v) => v.to_string(),
                    Key::Bool(v) => v.to_string(),
                };
                pairs.push((key, from_cel(value)?));
            }
            // A hash map has no order; the same record shall become the same bytes each time.
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            pairs.into_iter().collect::<MapValue>().into()
        }
        _ => return None,
    })
}
