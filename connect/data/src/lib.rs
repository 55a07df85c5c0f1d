//! The data side of Kafka Connect, without I/O: schemas, values and records as transforms, converters and connectors see
//! them.
//!
//! Names, rules and error texts are Kafka Connect's (`org.apache.kafka.connect.data` and its neighbours), so that a
//! configuration that works there works here and what is refused there is refused here in the same words. Nothing here knows
//! a socket, a clock or a runtime.

pub mod config;
pub mod converters;
pub mod dates;
pub mod error;
pub mod json;
pub mod literal;
pub mod record;
pub mod schema;
pub mod transforms;
pub mod value;

pub use error::{DataError, ErrorClass, Result};
pub use record::{ConnectRecord, Header, Headers, Origin, SinkCoordinates, SourceCoordinates, TimestampType};
pub use schema::{Field, Schema, SchemaAndValue, SchemaBuilder, SchemaRef, Type};
pub use value::{Decimal, MapValue, Struct, Value};
