//! Whether bytes are a message of a schema: they are walked by tables made once, nothing is built.

use highway_types::limits::SCHEMA_VALUE_MAX_DEPTH;

use super::model::{Field, FieldType, Label, Scalar, TypeDef};
use super::schema::{ProtobufSchema, TypeNo, fields};
use super::wire::{Reader, Value};
use crate::validate::Fault;

/// What is known of the fields of a message, in order of their numbers.
#[derive(Debug, Default)]
pub(super) struct MessageCheck {
    fields: Vec<FieldCheck>,
    required: usize,
}

#[derive(Debug)]
struct FieldCheck {
    number: u32,
    name: String,
    expects: Expects,
    /// May also come many in one.
    packable: bool,
    required: bool,
}

#[derive(Debug, Clone, Copy)]
enum Expects {
    Varint,
    Fixed32,
    Fixed64,
    Text,
    Bytes,
    /// A message; nothing is known of its fields when it has no number.
    Message(Option<TypeNo>),
    Group(Option<TypeNo>),
    Map(Scalar, MapValue),
}

#[derive(Debug, Clone, Copy)]
enum MapValue {
    Scalar(Scalar),
    Enum,
    Message(Option<TypeNo>),
}

fn scalar(of: Scalar) -> Expects {
    match of {
        Scalar::Double | Scalar::Fixed64 | Scalar::Sfixed64 => Expects::Fixed64,
        Scalar::Float | Scalar::Fixed32 | Scalar::Sfixed32 => Expects::Fixed32,
        Scalar::String => Expects::Text,
        Scalar::Bytes => Expects::Bytes,
        _ => Expects::Varint,
    }
}

/// Makes the tables, one for each type.
pub(super) fn compile(schema: &ProtobufSchema) -> Vec<MessageCheck> {
    let table = |known: &super::schema::Known| {
        let Some(message) = known.message() else { return MessageCheck::default() };
        let mut checks: Vec<FieldCheck> =
            fields(message).map(|field| field_check(schema, &known.full, field)).collect();
        checks.sort_by_key(|check| check.number);
        MessageCheck { required: checks.iter().filter(|check| check.required).count(), fields: checks }
    };
    schema.types.iter().map(table).collect()
}

fn field_check(schema: &ProtobufSchema, scope: &str, field: &Field) -> FieldCheck {
    let is_enum = |of: &FieldType| {
        schema.target(scope, of).is_some_and(|no| matches!(schema.types[no].of, TypeDef::Enum(_)))
    };
    let expects = match &field.of {
        FieldType::Scalar(of) => scalar(*of),
        FieldType::Group(_) => Expects::Group(schema.target(scope, &field.of)),
        FieldType::Named(_) if is_enum(&field.of) => Expects::Varint,
        FieldType::Named(_) => Expects::Message(schema.target(scope, &field.of)),
        FieldType::Map(key, value) => {
            let value = match &**value {
                FieldType::Scalar(of) => MapValue::Scalar(*of),
                value if is_enum(value) => MapValue::Enum,
                value => MapValue::Message(schema.target(scope, value)),
            };
            Expects::Map(*key, value)
        }
    };
    let numeric = matches!(expects, Expects::Varint | Expects::Fixed32 | Expects::Fixed64);
    FieldCheck {
        number: field.number,
        name: field.name.clone(),
        expects,
        packable: numeric && field.label == Some(Label::Repeated),
        required: field.label == Some(Label::Required),
    }
}

/// Checks that `bytes` are the message that `indexes` name: the number of a message in the file, then of messages nested in
/// it. Empty is the first.
///
/// # Errors
/// [`Fault`] with the place where the bytes and the schema part.
pub fn check(schema: &ProtobufSchema, indexes: &[i32], bytes: &[u8]) -> Result<(), Fault> {
    let no = find(schema, indexes)
        .ok_or_else(|| Fault::new(format!("the schema has no message at {indexes:?}")))?;
    message(schema, Some(no), bytes, 0)
}

fn find(schema: &ProtobufSchema, indexes: &[i32]) -> Option<TypeNo> {
    let mut full = schema.file.package.clone();
    let mut types = &schema.file.types;
    let first = [0];
    let indexes = if indexes.is_empty() { &first } else { indexes };
    for index in indexes {
        let messages =
            types.iter().filter_map(|of| if let TypeDef::Message(m) = of { Some(m) } else { None });
        let message = messages.clone().nth(usize::try_from(*index).ok()?)?;
        full = if full.is_empty() { message.name.clone() } else { format!("{full}.{}", message.name) };
        types = &message.types;
    }
    schema.by_name.get(&full).copied()
}

/// The full name of the message that indexes name.
#[must_use]
pub fn message_name(schema: &ProtobufSchema, indexes: &[i32]) -> Option<String> {
    Some(schema.types.get(find(schema, indexes)?)?.full.clone())
}

fn too_deep() -> Fault {
    Fault::new(format!("the value is nested deeper than {SCHEMA_VALUE_MAX_DEPTH} levels"))
}

fn message(schema: &ProtobufSchema, no: Option<TypeNo>, bytes: &[u8], depth: usize) -> Result<(), Fault> {
    if depth > SCHEMA_VALUE_MAX_DEPTH {
        return Err(too_deep());
    }
    let mut reader = Reader::new(bytes);
    body(schema, no, &mut reader, None, depth)
}

/// Fields up to the end, or up to the end of the group with this number.
fn body(
    schema: &ProtobufSchema,
    no: Option<TypeNo>,
    reader: &mut Reader<'_>,
    group: Option<u32>,
    depth: usize,
) -> Result<(), Fault> {
    if depth > SCHEMA_VALUE_MAX_DEPTH {
        return Err(too_deep());
    }
    let empty = MessageCheck::default();
    let table = no.and_then(|no| schema.checks.get(no)).unwrap_or(&empty);
    let mut seen = Vec::new();
    loop {
        let at = reader.at;
        let Some((number, value)) = reader.next().map_err(|reason| Fault::at(at, reason))? else {
            if group.is_some() {
                return Err(Fault::at(at, "a group is not closed"));
            }
            break;
        };
        if value == Value::GroupEnd {
            if group == Some(number) {
                break;
            }
            return Err(Fault::at(at, "a group ends that was not begun"));
        }
        let known = table.fields.binary_search_by_key(&number, |field| field.number).ok();
        let Some(place) = known else {
            // A field of a newer schema.
            if value == Value::GroupStart {
                body(schema, None, reader, Some(number), depth + 1)?;
            }
            continue;
        };
        let known = &table.fields[place];
        if known.required && !seen.contains(&place) {
            seen.push(place);
        }
        field(schema, known, value, reader, depth)
            .map_err(|fault| Fault { at: fault.at.or(Some(at)), ..fault }.within(&known.name))?;
    }
    if seen.len() < table.required {
        let missing = table.fields.iter().enumerate().find(|(place, f)| f.required && !seen.contains(place));
        let name = missing.map_or("", |(_, field)| field.name.as_str());
        return Err(Fault::new(format!("the required field '{name}' is missing")));
    }
    Ok(())
}

fn field(
    schema: &ProtobufSchema,
    field: &FieldCheck,
    value: Value<'_>,
    reader: &mut Reader<'_>,
    depth: usize,
) -> Result<(), Fault> {
    match (field.expects, value) {
        (Expects::Varint, Value::Varint(_))
        | (Expects::Fixed32, Value::Fixed32)
        | (Expects::Fixed64, Value::Fixed64)
        | (Expects::Bytes, Value::Bytes(_)) => Ok(()),
        (Expects::Text, Value::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(_) => Err(Fault::new("a string is not UTF-8")),
        },
        (Expects::Varint, Value::Bytes(bytes)) if field.packable => {
            let mut packed = Reader::new(bytes);
            while packed.at < bytes.len() {
                packed.varint().map_err(Fault::new)?;
            }
            Ok(())
        }
        (Expects::Fixed32, Value::Bytes(bytes)) if field.packable && bytes.len() % 4 == 0 => Ok(()),
        (Expects::Fixed64, Value::Bytes(bytes)) if field.packable && bytes.len() % 8 == 0 => Ok(()),
        (Expects::Message(no), Value::Bytes(bytes)) => message(schema, no, bytes, depth + 1),
        (Expects::Group(no), Value::GroupStart) => body(schema, no, reader, Some(field.number), depth + 1),
        (Expects::Map(key, of), Value::Bytes(bytes)) => entry(schema, key, of, bytes, depth + 1),
        _ => Err(Fault::new("the wire type is not that of the field")),
    }
}

/// An entry of a map: a message of a key (1) and a value (2).
fn entry(
    schema: &ProtobufSchema,
    key: Scalar,
    of: MapValue,
    bytes: &[u8],
    depth: usize,
) -> Result<(), Fault> {
    if depth > SCHEMA_VALUE_MAX_DEPTH {
        return Err(too_deep());
    }
    let mut reader = Reader::new(bytes);
    while let Some((number, value)) = reader.next().map_err(Fault::new)? {
        let expects = match number {
            1 => scalar(key),
            2 => match of {
                MapValue::Scalar(of) => scalar(of),
                MapValue::Enum => Expects::Varint,
                MapValue::Message(no) => Expects::Message(no),
            },
            _ => return Err(Fault::new("an entry of a map has more than a key and a value")),
        };
        let check = FieldCheck { number, name: String::new(), expects, packable: false, required: false };
        field(schema, &check, value, &mut reader, depth)?;
    }
    Ok(())
}
