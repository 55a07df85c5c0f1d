//! Bodies of requests and answers.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::registry::{Config, RegistryError, Stored};
use crate::schema::{Metadata, Reference, RuleSet, Schema, SchemaTags, SchemaType};

/// A schema that is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SchemaBody {
    schema: Option<String>,
    schema_type: Option<String>,
    references: Option<Vec<Reference>>,
    metadata: Option<Metadata>,
    rule_set: Option<RuleSet>,
    version: Option<i32>,
    pub id: Option<i32>,
    schema_tags_to_add: Option<Vec<SchemaTags>>,
    schema_tags_to_remove: Option<Vec<SchemaTags>>,
    propagate_schema_tags: Option<bool>,
}

impl SchemaBody {
    /// The version it shall have: 0 for the next, -1 for the next with its number in the metadata, as with new tags.
    pub fn wanted_version(&self) -> i32 {
        let tags = self.schema_tags_to_add.is_some() || self.schema_tags_to_remove.is_some();
        self.version.unwrap_or(if tags { -1 } else { 0 })
    }

    pub fn propagates_tags(&self) -> bool {
        self.propagate_schema_tags == Some(true)
    }

    /// The schema, with its tags as they shall be.
    pub fn schema(&mut self) -> Result<Schema, Refusal> {
        let name = self.schema_type.take().unwrap_or_default();
        let schema_type = SchemaType::by_name(&name)
            .ok_or_else(|| RegistryError::InvalidSchema(format!("Invalid schema type {name}")))?;
        let schema = Schema {
            schema_type,
            text: self.schema.take().unwrap_or_default(),
            references: self.references.take().unwrap_or_default(),
            metadata: self.metadata.take(),
            rule_set: self.rule_set.take(),
        };
        let (add, remove) = (&self.schema_tags_to_add, &self.schema_tags_to_remove);
        if add.is_none() && remove.is_none() {
            return Ok(schema);
        }
        let list = |tags: &Option<Vec<SchemaTags>>| tags.clone().unwrap_or_default();
        Ok(schema.with_tags(&list(add), &list(remove)).map_err(RegistryError::from)?)
    }
}

/// Settings as they are sent: the level is called `compatibility`, but is also taken by its other name.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ConfigBody {
    pub compatibility: Option<String>,
    #[serde(rename = "compatibilityLevel")]
    pub level: Option<String>,
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// A mode as it is sent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ModeBody {
    pub mode: Option<String>,
}

/// A schema as it is told.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SchemaAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i32>,
    pub guid: String,
    /// Not said of Avro: clients of old know no types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<RuleSet>,
    pub schema: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_tags: Option<Vec<SchemaTags>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_id: Option<i32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl SchemaAnswer {
    pub fn of(schema: &Schema, guid: crate::schema::Guid) -> Self {
        let named = (schema.schema_type != SchemaType::Avro).then(|| schema.schema_type.name());
        Self {
            guid: guid.to_string(),
            schema_type: named,
            references: schema.references.clone(),
            metadata: schema.metadata.clone(),
            rule_set: schema.rule_set.clone(),
            schema: schema.text.clone(),
            ..Self::default()
        }
    }

    pub fn of_version(stored: &Stored) -> Self {
        Self {
            subject: Some(stored.subject.to_string()),
            version: Some(stored.version),
            id: Some(stored.id),
            deleted: stored.deleted,
            ..Self::of(&stored.schema, stored.guid)
        }
    }
}

/// Settings as they are echoed: under the name they are sent by.
pub(super) fn config_echo(config: &Config) -> serde_json::Value {
    let mut value = serde_json::to_value(config).unwrap_or_default();
    if let Some(members) = value.as_object_mut()
        && let Some(level) = members.remove("compatibilityLevel")
    {
        members.insert("compatibility".to_owned(), level);
    }
    value
}

/// Reads a body, which is an object; its depth is bounded by the reader.
pub(super) fn read<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, Refusal> {
    // Serde would take an array for the members in their order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::Body("Malformed request body: it is an array, not an object".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| Refusal::Body(format!("Malformed request body: {error}")))
}
