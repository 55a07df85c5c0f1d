//! The description of the ingest listener (OpenAPI 3.1).

use std::sync::OnceLock;

use serde_json::Value;

/// The description as it is kept: YAML, for people to edit.
const TEXT: &str = include_str!("../../openapi.yaml");

/// The description as JSON.
pub(super) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    // A test reads it; a document that cannot be read would be null.
    DOCUMENT.get_or_init(|| serde_saphyr::from_str(TEXT).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_can_be_read() {
        assert_eq!(super::document()["openapi"], "3.1.0");
        assert!(super::document()["paths"]["/v1/alias"]["post"].is_object());
    }
}
