//! Kafka Connect's logical types: a schema of a plain type with a name that says what the value means.

use super::builder::SchemaBuilder;
use super::describe::{Schema, SchemaRef, Type};

/// `Decimal`: bytes, the unscaled value as a big-endian two's complement number; parameter [`SCALE`].
pub const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal";
/// `Date`: INT32, days since 1970-01-01.
pub const DATE: &str = "org.apache.kafka.connect.data.Date";
/// `Time`: INT32, milliseconds since midnight.
pub const TIME: &str = "org.apache.kafka.connect.data.Time";
/// `Timestamp`: INT64, milliseconds since 1970-01-01T00:00:00Z.
pub const TIMESTAMP: &str = "org.apache.kafka.connect.data.Timestamp";
/// The parameter that holds a decimal's scale.
pub const SCALE: &str = "scale";
/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// The logical types that values of this crate know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logical {
    /// [`DECIMAL`]; values are [`crate::Value::Decimal`].
    Decimal,
    /// [`DATE`]; values are [`crate::Value::Instant`].
    Date,
    /// [`TIME`]; values are [`crate::Value::Instant`].
    Time,
    /// [`TIMESTAMP`]; values are [`crate::Value::Instant`].
    Timestamp,
}

impl Schema {
    /// The logical type that the schema's name says.
    pub fn logical(&self) -> Option<Logical> {
        match self.name()? {
            DECIMAL => Some(Logical::Decimal),
            DATE => Some(Logical::Date),
            TIME => Some(Logical::Time),
            TIMESTAMP => Some(Logical::Timestamp),
            _ => None,
        }
    }
}

/// `Decimal.builder(scale)`.
pub fn decimal(scale: i32) -> SchemaBuilder {
    SchemaBuilder::new(Type::Bytes).name(DECIMAL).parameter(SCALE, scale.to_string()).version(1)
}

/// `Date.builder()`.
pub fn date() -> SchemaBuilder {
    SchemaBuilder::new(Type::Int32).name(DATE).version(1)
}

/// `Time.builder()`.
pub fn time() -> SchemaBuilder {
    SchemaBuilder::new(Type::Int32).name(TIME).version(1)
}

/// `Timestamp.builder()`.
pub fn timestamp() -> SchemaBuilder {
    SchemaBuilder::new(Type::Int64).name(TIMESTAMP).version(1)
}

/// `Timestamp.SCHEMA`.
pub fn timestamp_schema() -> SchemaRef {
    timestamp().build()
}
