//! Kafka's record batch, version 2 (magic 2): header, records, compression, validation, building.

pub mod builder;
pub mod compression;
pub mod header;
pub mod records;
pub mod validate;
pub mod varint;
