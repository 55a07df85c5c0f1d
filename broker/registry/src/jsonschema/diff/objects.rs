//! Objects: properties, what is required, and the content model (open, closed, or partly open).

use std::collections::BTreeSet;

use super::context::Context;
use super::scalars::{lower, upper};
use super::{JsonSchema, NodeId, compare};
use crate::jsonschema::model::{Beyond, Kind, Objects};

fn is_any(schema: &JsonSchema, id: NodeId) -> bool {
    matches!(schema.node(id).kind, Kind::Any)
}

fn is_never(schema: &JsonSchema, id: NodeId) -> bool {
    matches!(schema.node(id).kind, Kind::Never)
}

/// Whether all other properties are allowed.
fn is_open(schema: &JsonSchema, object: &Objects) -> bool {
    object.additional == Beyond::Open
        && object.patterns.is_empty()
        && object.unevaluated.is_none_or(|id| is_any(schema, id))
}

/// What a property that is not named must be, in a partly open model.
fn partial(schema: &JsonSchema, object: &Objects, name: &str) -> Option<NodeId> {
    for (pattern, node) in &object.patterns {
        // Linear in time; a pattern that it cannot express (look-around) covers nothing here.
        if regex::RegexBuilder::new(pattern).size_limit(1 << 20).build().is_ok_and(|re| re.is_match(name)) {
            return Some(*node);
        }
    }
    match object.additional {
        Beyond::Of(node) => Some(node),
        Beyond::Closed => None,
        Beyond::Open => object.unevaluated.filter(|id| !is_never(schema, *id) && !is_any(schema, *id)),
    }
}

pub(super) fn compare_objects(context: &mut Context<'_>, old: &Objects, new: &Objects) {
    required(context, old, new);
    context.at("properties", |context| {
        let names: BTreeSet<&String> = old.properties.keys().chain(new.properties.keys()).collect();
        for name in names {
            context.at(name, |context| property(context, old, new, name));
        }
    });
    context.at("dependencies", |context| dependencies(context, old, new));
    context.at("additionalProperties", |context| {
        beyond(
            context,
            (old.additional, new.additional),
            ("ADDITIONAL_PROPERTIES_REMOVED", "ADDITIONAL_PROPERTIES_NARROWED"),
            true,
        );
    });
    context.at("unevaluatedProperties", |context| {
        unevaluated(
            context,
            (old.unevaluated, new.unevaluated),
            ("UNEVALUATED_PROPERTIES_REMOVED", "UNEVALUATED_PROPERTIES_NARROWED"),
            true,
        );
    });
    upper(
        context,
        "maxProperties",
        (old.max_properties, new.max_properties),
        "MAX_PROPERTIES_ADDED",
        "MAX_PROPERTIES_DECREASED",
    );
    lower(
        context,
        "minProperties",
        (old.min_properties, new.min_properties),
        "MIN_PROPERTIES_ADDED",
        "MIN_PROPERTIES_INCREASED",
    );
}

fn required(context: &mut Context<'_>, old: &Objects, new: &Objects) {
    let reader = context.reader;
    context.at("required", |context| {
        for name in old.properties.keys() {
            let Some(node) = new.properties.get(name) else { continue };
            let added = new.required.contains(name) && !old.required.contains(name);
            if added && !reader.node(*node).has_default {
                context.at(name, |context| context.wrong("REQUIRED_ATTRIBUTE_ADDED"));
            }
        }
    });
}

fn property(context: &mut Context<'_>, old: &Objects, new: &Objects, name: &str) {
    let (writer, reader) = (context.writer, context.reader);
    match (old.properties.get(name), new.properties.get(name)) {
        (Some(old), Some(new)) => compare(context, *old, *new),
        (Some(old), None) => {
            if is_open(reader, new) {
                return;
            }
            if let Some(covers) = partial(reader, new, name) {
                let found = context.pair(*old, covers);
                if !found.is_empty() {
                    context.extend(&found);
                    context.strict("PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
                }
            } else if !is_never(writer, *old) {
                context.strict("PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL");
            }
        }
        (None, Some(added)) => {
            let required = new.required.contains(name);
            let has_default = reader.node(*added).has_default;
            if is_open(writer, old) {
                // Old data may hold anything under this name.
                if is_any(reader, *added) {
                } else if required && !has_default {
                    context.wrong("REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL");
                } else if required {
                    context.strict("REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL");
                } else {
                    context.strict("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL");
                }
                return;
            }
            if let Some(covers) = partial(writer, old, name) {
                let found = context.pair(covers, *added);
                if !found.is_empty() {
                    context.extend(&found);
                    context.strict("PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
                }
            }
            if required && !has_default {
                context.wrong("REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL");
            }
        }
        (None, None) => {}
    }
}

fn dependencies(context: &mut Context<'_>, old: &Objects, new: &Objects) {
    for (name, needs) in &new.depends_on {
        context.at(name, |context| match old.depends_on.get(name) {
            None => context.wrong("DEPENDENCY_ARRAY_ADDED"),
            Some(needed) if needs.is_subset(needed) => {}
            Some(needed) if needed.is_subset(needs) => context.wrong("DEPENDENCY_ARRAY_EXTENDED"),
            Some(_) => context.wrong("DEPENDENCY_ARRAY_CHANGED"),
        });
    }
    for (name, new) in &new.depends_schema {
        context.at(name, |context| match old.depends_schema.get(name) {
            None => context.wrong("DEPENDENCY_SCHEMA_ADDED"),
            Some(old) => compare(context, *old, *new),
        });
    }
}

/// What is allowed beyond the named: it may widen. `lenient` says whether a lenient policy lets it narrow.
pub(super) fn beyond(
    context: &mut Context<'_>,
    models: (Beyond, Beyond),
    (removed, narrowed): (&'static str, &'static str),
    lenient: bool,
) {
    let mut note = |of| if lenient { context.strict(of) } else { context.wrong(of) };
    match models {
        (Beyond::Open | Beyond::Of(_), Beyond::Closed) => note(removed),
        (Beyond::Open, Beyond::Of(_)) => note(narrowed),
        (Beyond::Of(old), Beyond::Of(new)) => compare(context, old, new),
        _ => {}
    }
}

/// The same of what no part of a schema has looked at.
pub(super) fn unevaluated(
    context: &mut Context<'_>,
    (old, new): (Option<NodeId>, Option<NodeId>),
    names: (&'static str, &'static str),
    lenient: bool,
) {
    let model = |schema: &JsonSchema, id: Option<NodeId>| match id {
        None => Beyond::Open,
        Some(id) if is_never(schema, id) => Beyond::Closed,
        Some(id) if is_any(schema, id) => Beyond::Open,
        Some(id) => Beyond::Of(id),
    };
    let models = (model(context.writer, old), model(context.reader, new));
    beyond(context, models, names, lenient);
}
