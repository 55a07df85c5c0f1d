//! Names that AvroData gives and understands.

/// The struct that stands for a union of several types: one optional field for each.
pub const UNION: &str = "io.confluent.connect.avro.Union";
/// The namespace of names that stand for none.
pub const NAMESPACE: &str = "io.confluent.connect.avro";
/// The record of a struct without a name.
pub const DEFAULT: &str = "ConnectDefault";
/// The record of one entry of a map whose keys are not strings.
pub const MAP_ENTRY: &str = "MapEntry";
/// The parameter with the name of an enum; its symbols are parameters too, each prefixed with this and a point.
pub const ENUM: &str = "io.confluent.connect.avro.Enum";
/// The parameter with a decimal's precision.
pub const PRECISION: &str = "connect.decimal.precision";
/// The parameter with the size of a fixed.
pub const FIXED_SIZE: &str = "connect.fixed.size";
