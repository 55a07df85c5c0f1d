//! Texts in the format that is asked for.

use super::Refusal;
use super::parts::Query;
use crate::registry::{Registry, Stored};
use crate::schema::Parsed;

/// The text of a schema, as `format` wants it: `resolved` puts what it uses into it (Avro),
/// `serialized` makes a descriptor (Protobuf); others are as kept.
pub(super) fn text(registry: &Registry, stored: &Stored, query: &Query) -> Result<String, Refusal> {
    match query.get("format") {
        Some("resolved") => {
            let parsed = registry.parsed(stored).map_err(crate::registry::RegistryError::from)?;
            Ok(parsed.resolved())
        }
        Some("serialized") => {
            let parsed = registry.parsed(stored).map_err(crate::registry::RegistryError::from)?;
            match &*parsed {
                Parsed::Protobuf(schema) => Ok(schema.serialized()),
                _ => Ok(stored.schema.text.clone()),
            }
        }
        _ => Ok(stored.schema.text.clone()),
    }
}
