//! The schema registry without its sockets: schemas of Avro, JSON Schema and Protobuf, whether they go together, the
//! registry's state with its records, wire formats, and bytes against schemas.
//!
//! Behaviour and names are those of Confluent's Schema Registry (REST API v1, `_schemas` records), so that its clients work
//! and its topics can be taken over. Everything here is a function or a state machine, but for [`topic`], which reads and
//! writes the registry's topic; HTTP is served by the node.

pub mod avro;
pub mod compat;
mod digest;
pub mod fits;
pub mod http;
pub mod json;
pub mod jsonschema;
pub mod protobuf;
pub mod registry;
pub mod schema;
pub mod subject;
pub mod topic;
pub mod validate;
pub mod wire;

#[cfg(test)]
#[path = "validate_test.rs"]
mod validate_test;
