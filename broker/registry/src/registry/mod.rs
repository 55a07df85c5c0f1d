//! The registry's state: a machine that turns commands into records (`step`), takes records in (`apply`) and answers
//! questions. What is not in a record is not so: a shell appends the records of a step to `_schemas`, and applies them when
//! they are durable, in the order of the log.

mod command;
mod config;
mod delete;
mod error;
mod query;
mod record;
mod register;
mod settings;
mod state;

pub use command::{Answer, Command, Registered, Step};
pub use config::{Config, Mode};
pub use error::RegistryError;
pub(crate) use query::matches_prefix;
pub use query::{Aliases, Listing, SubjectVersion, VersionId};
pub use record::{ConfigRecord, Record, RecordError, SchemaRecord};
pub use register::Registration;
pub use state::{Registry, Stored};

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
