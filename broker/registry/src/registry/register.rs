//! Registering, looking up and comparing schemas.

use std::sync::Arc;

use super::config::{Config, Mode};
use super::{Answer, Record, Registered, Registry, RegistryError, SchemaRecord, Step, Stored, VersionId};
use crate::compat::{Existing, Policy, check};
use crate::schema::{Metadata, Parsed, RuleSet, Schema, VERSION_PROPERTY};
use crate::subject::{DEFAULT_CONTEXT, Subject};

/// A schema to be registered.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The subject.
    pub subject: Subject,
    /// The schema; an empty text stands for that of the latest version.
    pub schema: Schema,
    /// The version it shall have: 0 for the next.
    pub version: i32,
    /// The id it shall have, when it is imported.
    pub id: Option<i32>,
    /// Keep it normalised.
    pub normalize: bool,
    /// Give it the tags of the latest version as well.
    pub propagate_tags: bool,
}

impl Registry {
    /// Reads a schema for a subject: parsed, and as it will be kept.
    fn canonical(
        &self,
        subject: &Subject,
        schema: &Schema,
        config: &Config,
        normalize: bool,
        new: bool,
    ) -> Result<(Arc<Parsed>, Schema), RegistryError> {
        if schema.text.trim().is_empty() {
            return Err(RegistryError::InvalidSchema("Empty schema".to_owned()));
        }
        if schema.text.len() > highway_types::limits::SCHEMA_MAX_BYTES {
            return Err(RegistryError::SchemaTooLarge);
        }
        let strict = new && config.validate_new_schemas != Some(false);
        let parsed = self.parse(subject, schema, strict)?;
        let normalize = normalize || config.normalize == Some(true);
        let text = if normalize { parsed.normalized() } else { parsed.canonical() };
        let mut kept = Schema { text, ..schema.clone() };
        // "The latest" is settled now, so that it means the same tomorrow.
        for reference in kept.references.iter_mut().filter(|reference| reference.version == -1) {
            let named = subject.referenced(&reference.subject);
            if let Some((_, version)) = self.referenced(&named, -1) {
                reference.version = version;
            }
        }
        if normalize {
            let order = |r: &crate::schema::Reference| (r.name.clone(), r.subject.clone(), r.version);
            kept.references.sort_by_key(order);
            kept.references.dedup();
        }
        Ok((Arc::new(parsed), kept))
    }

    pub(super) fn register(&self, wanted: Registration) -> Result<Step, RegistryError> {
        let Registration { subject, mut schema, version, id, normalize, propagate_tags } = wanted;
        if !subject.is_valid(false) || subject.is_context() {
            return Err(RegistryError::InvalidSubject(subject));
        }
        if let Some(rules) = &schema.rule_set {
            rules.validate().map_err(|error| RegistryError::InvalidRuleSet(error.to_string()))?;
        }
        let mode = self.may_register(&subject, id)?;
        let config = self.config_in_scope(Some(&subject));
        let next = self.versions_of(&subject, true).next_back().map_or(1, |last| last.version + 1);
        let version = if version == -1 { next } else { version };
        if version < 0 {
            return Err(RegistryError::InvalidVersion(version.to_string()));
        }
        if !mode.is_import() {
            self.complete(&subject, &mut schema, &config, version, next);
            if propagate_tags && let Some(latest) = self.versions_of(&subject, false).next_back() {
                let tags = self.parsed(latest)?.tags();
                if !tags.is_empty() {
                    schema = schema.with_tags(&tags, &[])?;
                }
            }
        }
        let (parsed, schema) = self.canonical(&subject, &schema, &config, normalize, id.is_none())?;
        let guid = schema.guid();
        let mut id = id;
        // A schema has one id in a context, under whatever subjects it stands.
        let known = self.id_of(&subject, &schema);
        if let Some(known) = known.filter(|known| id.is_none_or(|id| id == *known)) {
            let here = self.versions_of(&subject, false).find(|s| s.id == known && s.guid == guid);
            if let (0, Some(stored)) = (version, here) {
                return Ok(already(stored));
            }
            id = Some(known);
        }
        if version == 0 {
            for stored in self.versions_of(&subject, false).rev() {
                let same_id = id.is_none_or(|id| id == stored.id);
                if same_id && self.is_meant(&parsed, &schema, stored) {
                    return Ok(already(stored));
                }
            }
        }
        if !mode.is_import() {
            let details = self.incompatible(&config, &parsed, &schema, self.versions_of(&subject, false))?;
            if !details.is_empty() {
                return Err(RegistryError::Incompatible { subject, details });
            }
            if version > 0 && version != next {
                return Err(RegistryError::InvalidSchema(
                    "Version is not one more than previous version".to_owned(),
                ));
            }
        }
        let version = if version == 0 { next } else { version };
        let id = self.assign_id(&subject, &schema, id)?;
        let mut records = Vec::new();
        let context = subject.context();
        if context != DEFAULT_CONTEXT && !self.contexts.contains(context) {
            records.push(Record::Context { context: context.to_owned(), exists: true });
        }
        // What was softly deleted under the same id would else come back twice.
        for old in self
            .versions_of(&subject, true)
            .filter(|old| old.deleted && old.id == id && old.version < version)
        {
            if self.referenced_by(&subject, old.version, true).is_empty() {
                let subject = subject.to_string();
                records.push(Record::Schema { subject, version: old.version, value: None });
            }
        }
        let value = SchemaRecord {
            subject: subject.to_string(),
            version,
            id,
            md5: None,
            schema_type: schema.schema_type,
            references: schema.references.clone(),
            metadata: schema.metadata.clone(),
            rule_set: schema.rule_set.clone(),
            schema: schema.text.clone(),
            deleted: false,
        };
        records.push(Record::Schema { subject: subject.to_string(), version, value: Some(Box::new(value)) });
        Ok(Step { records, answer: Answer::Registered(Box::new(Registered { id, version, guid, schema })) })
    }

    fn may_register(&self, subject: &Subject, id: Option<i32>) -> Result<Mode, RegistryError> {
        self.not_read_only(subject)?;
        let mode = self.mode_in_scope(Some(subject));
        let context = subject.context_prefix();
        let refused = |what: &str| {
            Err(RegistryError::NotPermitted(format!(
                "Subject {subject} in context {context} is not in {what} mode"
            )))
        };
        match id {
            Some(_) if !mode.is_import() => refused("import"),
            None if mode != Mode::ReadWrite => refused("read-write"),
            _ => Ok(mode),
        }
    }

    /// What a registration leaves out comes from the latest version and from the settings.
    fn complete(&self, subject: &Subject, schema: &mut Schema, config: &Config, version: i32, next: i32) {
        let latest = self.versions_of(subject, false).next_back();
        if let Some(latest) = latest
            && schema.text.trim().is_empty()
        {
            schema.text.clone_from(&latest.schema.text);
            schema.schema_type = latest.schema.schema_type;
            schema.references.clone_from(&latest.schema.references);
        }
        let metadata = schema.metadata.as_ref().or(latest.and_then(|latest| latest.schema.metadata.as_ref()));
        let rules = schema.rule_set.as_ref().or(latest.and_then(|latest| latest.schema.rule_set.as_ref()));
        let mut metadata = Metadata::merged(
            Metadata::merged(config.default_metadata.as_ref(), metadata).as_ref(),
            config.override_metadata.as_ref(),
        );
        let rules = RuleSet::merged(
            RuleSet::merged(config.default_rule_set.as_ref(), rules).as_ref(),
            config.override_rule_set.as_ref(),
        );
        if version != 0 || metadata.as_ref().is_some_and(|m| m.property(VERSION_PROPERTY).is_some()) {
            let metadata = metadata.get_or_insert_default();
            metadata.properties.get_or_insert_default().insert(VERSION_PROPERTY.to_owned(), next.to_string());
        }
        schema.metadata = metadata;
        schema.rule_set = rules;
    }

    /// The id that a schema has in a context.
    fn id_of(&self, subject: &Subject, schema: &Schema) -> Option<i32> {
        let places = self.guids.get(&schema.guid())?;
        let mut found = places.iter().filter(|(s, _)| s.context() == subject.context());
        found.find_map(|(s, version)| {
            let stored = self.stored(s, *version)?;
            (stored.schema.schema_type == schema.schema_type).then_some(stored.id)
        })
    }

    /// Whether what is sent is what is stored, once references are resolved and but for the version in the metadata.
    fn is_meant(&self, parsed: &Parsed, schema: &Schema, stored: &Stored) -> bool {
        let plain = |metadata: &Option<Metadata>| {
            let mut metadata = metadata.clone().unwrap_or_default();
            if let Some(properties) = &mut metadata.properties {
                properties.remove(VERSION_PROPERTY);
            }
            metadata.properties = metadata.properties.filter(|properties| !properties.is_empty());
            metadata
        };
        plain(&schema.metadata) == plain(&stored.schema.metadata)
            && schema.rule_set == stored.schema.rule_set
            && self.parsed(stored).is_ok_and(|stored| parsed.means(&stored))
    }

    fn assign_id(&self, subject: &Subject, schema: &Schema, id: Option<i32>) -> Result<i32, RegistryError> {
        let context = subject.context();
        let Some(id) = id else {
            let last = self.last_id.get(context).copied().unwrap_or_default();
            return last.checked_add(1).ok_or_else(|| RegistryError::Store("all ids are used".to_owned()));
        };
        let other = self.ids.get(context).and_then(|ids| ids.get(&id)).and_then(|places| places.first());
        match other.and_then(|(s, version)| self.stored(s, *version)) {
            // By GUID, as the id was found: empty metadata and empty rules have one, and are two.
            Some(stored)
                if stored.schema.guid() != schema.guid()
                    || stored.schema.schema_type != schema.schema_type =>
            {
                Err(RegistryError::NotPermitted(format!(
                    "Overwrite new schema with id {id} in context {} is not permitted.",
                    subject.context_prefix()
                )))
            }
            _ => Ok(id),
        }
    }

    /// What speaks against a schema beside others (oldest first).
    fn incompatible<'a>(
        &'a self,
        config: &Config,
        parsed: &Parsed,
        schema: &Schema,
        others: impl DoubleEndedIterator<Item = &'a Stored>,
    ) -> Result<Vec<String>, RegistryError> {
        let group = |schema: &Schema| {
            let name = config.compatibility_group.as_deref()?;
            schema.metadata.as_ref()?.property(name).map(str::to_owned)
        };
        let own = group(schema);
        let others =
            others.filter(|other| config.compatibility_group.is_none() || group(&other.schema) == own);
        // Only what is asked for is parsed.
        let mut wanted: Vec<&Stored> =
            if config.level().is_transitive() { others.collect() } else { others.rev().take(1).collect() };
        wanted.sort_by_key(|stored| stored.version);
        let mut parsed_others = Vec::with_capacity(wanted.len());
        for stored in wanted {
            parsed_others.push((stored.version, self.parsed(stored)?));
        }
        let existing: Vec<Existing<'_>> =
            parsed_others.iter().map(|(version, schema)| Existing { version: *version, schema }).collect();
        let policy = match config.compatibility_policy.as_deref() {
            Some(name) if name.eq_ignore_ascii_case("LENIENT") => Policy::Lenient,
            _ => Policy::Strict,
        };
        let mut details = check(config.level(), policy, parsed, &existing);
        if !details.is_empty() {
            let fields = config.validate_fields == Some(true);
            details
                .push(format!("{{validateFields: '{fields}', compatibility: '{}'}}", config.level().name()));
        }
        Ok(details)
    }

    /// What speaks against registering a schema, beside one version or, without one, as registration would ask.
    ///
    /// # Errors
    /// A version that is not there, or a schema that cannot be read.
    pub fn compatibility(
        &self,
        subject: &Subject,
        version: Option<VersionId>,
        schema: &Schema,
        normalize: bool,
    ) -> Result<Vec<String>, RegistryError> {
        let subject = &self.meant(subject);
        let config = self.config_in_scope(Some(subject));
        let others: Vec<&Stored> = match version {
            None => self.versions_of(subject, false).collect(),
            Some(VersionId::Latest) => self.versions_of(subject, false).next_back().into_iter().collect(),
            Some(VersionId::Number(number)) => {
                let stored = self.stored(subject, number).filter(|stored| !stored.deleted);
                vec![stored.ok_or(RegistryError::VersionNotFound(number))?]
            }
        };
        let (parsed, schema) = self.canonical(subject, schema, &config, normalize, true)?;
        self.incompatible(&config, &parsed, &schema, others.into_iter())
    }

    /// Where a schema is registered under a subject.
    ///
    /// # Errors
    /// No such subject, or no such schema in it, or a schema that cannot be read.
    pub fn lookup(
        &self,
        subject: &Subject,
        schema: &Schema,
        normalize: bool,
        deleted: bool,
    ) -> Result<&Stored, RegistryError> {
        let subject = &self.meant(subject);
        if self.versions_of(subject, deleted).next().is_none() {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let config = self.config_in_scope(Some(subject));
        let (parsed, schema) = self.canonical(subject, schema, &config, normalize, false)?;
        let guid = schema.guid();
        let mut exact = self.versions_of(subject, deleted).rev();
        let same = |stored: &&Stored| stored.guid == guid && stored.schema.schema_type == schema.schema_type;
        if let Some(stored) = exact.find(same) {
            return Ok(stored);
        }
        let bare = schema.metadata.is_none() && schema.rule_set.is_none();
        let mut meant = self.versions_of(subject, deleted).rev();
        let found = meant.find(|stored| {
            self.is_meant(&parsed, &schema, stored)
                // A client that says nothing of metadata and rules means the schema whatever these are.
                || (bare && self.parsed(stored).is_ok_and(|stored| parsed.means(&stored)))
        });
        found.ok_or(RegistryError::SchemaNotFound)
    }
}

fn already(stored: &Stored) -> Step {
    let schema = (*stored.schema).clone();
    let registered = Registered { id: stored.id, version: stored.version, guid: stored.guid, schema };
    Step { records: Vec::new(), answer: Answer::Registered(Box::new(registered)) }
}
