//! The command line tools and the client library under them: the real binary against the real node, and against Apache
//! Kafka where the tools must work there too.

mod apply;
mod client;
mod config_file;
mod doctor;
mod groups;
// A folder of its own, and this binary, because each one links everything.
#[path = "../ingest/mod.rs"]
mod ingest;
mod listeners;
mod manners;
mod round_trip;
mod tool;
mod topics;
