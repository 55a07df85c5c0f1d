//! `/subjects` and `/compatibility`.

use serde_json::json;

use super::bodies::{SchemaAnswer, SchemaBody, read};
use super::parts::{Parts, Query};
use super::{Refusal, Reply, answer, pages, schemas};
use crate::registry::{Answer, Command, Listing, Registration, Registry, RegistryError, VersionId};
use crate::subject::Subject;

pub(super) fn list(registry: &Registry, parts: &Parts, query: &Query) -> Reply {
    let prefix = parts.prefix(query.get("subjectPrefix"));
    let listing = Listing::of(query.flag("deleted"), query.flag("deletedOnly"));
    answer(query.page(registry.subjects(&prefix, listing)))
}

pub(super) fn lookup(registry: &Registry, subject: &Subject, query: &Query, body: &[u8]) -> Reply {
    let schema = read::<SchemaBody>(body)?.schema()?;
    let found = registry.lookup(subject, &schema, query.flag("normalize"), query.flag("deleted"))?;
    let text = pages::text(registry, found, query)?;
    answer(SchemaAnswer { schema: text, ..SchemaAnswer::of_version(found) })
}

pub(super) fn register(registry: &Registry, subject: Subject, query: &Query, body: &[u8]) -> Reply {
    let mut body = read::<SchemaBody>(body)?;
    let registration = Registration {
        subject,
        schema: body.schema()?,
        version: body.wanted_version(),
        id: body.id.filter(|id| *id >= 0),
        normalize: query.flag("normalize"),
        propagate_tags: body.propagates_tags(),
    };
    let subject = registration.subject.clone();
    let step = registry.step(Command::Register(Box::new(registration)))?;
    let Answer::Registered(registered) = step.answer else { return answer(json!({})) };
    let told = SchemaAnswer {
        id: Some(registered.id),
        version: Some(registered.version),
        schema: pages::text_of_new(registry, &subject, &registered.schema, query)?,
        ..SchemaAnswer::of(&registered.schema, registered.guid)
    };
    Ok((step.records, serde_json::to_value(told).unwrap_or_default().into()))
}

pub(super) fn delete(registry: &Registry, subject: Subject, query: &Query) -> Reply {
    let step = registry.step(Command::DeleteSubject { subject, permanent: query.flag("permanent") })?;
    let versions = if let Answer::Versions(versions) = step.answer { versions } else { Vec::new() };
    Ok((step.records, json!(versions).into()))
}

pub(super) fn delete_version(registry: &Registry, subject: Subject, version: &str, query: &Query) -> Reply {
    let version = VersionId::parse(version)?;
    let step =
        registry.step(Command::DeleteVersion { subject, version, permanent: query.flag("permanent") })?;
    let version = if let Answer::Version(version) = step.answer { version } else { version.number() };
    Ok((step.records, json!(version).into()))
}

pub(super) fn versions(registry: &Registry, subject: &Subject, query: &Query) -> Reply {
    let listing = Listing::of(query.flag("deleted"), query.flag("deletedOnly"));
    answer(query.page(registry.versions(subject, listing)?))
}

pub(super) fn version(registry: &Registry, subject: &Subject, version: &str, query: &Query) -> Reply {
    let stored = registry.version(subject, VersionId::parse(version)?, query.flag("deleted"))?;
    answer(pages::complete(registry, stored, query, SchemaAnswer::of_version(stored))?)
}

pub(super) fn text(registry: &Registry, subject: &Subject, version: &str, query: &Query) -> Reply {
    let stored = registry.version(subject, VersionId::parse(version)?, query.flag("deleted"))?;
    schemas::raw(registry, stored, query)
}

pub(super) fn referenced_by(registry: &Registry, subject: &Subject, version: &str, query: &Query) -> Reply {
    let stored = registry.version(subject, VersionId::parse(version)?, true)?;
    answer(query.page(registry.referenced_by(&stored.subject, stored.version, query.flag("deleted"))))
}

pub(super) fn with_metadata(registry: &Registry, subject: &Subject, query: &Query) -> Reply {
    let properties: Vec<_> = query.all("key").into_iter().zip(query.all("value")).collect();
    let stored = registry.with_metadata(subject, &properties, query.flag("deleted"))?;
    let text = pages::text(registry, stored, query)?;
    answer(SchemaAnswer { schema: text, ..SchemaAnswer::of_version(stored) })
}

pub(super) fn compatibility(
    registry: &Registry,
    subject: &Subject,
    version: Option<&str>,
    query: &Query,
    body: &[u8],
) -> Reply {
    let version = version.map(VersionId::parse).transpose()?;
    let schema = read::<SchemaBody>(body)?.schema()?;
    let verbose = query.flag("verbose");
    let messages = match registry.compatibility(subject, version, &schema, query.flag("normalize")) {
        // Who asks for words gets this one too.
        Err(RegistryError::InvalidSchema(reason)) if verbose => vec![reason],
        other => other.map_err(Refusal::from)?,
    };
    let mut told = json!({"is_compatible": messages.is_empty()});
    if verbose {
        told["messages"] = json!(messages);
    }
    answer(told)
}
