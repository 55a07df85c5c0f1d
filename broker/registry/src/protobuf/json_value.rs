//! Whether a JSON value can be written as a message (the ProtoJSON mapping of the language guide).
//!
//! Names are a field's own or its lowerCamelCase form; 64-bit numbers may be strings; enums are names or numbers; null is an absent
//! field. A member that is no field is refused, because it would be lost.

use std::collections::HashMap;

use highway_types::limits::SCHEMA_VALUE_MAX_DEPTH;
use serde_json::Value;

use super::model::{EnumDef, Field, FieldType, Label, Message, Scalar, TypeDef};
use super::schema::{ProtobufSchema, TypeNo, fields};
use crate::avro::whole;
use crate::validate::Fault;

/// Tables for checking JSON, one for each type of a schema.
#[derive(Debug)]
pub struct JsonForms {
    forms: Vec<Form>,
    root: TypeNo,
}

#[derive(Debug)]
enum Form {
    Message(MessageForm),
    Enum(Vec<(String, i32)>),
    /// A type with a form of its own: its name.
    WellKnown(&'static str),
}

#[derive(Debug, Default)]
struct MessageForm {
    full: String,
    fields: Vec<FieldForm>,
    /// Both names of each field.
    by_name: HashMap<String, usize>,
    required: bool,
}

#[derive(Debug)]
struct FieldForm {
    name: String,
    of: Of,
    shape: Shape,
    required: bool,
    oneof: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    One,
    Repeated,
    Map(Scalar),
}

#[derive(Debug, Clone, Copy)]
enum Of {
    Scalar(Scalar),
    Type(TypeNo),
    /// Provided, and not known in full.
    Unknown,
}

const WELL_KNOWN: &[&str] = &[
    "Timestamp",
    "Duration",
    "Struct",
    "Value",
    "ListValue",
    "NullValue",
    "Any",
    "FieldMask",
    "DoubleValue",
    "FloatValue",
    "Int64Value",
    "UInt64Value",
    "Int32Value",
    "UInt32Value",
    "BoolValue",
    "StringValue",
    "BytesValue",
];

impl JsonForms {
    /// Makes the tables. `message` is the full name of the message; the first of the file when nothing is said.
    ///
    /// # Errors
    /// No such message.
    pub fn new(schema: &ProtobufSchema, message: Option<&str>) -> Result<Self, String> {
        let own = |no: &TypeNo| !schema.types[*no].imported && schema.types[*no].message().is_some();
        let root = match message {
            Some(name) => {
                schema.by_name.get(name).copied().filter(|no| schema.types[*no].message().is_some())
            }
            // Types are in the order of the file, nested ones behind their message.
            None => (0..schema.types.len()).find(own),
        };
        let root = root.ok_or_else(|| match message {
            Some(name) => format!("the schema has no message '{name}'"),
            None => "the schema has no message".to_owned(),
        })?;
        let forms = schema
            .types
            .iter()
            .map(|known| {
                let local = known.full.strip_prefix("google.protobuf.");
                match local.and_then(|local| WELL_KNOWN.iter().find(|known| **known == local)) {
                    Some(name) => Form::WellKnown(name),
                    None => match &known.of {
                        TypeDef::Enum(of) => Form::Enum(names(of)),
                        TypeDef::Message(message) => Form::Message(form(schema, &known.full, message)),
                    },
                }
            })
            .collect();
        Ok(Self { forms, root })
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The first part that does not fit, with a JSON pointer to it.
    pub fn check(&self, value: &Value) -> Result<(), Fault> {
        self.of_type(self.root, value, 0)
    }

    fn of_type(&self, no: TypeNo, value: &Value, depth: usize) -> Result<(), Fault> {
        if depth > SCHEMA_VALUE_MAX_DEPTH {
            return Err(Fault::new(format!("is nested deeper than {SCHEMA_VALUE_MAX_DEPTH} levels")));
        }
        match self.forms.get(no) {
            None => Ok(()),
            Some(Form::Message(message)) => self.message(message, value, depth),
            Some(Form::WellKnown(name)) => well_known(name, value),
            Some(Form::Enum(values)) => match value {
                Value::String(name) if values.iter().any(|(known, _)| known == name) => Ok(()),
                Value::String(name) => {
                    let known: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).take(20).collect();
                    Err(Fault::new(format!("'{name}' is none of the enum's values {}", known.join(", "))))
                }
                value if whole(value, i32::MIN.into(), i32::MAX.into()) => Ok(()),
                value => Err(unfit(value, "the name or number of an enum's value")),
            },
        }
    }

    fn message(&self, form: &MessageForm, value: &Value, depth: usize) -> Result<(), Fault> {
        let Value::Object(members) = value else {
            return Err(unfit(value, &format!("an object (the message {})", form.full)));
        };
        let mut oneofs: Vec<(usize, &str)> = Vec::new();
        let mut seen: Vec<usize> = Vec::new();
        for (name, value) in members {
            let Some(&at) = form.by_name.get(name) else {
                return Err(
                    Fault::new(format!("the message {} has no field '{name}'", form.full)).below(name)
                );
            };
            let field = &form.fields[at];
            if seen.contains(&at) {
                return Err(Fault::new(format!(
                    "the field '{}' is there twice, by both its names",
                    field.name
                ))
                .below(name));
            }
            seen.push(at);
            let null_is_a_value = matches!(field.of, Of::Type(no)
                if matches!(self.forms.get(no), Some(Form::WellKnown("Value" | "NullValue"))));
            if value.is_null() && !null_is_a_value {
                if field.required {
                    return Err(Fault::new("is null, but the field is required").below(name));
                }
                continue;
            }
            if let Some(oneof) = field.oneof {
                if let Some((_, other)) = oneofs.iter().find(|(taken, _)| *taken == oneof) {
                    let reason = format!("only one of '{other}' and '{}' may be set", field.name);
                    return Err(Fault::new(reason).below(name));
                }
                oneofs.push((oneof, &field.name));
            }
            self.field(field, value, depth).map_err(|fault| fault.below(name))?;
        }
        if form.required {
            let missing =
                form.fields.iter().enumerate().find(|(at, field)| field.required && !seen.contains(at));
            if let Some((_, field)) = missing {
                return Err(Fault::new(format!("the required field '{}' is missing", field.name)));
            }
        }
        Ok(())
    }

    fn field(&self, field: &FieldForm, value: &Value, depth: usize) -> Result<(), Fault> {
        match field.shape {
            Shape::One => self.single(field.of, value, depth),
            Shape::Repeated => {
                let Value::Array(values) = value else { return Err(unfit(value, "an array")) };
                for (index, value) in values.iter().enumerate() {
                    self.single(field.of, value, depth).map_err(|fault| fault.below(&index.to_string()))?;
                }
                Ok(())
            }
            Shape::Map(key) => {
                let Value::Object(members) = value else { return Err(unfit(value, "an object (a map)")) };
                for (name, value) in members {
                    let as_key = match key {
                        Scalar::String => Ok(()),
                        Scalar::Bool if name == "true" || name == "false" => Ok(()),
                        Scalar::Bool => Err(Fault::new("the key of the map is not true or false")),
                        key => scalar(key, &Value::String(name.clone())),
                    };
                    as_key
                        .and_then(|()| self.single(field.of, value, depth))
                        .map_err(|fault| fault.below(name))?;
                }
                Ok(())
            }
        }
    }

    fn single(&self, of: Of, value: &Value, depth: usize) -> Result<(), Fault> {
        match of {
            Of::Scalar(of) => scalar(of, value),
            Of::Type(no) => self.of_type(no, value, depth + 1),
            Of::Unknown => Ok(()),
        }
    }
}

fn names(of: &EnumDef) -> Vec<(String, i32)> {
    of.values.iter().map(|(name, number, _)| (name.clone(), *number)).collect()
}

fn form(schema: &ProtobufSchema, full: &str, message: &Message) -> MessageForm {
    let mut form = MessageForm { full: full.to_owned(), ..MessageForm::default() };
    for field in fields(message) {
        let oneof =
            message.oneofs.iter().position(|oneof| oneof.fields.iter().any(|f| f.number == field.number));
        let of = |of: &FieldType| match of {
            FieldType::Scalar(scalar) => Of::Scalar(*scalar),
            other => schema.target(full, other).map_or(Of::Unknown, Of::Type),
        };
        let (of, shape) = match &field.of {
            FieldType::Map(key, value) => (of(value), Shape::Map(*key)),
            other if field.label == Some(Label::Repeated) => (of(other), Shape::Repeated),
            other => (of(other), Shape::One),
        };
        let at = form.fields.len();
        form.by_name.insert(field.name.clone(), at);
        form.by_name.insert(json_name(field), at);
        let required = field.label == Some(Label::Required);
        form.required |= required;
        form.fields.push(FieldForm { name: field.name.clone(), of, shape, required, oneof });
    }
    form
}

/// The option `json_name`, else the name in lowerCamelCase.
fn json_name(field: &Field) -> String {
    if let Some(option) = field.options.iter().find(|option| option.name == "json_name") {
        return option.value.trim_matches(['"', '\'']).to_owned();
    }
    let (mut name, mut upper) = (String::with_capacity(field.name.len()), false);
    for c in field.name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                name.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => name.push(c),
        }
    }
    name
}

fn unfit(value: &Value, wanted: &str) -> Fault {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Fault::new(format!("is {kind}, not {wanted}"))
}

fn scalar(of: Scalar, value: &Value) -> Result<(), Fault> {
    let range = |low: i128, high: i128| {
        whole(value, low, high)
            || value.as_str().and_then(|s| s.parse().ok()).is_some_and(|n: i128| (low..=high).contains(&n))
    };
    let fits = match of {
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => range(i32::MIN.into(), i32::MAX.into()),
        Scalar::Uint32 | Scalar::Fixed32 => range(0, u32::MAX.into()),
        Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => range(i64::MIN.into(), i64::MAX.into()),
        Scalar::Uint64 | Scalar::Fixed64 => range(0, u64::MAX.into()),
        Scalar::Double | Scalar::Float => match value {
            Value::Number(_) => true,
            Value::String(text) => {
                ["NaN", "Infinity", "-Infinity"].contains(&text.as_str())
                    || (text.parse::<f64>().is_ok_and(f64::is_finite) && !text.contains(['n', 'N', 'i', 'I']))
            }
            _ => false,
        },
        Scalar::Bool => value.is_boolean(),
        Scalar::String => value.is_string(),
        Scalar::Bytes => value.as_str().is_some_and(is_base64),
    };
    if fits {
        return Ok(());
    }
    let wanted = match of {
        Scalar::Bytes => "bytes in base64".to_owned(),
        Scalar::Bool => "true or false".to_owned(),
        of => format!("a value of type {}", of.name()),
    };
    Err(unfit(value, &wanted))
}

/// Base64 of either alphabet, padded or not.
fn is_base64(text: &str) -> bool {
    let plain = text.trim_end_matches('=');
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"+/-_".contains(&b);
    plain.bytes().all(letter) && plain.len() % 4 != 1 && text.len() - plain.len() <= 2
}

fn well_known(name: &str, value: &Value) -> Result<(), Fault> {
    let text = |fits: fn(&str) -> bool, wanted: &str| match value.as_str() {
        Some(text) if fits(text) => Ok(()),
        _ => Err(unfit(value, wanted)),
    };
    match name {
        "Value" => Ok(()),
        "NullValue" => match value {
            Value::Null => Ok(()),
            Value::String(name) if name == "NULL_VALUE" => Ok(()),
            value => Err(unfit(value, "null")),
        },
        "Struct" if value.is_object() => Ok(()),
        "Struct" => Err(unfit(value, "an object")),
        "ListValue" if value.is_array() => Ok(()),
        "ListValue" => Err(unfit(value, "an array")),
        "Any" if value.get("@type").is_some_and(Value::is_string) => Ok(()),
        "Any" => Err(unfit(value, "an object with the string \"@type\"")),
        "Timestamp" => text(is_rfc3339, "a time such as \"2026-11-25T12:00:00.5Z\""),
        "Duration" => text(is_duration, "a duration such as \"1.5s\""),
        "FieldMask" => text(|_| true, "a string of paths between commas"),
        "DoubleValue" => scalar(Scalar::Double, value),
        "FloatValue" => scalar(Scalar::Float, value),
        "Int64Value" => scalar(Scalar::Int64, value),
        "UInt64Value" => scalar(Scalar::Uint64, value),
        "Int32Value" => scalar(Scalar::Int32, value),
        "UInt32Value" => scalar(Scalar::Uint32, value),
        "BoolValue" => scalar(Scalar::Bool, value),
        "BytesValue" => scalar(Scalar::Bytes, value),
        _ => scalar(Scalar::String, value),
    }
}

/// The form of RFC 3339; the calendar is the consumer's.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let form = b"0000-00-00T00:00:00";
    if bytes.len() < form.len() + 1 || !text.is_ascii() {
        return false;
    }
    let same = |(at, wanted): (usize, &u8)| match wanted {
        b'0' => bytes[at].is_ascii_digit(),
        other => bytes[at].eq_ignore_ascii_case(other),
    };
    if !form.iter().enumerate().all(same) {
        return false;
    }
    let rest = &text[form.len()..];
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 9 {
                return false;
            }
            &fraction[digits..]
        }
        None => rest,
    };
    let zone = |rest: &str| {
        let b = rest.as_bytes();
        b.len() == 6
            && matches!(b[0], b'+' | b'-')
            && b[3] == b':'
            && [1, 2, 4, 5].iter().all(|i| b[*i].is_ascii_digit())
    };
    rest.eq_ignore_ascii_case("z") || zone(rest)
}

fn is_duration(text: &str) -> bool {
    let Some(number) = text.strip_suffix('s') else { return false };
    let number = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(fraction) && fraction.len() <= 9
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ORDER: &str = r#"syntax = "proto3"; package shop;
        import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
        message Order { int64 order_id = 1; State state = 2; repeated Line lines = 3; map<int32, Line> by_no = 4;
          google.protobuf.Timestamp at = 5; oneof pay { string card = 6; bool cash = 7; } bytes raw = 8; double sum = 9;
          google.protobuf.Int32Value maybe = 10; uint32 plain = 11 [json_name = "PLAIN"];
          message Line { string sku = 1; int32 n = 2; } }
        enum State { OPEN = 0; PAID = 1; }
        message Other { string a = 1; }"#;

    fn fault(message: Option<&str>, value: &Value) -> Option<(String, String)> {
        let schema = ProtobufSchema::parse(ORDER, &[]).unwrap();
        JsonForms::new(&schema, message).unwrap().check(value).err().map(|fault| (fault.path, fault.reason))
    }

    #[test]
    fn what_fits() {
        for value in [
            json!({}),
            json!({"orderId": "9223372036854775807", "state": "PAID", "lines": [{"sku": "a", "n": 2}]}),
            json!({"order_id": 7, "state": 1, "byNo": {"-3": {"n": 1}}, "at": "2026-11-25T12:00:00.5Z", "cash": true}),
            json!({"raw": "aGk=", "sum": "NaN", "maybe": 3, "PLAIN": 4, "card": null, "cash": false}),
            json!({"at": "2026-11-25T12:00:00+01:00", "sum": 1e3, "plain": "5", "orderId": null}),
        ] {
            assert_eq!(fault(None, &value), None, "{value}");
        }
        assert_eq!(fault(Some("shop.Other"), &json!({"a": "x"})), None);
        assert_eq!(fault(Some("shop.Order.Line"), &json!({"sku": "x"})), None);
        let schema = ProtobufSchema::parse(ORDER, &[]).unwrap();
        assert!(JsonForms::new(&schema, Some("shop.State")).is_err());
    }

    #[test]
    fn what_does_not() {
        for (value, path, reason) in [
            (json!(1), "", "is a number, not an object (the message shop.Order)"),
            (json!({"x/y": 1}), "/x~1y", "the message shop.Order has no field 'x/y'"),
            (
                json!({"order_id": 1, "orderId": 1}),
                "/order_id",
                "the field 'order_id' is there twice, by both its names",
            ),
            (json!({"orderId": "1.5"}), "/orderId", "is a string, not a value of type int64"),
            (json!({"state": "GONE"}), "/state", "'GONE' is none of the enum's values OPEN, PAID"),
            (
                json!({"lines": [{}, {"n": 3_000_000_000_u64}]}),
                "/lines/1/n",
                "is a number, not a value of type int32",
            ),
            (json!({"lines": {}}), "/lines", "is an object, not an array"),
            (json!({"byNo": {"x": {}}}), "/byNo/x", "is a string, not a value of type int32"),
            (json!({"at": "yesterday"}), "/at", "is a string, not a time such as \"2026-11-25T12:00:00.5Z\""),
            (json!({"card": "x", "cash": true}), "/cash", "only one of 'card' and 'cash' may be set"),
            (json!({"raw": "a?"}), "/raw", "is a string, not bytes in base64"),
            (json!({"sum": "nan"}), "/sum", "is a string, not a value of type double"),
            (json!({"plain": -1}), "/plain", "is a number, not a value of type uint32"),
        ] {
            let found = fault(None, &value).expect("a fault");
            // Members are in no certain order.
            if value.as_object().is_some_and(|members| members.len() == 2) {
                continue;
            }
            assert_eq!(found, (path.to_owned(), reason.to_owned()), "{value}");
        }
    }
}
