//! Values to JSON.

use super::Settings;
use crate::error::{DataError, Result};
use crate::json::{write_base64, write_string};
use crate::schema::logical::{DAY_MS, Logical, SCALE};
use crate::schema::{Schema, Type};
use crate::value::{Decimal, MapValue, Struct, Value, numbers};

/// The value as a JSON text of this schema.
pub(super) fn value(
    out: &mut Vec<u8>,
    schema: Option<&Schema>,
    value_: &Value,
    settings: Settings,
) -> Result<()> {
    if value_.is_null() {
        return null(out, schema, settings);
    }
    if let Some(logical) = schema.and_then(Schema::logical) {
        return logical_value(out, logical, schema, value_, settings);
    }
    if let Some(schema) = schema
        && value_.schema_type() != Some(schema.r#type())
    {
        return Err(DataError::data(format!(
            "Invalid type for {}: class {}",
            schema.r#type(),
            value_.java_class()
        )));
    }
    match value_ {
        Value::Null => {}
        Value::Int8(v) => push(out, v),
        Value::Int16(v) => push(out, v),
        Value::Int32(v) => push(out, v),
        Value::Int64(v) => out.extend_from_slice(itoa::Buffer::new().format(*v).as_bytes()),
        Value::Float32(v) => float(out, v.is_finite(), &numbers::float_text(*v)),
        Value::Float64(v) => float(out, v.is_finite(), &numbers::double_text(*v)),
        Value::Boolean(v) => push(out, v),
        Value::String(v) => write_string(out, v),
        Value::Bytes(v) => write_base64(out, v),
        Value::Array(items) => {
            let element = schema.and_then(Schema::value_schema).map(|s| &**s);
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                value(out, element, item, settings)?;
            }
            out.push(b']');
        }
        Value::Map(entries) => map(out, schema, entries, settings)?,
        Value::Struct(inner) => structure(out, schema, inner, settings)?,
        Value::Decimal(_) | Value::Instant(_) => {
            return Err(DataError::data(format!(
                "Java class class {} does not have corresponding schema type.",
                value_.java_class()
            )));
        }
    }
    Ok(())
}

fn push(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// Jackson writes what is no number as a string.
fn float(out: &mut Vec<u8>, finite: bool, text: &str) {
    if finite { out.extend_from_slice(text.as_bytes()) } else { write_string(out, text) }
}

fn null(out: &mut Vec<u8>, schema: Option<&Schema>, settings: Settings) -> Result<()> {
    let default = schema.and_then(Schema::default_value).filter(|_| settings.replace_null_with_default);
    if let Some(default) = default {
        return value(out, schema, default, settings);
    }
    if schema.is_none_or(Schema::is_optional) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    Err(DataError::data("Conversion error: null value for field that is required and has no default value"))
}

fn map(out: &mut Vec<u8>, schema: Option<&Schema>, map: &MapValue, settings: Settings) -> Result<()> {
    let (keys, values) = (schema.and_then(Schema::key_schema), schema.and_then(Schema::value_schema));
    let as_object = match keys {
        Some(keys) => keys.r#type() == Type::String,
        None => map.iter().all(|(key, _)| matches!(key, Value::String(_))),
    };
    out.push(if as_object { b'{' } else { b'[' });
    for (i, (key, item)) in map.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if as_object {
            write_string(out, key.as_str().unwrap_or_default());
            out.push(b':');
            value(out, values.map(|s| &**s), item, settings)?;
        } else {
            out.push(b'[');
            value(out, keys.map(|s| &**s), key, settings)?;
            out.push(b',');
            value(out, values.map(|s| &**s), item, settings)?;
            out.push(b']');
        }
    }
    out.push(if as_object { b'}' } else { b']' });
    Ok(())
}

fn structure(out: &mut Vec<u8>, schema: Option<&Schema>, inner: &Struct, settings: Settings) -> Result<()> {
    // A struct without a schema beside it would be refused by Kafka as "Mismatching schema."; so it is here.
    if schema.is_none_or(|s| !std::ptr::eq(s, &**inner.schema()) && *s != **inner.schema()) {
        return Err(DataError::data("Mismatching schema."));
    }
    out.push(b'{');
    for (i, (field, item)) in inner.schema().fields().iter().zip(inner.values()).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(out, &field.name);
        out.push(b':');
        value(out, Some(&field.schema), item, settings)?;
    }
    out.push(b'}');
    Ok(())
}

fn logical_value(
    out: &mut Vec<u8>,
    logical: Logical,
    schema: Option<&Schema>,
    value: &Value,
    settings: Settings,
) -> Result<()> {
    let wrong = |name: &str, expected: &str| {
        Err(DataError::data(format!(
            "Invalid type for {name}, expected {expected} but was class {}",
            value.java_class()
        )))
    };
    match (logical, value) {
        (Logical::Decimal, Value::Decimal(decimal)) if settings.numeric_decimals => push(out, decimal),
        (Logical::Decimal, Value::Decimal(decimal)) => write_base64(out, &decimal_bytes(schema, decimal)?),
        (Logical::Decimal, _) => return wrong("Decimal", "BigDecimal"),
        (Logical::Date, Value::Instant(ms)) => push(out, date_days(*ms)?),
        (Logical::Date, _) => return wrong("Date", "Date"),
        (Logical::Time, Value::Instant(ms)) => push(out, time_ms(*ms)?),
        (Logical::Time, _) => return wrong("Time", "Date"),
        (Logical::Timestamp, Value::Instant(ms)) => push(out, ms),
        (Logical::Timestamp, _) => return wrong("Timestamp", "Date"),
    }
    Ok(())
}

/// `Decimal.fromLogical`: the unscaled bytes of a decimal that has its schema's scale.
pub(crate) fn decimal_bytes(schema: Option<&Schema>, decimal: &Decimal) -> Result<Vec<u8>> {
    let text = schema.and_then(|s| s.parameter(SCALE));
    let text = text.ok_or_else(|| DataError::data("Invalid Decimal schema: scale parameter not found."))?;
    let scale: i32 =
        text.parse().map_err(|_| DataError::data("Invalid scale parameter found in Decimal schema: "))?;
    if decimal.scale() != scale {
        return Err(DataError::data(format!(
            "Decimal value has mismatching scale for given Decimal schema. Schema has scale {scale}, value has scale {}.",
            decimal.scale()
        )));
    }
    Ok(decimal.to_bytes())
}

/// `Date.fromLogical`: whole days only.
pub(crate) fn date_days(ms: i64) -> Result<i32> {
    if ms.rem_euclid(DAY_MS) != 0 {
        return Err(DataError::data(
            "Kafka Connect Date type should not have any time fields set to non-zero values.",
        ));
    }
    Ok((ms / DAY_MS) as i32)
}

/// `Time.fromLogical`: a time of 1970-01-01 only.
pub(crate) fn time_ms(ms: i64) -> Result<i32> {
    if !(0..=DAY_MS).contains(&ms) {
        return Err(DataError::data(
            "Kafka Connect Time type should not have any date fields set to non-zero values.",
        ));
    }
    Ok(ms as i32)
}
