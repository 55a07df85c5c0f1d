//! Kafka's record batch, version 2 (magic 2): header, records, compression, validation, verification, building.

pub mod builder;
pub mod compression;
pub mod header;
pub mod records;
pub mod validate;
pub mod varint;
pub mod verify;
