//! Schemas as they are told: in the format, with the references and with the tags that are asked for.

use super::Refusal;
use super::bodies::SchemaAnswer;
use super::parts::Query;
use crate::registry::{Registry, RegistryError, Stored};
use crate::schema::{Reference, Schema};

/// The text of a schema, as `format` wants it ([`crate::schema::Parsed::formatted`]).
pub(super) fn text(registry: &Registry, stored: &Stored, query: &Query) -> Result<String, Refusal> {
    match query.get("format").map(str::trim).filter(|format| !format.is_empty()) {
        None => Ok(stored.schema.text.clone()),
        Some(format) => Ok(registry.parsed(stored).map_err(RegistryError::from)?.formatted(format)),
    }
}

/// The same for a schema that is being registered.
pub(super) fn text_of_new(
    registry: &Registry,
    stored: &crate::subject::Subject,
    schema: &Schema,
    query: &Query,
) -> Result<String, Refusal> {
    match query.get("format").map(str::trim).filter(|format| !format.is_empty()) {
        None => Ok(schema.text.clone()),
        Some(format) => {
            let parsed = registry.parse(stored, schema, false).map_err(RegistryError::from)?;
            Ok(parsed.formatted(format))
        }
    }
}

/// An answer with what `format`, `referenceFormat` and `findTags` ask for.
pub(super) fn complete(
    registry: &Registry,
    stored: &Stored,
    query: &Query,
    answer: SchemaAnswer,
) -> Result<SchemaAnswer, Refusal> {
    let wanted = query.all("findTags");
    let schema_tags = if wanted.is_empty() {
        None
    } else {
        let all = registry.parsed(stored).map_err(RegistryError::from)?.tags();
        let is_wanted = |tag: &String| wanted.iter().any(|w| w == "*" || w == tag);
        Some(all.into_iter().filter(|tags| tags.tags.iter().any(is_wanted)).collect())
    };
    let mut answer = SchemaAnswer { schema: text(registry, stored, query)?, schema_tags, ..answer };
    if query.get("referenceFormat") == Some("qualified") {
        for reference in &mut answer.references {
            *reference = Reference {
                subject: stored.subject.referenced(&reference.subject).to_string(),
                ..reference.clone()
            };
        }
    }
    Ok(answer)
}
