//! What the records say.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use super::config::{Config, Mode};
use super::record::{Record, SchemaRecord};
use crate::schema::{Guid, Parsed, Schema, SchemaError, load_references, parse};
use crate::subject::Subject;

/// A schema under a subject.
#[derive(Debug)]
pub struct Stored {
    /// The subject.
    pub subject: Subject,
    /// The version.
    pub version: i32,
    /// The id in the context.
    pub id: i32,
    /// The GUID.
    pub guid: Guid,
    /// Softly deleted.
    pub deleted: bool,
    /// The schema as kept.
    pub schema: Arc<Schema>,
    /// Parsed when it is first asked for.
    parsed: OnceLock<Result<Arc<Parsed>, SchemaError>>,
}

/// A place in the registry.
pub(super) type Place = (Subject, i32);

/// The registry's state.
#[derive(Debug, Default)]
pub struct Registry {
    pub(super) subjects: BTreeMap<Subject, BTreeMap<i32, Stored>>,
    /// Context and id to where the schema is registered.
    pub(super) ids: HashMap<String, BTreeMap<i32, BTreeSet<Place>>>,
    /// GUID to where the schema is registered, in all contexts.
    pub(super) guids: HashMap<Guid, BTreeSet<Place>>,
    /// The highest id ever seen in a context: ids are not given twice.
    pub(super) last_id: HashMap<String, i32>,
    /// By subject or `:.context:`; empty for all.
    pub(super) configs: BTreeMap<String, Config>,
    pub(super) modes: BTreeMap<String, Mode>,
    pub(super) contexts: BTreeSet<String>,
}

impl Registry {
    /// Takes in a record of the log.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Schema { subject, version, value } => {
                let subject = Subject::parse(&subject);
                self.forget(&subject, version);
                if let Some(value) = value {
                    self.store(subject, version, *value);
                }
            }
            Record::Config { subject, value } => {
                let key = setting_key(subject.as_deref());
                match value {
                    Some(value) => self.configs.insert(key, *value),
                    None => self.configs.remove(&key),
                };
            }
            Record::Mode { subject, value } => {
                let key = setting_key(subject.as_deref());
                match value {
                    Some(value) => self.modes.insert(key, value),
                    None => self.modes.remove(&key),
                };
            }
            Record::DeleteSubject { subject, version } => {
                let versions = self.subjects.get_mut(&Subject::parse(&subject));
                for (_, stored) in versions.into_iter().flat_map(|versions| versions.range_mut(..=version)) {
                    stored.deleted = true;
                }
            }
            Record::ClearSubject { subject } => {
                self.clear(&Subject::parse(subject.as_deref().unwrap_or_default()))
            }
            Record::Context { context, exists: true } => {
                self.contexts.insert(context);
            }
            Record::Context { context, exists: false } => {
                self.contexts.remove(&context);
            }
            Record::Noop => {}
        }
    }

    fn store(&mut self, subject: Subject, version: i32, value: SchemaRecord) {
        let schema = Schema {
            schema_type: value.schema_type,
            text: value.schema,
            references: value.references,
            metadata: value.metadata,
            rule_set: value.rule_set,
        };
        let guid = value.md5.as_deref().and_then(Guid::from_base64).unwrap_or_else(|| schema.guid());
        let context = subject.context().to_owned();
        let place = (subject.clone(), version);
        self.ids.entry(context.clone()).or_default().entry(value.id).or_default().insert(place.clone());
        self.guids.entry(guid).or_default().insert(place);
        let last = self.last_id.entry(context).or_default();
        *last = (*last).max(value.id);
        let stored = Stored {
            subject: subject.clone(),
            version,
            id: value.id,
            guid,
            deleted: value.deleted,
            schema: Arc::new(schema),
            parsed: OnceLock::new(),
        };
        self.subjects.entry(subject).or_default().insert(version, stored);
    }

    fn forget(&mut self, subject: &Subject, version: i32) {
        let Some(versions) = self.subjects.get_mut(subject) else { return };
        let Some(stored) = versions.remove(&version) else { return };
        if versions.is_empty() {
            self.subjects.remove(subject);
        }
        let place = (subject.clone(), version);
        if let Some(ids) = self.ids.get_mut(subject.context())
            && let Some(places) = ids.get_mut(&stored.id)
        {
            places.remove(&place);
            if places.is_empty() {
                ids.remove(&stored.id);
            }
        }
        if let Some(places) = self.guids.get_mut(&stored.guid) {
            places.remove(&place);
            if places.is_empty() {
                self.guids.remove(&stored.guid);
            }
        }
    }

    /// Forgets what is softly deleted under a subject, in a context, or everywhere.
    fn clear(&mut self, subject: &Subject) {
        let deleted: Vec<Place> = self
            .subjects
            .iter()
            .filter(|(s, _)| covers(subject, s))
            .flat_map(|(s, versions)| versions.values().filter(|v| v.deleted).map(|v| (s.clone(), v.version)))
            .collect();
        deleted.iter().for_each(|(subject, version)| self.forget(subject, *version));
    }

    /// A version as it is kept, deleted or not.
    pub(super) fn stored(&self, subject: &Subject, version: i32) -> Option<&Stored> {
        self.subjects.get(subject)?.get(&version)
    }

    /// All versions of a subject in order, or only those not deleted.
    pub(super) fn versions_of(
        &self,
        subject: &Subject,
        deleted: bool,
    ) -> impl DoubleEndedIterator<Item = &Stored> {
        let versions = self.subjects.get(subject).into_iter().flat_map(BTreeMap::values);
        versions.filter(move |stored| deleted || !stored.deleted)
    }

    /// What a reference names: also what is softly deleted, because what uses it is still there.
    pub(super) fn referenced(&self, subject: &Subject, version: i32) -> Option<(Schema, i32)> {
        let stored = match version {
            -1 => self.versions_of(subject, false).next_back()?,
            version => self.stored(subject, version)?,
        };
        Some(((*stored.schema).clone(), stored.version))
    }

    /// Parses a schema with what it uses from this registry.
    ///
    /// # Errors
    /// A schema that cannot be read, or uses what is not there.
    pub(crate) fn parse(
        &self,
        subject: &Subject,
        schema: &Schema,
        strict: bool,
    ) -> Result<Parsed, SchemaError> {
        let find = |subject: &Subject, version: i32| self.referenced(subject, version);
        let references = load_references(subject, schema, &find)?;
        parse(schema, &references, strict)
    }

    /// A stored schema, parsed; kept, because neither it nor what it uses changes.
    ///
    /// # Errors
    /// A schema of a log that we did not write may be one we cannot read.
    pub fn parsed(&self, stored: &Stored) -> Result<Arc<Parsed>, SchemaError> {
        stored.parsed.get_or_init(|| self.parse(&stored.subject, &stored.schema, false).map(Arc::new)).clone()
    }
}

/// Whether `subject` is the one named, or in the context named; nothing named is everything of the default context.
pub(super) fn covers(named: &Subject, subject: &Subject) -> bool {
    named == subject || (named.is_context() && named.context() == subject.context())
}

/// The key of settings: of a subject, of a context, or, empty, of all.
pub(super) fn setting_key(subject: Option<&str>) -> String {
    subject.map(|subject| Subject::parse(subject).to_string()).unwrap_or_default()
}
