//! Kafka Connect's schemas: `org.apache.kafka.connect.data.Schema` and its builder, the logical types, and values against
//! schemas.

mod builder;
mod describe;
pub mod logical;
mod validate;

#[cfg(test)]
mod schema_test;

pub use builder::SchemaBuilder;
pub use describe::{Field, Schema, SchemaAndValue, SchemaRef, Type};
pub use validate::{validate, validate_field};
