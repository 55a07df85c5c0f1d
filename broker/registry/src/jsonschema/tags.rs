//! The parts of a schema that may have tags: objects and properties, by the paths that Confluent's registry gives them.

use crate::json::Json;
use crate::schema::{EntityType, Visit};

/// Tells of each object and each property, in order.
pub(crate) fn visit(schema: &mut Json, each: Visit<'_>) {
    walk(schema, "", false, each);
}

fn walk(schema: &mut Json, scope: &str, in_field: bool, each: Visit<'_>) {
    if schema.as_object().is_none() {
        return;
    }
    for (name, step) in [("allOf", "allof"), ("anyOf", "anyof"), ("oneOf", "oneof")] {
        if let Some(Json::Array(parts)) = schema.get_mut(name) {
            for (n, part) in parts.iter_mut().enumerate() {
                walk(part, &format!("{scope}{step}.{n}."), false, each);
            }
        }
    }
    for (name, step) in [("if", "conditional.if"), ("then", "conditional.then"), ("else", "conditional.else")]
    {
        below(schema, name, &format!("{scope}{step}."), each);
    }
    below(schema, "not", &format!("{scope}not."), each);
    below(schema, "items", &format!("{scope}array."), each);
    let is_object = schema.get("type").and_then(Json::as_str) == Some("object");
    if is_object || schema.get("properties").is_some() {
        object(schema, &format!("{scope}object"), in_field, each);
    }
}

fn below(schema: &mut Json, name: &str, scope: &str, each: Visit<'_>) {
    if let Some(part) = schema.get_mut(name) {
        walk(part, scope, false, each);
    }
}

fn object(schema: &mut Json, scope: &str, in_field: bool, each: Visit<'_>) {
    if !in_field {
        each(scope.to_owned(), EntityType::Record, schema);
    }
    if let Some(Json::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties {
            each(format!("{scope}.{name}"), EntityType::Field, property);
            walk(property, &format!("{scope}.{name}."), true, each);
        }
    }
    for group in ["definitions", "$defs"] {
        if let Some(Json::Object(definitions)) = schema.get_mut(group) {
            for (name, definition) in definitions {
                walk(definition, &format!("{scope}.{group}.{name}."), false, each);
            }
        }
    }
}
