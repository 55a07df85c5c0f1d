//! JSON values against a schema of any language: what an ingest endpoint asks of each payload. Compiled once, the text parsed once.

use std::sync::Arc;

use serde_json::Value;

use crate::avro::{self};
use crate::jsonschema::Validator;
use crate::protobuf::JsonForms;
use crate::schema::Parsed;
use crate::validate::Fault;

/// A schema made ready for checking JSON values.
#[derive(Debug)]
pub enum Fits {
    /// JSON Schema.
    Json(Box<Validator>),
    /// By Avro's JSON encoding.
    Avro(Arc<Parsed>),
    /// By the ProtoJSON mapping.
    Protobuf(JsonForms),
}

impl Fits {
    /// Makes a schema ready. `message` is the full name of a Protobuf message; the first one of the file when nothing is said.
    ///
    /// # Errors
    /// What a JSON Schema asks that cannot be checked in bounded time; no such message; a message of a language without messages.
    pub fn new(schema: &Arc<Parsed>, message: Option<&str>) -> Result<Self, String> {
        match (&**schema, message) {
            (Parsed::Protobuf(schema), message) => Ok(Self::Protobuf(JsonForms::new(schema, message)?)),
            (_, Some(message)) => {
                Err(format!("only a Protobuf schema has messages, so there is no '{message}'"))
            }
            (Parsed::Avro(_), None) => Ok(Self::Avro(Arc::clone(schema))),
            (Parsed::Json(schema), None) => Ok(Self::Json(Box::new(Validator::new(schema)?))),
        }
    }

    /// Checks a JSON text.
    ///
    /// # Errors
    /// The first part that does not fit, with a JSON pointer to it.
    pub fn check(&self, json: &str) -> Result<(), Fault> {
        if let Self::Json(validator) = self {
            return validator.check_text(json);
        }
        let value: Value =
            serde_json::from_str(json).map_err(|error| Fault::new(format!("not JSON: {error}")))?;
        match self {
            Self::Json(validator) => validator.check_value(&value),
            Self::Protobuf(forms) => forms.check(&value),
            Self::Avro(parsed) => match &**parsed {
                Parsed::Avro((schema, _)) => avro::check_json(schema, &value),
                _ => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Schema, SchemaType, parse};

    fn fits(of: SchemaType, text: &str, message: Option<&str>) -> Result<Fits, String> {
        Fits::new(&Arc::new(parse(&Schema::new(of, text), &[], false).unwrap()), message)
    }

    #[test]
    fn each_language() {
        let json = fits(SchemaType::Json, r#"{"properties":{"n":{"type":"integer"}}}"#, None).unwrap();
        let avro = r#"{"type":"record","name":"R","fields":[{"name":"n","type":"long"}]}"#;
        let avro = fits(SchemaType::Avro, avro, None).unwrap();
        let proto = "syntax = \"proto3\"; message M { int64 n = 1; } message O { string a = 1; }";
        let protobuf = fits(SchemaType::Protobuf, proto, None).unwrap();
        for schema in [&json, &avro, &protobuf] {
            assert_eq!(schema.check(r#"{"n": 1}"#), Ok(()), "{schema:?}");
            assert_eq!(schema.check(r#"{"n": "x"}"#).unwrap_err().path, "/n", "{schema:?}");
            assert!(schema.check("{").is_err(), "{schema:?}");
        }
        let other = fits(SchemaType::Protobuf, proto, Some("O")).unwrap();
        assert_eq!(other.check(r#"{"a": "x"}"#), Ok(()));
        assert!(fits(SchemaType::Protobuf, proto, Some("X")).is_err());
        assert!(fits(SchemaType::Json, "{}", Some("X")).is_err());
    }
}
