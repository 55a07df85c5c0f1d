//! Deletion: softly first, then for good.

use super::{Answer, Record, Registry, RegistryError, SchemaRecord, Step, Stored, VersionId};
use crate::subject::Subject;

impl Registry {
    pub(super) fn delete_version(
        &self,
        subject: &Subject,
        version: VersionId,
        permanent: bool,
    ) -> Result<Step, RegistryError> {
        if !self.subjects.contains_key(subject) {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let stored = match version {
            VersionId::Latest => self.versions_of(subject, permanent).next_back(),
            VersionId::Number(version) => self.stored(subject, version),
        };
        let stored = stored.ok_or_else(|| RegistryError::VersionNotFound(version.number()))?;
        let version = stored.version;
        if stored.deleted && !permanent {
            return Err(RegistryError::VersionSoftDeleted(subject.clone(), version));
        }
        self.not_read_only(subject)?;
        if !self.referenced_by(subject, version, permanent).is_empty() {
            return Err(RegistryError::ReferenceExists(subject.clone(), version));
        }
        if permanent && !stored.deleted {
            return Err(RegistryError::VersionNotSoftDeleted(subject.clone(), version));
        }
        let value = (!permanent).then(|| Box::new(SchemaRecord { deleted: true, ..record_of(stored) }));
        let mut records = vec![Record::Schema { subject: subject.to_string(), version, value }];
        if permanent && self.versions_of(subject, true).count() == 1 {
            self.drop_settings(subject, &mut records);
        }
        Ok(Step { records, answer: Answer::Version(version) })
    }

    pub(super) fn delete_subject(&self, subject: &Subject, permanent: bool) -> Result<Step, RegistryError> {
        if !self.subjects.contains_key(subject) {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        if !permanent && self.versions_of(subject, false).next().is_none() {
            return Err(RegistryError::SubjectSoftDeleted(subject.clone()));
        }
        self.not_read_only(subject)?;
        let mut versions = Vec::new();
        for stored in self.versions_of(subject, permanent) {
            if self.referrers(subject, stored.version, permanent).any(|other| other.subject != *subject) {
                return Err(RegistryError::ReferenceExists(subject.clone(), stored.version));
            }
            if permanent && !stored.deleted {
                return Err(RegistryError::SubjectNotSoftDeleted(subject.clone()));
            }
            versions.push(stored.version);
        }
        let mut records = Vec::new();
        if permanent {
            // The newest first: older ones may be what they use.
            records.extend(versions.iter().rev().map(|version| Record::Schema {
                subject: subject.to_string(),
                version: *version,
                value: None,
            }));
            self.drop_settings(subject, &mut records);
        } else if let Some(last) = versions.last() {
            records.push(Record::DeleteSubject { subject: subject.to_string(), version: *last });
        }
        Ok(Step { records, answer: Answer::Versions(versions) })
    }

    fn drop_settings(&self, subject: &Subject, records: &mut Vec<Record>) {
        let name = subject.to_string();
        if self.modes.contains_key(&name) {
            records.push(Record::Mode { subject: Some(name.clone()), value: None });
        }
        if self.configs.contains_key(&name) {
            records.push(Record::Config { subject: Some(name), value: None });
        }
    }
}

/// The record of a stored schema.
pub(super) fn record_of(stored: &Stored) -> SchemaRecord {
    let schema = &stored.schema;
    SchemaRecord {
        subject: stored.subject.to_string(),
        version: stored.version,
        id: stored.id,
        md5: (stored.guid != schema.guid()).then(|| stored.guid.to_base64()),
        schema_type: schema.schema_type,
        references: schema.references.clone(),
        metadata: schema.metadata.clone(),
        rule_set: schema.rule_set.clone(),
        schema: schema.text.clone(),
        deleted: stored.deleted,
    }
}
