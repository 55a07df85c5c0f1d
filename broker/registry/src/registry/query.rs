//! Questions.

use super::{Registry, RegistryError, Stored};
use crate::schema::Guid;
use crate::subject::{DEFAULT_CONTEXT, Subject};

/// A version as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionId {
    /// The highest that is not deleted.
    Latest,
    /// This.
    Number(i32),
}

impl VersionId {
    /// Reads `latest`, `-1` or a number from 1.
    ///
    /// # Errors
    /// [`RegistryError::InvalidVersion`].
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        if text.eq_ignore_ascii_case("latest") || text == "-1" {
            return Ok(Self::Latest);
        }
        match text.parse() {
            Ok(number) if number > 0 => Ok(Self::Number(number)),
            _ => Err(RegistryError::InvalidVersion(text.to_owned())),
        }
    }

    /// The number, or -1.
    pub fn number(self) -> i32 {
        match self {
            Self::Latest => -1,
            Self::Number(number) => number,
        }
    }
}

/// A subject and a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct SubjectVersion {
    /// The subject with its context.
    pub subject: String,
    /// The version.
    pub version: i32,
}

/// Names that stand for subjects, by these.
pub type Aliases = std::collections::BTreeMap<Subject, Vec<String>>;

/// Which versions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listing {
    /// Those not deleted.
    #[default]
    Active,
    /// All.
    All,
    /// Those softly deleted.
    DeletedOnly,
}

impl Listing {
    /// From the parameters `deleted` and `deletedOnly`, of which the second counts more.
    pub fn of(deleted: bool, deleted_only: bool) -> Self {
        match (deleted, deleted_only) {
            (_, true) => Self::DeletedOnly,
            (true, false) => Self::All,
            (false, false) => Self::Active,
        }
    }

    fn takes(self, stored: &Stored) -> bool {
        match self {
            Self::Active => !stored.deleted,
            Self::All => true,
            Self::DeletedOnly => stored.deleted,
        }
    }
}

impl Registry {
    /// The subject that is meant: aliases followed, once.
    pub(super) fn meant(&self, subject: &Subject) -> Subject {
        let alias = self.configs.get(&subject.to_string()).and_then(|config| config.alias.as_deref());
        alias
            .filter(|alias| !alias.is_empty())
            .map_or_else(|| subject.clone(), |alias| subject.referenced(alias))
    }

    /// Subjects in order. A prefix is of the default context unless it names another; `:*:` is of all.
    pub fn subjects(&self, prefix: &str, listing: Listing) -> Vec<String> {
        let has = |versions: &std::collections::BTreeMap<i32, Stored>| match listing {
            // A subject is deleted when nothing of it is left.
            Listing::DeletedOnly => versions.values().all(|stored| stored.deleted),
            _ => versions.values().any(|stored| listing.takes(stored)),
        };
        let found = self.subjects.iter().filter(|(s, versions)| matches_prefix(s, prefix) && has(versions));
        let mut names: Vec<String> = found.map(|(subject, _)| subject.to_string()).collect();
        names.sort();
        names
    }

    /// Versions of a subject.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`].
    pub fn versions(&self, subject: &Subject, listing: Listing) -> Result<Vec<i32>, RegistryError> {
        let subject = &self.meant(subject);
        let all = listing != Listing::Active;
        if self.versions_of(subject, all).next().is_none() {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let listed = self.versions_of(subject, all).filter(|stored| listing.takes(stored));
        Ok(listed.map(|stored| stored.version).collect())
    }

    /// A version.
    ///
    /// # Errors
    /// No such subject or version.
    pub fn version(
        &self,
        subject: &Subject,
        version: VersionId,
        deleted: bool,
    ) -> Result<&Stored, RegistryError> {
        let subject = &self.meant(subject);
        let found = match version {
            VersionId::Latest => self
                .versions_of(subject, false)
                .next_back()
                .or_else(|| self.versions_of(subject, deleted).next_back()),
            VersionId::Number(number) => {
                self.stored(subject, number).filter(|stored| deleted || !stored.deleted)
            }
        };
        found.ok_or_else(|| {
            if self.versions_of(subject, deleted).next().is_none() {
                RegistryError::SubjectNotFound(subject.clone())
            } else {
                RegistryError::VersionNotFound(version.number())
            }
        })
    }

    /// The latest version whose metadata has all these properties.
    ///
    /// # Errors
    /// No such subject or schema.
    pub fn with_metadata(
        &self,
        subject: &Subject,
        properties: &[(String, String)],
        deleted: bool,
    ) -> Result<&Stored, RegistryError> {
        let subject = &self.meant(subject);
        if self.versions_of(subject, deleted).next().is_none() {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let has = |stored: &&Stored| {
            let metadata = stored.schema.metadata.as_ref();
            properties.iter().all(|(key, value)| metadata.and_then(|m| m.property(key)) == Some(value))
        };
        self.versions_of(subject, deleted).rev().find(has).ok_or(RegistryError::SchemaNotFound)
    }

    /// Contexts to look for an id in: that of the subject, and, when a subject of the default one does not own the id,
    /// those that have a subject of this name.
    fn places(&self, id: i32, subject: Option<&Subject>) -> Vec<&Stored> {
        let context = subject.map_or(DEFAULT_CONTEXT, Subject::context);
        let of_context = |context: &str| {
            let places = self.ids.get(context).and_then(|ids| ids.get(&id)).into_iter().flatten();
            places.filter_map(|(subject, version)| self.stored(subject, *version)).collect::<Vec<_>>()
        };
        let named = subject.filter(|subject| !subject.is_context());
        let found = of_context(context);
        match named {
            Some(named) if named.is_default_context() && !found.iter().any(|s| s.subject == *named) => {
                let elsewhere = self.contexts.iter().map(|context| of_context(context));
                elsewhere
                    .into_iter()
                    .find(|places| places.iter().any(|s| s.subject.name() == named.name()))
                    .unwrap_or(found)
            }
            _ => found,
        }
    }

    /// The schema of an id. A subject says in which context, and need not own the id.
    ///
    /// # Errors
    /// [`RegistryError::IdNotFound`].
    pub fn by_id(&self, id: i32, subject: Option<&Subject>) -> Result<&Stored, RegistryError> {
        let places = self.places(id, subject);
        let own = places.iter().find(|stored| subject == Some(&stored.subject));
        own.or(places.first()).copied().ok_or_else(|| RegistryError::IdNotFound(id.to_string()))
    }

    /// The highest id of a context.
    pub fn max_id(&self, subject: Option<&Subject>) -> i32 {
        self.last_id.get(subject.map_or(DEFAULT_CONTEXT, Subject::context)).copied().unwrap_or_default()
    }

    /// Where the schema of an id is registered.
    ///
    /// # Errors
    /// [`RegistryError::SchemaNotFound`].
    pub fn versions_of_id(
        &self,
        id: i32,
        subject: Option<&Subject>,
        deleted: bool,
    ) -> Result<Vec<SubjectVersion>, RegistryError> {
        let places = self.places(id, subject);
        if places.is_empty() {
            return Err(RegistryError::SchemaNotFound);
        }
        let shown = places.into_iter().filter(|stored| deleted || !stored.deleted);
        let shown = shown.filter(|stored| subject.is_none_or(|s| s.is_context() || *s == stored.subject));
        Ok(shown
            .map(|stored| SubjectVersion { subject: stored.subject.to_string(), version: stored.version })
            .collect())
    }

    /// The schema of a GUID.
    ///
    /// # Errors
    /// [`RegistryError::IdNotFound`].
    pub fn by_guid(&self, guid: Guid) -> Result<&Stored, RegistryError> {
        let place = self.guids.get(&guid).and_then(|places| places.first());
        let stored = place.and_then(|(subject, version)| self.stored(subject, *version));
        stored.ok_or_else(|| RegistryError::IdNotFound(guid.to_string()))
    }

    /// Contexts and the ids that a GUID has there.
    ///
    /// # Errors
    /// [`RegistryError::IdNotFound`].
    pub fn ids_of_guid(&self, guid: Guid) -> Result<Vec<(String, i32)>, RegistryError> {
        let places = self.guids.get(&guid).ok_or_else(|| RegistryError::IdNotFound(guid.to_string()))?;
        let mut ids: Vec<(String, i32)> = places
            .iter()
            .filter_map(|(subject, version)| {
                Some((subject.context().to_owned(), self.stored(subject, *version)?.id))
            })
            .collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    /// What refers to a version.
    pub(super) fn referrers(
        &self,
        subject: &Subject,
        version: i32,
        deleted: bool,
    ) -> impl Iterator<Item = &Stored> {
        let subject = subject.clone();
        let all = self.subjects.values().flat_map(std::collections::BTreeMap::values);
        all.filter(move |stored| deleted || !stored.deleted).filter(move |stored| {
            let mut references = stored.schema.references.iter();
            references.any(|r| r.version == version && stored.subject.referenced(&r.subject) == subject)
        })
    }

    /// Ids of the schemas that refer to a version.
    pub fn referenced_by(&self, subject: &Subject, version: i32, deleted: bool) -> Vec<i32> {
        let mut ids: Vec<i32> = self.referrers(subject, version, deleted).map(|stored| stored.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// All schemas below a prefix, in order of subject and version.
    pub fn schemas(&self, prefix: &str, deleted: bool, latest_only: bool) -> Vec<&Stored> {
        let mut found = Vec::new();
        for subject in self.subjects.keys().filter(|subject| matches_prefix(subject, prefix)) {
            found.extend(self.schemas_of(subject, deleted, latest_only));
        }
        found
    }

    /// The schemas of a subject, or the latest of them.
    pub fn schemas_of(&self, subject: &Subject, deleted: bool, latest_only: bool) -> Vec<&Stored> {
        let mut versions = self.versions_of(subject, deleted);
        if latest_only { versions.next_back().into_iter().collect() } else { versions.collect() }
    }

    /// The aliases below a prefix, by the subjects they mean.
    pub fn aliases(&self, prefix: &str) -> Aliases {
        let mut found = Aliases::new();
        for (alias, config) in &self.configs {
            let named = Subject::parse(alias);
            if let Some(meant) = config.alias.as_deref().filter(|meant| !meant.is_empty())
                && matches_prefix(&named, prefix)
            {
                found.entry(named.referenced(meant)).or_default().push(alias.clone());
            }
        }
        found
    }

    /// Contexts, the default one first.
    pub fn contexts(&self) -> Vec<String> {
        std::iter::once(DEFAULT_CONTEXT.to_owned()).chain(self.contexts.iter().cloned()).collect()
    }
}

/// Whether a subject begins so. A prefix is of the default context unless it names another; `:*:` is of all.
pub(crate) fn matches_prefix(subject: &Subject, prefix: &str) -> bool {
    if let Some(name) = prefix.strip_prefix(":*:") {
        return subject.name().starts_with(name);
    }
    let prefix = Subject::parse(prefix);
    subject.context() == prefix.context() && subject.name().starts_with(prefix.name())
}
