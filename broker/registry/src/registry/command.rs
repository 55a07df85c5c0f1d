//! What can be asked to change, and what comes of it.

use super::config::{Config, Mode};
use super::register::Registration;
use super::{Record, Registry, RegistryError};
use crate::schema::{Guid, Schema};
use crate::subject::Subject;

/// A change that is asked for.
#[derive(Debug, Clone)]
pub enum Command {
    /// A schema.
    Register(Box<Registration>),
    /// One version: softly, or for good what is softly deleted.
    DeleteVersion {
        /// The subject.
        subject: Subject,
        /// The version.
        version: super::VersionId,
        /// For good.
        permanent: bool,
    },
    /// All versions.
    DeleteSubject {
        /// The subject.
        subject: Subject,
        /// For good.
        permanent: bool,
    },
    /// Settings: what is set takes the place of what there is.
    SetConfig {
        /// Nothing for all; a context by itself for its subjects.
        subject: Option<Subject>,
        /// The update.
        update: Box<Config>,
    },
    /// Settings are taken back.
    DeleteConfig {
        /// Nothing for all.
        subject: Option<Subject>,
    },
    /// A mode.
    SetMode {
        /// Nothing for all.
        subject: Option<Subject>,
        /// Nothing to take it back.
        mode: Option<Mode>,
        /// Import even where schemas are.
        force: bool,
    },
    /// A mode is taken back.
    DeleteMode {
        /// Nothing for all.
        subject: Option<Subject>,
        /// Also those of subjects in the context.
        recursive: bool,
    },
    /// An empty context.
    DeleteContext {
        /// With its dot.
        context: String,
    },
}

/// What a registration came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The id.
    pub id: i32,
    /// The version.
    pub version: i32,
    /// The GUID.
    pub guid: Guid,
    /// The schema as it is kept.
    pub schema: Schema,
}

/// What a command answers once its records are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A schema is registered, now or before.
    Registered(Box<Registered>),
    /// The version that was deleted.
    Version(i32),
    /// The versions that were deleted.
    Versions(Vec<i32>),
    /// The settings set or taken back.
    Config(Box<Config>),
    /// The mode set or taken back.
    Mode(Option<Mode>),
    /// Nothing to say.
    Done,
}

/// What a command comes to: records to append, and the answer for then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// In this order, in one batch.
    pub records: Vec<Record>,
    /// The answer.
    pub answer: Answer,
}

impl Registry {
    /// Decides on a command; changes nothing.
    ///
    /// # Errors
    /// [`RegistryError`] with what the client sees.
    pub fn step(&self, command: Command) -> Result<Step, RegistryError> {
        match command {
            Command::Register(registration) => self.register(*registration),
            Command::DeleteVersion { subject, version, permanent } => {
                self.delete_version(&subject, version, permanent)
            }
            Command::DeleteSubject { subject, permanent } => self.delete_subject(&subject, permanent),
            Command::SetConfig { subject, update } => self.set_config(subject.as_ref(), *update),
            Command::DeleteConfig { subject } => self.delete_config(subject.as_ref()),
            Command::SetMode { subject, mode, force } => self.set_mode(subject.as_ref(), mode, force),
            Command::DeleteMode { subject, recursive } => self.delete_mode(subject.as_ref(), recursive),
            Command::DeleteContext { context } => self.delete_context(&context),
        }
    }
}
