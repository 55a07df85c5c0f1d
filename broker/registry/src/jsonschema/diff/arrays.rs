//! Arrays: items by place, all items, and the content model.

use super::context::Context;
use super::objects::{beyond, unevaluated};
use super::scalars::{lower, upper};
use super::{JsonSchema, NodeId, compare, compare_optional};
use crate::jsonschema::model::{Arrays, Beyond, Kind};

fn is_any(schema: &JsonSchema, id: NodeId) -> bool {
    matches!(schema.node(id).kind, Kind::Any)
}

fn is_never(schema: &JsonSchema, id: NodeId) -> bool {
    matches!(schema.node(id).kind, Kind::Never)
}

fn is_open(schema: &JsonSchema, array: &Arrays) -> bool {
    array.additional == Beyond::Open && array.unevaluated.is_none_or(|id| is_any(schema, id))
}

fn partial(schema: &JsonSchema, array: &Arrays) -> Option<NodeId> {
    match array.additional {
        Beyond::Of(node) => Some(node),
        Beyond::Closed => None,
        Beyond::Open => array.unevaluated.filter(|id| !is_never(schema, *id) && !is_any(schema, *id)),
    }
}

pub(super) fn compare_arrays(context: &mut Context<'_>, old: &Arrays, new: &Arrays) {
    context.at("items", |context| compare_optional(context, old.all, new.all));
    for index in 0..old.first.len().max(new.first.len()) {
        context.at(&format!("items/{index}"), |context| item(context, old, new, index));
    }
    context.at("additionalItems", |context| {
        beyond(
            context,
            (old.additional, new.additional),
            ("ADDITIONAL_ITEMS_REMOVED", "ADDITIONAL_ITEMS_NARROWED"),
            false,
        );
    });
    context.at("unevaluatedItems", |context| {
        unevaluated(
            context,
            (old.unevaluated, new.unevaluated),
            ("UNEVALUATED_ITEMS_REMOVED", "UNEVALUATED_ITEMS_NARROWED"),
            false,
        );
    });
    upper(context, "maxItems", (old.max_items, new.max_items), "MAX_ITEMS_ADDED", "MAX_ITEMS_DECREASED");
    lower(context, "minItems", (old.min_items, new.min_items), "MIN_ITEMS_ADDED", "MIN_ITEMS_INCREASED");
    if new.unique && !old.unique {
        context.at("uniqueItems", |context| context.wrong("UNIQUE_ITEMS_ADDED"));
    }
    upper(
        context,
        "maxContains",
        (old.max_contains, new.max_contains),
        "MAX_CONTAINS_ADDED",
        "MAX_CONTAINS_DECREASED",
    );
    lower(
        context,
        "minContains",
        (old.min_contains, new.min_contains),
        "MIN_CONTAINS_ADDED",
        "MIN_CONTAINS_INCREASED",
    );
}

fn item(context: &mut Context<'_>, old: &Arrays, new: &Arrays, index: usize) {
    let (writer, reader) = (context.writer, context.reader);
    match (old.first.get(index), new.first.get(index)) {
        (Some(old), Some(new)) => compare(context, *old, *new),
        (Some(_), None) if is_open(reader, new) => {}
        (Some(old), None) => {
            if let Some(covers) = partial(reader, new) {
                let found = context.pair(*old, covers);
                if !found.is_empty() {
                    context.extend(&found);
                    context.wrong("ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
                }
            } else if !is_never(writer, *old) {
                context.wrong("ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL");
            }
        }
        (None, Some(added)) if is_open(writer, old) => {
            if !is_any(reader, *added) {
                context.wrong("ITEM_ADDED_TO_OPEN_CONTENT_MODEL");
            }
        }
        (None, Some(added)) => {
            if let Some(covers) = partial(writer, old) {
                let found = context.pair(covers, *added);
                if !found.is_empty() {
                    context.extend(&found);
                    context.wrong("ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
                }
            }
        }
        (None, None) => {}
    }
}
