//! The parts of a schema that may have tags: records and fields.

use crate::json::Json;
use crate::schema::{EntityType, Visit};

/// Tells of each record and each field that is defined in the text, in order.
pub(crate) fn visit(schema: &mut Json, each: Visit<'_>) {
    walk(schema, None, each);
}

fn walk(schema: &mut Json, space: Option<&str>, each: Visit<'_>) {
    match schema {
        Json::Array(union) => union.iter_mut().for_each(|of| walk(of, space, each)),
        Json::Object(_) => {
            let kind = schema.get("type").and_then(Json::as_str).unwrap_or_default().to_owned();
            match kind.as_str() {
                "record" | "error" => record(schema, space, each),
                "array" => inner(schema, "items", space, each),
                "map" => inner(schema, "values", space, each),
                _ => inner(schema, "type", space, each),
            }
        }
        _ => {}
    }
}

fn inner(schema: &mut Json, name: &str, space: Option<&str>, each: Visit<'_>) {
    if let Some(value) = schema.get_mut(name) {
        walk(value, space, each);
    }
}

fn record(schema: &mut Json, space: Option<&str>, each: Visit<'_>) {
    let name = schema.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
    let own = schema.get("namespace").and_then(Json::as_str).map(str::to_owned);
    let (space, full) = match name.rsplit_once('.') {
        Some((space, _)) => (Some(space.to_owned()), name.clone()),
        None => {
            let space = own.or_else(|| space.map(str::to_owned)).filter(|space| !space.is_empty());
            let full = space.as_ref().map_or_else(|| name.clone(), |space| format!("{space}.{name}"));
            (space, full)
        }
    };
    each(full.clone(), EntityType::Record, schema);
    let Some(Json::Array(fields)) = schema.get_mut("fields") else { return };
    for field in fields {
        let name = field.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
        each(format!("{full}.{name}"), EntityType::Field, field);
        inner(field, "type", space.as_deref(), each);
    }
}
