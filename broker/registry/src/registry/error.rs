//! Why a request is refused, with the status and the code that clients see.

use crate::schema::SchemaError;
use crate::subject::Subject;

/// A refusal. The texts are those that clients of Confluent's registry know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum RegistryError {
    #[error("Subject '{0}' not found.")]
    SubjectNotFound(Subject),
    #[error("Version {0} not found.")]
    VersionNotFound(i32),
    #[error("Schema not found")]
    SchemaNotFound,
    #[error("Schema {0} not found")]
    IdNotFound(String),
    #[error("Subject '{0}' was soft deleted.Set permanent=true to delete permanently")]
    SubjectSoftDeleted(Subject),
    #[error("Subject '{0}' was not deleted first before being permanently deleted")]
    SubjectNotSoftDeleted(Subject),
    #[error("Subject '{0}' Version {1} was soft deleted.Set permanent=true to delete permanently")]
    VersionSoftDeleted(Subject, i32),
    #[error("Subject '{0}' Version {1} was not deleted first before being permanently deleted")]
    VersionNotSoftDeleted(Subject, i32),
    #[error("Subject '{0}' does not have subject-level compatibility configured")]
    NoSubjectConfig(Subject),
    #[error("Subject '{0}' does not have subject-level mode configured")]
    NoSubjectMode(Subject),
    #[error("Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{}]", details.join(", "))]
    Incompatible { subject: Subject, details: Vec<String> },
    #[error("{0}")]
    InvalidSchema(String),
    #[error(
        "The specified version '{0}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
    )]
    InvalidVersion(String),
    #[error(
        "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive"
    )]
    InvalidLevel,
    #[error("Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD.")]
    InvalidMode,
    #[error("{0}")]
    NotPermitted(String),
    #[error("One or more references exist to the schema {{magic=1,keytype=SCHEMA,subject={0},version={1}}}.")]
    ReferenceExists(Subject, i32),
    #[error("The ID of an imported schema does not match the existing ID")]
    IdDoesNotMatch,
    #[error("The specified subject '{0}' is not a valid.")]
    InvalidSubject(Subject),
    #[error("Register operation failed because schema is too large")]
    SchemaTooLarge,
    #[error("{0}")]
    InvalidRuleSet(String),
    #[error("The specified context '{0}' is not empty.")]
    ContextNotEmpty(String),
    #[error("{0}")]
    Store(String),
    #[error("{0}")]
    Timeout(String),
    #[error("{0}")]
    Forwarding(String),
    #[error("{0}")]
    UnknownLeader(String),
}

impl RegistryError {
    /// The code in the body of an answer.
    pub fn error_code(&self) -> u32 {
        match self {
            Self::SubjectNotFound(_) => 40401,
            Self::VersionNotFound(_) => 40402,
            Self::SchemaNotFound | Self::IdNotFound(_) => 40403,
            Self::SubjectSoftDeleted(_) => 40404,
            Self::SubjectNotSoftDeleted(_) => 40405,
            Self::VersionSoftDeleted(..) => 40406,
            Self::VersionNotSoftDeleted(..) => 40407,
            Self::NoSubjectConfig(_) => 40408,
            Self::NoSubjectMode(_) => 40409,
            Self::Incompatible { .. } => 40901,
            Self::InvalidSchema(_) => 42201,
            Self::InvalidVersion(_) => 42202,
            Self::InvalidLevel => 42203,
            Self::InvalidMode => 42204,
            Self::NotPermitted(_) => 42205,
            Self::ReferenceExists(..) => 42206,
            Self::IdDoesNotMatch => 42207,
            Self::InvalidSubject(_) => 42208,
            Self::SchemaTooLarge => 42209,
            Self::InvalidRuleSet(_) => 42210,
            Self::ContextNotEmpty(_) => 42211,
            Self::Store(_) => 50001,
            Self::Timeout(_) => 50002,
            Self::Forwarding(_) => 50003,
            Self::UnknownLeader(_) => 50004,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        (self.error_code() / 100) as u16
    }
}

impl From<SchemaError> for RegistryError {
    fn from(error: SchemaError) -> Self {
        Self::InvalidSchema(error.to_string())
    }
}
