//! A new schema against those before it.

use super::{Difference, Level, Policy};
use crate::schema::Parsed;
use crate::{avro, jsonschema, protobuf};

/// Longer texts are cut in messages.
const SHOWN_SCHEMA_BYTES: usize = 10 * 1024;

/// A schema that is there already.
#[derive(Debug, Clone, Copy)]
pub struct Existing<'a> {
    /// Its version.
    pub version: i32,
    /// The schema.
    pub schema: &'a Parsed,
}

/// What speaks against `new` beside `existing` (oldest first) at a level; empty when nothing does.
pub fn check(level: Level, policy: Policy, new: &Parsed, existing: &[Existing<'_>]) -> Vec<String> {
    if level == Level::None {
        return Vec::new();
    }
    for old in existing.iter().rev() {
        let mut messages = Vec::new();
        if old.schema.schema_type() != new.schema_type() {
            return vec!["Incompatible because of different schema type".to_owned()];
        }
        if level.is_forward() {
            let found = differences(policy, old.schema, new);
            messages.extend(found.iter().map(|difference| difference.message("old", "new")));
        }
        if level.is_backward() {
            let found = differences(policy, new, old.schema);
            messages.extend(found.iter().map(|difference| difference.message("new", "old")));
        }
        if !messages.is_empty() {
            messages.push(format!("{{oldSchemaVersion: {}}}", old.version));
            messages.push(shown(&old.schema.canonical()));
            return messages;
        }
        if !level.is_transitive() {
            break;
        }
    }
    Vec::new()
}

/// What keeps `reader` from reading what `writer` wrote. Schemas of different types are not asked about.
pub fn differences(policy: Policy, reader: &Parsed, writer: &Parsed) -> Vec<Difference> {
    match (reader, writer) {
        (Parsed::Avro(reader), Parsed::Avro(writer)) => avro::incompatibilities(&reader.0, &writer.0),
        (Parsed::Json(reader), Parsed::Json(writer)) => jsonschema::incompatibilities(policy, reader, writer),
        (Parsed::Protobuf(reader), Parsed::Protobuf(writer)) => protobuf::incompatibilities(reader, writer),
        _ => Vec::new(),
    }
}

fn shown(text: &str) -> String {
    if text.len() <= SHOWN_SCHEMA_BYTES {
        return format!("{{oldSchema: '{text}'}}");
    }
    let mut end = SHOWN_SCHEMA_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{{oldSchema: <truncated> '{}...'}}", &text[..end])
}
