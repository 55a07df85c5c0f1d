//! Differences in words.

/// What a difference means, with `%r` for the reader's and `%w` for the writer's schema.
pub(super) fn description(of: &str, path: &str) -> String {
    let ends = |end: &str| of.ends_with(end);
    match of {
        "TYPE_CHANGED"
        | "TYPE_NARROWED"
        | "COMBINED_TYPE_CHANGED"
        | "COMBINED_TYPE_SUBSCHEMAS_CHANGED"
        | "ENUM_ARRAY_CHANGED" => {
            format!("A type at path '{path}' is another in the %r schema than in the %w schema")
        }
        "PATTERN_CHANGED" | "MULTIPLE_OF_CHANGED" | "DEPENDENCY_ARRAY_CHANGED" => {
            format!("The value at path '{path}' of the %r schema is another than in the %w schema")
        }
        "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL" => format!(
            "The %r schema requires the property at path '{path}', which data of the %w schema does not have"
        ),
        "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL" | "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL" => format!(
            "The %r schema has a closed content model and lacks what the %w schema has at path '{path}'"
        ),
        _ if ends("ADDED_TO_OPEN_CONTENT_MODEL") => format!(
            "The %w schema has an open content model: its data may hold anything at path '{path}', which the %r schema restricts"
        ),
        _ if ends("NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL") => format!(
            "What is at path '{path}' in one of the %r and %w schemas is not covered by the partially open content model of the other"
        ),
        _ if ends("_NARROWED") => {
            format!("What is at path '{path}' of the %r schema has fewer parts than in the %w schema")
        }
        _ if ends("_EXTENDED") => {
            format!("What is at path '{path}' of the %r schema has more parts than in the %w schema")
        }
        _ if ends("_INCREASED") || ends("_EXPANDED") => {
            format!("The value at path '{path}' of the %r schema is more than in the %w schema")
        }
        _ if ends("_DECREASED") => {
            format!("The value at path '{path}' of the %r schema is less than in the %w schema")
        }
        _ => format!("The keyword at path '{path}' of the %r schema is not in the %w schema"),
    }
}
