//! Whether the defaults of fields fit their types.

use super::{Field, Kind, Type, TypeId};
use crate::json::Json;

/// Checks the defaults of all fields.
pub(super) fn check_all(types: &[Type]) -> Result<(), String> {
    for of in types {
        let Kind::Record { named, fields, .. } = &of.kind else { continue };
        for Field { name, of, default, .. } in fields {
            if let Some(default) = default
                && !fits(types, *of, default)
            {
                return Err(format!("Invalid default for field {name} of {}: {default}", named.full()));
            }
        }
    }
    Ok(())
}

/// Whether a value of JSON is one of the type. The depth is that of the value, which is bounded.
fn fits(types: &[Type], id: TypeId, value: &Json) -> bool {
    match (&types[id.0 as usize].kind, value) {
        (Kind::Null, Json::Null) | (Kind::Boolean, Json::Bool(_)) => true,
        (Kind::Int, Json::Number(_)) => value.as_i64().is_some_and(|v| i32::try_from(v).is_ok()),
        (Kind::Long, Json::Number(_)) => value.as_i64().is_some(),
        (Kind::Float | Kind::Double, Json::Number(_)) | (Kind::String, Json::String(_)) => true,
        (Kind::Float | Kind::Double, Json::String(text)) => {
            matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity")
        }
        (Kind::Bytes, Json::String(text)) => text.chars().all(|c| (c as u32) < 256),
        (Kind::Fixed { size, .. }, Json::String(text)) => {
            text.chars().all(|c| (c as u32) < 256) && text.chars().count() == *size
        }
        (Kind::Enum { symbols, .. }, Json::String(text)) => symbols.contains(text),
        (Kind::Array(items), Json::Array(values)) => values.iter().all(|v| fits(types, *items, v)),
        (Kind::Map(values), Json::Object(members)) => members.iter().all(|(_, v)| fits(types, *values, v)),
        // A field that the value does not have takes its own default: whether that fits is asked where it is declared.
        (Kind::Record { fields, .. }, Json::Object(_)) => {
            fields.iter().all(|field| match value.get(&field.name) {
                Some(value) => fits(types, field.of, value),
                None => field.default.is_some(),
            })
        }
        (Kind::Union(branches), _) => branches.iter().any(|branch| fits(types, *branch, value)),
        _ => false,
    }
}
