//! Fields of values by name.

use std::borrow::Cow;

use highway_connect_data::{Schema, Type, Value};

use super::PartitionError;

/// A field's value and its schema, when the data has one. Dots in the name go into nested structs and maps, unless a field has
/// the whole name.
pub(super) fn find<'a>(
    value: &'a Value,
    name: &str,
) -> Result<(&'a Value, Option<&'a Schema>), PartitionError> {
    if let Some(found) = child(value, name)? {
        return Ok(found);
    }
    let (mut at, mut schema, mut rest) = (value, None, name);
    while !rest.is_empty() {
        let (head, tail) = rest.split_once('.').unwrap_or((rest, ""));
        (at, schema) = child(at, head)?.ok_or_else(|| PartitionError::Missing(name.to_owned()))?;
        rest = tail;
    }
    Ok((at, schema))
}

type Found<'a> = Option<(&'a Value, Option<&'a Schema>)>;

fn child<'a>(value: &'a Value, name: &str) -> Result<Found<'a>, PartitionError> {
    match value {
        Value::Struct(data) => {
            let schema = data.schema();
            Ok(schema.position(name).map(|i| (data.at(i), Some(&*schema.fields()[i].schema))))
        }
        Value::Map(map) => Ok(map.get(name).map(|value| (value, None))),
        other => Err(PartitionError::NoFields(other.java_class(), name.to_owned())),
    }
}

/// A field's value as part of a name: whole numbers, text, booleans, and dates as Connect shows them. Null is `null`, as Java
/// writes it.
pub(super) fn text<'a>(
    name: &str,
    value: &'a Value,
    schema: Option<&Schema>,
) -> Result<Cow<'a, str>, PartitionError> {
    Ok(match value {
        Value::Null => Cow::Borrowed("null"),
        Value::String(text) => Cow::Borrowed(text),
        Value::Boolean(true) => Cow::Borrowed("true"),
        Value::Boolean(false) => Cow::Borrowed("false"),
        Value::Int8(v) => Cow::Owned(v.to_string()),
        Value::Int16(v) => Cow::Owned(v.to_string()),
        Value::Int32(v) => Cow::Owned(v.to_string()),
        Value::Int64(v) => Cow::Owned(v.to_string()),
        Value::Instant(millis) => match schema.map(Schema::r#type) {
            Some(Type::Int32) if schema.and_then(Schema::name).is_some_and(|n| n.ends_with(".Date")) => {
                let day = chrono::DateTime::from_timestamp_millis(*millis);
                Cow::Owned(day.ok_or(PartitionError::Calendar(*millis))?.format("%Y-%m-%d").to_string())
            }
            _ => Cow::Owned(millis.to_string()),
        },
        other => {
            return Err(PartitionError::Type {
                field: name.to_owned(),
                found: other.java_class().to_owned(),
                wanted: "a whole number, text, a boolean or a date",
            });
        }
    })
}

/// Text as part of an object's name. What would make another folder of it, or a name that stores and readers stumble over, is
/// written with percent signs, as Hive does: control characters and `/ \\ % ? * #`, a name of dots only, and no text at all. All other
/// characters stay as Confluent's connector leaves them.
pub(super) fn encoded(text: &str) -> Cow<'_, str> {
    let special = |b: u8| b < 0x20 || matches!(b, b'/' | b'\\' | b'%' | b'?' | b'*' | b'#' | 0x7F);
    let dots = text == "." || text == "..";
    if !dots && !text.is_empty() && !text.bytes().any(special) {
        return Cow::Borrowed(text);
    }
    if text.is_empty() {
        return Cow::Borrowed("__HIVE_DEFAULT_PARTITION__");
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(b) if special(b) || (dots && b == b'.') => out.push_str(&format!("%{b:02X}")),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}
