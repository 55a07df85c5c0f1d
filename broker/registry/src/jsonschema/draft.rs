//! Drafts of JSON Schema.

use crate::json::Json;

/// A draft that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the names say it
pub enum Draft {
    Draft4,
    Draft6,
    Draft7,
    Draft201909,
    Draft202012,
}

impl Draft {
    /// What `$schema` names; draft 7 when it is missing or unknown, as with Confluent.
    pub fn of(schema: &Json) -> Self {
        let name = schema.get("$schema").and_then(Json::as_str).unwrap_or_default();
        let known = [
            ("draft-04", Self::Draft4),
            ("draft-06", Self::Draft6),
            ("draft-07", Self::Draft7),
            ("2019-09", Self::Draft201909),
            ("2020-12", Self::Draft202012),
        ];
        known.into_iter().find(|(part, _)| name.contains(part)).map_or(Self::Draft7, |(_, draft)| draft)
    }

    /// Whether what stands beside `$ref` counts.
    pub(super) fn ref_has_siblings(self) -> bool {
        self >= Self::Draft201909
    }
}
