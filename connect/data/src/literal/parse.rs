//! Text to values (`Values.parseString`).

use super::align::{Common, align_list, align_map};
use super::tokens::Tokens;
use crate::dates::DatePattern;
use crate::error::{DataError, Result};
use crate::json::low_bits;
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, Type, logical};
use crate::value::{Decimal, MapValue, Value};

/// Deeper lists and maps are refused, which makes the whole text a string.
const MOST_DEPTH: usize = 64;
const TIME: &str = "HH:mm:ss.SSS'Z'";
const DATE: &str = "yyyy-MM-dd";
const TIMESTAMP: &str = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";

/// The value that a text describes, with its schema: null, booleans, the smallest integer type that holds a number, floats,
/// decimals, dates, times, timestamps, lists and maps; all else is the text itself.
pub fn parse(text: &str) -> Result<SchemaAndValue> {
    if text.is_empty() {
        return Ok(of(Type::String, Value::string(text)));
    }
    let mut tokens = Tokens::new(text);
    Ok(one(&mut tokens, false, 0)?.unwrap_or(SchemaAndValue::NULL))
}

fn of(r#type: Type, value: impl Into<Value>) -> SchemaAndValue {
    SchemaAndValue::new(Some(Schema::primitive(r#type)), value.into())
}

fn word(tokens: &mut Tokens<'_>, embedded: bool, expected: &str) -> bool {
    let start = tokens.mark();
    if tokens.take(expected) && (embedded || !tokens.has_next()) {
        return true;
    }
    tokens.rewind(start);
    false
}

/// The next value; None is null.
fn one(tokens: &mut Tokens<'_>, embedded: bool, depth: usize) -> Result<Option<SchemaAndValue>> {
    if depth > MOST_DEPTH {
        return Err(DataError::data("Lists and maps are nested too deep"));
    }
    if !tokens.has_next() {
        return Ok(None);
    }
    if embedded && tokens.take("\"") {
        return Ok(Some(quoted(tokens)));
    }
    if word(tokens, embedded, "null") {
        return Ok(None);
    }
    for (literal, value) in [("true", true), ("false", false)] {
        if word(tokens, embedded, literal) {
            return Ok(Some(of(Type::Boolean, value)));
        }
    }
    let start = tokens.mark();
    let compound = if tokens.take("[") {
        Some(list(tokens, depth))
    } else if tokens.take("{") {
        Some(map(tokens, depth))
    } else {
        None
    };
    match compound {
        Some(Ok(value)) => return Ok(Some(value)),
        Some(Err(_)) => tokens.rewind(start),
        None => {}
    }
    let token = tokens.next_token();
    if token.trim().is_empty() {
        return Ok(Some(of(Type::String, token)));
    }
    scalar(tokens, token.trim(), embedded).map(Some)
}

fn scalar(tokens: &mut Tokens<'_>, token: &str, embedded: bool) -> Result<SchemaAndValue> {
    let digit = token.starts_with(|c: char| c.is_ascii_digit());
    if digit {
        // The colons of a time are delimiters, so that a time or timestamp is five tokens.
        let position = tokens.mark();
        if let Some(found) = tokens.next_tokens(4).and_then(|rest| temporal(&format!("{token}{rest}"))) {
            return Ok(found);
        }
        tokens.rewind(position);
        if let Some(found) = temporal(token) {
            return Ok(found);
        }
    }
    if (digit || token.starts_with(['+', '-']))
        && let Ok(number) = token.parse::<Decimal>()
    {
        return Ok(smallest(number));
    }
    if embedded {
        return Err(DataError::data("Failed to parse embedded value"));
    }
    Ok(of(Type::String, tokens.original()))
}

fn quoted(tokens: &mut Tokens<'_>) -> SchemaAndValue {
    let mut content = String::new();
    while tokens.has_next() && !tokens.take("\"") {
        content.push_str(tokens.next_token());
    }
    temporal(&content).unwrap_or_else(|| of(Type::String, content))
}

/// A date, time or timestamp of exactly the ISO 8601 form that Kafka writes.
fn temporal(token: &str) -> Option<SchemaAndValue> {
    let token = token.replace("\\:", ":");
    let (schema, pattern) = match token.chars().count() {
        13 => (logical::time(), TIME),
        24 => (logical::timestamp(), TIMESTAMP),
        10 => (logical::date(), DATE),
        _ => return None,
    };
    let (ms, _) = DatePattern::new(pattern).ok()?.parse_prefix(&token)?;
    Some(SchemaAndValue::new(Some(schema.build()), Value::Instant(ms)))
}

fn smallest(number: Decimal) -> SchemaAndValue {
    let whole = number.to_integer();
    let exact = number.rescale(0).is_some();
    if exact && let Ok(value) = i64::try_from(&whole) {
        return if let Ok(value) = i8::try_from(value) {
            of(Type::Int8, value)
        } else if let Ok(value) = i16::try_from(value) {
            of(Type::Int16, value)
        } else if let Ok(value) = i32::try_from(value) {
            of(Type::Int32, value)
        } else {
            of(Type::Int64, low_bits(&whole))
        };
    }
    let text = number.to_string();
    let (single, double) = (text.parse().unwrap_or(f32::INFINITY), text.parse().unwrap_or(f64::INFINITY));
    if single.is_finite() && number.scale() != 0 {
        of(Type::Float32, single)
    } else if double.is_finite() && number.scale() != 0 {
        of(Type::Float64, double)
    } else {
        SchemaAndValue::new(Some(logical::decimal(number.scale()).build()), number.into())
    }
}

fn list(tokens: &mut Tokens<'_>, depth: usize) -> Result<SchemaAndValue> {
    let (mut items, mut element) = (Vec::new(), Common::default());
    while tokens.has_next() {
        if tokens.take("]") {
            let schema = element.schema();
            let items = align_list(schema.as_ref(), items)?;
            let builder = schema.map_or_else(|| SchemaBuilder::new(Type::Array), SchemaBuilder::array);
            return Ok(SchemaAndValue::new(Some(builder.build()), Value::Array(items)));
        }
        if tokens.take(",") {
            return Err(DataError::data(format!(
                "Unable to parse an empty array element: {}",
                tokens.original()
            )));
        }
        let item = one(tokens, true, depth + 1)?;
        element.merge(item.as_ref());
        items.push(item.map_or(Value::Null, |item| item.value));
        let mark = tokens.mark();
        if tokens.take("]") {
            tokens.rewind(mark);
        } else if !tokens.take(",") {
            return Err(DataError::data("Array elements missing ',' delimiter"));
        }
    }
    Err(DataError::data(if tokens.previous() == Some(",") {
        format!("Array is missing element after ',': {}", tokens.original())
    } else {
        format!("Array is missing terminating ']': {}", tokens.original())
    }))
}

fn map(tokens: &mut Tokens<'_>, depth: usize) -> Result<SchemaAndValue> {
    let (mut entries, mut keys, mut values) = (MapValue::new(), Common::default(), Common::default());
    while tokens.has_next() {
        if tokens.take("}") {
            let (keys, values) = (keys.schema(), values.schema());
            let entries = align_map(keys.as_ref(), values.as_ref(), entries)?;
            let schema = match (keys, values) {
                (Some(keys), Some(values)) => SchemaBuilder::map(keys, values),
                (keys, _) => SchemaBuilder::map_of(keys, None),
            };
            return Ok(SchemaAndValue::new(Some(schema.build()), entries.into()));
        }
        if tokens.take(",") {
            return Err(DataError::data(format!(
                "Unable to parse a map entry with no key or value: {}",
                tokens.original()
            )));
        }
        let Some(key) = one(tokens, true, depth + 1)?.filter(|key| !key.value.is_null()) else {
            return Err(DataError::data(format!("Map entry may not have a null key: {}", tokens.original())));
        };
        if !tokens.take(":") {
            return Err(DataError::data(format!(
                "Map entry is missing ':' at {} in {}",
                tokens.position(),
                tokens.original()
            )));
        }
        let value = one(tokens, true, depth + 1)?;
        tokens.take(",");
        keys.merge(Some(&key));
        values.merge(value.as_ref());
        entries.insert(key.value, value.map_or(Value::Null, |v| v.value));
    }
    Err(DataError::data(if tokens.previous() == Some(",") {
        format!("Map is missing element after ',': {}", tokens.original())
    } else {
        format!("Map is missing terminating '}}': {}", tokens.original())
    }))
}
