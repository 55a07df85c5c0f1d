//! One value as another type, by Java's conversions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::converters::json::{date_days, time_ms};
use crate::error::{DataError, Result};
use crate::json::low_bits;
use crate::literal::instant_text;
use crate::schema::logical::Logical;
use crate::schema::{Schema, Type};
use crate::value::{Value, numbers};

/// The value as the target type. `schema`: the value's, if it has one. Null stays null.
pub(super) fn cast(schema: Option<&Schema>, value: &Value, target: Type) -> Result<Value> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let Some(source) = schema.map(Schema::r#type).or_else(|| value.schema_type()) else {
        return Err(DataError::data(format!(
            "Cast transformation was passed a value of type class {} which is not supported by Connect's data API",
            value.java_class()
        )));
    };
    if !source.is_primitive() {
        return Err(DataError::data(format!(
            "Cast transformation does not support casting from {source}; supported types are \
             [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]"
        )));
    }
    if target == Type::String {
        return Ok(text(value).into());
    }
    let encoded = match (schema.and_then(Schema::logical), value) {
        (Some(Logical::Date), Value::Instant(ms)) => Value::Int32(date_days(*ms)?),
        (Some(Logical::Time), Value::Instant(ms)) => Value::Int32(time_ms(*ms)?),
        (Some(Logical::Timestamp), Value::Instant(ms)) => Value::Int64(*ms),
        _ => value.clone(),
    };
    number(&encoded, target)
}

fn text(value: &Value) -> String {
    match value {
        Value::Instant(ms) => instant_text(*ms),
        Value::Bytes(bytes) => STANDARD.encode(bytes),
        other => other.to_string(),
    }
}

fn number(value: &Value, target: Type) -> Result<Value> {
    if let Value::String(text) = value {
        let parsed: Option<Value> = match target {
            Type::Int8 => text.parse::<i8>().ok().map(Value::from),
            Type::Int16 => text.parse::<i16>().ok().map(Value::from),
            Type::Int32 => text.parse::<i32>().ok().map(Value::from),
            Type::Int64 => text.parse::<i64>().ok().map(Value::from),
            Type::Float32 => numbers::parse_float(text).map(Value::from),
            Type::Float64 => numbers::parse_double(text).map(Value::from),
            Type::Boolean => Some(text.eq_ignore_ascii_case("true").into()),
            other => {
                return Err(DataError::data(format!("{other} is not supported in the Cast transformation.")));
            }
        };
        return parsed.ok_or_else(|| {
            DataError::data(format!("Value ({value}) was out of range for requested data type"))
        });
    }
    // Java's narrowing goes through int for the types below it, and through long for booleans.
    let (int, long, double) = match value {
        Value::Float32(v) => (*v as i32, *v as i64, f64::from(*v)),
        Value::Float64(v) => (numbers::to_int(*v), numbers::to_long(*v), *v),
        Value::Decimal(v) => {
            let low = low_bits(&v.to_integer());
            (low as i32, low, v.to_f64())
        }
        Value::Boolean(v) => (i32::from(*v), i64::from(*v), f64::from(u8::from(*v))),
        other => match other.as_i64() {
            Some(v) => (v as i32, v, v as f64),
            None => {
                return Err(DataError::data(format!(
                    "Unexpected type in Cast transformation: class {}",
                    value.java_class()
                )));
            }
        },
    };
    Ok(match (target, value) {
        (Type::Int8, _) => (int as i8).into(),
        (Type::Int16, _) => (int as i16).into(),
        (Type::Int32, _) => int.into(),
        (Type::Int64, _) => long.into(),
        (Type::Float32, Value::Int64(v)) => (*v as f32).into(),
        (Type::Float32, Value::Float32(v)) => (*v).into(),
        (Type::Float32, _) => (double as f32).into(),
        (Type::Float64, _) => double.into(),
        (Type::Boolean, _) => (long != 0).into(),
        (other, _) => {
            return Err(DataError::data(format!("{other} is not supported in the Cast transformation.")));
        }
    })
}
