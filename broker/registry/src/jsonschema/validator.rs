//! Values against a schema, by the crate `jsonschema`, compiled once.

use jsonschema::{PatternOptions, Retrieve, Uri};
use serde_json::Value;

use super::fast::Fast;
use super::{Draft, JsonSchema};
use crate::validate::Fault;

/// Bytes of a compiled regular expression at the most: a few characters can ask for gigabytes.
const PATTERN_MAX_BYTES: usize = 1 << 20;

/// A compiled schema.
pub struct Validator {
    full: jsonschema::Validator,
    /// For what is plainly valid, where the schema allows it.
    fast: Option<Fast>,
}

impl std::fmt::Debug for Validator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Validator")
    }
}

/// Gives the schemas that a schema uses, and nothing from elsewhere.
struct Given(Vec<(String, Value)>);

impl Retrieve for Given {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let uri = uri.as_str();
        // What the schema says relatively, the crate puts below a base of its own.
        let name = uri.strip_prefix("json-schema:///").unwrap_or(uri).trim_end_matches('#');
        let same = |value: &Value| {
            value
                .get("$id")
                .or_else(|| value.get("id"))
                .and_then(Value::as_str)
                .map(|id| id.trim_end_matches('#'))
                == Some(name)
        };
        let mut found = self.0.iter().filter(|(n, value)| n.trim_end_matches('#') == name || same(value));
        match found.next().or_else(|| self.0.iter().find(|(n, _)| uri.ends_with(&format!("/{n}")))) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(format!("the schema '{name}' is not among the references").into()),
        }
    }
}

impl Validator {
    /// Compiles a schema. Patterns are matched in linear time, so those with look-around are refused.
    ///
    /// # Errors
    /// What the schema asks that cannot be checked.
    pub fn new(schema: &JsonSchema) -> Result<Self, String> {
        let draft = match schema.draft() {
            Draft::Draft4 => jsonschema::Draft::Draft4,
            Draft::Draft6 => jsonschema::Draft::Draft6,
            Draft::Draft7 => jsonschema::Draft::Draft7,
            Draft::Draft201909 => jsonschema::Draft::Draft201909,
            Draft::Draft202012 => jsonschema::Draft::Draft202012,
        };
        let references =
            schema.references.iter().map(|(name, value)| (name.clone(), value.to_serde())).collect();
        let value = schema.value.to_serde();
        jsonschema::options()
            .with_draft(draft)
            .with_pattern_options(
                PatternOptions::regex().size_limit(PATTERN_MAX_BYTES).dfa_size_limit(PATTERN_MAX_BYTES),
            )
            .with_retriever(Given(references))
            .build(&value)
            .map(|full| Self { full, fast: Fast::new(&value, schema.draft()) })
            .map_err(|error| error.to_string())
    }

    /// Checks a JSON text. Its depth is bounded by the reader (128 levels).
    ///
    /// # Errors
    /// [`Fault`] for what is not JSON, or the first thing that the schema does not allow, with its path.
    pub fn check(&self, bytes: &[u8]) -> Result<(), Fault> {
        if self.fast.is_some()
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return self.check_text(text);
        }
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| Fault::new(format!("not JSON: {error}")))?;
        self.check_value(&value)
    }

    /// Checks a JSON text that is known to be UTF-8.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_text(&self, text: &str) -> Result<(), Fault> {
        if self.fast.as_ref().is_some_and(|fast| fast.accepts(text)) {
            return Ok(());
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| Fault::new(format!("not JSON: {error}")))?;
        self.check_value(&value)
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The first thing that the schema does not allow, with its path.
    pub fn check_value(&self, value: &Value) -> Result<(), Fault> {
        // Asking whether it is valid is far cheaper than asking why not.
        if self.full.is_valid(value) {
            return Ok(());
        }
        match self.full.validate(value) {
            Ok(()) => Ok(()),
            Err(error) => Err(Fault::new(error.to_string()).in_path(error.instance_path().as_str())),
        }
    }
}
