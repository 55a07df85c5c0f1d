//! Files into documents.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;

use highway_ingest::endpoint::Definition;
use highway_types::TopicName;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::{EXIT_NOT_FOUND, EXIT_USAGE, Failure};
use crate::output::nearest;

/// The kinds, in the order in which they are applied.
const KINDS: [&str; 3] = ["Topic", "Schema", "Endpoint"];

/// Where a document stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub file: String,
    /// From 1.
    pub number: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, document {}", self.file, self.number)
    }
}

impl Place {
    /// A failure that says where.
    pub fn wrong(&self, failure: Failure) -> Failure {
        Failure { error: format!("{self}: {}", failure.error), ..failure }
    }
}

/// A topic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    pub topic: String,
    pub partitions: Option<i32>,
    pub replication: Option<i16>,
    #[serde(default)]
    pub configs: BTreeMap<String, Value>,
}

/// A schema, as it is registered, with the level of its subject.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Schema {
    #[serde(skip_serializing)]
    pub subject: String,
    pub schema_type: Option<String>,
    /// The text, or for Avro and JSON Schema the schema itself.
    pub schema: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<Value>,
    #[serde(skip_serializing)]
    pub compatibility: Option<String>,
}

/// What a schema uses.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    pub name: String,
    pub subject: String,
    pub version: i32,
}

/// An endpoint: its definition as it stands in the file, so that what is left out stays left out.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub name: String,
    pub definition: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Object {
    Topic(Topic),
    Schema(Schema),
    Endpoint(Endpoint),
}

/// An object and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub place: Place,
    pub object: Object,
}

impl Object {
    /// The kind, by its place in the order of application.
    pub fn rank(&self) -> usize {
        match self {
            Self::Topic(_) => 0,
            Self::Schema(_) => 1,
            Self::Endpoint(_) => 2,
        }
    }

    pub fn kind(&self) -> &'static str {
        KINDS[self.rank()]
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Topic(topic) => &topic.topic,
            Self::Schema(schema) => &schema.subject,
            Self::Endpoint(endpoint) => &endpoint.name,
        }
    }
}

/// All documents of a file; `-` is stdin.
pub(super) fn read(path: &Path) -> Result<Vec<Document>, Failure> {
    let (file, text) = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        ("stdin".to_owned(), text)
    } else {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let code = if error.kind() == std::io::ErrorKind::NotFound { EXIT_NOT_FOUND } else { EXIT_USAGE };
            Failure::new(code, format!("{file}: {error}"))
        })?;
        (file, text)
    };
    parse(&file, &text)
}

fn parse(file: &str, text: &str) -> Result<Vec<Document>, Failure> {
    // YAML 1.2: `n`, `y`, `no` and `on` are words, not truth values; a schema may have a property of that name.
    let options = serde_saphyr::options! { strict_booleans: true };
    let values: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| Failure::usage(format!("{file}: {error}")))?;
    let mut documents = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        // A file may begin or end with a line of dashes.
        if value.is_null() {
            continue;
        }
        let place = Place { file: file.to_owned(), number: index + 1 };
        let object = object(value).map_err(|failure| place.wrong(failure))?;
        documents.push(Document { place, object });
    }
    Ok(documents)
}

fn object(mut value: Value) -> Result<Object, Failure> {
    let members = value.as_object_mut().ok_or_else(|| Failure::usage("not a mapping with a kind"))?;
    let kind = members.remove("kind").ok_or_else(|| {
        Failure::usage("kind: it is missing").hint(format!("kinds are {}", KINDS.join(", ")))
    })?;
    match kind.as_str() {
        Some("Topic") => {
            let topic: Topic = typed(value)?;
            TopicName::check(&topic.topic).map_err(|error| Failure::usage(format!("topic: {error}")))?;
            Ok(Object::Topic(topic))
        }
        Some("Schema") => {
            let schema: Schema = typed(value)?;
            if schema.subject.is_empty() {
                return Err(Failure::usage("subject: it is empty"));
            }
            Ok(Object::Schema(schema))
        }
        Some("Endpoint") => endpoint(value),
        _ => {
            let named = kind.as_str().map_or_else(|| kind.to_string(), str::to_owned);
            let failure = Failure::usage(format!("kind: there is no {named}"));
            Err(match nearest(&named, KINDS) {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint(format!("kinds are {}", KINDS.join(", "))),
            })
        }
    }
}

fn endpoint(mut definition: Value) -> Result<Object, Failure> {
    let name = definition.as_object_mut().and_then(|members| members.remove("name"));
    let Some(Value::String(name)) = name else {
        return Err(Failure::usage("name: it is missing, or no text"));
    };
    // Only to find what is wrong before anything is changed; the node says the rest.
    typed::<Definition>(definition.clone())?;
    Ok(Object::Endpoint(Endpoint { name, definition }))
}

/// Reads a value; a fault names the member.
fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if path == "." { Failure::usage(inner) } else { Failure::usage(format!("{path}: {inner}")) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_a_file() {
        let text = "---\nkind: Topic\ntopic: t\npartitions: 3\nconfigs: {retention.ms: 1000}\n---\nkind: Endpoint\nname: e\ntopic: t\n---\n\
                    kind: Schema\nsubject: s\nschema: {type: object}\n";
        let documents = parse("f.yaml", text).unwrap();
        let told: Vec<_> = documents
            .iter()
            .map(|d| format!("{} {} {}", d.place.number, d.object.kind(), d.object.name()))
            .collect();
        assert_eq!(told, ["1 Topic t", "2 Endpoint e", "3 Schema s"]);
    }

    #[test]
    fn words_are_no_truth_values() {
        let text =
            "kind: Schema\nsubject: s\nschema: {required: [n, on], properties: {n: {}, y: {}}, a: true}";
        let documents = parse("f.yaml", text).unwrap();
        let Object::Schema(schema) = &documents[0].object else { panic!("{documents:?}") };
        let expected =
            serde_json::json!({"required": ["n", "on"], "properties": {"n": {}, "y": {}}, "a": true});
        assert_eq!(schema.schema, expected);
    }

    #[test]
    fn faults_name_file_document_and_member() {
        for (text, said) in [
            ("kind: Topik\ntopic: t", "f.yaml, document 1: kind: there is no Topik"),
            ("topic: t", "f.yaml, document 1: kind: it is missing"),
            (
                "kind: Topic\ntopic: t\n---\nkind: Topic\ntopic: t\npartitions: many",
                "f.yaml, document 2: partitions: invalid type",
            ),
            ("kind: Topic\ntopic: a b", "f.yaml, document 1: topic: "),
            (
                "kind: Endpoint\nname: e\ntopic: t\nlimits: {max_events: x}",
                "f.yaml, document 1: limits.max_events: ",
            ),
            (
                "kind: Endpoint\nname: e\ntopic: t\nlimit: 1",
                "f.yaml, document 1: limit: unknown field `limit`",
            ),
            ("kind: Endpoint\ntopic: t", "f.yaml, document 1: name: it is missing"),
            ("kind: [", "f.yaml: "),
        ] {
            let failure = parse("f.yaml", text).unwrap_err();
            assert!(failure.error.starts_with(said), "{:?} is not {said:?}", failure.error);
            assert_eq!(failure.code, EXIT_USAGE);
        }
    }
}
