//! Records of topics that ask for schemas, against the node's registry: by the id before the bytes or the GUID in a header.

use std::cell::RefCell;
use std::sync::Arc;

use highway_registry::registry::Registry;
use highway_registry::schema::Parsed;
use highway_registry::subject::Subject;
use highway_registry::validate::{Compiled, validate};
use highway_registry::wire::{
    KEY_SCHEMA_HEADER, SchemaName, VALUE_SCHEMA_HEADER, read_header, read_indexes, read_prefix,
};
use highway_server::schemas::{RecordCheck, RecordSchemas, RecordView};
use highway_types::TopicName;
use highway_types::topic_config::{SchemaCheck, SchemaRule, SchemaRules, SubjectStrategy};

use super::schemas::NodeSchemas;

/// The node's schemas as topics ask for them.
pub(super) struct TopicSchemas(pub Arc<NodeSchemas>);

impl RecordSchemas for TopicSchemas {
    fn check<'a>(
        &'a self,
        topic: &'a TopicName,
        rules: SchemaRules,
    ) -> Result<Box<dyn RecordCheck + 'a>, String> {
        if self.0.store.changes().is_none() {
            return Err("The schema registry's topic is not read yet".to_owned());
        }
        let part = |what, header, rule| Part { what, header, rule, topic, seen: RefCell::default() };
        Ok(Box::new(Check {
            schemas: &self.0,
            parts: [
                part("key", KEY_SCHEMA_HEADER, rules.key),
                part("value", VALUE_SCHEMA_HEADER, rules.value),
            ],
        }))
    }
}

struct Check<'a> {
    schemas: &'a NodeSchemas,
    parts: [Part<'a>; 2],
}

/// A key or a value of one batch.
struct Part<'a> {
    what: &'static str,
    header: &'static str,
    rule: SchemaRule,
    topic: &'a TopicName,
    /// What was found for the schema before: the records of a batch mostly name the same one.
    seen: RefCell<Option<Seen>>,
}

struct Seen {
    name: SchemaName,
    indexes: Vec<i32>,
    found: Result<Option<Arc<Compiled>>, String>,
}

impl RecordCheck for Check<'_> {
    fn check(&self, record: &RecordView<'_>) -> Result<(), String> {
        for (part, bytes) in self.parts.iter().zip([record.key, record.value]) {
            // A record without a key, and a tombstone, have nothing to be checked.
            if let Some(bytes) = bytes.filter(|_| part.rule.check != SchemaCheck::None) {
                part.check(self.schemas, record, bytes)
                    .map_err(|reason| format!("{}: {reason}", part.what))?;
            }
        }
        Ok(())
    }
}

impl Part<'_> {
    fn check(&self, schemas: &NodeSchemas, record: &RecordView<'_>, bytes: &[u8]) -> Result<(), String> {
        let of_header = record.headers().filter(|(name, _)| *name == self.header.as_bytes()).last();
        let ((name, rest), body) = match of_header {
            Some((_, value)) => {
                let named = read_header(value.unwrap_or_default());
                (
                    named.map_err(|error| format!("the header {} names no schema: {error}", self.header))?,
                    Some(bytes),
                )
            }
            None => (
                read_prefix(bytes).map_err(|error| format!("it does not begin with a schema id: {error}"))?,
                None,
            ),
        };
        // Bytes that follow the name and may be message indexes tell schemas of one id apart only for Protobuf.
        let mut seen = self.seen.borrow_mut();
        let indexes = match &*seen {
            Some(seen) if seen.name == name && seen.indexes.is_empty() => Vec::new(),
            _ if schemas.is_protobuf(name) => match rest {
                // A header may leave them out for the first message.
                [] if body.is_some() => vec![0],
                rest => read_indexes(rest).map_err(|error| error.to_string())?.0,
            },
            _ => Vec::new(),
        };
        let body = match (body, indexes.is_empty()) {
            (Some(body), _) => body,
            (None, true) => rest,
            (None, false) => read_indexes(rest).map_err(|error| error.to_string())?.1,
        };
        let seen = match &mut *seen {
            Some(same) if same.name == name && same.indexes == indexes => same,
            other => {
                let found = self.find(schemas, name, &indexes);
                other.insert(Seen { name, indexes, found })
            }
        };
        match &seen.found {
            Err(reason) => Err(reason.clone()),
            Ok(None) => Ok(()),
            Ok(Some(compiled)) => validate(compiled, &seen.indexes, body).map_err(|fault| match name {
                SchemaName::Id(id) => format!("it is no value of the schema {id}: {fault}"),
                SchemaName::Guid(guid) => format!("it is no value of the schema {guid}: {fault}"),
            }),
        }
    }

    /// The schema made ready, if its bytes are to be checked; why it is not the topic's.
    fn find(
        &self,
        schemas: &NodeSchemas,
        name: SchemaName,
        indexes: &[i32],
    ) -> Result<Option<Arc<Compiled>>, String> {
        let found = schemas.store.with(|registry| {
            let (id, parsed) = named(registry, name)?;
            let subject = match self.rule.strategy {
                SubjectStrategy::TopicName => format!("{}-{}", self.topic, self.what),
                strategy => {
                    let record =
                        parsed.record_name(indexes).ok_or("its schema has no name to make the subject of")?;
                    if strategy == SubjectStrategy::RecordName {
                        record
                    } else {
                        format!("{}-{record}", self.topic)
                    }
                }
            };
            let subject = Subject::parse(&subject);
            let registered =
                registry.versions_of_id(id, Some(&subject), false).is_ok_and(|found| !found.is_empty());
            if registered {
                Ok((id, parsed))
            } else {
                Err(format!("the schema id {id} is not registered under the subject '{subject}'"))
            }
        });
        let (id, parsed) = found?;
        if self.rule.check != SchemaCheck::Full {
            return Ok(None);
        }
        schemas.compiled_bytes(id, parsed).map(Some)
    }
}

/// Id in the default context and schema of a name.
fn named(registry: &Registry, name: SchemaName) -> Result<(i32, Arc<Parsed>), String> {
    let unknown = |name: String| format!("the schema {name} is not in the registry");
    let stored = match name {
        SchemaName::Id(id) => registry.by_id(id, None).map_err(|_| unknown(id.to_string()))?,
        SchemaName::Guid(guid) => registry.by_guid(guid).map_err(|_| unknown(guid.to_string()))?,
    };
    let parsed = registry.parsed(stored).map_err(|error| error.to_string())?;
    Ok((stored.id, parsed))
}

impl NodeSchemas {
    fn is_protobuf(&self, name: SchemaName) -> bool {
        self.store.with(|registry| {
            named(registry, name).is_ok_and(|(_, parsed)| matches!(&*parsed, Parsed::Protobuf(_)))
        })
    }
}
