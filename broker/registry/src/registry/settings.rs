//! Settings and modes: where they are looked for, set, and taken back.

use super::config::{Config, Mode};
use super::state::{covers, setting_key};
use super::{Answer, Record, Registry, RegistryError, Step};
use crate::schema::RuleSet;
use crate::subject::{GLOBAL_CONTEXT, Subject};

fn name(subject: Option<&Subject>) -> Option<String> {
    // The default context by itself is everything.
    subject.map(Subject::to_string).filter(|name| !name.is_empty())
}

impl Registry {
    /// Keys of settings from the nearest: the subject, its context (or all), the global context.
    fn scopes(subject: Option<&Subject>) -> [String; 3] {
        let own = subject.map(Subject::to_string).unwrap_or_default();
        let context = subject.map(Subject::context_prefix).unwrap_or_default();
        [own, context, format!(":{GLOBAL_CONTEXT}:")]
    }

    /// The settings that count for a subject.
    pub fn config_in_scope(&self, subject: Option<&Subject>) -> Config {
        let found = Self::scopes(subject).into_iter().find_map(|key| self.configs.get(&key));
        with_level(found.cloned().unwrap_or_default())
    }

    /// The settings of a subject itself; of all there always are some.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectConfig`].
    pub fn config(&self, subject: Option<&Subject>) -> Result<Config, RegistryError> {
        let key = setting_key(name(subject).as_deref());
        match (self.configs.get(&key), subject) {
            (Some(config), _) => Ok(with_level(config.clone())),
            (None, Some(subject)) if !key.is_empty() && subject.context() != GLOBAL_CONTEXT => {
                Err(RegistryError::NoSubjectConfig(subject.clone()))
            }
            (None, _) => Ok(with_level(Config::default())),
        }
    }

    /// The mode that counts for a subject.
    pub fn mode_in_scope(&self, subject: Option<&Subject>) -> Mode {
        let [own, context, global] = Self::scopes(subject);
        // An override above forbids whatever stands below.
        for key in [&context, &global] {
            if self.modes.get(key) == Some(&Mode::ReadOnlyOverride) {
                return Mode::ReadOnlyOverride;
            }
        }
        [own, context, global].iter().find_map(|key| self.modes.get(key)).copied().unwrap_or_default()
    }

    /// The mode of a subject itself; of all there always is one.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectMode`].
    pub fn mode(&self, subject: Option<&Subject>) -> Result<Mode, RegistryError> {
        let key = setting_key(name(subject).as_deref());
        match (self.modes.get(&key), subject) {
            (Some(mode), _) => Ok(*mode),
            (None, Some(subject)) if !key.is_empty() && subject.context() != GLOBAL_CONTEXT => {
                Err(RegistryError::NoSubjectMode(subject.clone()))
            }
            (None, _) => Ok(Mode::default()),
        }
    }

    pub(super) fn not_read_only(&self, subject: &Subject) -> Result<(), RegistryError> {
        if self.mode_in_scope(Some(subject)).is_read_only() {
            let context = subject.context_prefix();
            return Err(RegistryError::NotPermitted(format!(
                "Subject {subject} in context {context} is in read-only mode"
            )));
        }
        Ok(())
    }

    fn valid(subject: Option<&Subject>) -> Result<(), RegistryError> {
        match subject {
            Some(subject) if !subject.is_valid(true) => Err(RegistryError::InvalidSubject(subject.clone())),
            _ => Ok(()),
        }
    }

    pub(super) fn set_config(
        &self,
        subject: Option<&Subject>,
        update: Config,
    ) -> Result<Step, RegistryError> {
        Self::valid(subject)?;
        for rules in [&update.default_rule_set, &update.override_rule_set].into_iter().flatten() {
            RuleSet::validate(rules).map_err(|error| RegistryError::InvalidRuleSet(error.to_string()))?;
        }
        let subject = name(subject);
        let old = self.configs.get(&setting_key(subject.as_deref())).cloned().unwrap_or_default();
        let new = old.updated(update.clone());
        let records = vec![Record::Config { subject, value: Some(Box::new(new)) }];
        Ok(Step { records, answer: Answer::Config(Box::new(update)) })
    }

    pub(super) fn delete_config(&self, subject: Option<&Subject>) -> Result<Step, RegistryError> {
        let key = setting_key(name(subject).as_deref());
        let old = match (self.configs.get(&key), subject) {
            (Some(config), _) => config.clone(),
            (None, Some(subject)) if !key.is_empty() => {
                return Err(RegistryError::SubjectNotFound(subject.clone()));
            }
            (None, _) => Config::default(),
        };
        let records = vec![Record::Config { subject: name(subject), value: None }];
        Ok(Step { records, answer: Answer::Config(Box::new(with_level(old))) })
    }

    pub(super) fn set_mode(
        &self,
        subject: Option<&Subject>,
        mode: Option<Mode>,
        force: bool,
    ) -> Result<Step, RegistryError> {
        Self::valid(subject)?;
        let all = Subject::parse("");
        let covered = subject.unwrap_or(&all);
        let mut records = Vec::new();
        if mode == Some(Mode::Forward) && subject.is_some_and(|s| s.context() != GLOBAL_CONTEXT) {
            return Err(RegistryError::InvalidMode);
        }
        if mode == Some(Mode::Import) && self.mode_in_scope(subject) != Mode::Import && !force {
            // Ids come from elsewhere: no schema may be there that could hold one of them.
            let here = || self.subjects.iter().filter(|(s, _)| covers(covered, s));
            if here().any(|(_, versions)| versions.values().any(|stored| !stored.deleted)) {
                return Err(RegistryError::NotPermitted(
                    "Cannot import since found existing subjects".to_owned(),
                ));
            }
            for (subject, versions) in here() {
                for version in versions.keys() {
                    if !self.referenced_by(subject, *version, true).is_empty() {
                        return Err(RegistryError::ReferenceExists(subject.clone(), *version));
                    }
                    records.push(Record::Schema {
                        subject: subject.to_string(),
                        version: *version,
                        value: None,
                    });
                }
            }
            records.push(Record::ClearSubject { subject: name(subject) });
        }
        records.push(Record::Mode { subject: name(subject), value: mode });
        Ok(Step { records, answer: Answer::Mode(mode) })
    }

    pub(super) fn delete_mode(
        &self,
        subject: Option<&Subject>,
        recursive: bool,
    ) -> Result<Step, RegistryError> {
        let key = setting_key(name(subject).as_deref());
        let old = self.modes.get(&key).copied();
        if let (None, Some(subject), false) = (old, subject, recursive)
            && !key.is_empty()
        {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let mut records = vec![Record::Mode { subject: name(subject), value: None }];
        let all = Subject::parse("");
        let covered = subject.unwrap_or(&all);
        if recursive && covered.is_context() {
            let below = self.modes.keys().filter(|k| !k.is_empty() && **k != key);
            let below = below.filter(|k| covers(covered, &Subject::parse(k)));
            records.extend(below.map(|k| Record::Mode { subject: Some(k.clone()), value: None }));
        }
        Ok(Step { records, answer: Answer::Mode(old) })
    }

    pub(super) fn delete_context(&self, context: &str) -> Result<Step, RegistryError> {
        if self.subjects.keys().any(|subject| subject.context() == context) {
            return Err(RegistryError::ContextNotEmpty(context.to_owned()));
        }
        let records = vec![Record::Context { context: context.to_owned(), exists: false }];
        Ok(Step { records, answer: Answer::Done })
    }
}

/// Settings as they are shown: the level is always there.
fn with_level(config: Config) -> Config {
    Config { compatibility_level: Some(config.level()), ..config }
}
