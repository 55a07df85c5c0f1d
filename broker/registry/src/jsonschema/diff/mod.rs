//! What keeps values of one JSON Schema from being values of another: Confluent's rules, by the names of its differences.
//!
//! `original` is the writer's schema, `update` the reader's. Only what is not compatible is kept.

mod arrays;
mod combined;
mod context;
mod objects;
mod scalars;
mod words;

use super::JsonSchema;
use super::model::{Kind, NodeId};
use crate::compat::{Difference, Policy};
use combined::{compare_combined, compare_with_combined};
use context::Context;

/// What keeps `reader` from reading what `writer` wrote; empty when nothing does.
pub fn incompatibilities(policy: Policy, reader: &JsonSchema, writer: &JsonSchema) -> Vec<Difference> {
    context::run(policy, writer, reader)
}

/// Compares two nodes that may be missing.
fn compare_optional(context: &mut Context<'_>, original: Option<NodeId>, update: Option<NodeId>) {
    match (original, update) {
        (None, None) | (Some(_), None) => {}
        (None, Some(_)) => context.wrong("SCHEMA_ADDED"),
        (Some(original), Some(update)) => compare(context, original, update),
    }
}

/// Compares two nodes, references followed.
fn compare(context: &mut Context<'_>, original: NodeId, update: NodeId) {
    let found = context.pair(original, update);
    context.extend(&found);
}

/// Compares two nodes that are no references.
fn compare_nodes(context: &mut Context<'_>, original: NodeId, update: NodeId) {
    let (writer, reader) = (context.writer, context.reader);
    let (old, new) = (writer.node(original), reader.node(update));
    if compare_with_combined(context, original, update) {
        return;
    }
    if old.kind.class() != new.kind.class() {
        let same_bytes = old.connect_bytes && new.connect_bytes;
        if !matches!(old.kind, Kind::Never) && !matches!(new.kind, Kind::Any) && !same_bytes {
            context.wrong("TYPE_CHANGED");
        }
        return;
    }
    match (&old.kind, &new.kind) {
        (Kind::String(old), Kind::String(new)) => scalars::strings(context, old, new),
        (Kind::Number(old), Kind::Number(new)) => scalars::numbers(context, old, new),
        (Kind::Enum(old), Kind::Enum(new)) => scalars::enums(context, old, new),
        (Kind::Const(old), Kind::Const(new)) if old != new => {
            context.at("const", |context| context.wrong("ENUM_ARRAY_CHANGED"));
        }
        (Kind::Combined(..), Kind::Combined(..)) => compare_combined(context, original, update),
        // What must not match turns around: the new one may forbid less.
        (Kind::Not(old), Kind::Not(new)) if !context.reversed(*new, *old) => {
            context.at("not", |context| context.wrong("NOT_TYPE_EXTENDED"));
        }
        (Kind::Object(old), Kind::Object(new)) => objects::compare_objects(context, old, new),
        (Kind::Array(old), Kind::Array(new)) => arrays::compare_arrays(context, old, new),
        _ => {}
    }
}
