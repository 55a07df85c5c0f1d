//! `/schemas`: by id, by GUID, all.

use serde_json::json;

use super::bodies::SchemaAnswer;
use super::parts::{Parts, Query};
use super::{Refusal, Reply, Told, answer, pages};
use crate::registry::{Aliases, Registry, RegistryError, Stored, matches_prefix};
use crate::schema::Guid;
use crate::subject::Subject;

fn number(id: &str) -> Result<i32, Refusal> {
    // As a path that does not exist, because the path's pattern is a number.
    id.parse().map_err(|_| Refusal::NoSuchPath)
}

fn context(parts: &Parts, query: &Query) -> Option<Subject> {
    query.get("subject").filter(|s| !s.is_empty()).map(|s| parts.subject(s)).or_else(|| parts.all())
}

fn found<'a>(registry: &'a Registry, parts: &Parts, id: &str, query: &Query) -> Result<&'a Stored, Refusal> {
    Ok(registry.by_id(number(id)?, context(parts, query).as_ref())?)
}

pub(super) fn list(registry: &Registry, parts: &Parts, query: &Query) -> Reply {
    let prefix = parts.prefix(query.get("subjectPrefix"));
    let (deleted, latest_only, with_aliases) =
        (query.flag("deleted"), query.flag("latestOnly"), query.flag("aliases"));
    let aliases = if with_aliases { registry.aliases(&prefix) } else { Aliases::new() };
    let mut found = registry.schemas(&prefix, deleted, latest_only);
    for subject in aliases.keys().filter(|subject| !matches_prefix(subject, &prefix)) {
        found.extend(registry.schemas_of(subject, deleted, latest_only));
    }
    if !aliases.is_empty() {
        found.sort_by(|a, b| (&a.subject, a.version).cmp(&(&b.subject, b.version)));
    }
    if let Some(rule_type) = query.get("ruleType").filter(|rule_type| !rule_type.is_empty()) {
        found.retain(|stored| stored.schema.rule_set.as_ref().is_some_and(|rules| rules.has_type(rule_type)));
    }
    // Nothing here is associated with a resource: what asks for associations finds none, `lifecycle=NONE` finds all.
    let asks = ["resourceType", "associationType", "lifecycle"].iter().any(|name| query.get(name).is_some());
    if asks && !query.all("lifecycle").iter().any(|lifecycle| lifecycle.eq_ignore_ascii_case("NONE")) {
        found.clear();
    }
    let told = |stored: &Stored| {
        let aliases = aliases.get(&stored.subject).cloned();
        SchemaAnswer { aliases, ..SchemaAnswer::of_version(stored) }
    };
    answer(query.page(found).into_iter().map(told).collect::<Vec<_>>())
}

pub(super) fn by_id(registry: &Registry, parts: &Parts, id: &str, query: &Query) -> Reply {
    let stored = found(registry, parts, id, query)?;
    let max_id = query.flag("fetchMaxId").then(|| registry.max_id(Some(&stored.subject)));
    let told = SchemaAnswer { max_id, ..SchemaAnswer::of(&stored.schema, stored.guid) };
    answer(pages::complete(registry, stored, query, told)?)
}

pub(super) fn text_by_id(registry: &Registry, parts: &Parts, id: &str, query: &Query) -> Reply {
    let stored = found(registry, parts, id, query)?;
    raw(registry, stored, query)
}

/// The text of the schema by itself.
pub(super) fn raw(registry: &Registry, stored: &Stored, query: &Query) -> Reply {
    Ok((Vec::new(), Told::Text(pages::text(registry, stored, query)?)))
}

pub(super) fn subjects_of_id(registry: &Registry, parts: &Parts, id: &str, query: &Query) -> Reply {
    let of = context(parts, query);
    let places = registry.versions_of_id(number(id)?, of.as_ref(), query.flag("deleted"))?;
    let mut subjects: Vec<String> = places.into_iter().map(|place| place.subject).collect();
    subjects.dedup();
    answer(query.page(subjects))
}

pub(super) fn versions_of_id(registry: &Registry, parts: &Parts, id: &str, query: &Query) -> Reply {
    let of = context(parts, query);
    answer(query.page(registry.versions_of_id(number(id)?, of.as_ref(), query.flag("deleted"))?))
}

fn guid(text: &str) -> Result<Guid, Refusal> {
    Ok(Guid::parse(text).ok_or_else(|| RegistryError::IdNotFound(text.to_owned()))?)
}

pub(super) fn by_guid(registry: &Registry, text: &str, query: &Query) -> Reply {
    let stored = registry.by_guid(guid(text)?)?;
    let text = pages::text(registry, stored, query)?;
    answer(SchemaAnswer { schema: text, ..SchemaAnswer::of(&stored.schema, stored.guid) })
}

pub(super) fn ids_of_guid(registry: &Registry, text: &str) -> Reply {
    let ids = registry.ids_of_guid(guid(text)?)?;
    answer(ids.into_iter().map(|(context, id)| json!({"context": context, "id": id})).collect::<Vec<_>>())
}
