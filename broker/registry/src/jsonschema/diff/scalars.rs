//! Strings, numbers and enumerations.

use super::context::Context;
use crate::json::Json;
use crate::jsonschema::model::{Numbers, Strings};

/// An upper limit: it may rise or go.
pub(super) fn upper(
    context: &mut Context<'_>,
    word: &str,
    limits: (Option<f64>, Option<f64>),
    added: &'static str,
    decreased: &'static str,
) {
    context.at(word, |context| match limits {
        (None, Some(_)) => context.wrong(added),
        (Some(old), Some(new)) if new < old => context.wrong(decreased),
        _ => {}
    });
}

/// A lower limit: it may fall or go.
pub(super) fn lower(
    context: &mut Context<'_>,
    word: &str,
    limits: (Option<f64>, Option<f64>),
    added: &'static str,
    increased: &'static str,
) {
    context.at(word, |context| match limits {
        (None, Some(_)) => context.wrong(added),
        (Some(old), Some(new)) if new > old => context.wrong(increased),
        _ => {}
    });
}

pub(super) fn strings(context: &mut Context<'_>, old: &Strings, new: &Strings) {
    upper(context, "maxLength", (old.max_length, new.max_length), "MAX_LENGTH_ADDED", "MAX_LENGTH_DECREASED");
    lower(context, "minLength", (old.min_length, new.min_length), "MIN_LENGTH_ADDED", "MIN_LENGTH_INCREASED");
    context.at("pattern", |context| match (&old.pattern, &new.pattern) {
        (None, Some(_)) => context.wrong("PATTERN_ADDED"),
        (Some(old), Some(new)) if old != new => context.wrong("PATTERN_CHANGED"),
        _ => {}
    });
}

pub(super) fn numbers(context: &mut Context<'_>, old: &Numbers, new: &Numbers) {
    upper(context, "maximum", (old.maximum, new.maximum), "MAXIMUM_ADDED", "MAXIMUM_DECREASED");
    lower(context, "minimum", (old.minimum, new.minimum), "MINIMUM_ADDED", "MINIMUM_INCREASED");
    upper(
        context,
        "exclusiveMaximum",
        (old.exclusive_maximum, new.exclusive_maximum),
        "EXCLUSIVE_MAXIMUM_ADDED",
        "EXCLUSIVE_MAXIMUM_DECREASED",
    );
    lower(
        context,
        "exclusiveMinimum",
        (old.exclusive_minimum, new.exclusive_minimum),
        "EXCLUSIVE_MINIMUM_ADDED",
        "EXCLUSIVE_MINIMUM_INCREASED",
    );
    context.at("multipleOf", |context| match (old.multiple_of, new.multiple_of) {
        (None, Some(_)) => context.wrong("MULTIPLE_OF_ADDED"),
        (Some(old), Some(new)) if old != new => {
            if is_multiple(new, old) {
                context.wrong("MULTIPLE_OF_EXPANDED");
            } else if !is_multiple(old, new) {
                context.wrong("MULTIPLE_OF_CHANGED");
            }
        }
        _ => {}
    });
    if new.integer && !old.integer {
        context.wrong("TYPE_NARROWED");
    }
}

/// Whether `value` is a whole multiple of `of`; decimal fractions are not exact in binary.
fn is_multiple(value: f64, of: f64) -> bool {
    let times = value / of;
    times.is_finite() && (times - times.round()).abs() < 1e-9 * times.abs().max(1.0)
}

pub(super) fn enums(context: &mut Context<'_>, old: &[Json], new: &[Json]) {
    // By text, because searching would take the product of the two.
    let texts = |values: &[Json]| -> std::collections::HashSet<String> {
        values.iter().map(|value| value.sorted().to_string()).collect()
    };
    let (old, new) = (texts(old), texts(new));
    if old.is_subset(&new) {
        return;
    }
    let of = if new.is_subset(&old) { "ENUM_ARRAY_NARROWED" } else { "ENUM_ARRAY_CHANGED" };
    context.at("enum", |context| context.wrong(of));
}
