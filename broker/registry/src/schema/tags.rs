//! Tags in the text of a schema (`confluent:tags`): which of its records and fields have them, and how they are changed.

use serde::{Deserialize, Serialize};

use super::{Parsed, Schema, SchemaError, SchemaType};
use crate::json::{self, Json};
use crate::{avro, jsonschema};

/// The member that holds tags, in Avro and in JSON Schema.
const MEMBER: &str = "confluent:tags";

/// What has tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntityType {
    /// A record, an object or a message.
    #[serde(rename = "sr_record")]
    Record,
    /// A field or a property.
    #[serde(rename = "sr_field")]
    Field,
}

/// A part of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaEntity {
    /// Avro: `space.Record.field`; JSON Schema: `object.property`; Protobuf: `Outer.Inner.field`.
    pub entity_path: String,
    /// What it is.
    pub entity_type: EntityType,
}

/// A part of a schema with its tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaTags {
    /// The part.
    pub schema_entity: SchemaEntity,
    /// In the order written.
    pub tags: Vec<String>,
}

/// What is told of each part of a schema that may have tags.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(String, EntityType, &mut Json);

fn tags_of(value: &Json) -> Vec<String> {
    let tags = value.get(MEMBER).and_then(Json::as_array).unwrap_or_default();
    tags.iter().filter_map(Json::as_str).map(str::to_owned).collect()
}

fn walk(schema_type: SchemaType, value: &mut Json, visit: Visit<'_>) {
    match schema_type {
        SchemaType::Avro => avro::visit(value, visit),
        SchemaType::Json => jsonschema::visit(value, visit),
        SchemaType::Protobuf => {}
    }
}

impl Parsed {
    /// All parts that have tags, in the order of the schema.
    pub fn tags(&self) -> Vec<SchemaTags> {
        if let Self::Protobuf(schema) = self {
            return schema.tags();
        }
        let mut found = Vec::new();
        let text = if let Self::Avro(_) = self { self.resolved() } else { self.canonical() };
        if let Ok(mut value) = json::parse(&text) {
            walk(self.schema_type(), &mut value, &mut |entity_path, entity_type, value| {
                let tags = tags_of(value);
                if !tags.is_empty() {
                    found.push(SchemaTags { schema_entity: SchemaEntity { entity_path, entity_type }, tags });
                }
            });
        }
        found
    }
}

impl Schema {
    /// The schema with tags added, then others removed.
    ///
    /// # Errors
    /// A part that is not there, a text that is not JSON, or Protobuf, whose options we do not rewrite.
    pub fn with_tags(&self, add: &[SchemaTags], remove: &[SchemaTags]) -> Result<Self, SchemaError> {
        let of = self.schema_type;
        if of == SchemaType::Protobuf {
            let reason =
                "tags of Protobuf are not added by the registry; write them as options into the schema";
            return Err(SchemaError::invalid(of, reason));
        }
        let mut value = json::parse(&self.text).map_err(|error| SchemaError::invalid(of, error))?;
        let mut missing: Vec<&SchemaEntity> =
            add.iter().chain(remove).map(|tags| &tags.schema_entity).collect();
        walk(of, &mut value, &mut |path, kind, value| {
            let is = |entity: &SchemaEntity| entity.entity_path == path && entity.entity_type == kind;
            let of = |list: &[SchemaTags]| -> Option<Vec<String>> {
                let mut named = list.iter().filter(|tags| is(&tags.schema_entity)).peekable();
                named.peek()?;
                Some(named.flat_map(|tags| tags.tags.iter().cloned()).collect())
            };
            let (more, less) = (of(add), of(remove));
            if more.is_none() && less.is_none() {
                return;
            }
            missing.retain(|entity| !is(entity));
            let (more, less) = (more.unwrap_or_default(), less.unwrap_or_default());
            let mut tags = tags_of(value);
            for tag in more {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
            tags.retain(|tag| !less.contains(tag));
            let Json::Object(members) = value else { return };
            members.retain(|(name, _)| name != MEMBER);
            if !tags.is_empty() {
                let tags = tags.into_iter().map(Json::String).collect();
                members.push((MEMBER.to_owned(), Json::Array(tags)));
            }
        });
        if let Some(entity) = missing.first() {
            let reason = format!("nothing in the schema is at the path '{}' of the tags", entity.entity_path);
            return Err(SchemaError::invalid(of, reason));
        }
        Ok(Self { text: value.to_string(), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::parse;

    fn paths(schema_type: SchemaType, text: &str) -> Vec<String> {
        let parsed = parse(&Schema::new(schema_type, text), &[], false).unwrap();
        let told = |tags: SchemaTags| {
            let kind = serde_json::to_value(tags.schema_entity.entity_type).unwrap();
            format!("{} {} {}", tags.schema_entity.entity_path, kind.as_str().unwrap(), tags.tags.join(","))
        };
        parsed.tags().into_iter().map(told).collect()
    }

    #[test]
    fn tags_of_all_languages() {
        let avro = r#"{"type":"record","name":"R","namespace":"n","confluent:tags":["A"],"fields":[
            {"name":"a","type":["null",{"type":"record","name":"S","fields":[{"name":"b","type":"int","confluent:tags":["B","C"]}]}]},
            {"name":"d","type":{"type":"array","items":"S"},"confluent:tags":["D"]}]}"#;
        assert_eq!(
            paths(SchemaType::Avro, avro),
            ["n.R sr_record A", "n.S.b sr_field B,C", "n.R.d sr_field D"]
        );
        let json = r#"{"type":"object","confluent:tags":["A"],"properties":{
            "p":{"type":"string","confluent:tags":["B"]},
            "l":{"type":"array","items":{"type":"object","properties":{"q":{"confluent:tags":["C"]}}}},
            "o":{"oneOf":[{"type":"null"},{"type":"object","properties":{"r":{"confluent:tags":["D"]}}}]}}}"#;
        assert_eq!(
            paths(SchemaType::Json, json),
            [
                "object sr_record A",
                "object.p sr_field B",
                "object.l.array.object.q sr_field C",
                "object.o.oneof.1.object.r sr_field D"
            ]
        );
        let proto = r#"syntax = "proto3"; import "confluent/meta.proto"; package n;
            message M { option (confluent.message_meta).tags = "A";
              string a = 1 [(confluent.field_meta) = { doc: "x", tags: ["B", "C"] }];
              message I { oneof x { int32 b = 1 [(confluent.field_meta).tags = "D"]; } } }"#;
        assert_eq!(
            paths(SchemaType::Protobuf, proto),
            ["M sr_record A", "M.a sr_field B,C", "M.I.b sr_field D"]
        );
    }

    #[test]
    fn added_and_removed() {
        let schema = Schema::new(
            SchemaType::Avro,
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int","confluent:tags":["X"]}]}"#,
        );
        let tags = |path: &str, tags: &[&str]| SchemaTags {
            schema_entity: SchemaEntity { entity_path: path.to_owned(), entity_type: EntityType::Field },
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        let changed = schema.with_tags(&[tags("R.a", &["Y"])], &[tags("R.a", &["X"])]).unwrap();
        assert!(changed.text.contains(r#""confluent:tags":["Y"]"#), "{}", changed.text);
        let none = schema.with_tags(&[], &[tags("R.a", &["X"])]).unwrap();
        assert!(!none.text.contains("tags"), "{}", none.text);
        assert!(schema.with_tags(&[tags("R.b", &["Y"])], &[]).unwrap_err().to_string().contains("R.b"));
    }
}
