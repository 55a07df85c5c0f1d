//! References, resolved: what a schema uses, and what that uses, each once.

use highway_types::limits::{SCHEMA_MAX_REFERENCE_DEPTH, SCHEMA_MAX_REFERENCES};

use super::{Reference, Schema, SchemaError};
use crate::subject::Subject;

/// Finds the schema that a reference names. The subject is already put into its context; version -1 is the latest.
pub trait References {
    /// The schema with the version it has, deleted or not.
    fn find(&self, subject: &Subject, version: i32) -> Option<(Schema, i32)>;
}

/// No references.
impl References for () {
    fn find(&self, _: &Subject, _: i32) -> Option<(Schema, i32)> {
        None
    }
}

impl<F: Fn(&Subject, i32) -> Option<(Schema, i32)>> References for F {
    fn find(&self, subject: &Subject, version: i32) -> Option<(Schema, i32)> {
        self(subject, version)
    }
}

/// A schema that is used by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The name it is used by.
    pub name: String,
    /// Where it was found.
    pub subject: Subject,
    /// The version found.
    pub version: i32,
    /// The schema.
    pub schema: Schema,
}

/// All schemas that `schema` of `subject` uses, the used before the using, each name once.
///
/// # Errors
/// A reference that leads nowhere, or references that go round, too deep or too far.
pub fn load_references(
    subject: &Subject,
    schema: &Schema,
    find: &dyn References,
) -> Result<Vec<Loaded>, SchemaError> {
    let mut loaded = Vec::new();
    let mut way = Vec::new();
    visit(subject, &schema.references, find, &mut way, &mut loaded)?;
    Ok(loaded)
}

fn visit(
    parent: &Subject,
    references: &[Reference],
    find: &dyn References,
    way: &mut Vec<(Subject, i32)>,
    loaded: &mut Vec<Loaded>,
) -> Result<(), SchemaError> {
    if way.len() >= SCHEMA_MAX_REFERENCE_DEPTH {
        return Err(SchemaError::References(format!("go deeper than {SCHEMA_MAX_REFERENCE_DEPTH} levels")));
    }
    for reference in references {
        if reference.name.is_empty() || reference.subject.is_empty() {
            return Err(SchemaError::References("must have a name, a subject and a version each".to_owned()));
        }
        if loaded.iter().any(|l| l.name == reference.name) {
            continue;
        }
        let subject = parent.referenced(&reference.subject);
        let (schema, version) = find.find(&subject, reference.version).ok_or_else(|| {
            SchemaError::NoReference { subject: reference.subject.clone(), version: reference.version }
        })?;
        let step = (subject.clone(), version);
        if way.contains(&step) {
            return Err(SchemaError::References(format!("return to subject '{subject}' version {version}")));
        }
        way.push(step);
        visit(&subject, &schema.references, find, way, loaded)?;
        way.pop();
        if loaded.len() >= SCHEMA_MAX_REFERENCES {
            return Err(SchemaError::References(format!("are more than {SCHEMA_MAX_REFERENCES}")));
        }
        loaded.push(Loaded { name: reference.name.clone(), subject, version, schema });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::SchemaType;

    fn schema(uses: &[&str]) -> Schema {
        let references = uses
            .iter()
            .map(|name| Reference { name: (*name).to_owned(), subject: (*name).to_owned(), version: 1 })
            .collect();
        Schema { references, ..Schema::new(SchemaType::Avro, "x") }
    }

    #[test]
    fn the_used_come_first_and_once() {
        let find = |subject: &Subject, version: i32| {
            let uses: &[&str] = match subject.name() {
                "a" => &["b", "c"],
                "b" => &["c"],
                _ => &[],
            };
            Some((schema(uses), version))
        };
        let loaded = load_references(&Subject::parse("s"), &schema(&["a", "c"]), &find).unwrap();
        assert_eq!(loaded.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["c", "b", "a"]);
    }

    #[test]
    fn circles_and_chains_end() {
        let round = |subject: &Subject, version: i32| {
            let next = if subject.name() == "a" { "b" } else { "a" };
            Some((schema(&[next]), version))
        };
        let error = load_references(&Subject::parse("s"), &schema(&["a"]), &round).unwrap_err();
        assert!(error.to_string().contains("return to subject"), "{error}");
        let endless =
            |subject: &Subject, version: i32| Some((schema(&[&format!("{}x", subject.name())]), version));
        assert!(load_references(&Subject::parse("s"), &schema(&["a"]), &endless).is_err());
        let nowhere = load_references(&Subject::parse("s"), &schema(&["a"]), &()).unwrap_err();
        assert_eq!(nowhere.to_string(), "No schema reference found for subject \"a\" and version 1");
    }
}
