//! `highway apply`: topics, schemas and endpoints as YAML files say.
//!
//! All documents are read, then each is compared with what there is, and only when nothing is wrong with any of them is
//! something changed: topics first, then schemas, then endpoints.

mod args;
mod document;
mod endpoint;
mod run;
mod schema;
mod topic;

pub use args::ApplyArgs;
pub use run::run;
