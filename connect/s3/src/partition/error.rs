//! Records that have no folder.

/// Why a record cannot be placed. The record is at fault, or the configuration for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartitionError {
    /// Neither a struct nor a map, so it has no fields.
    #[error("the value has no fields ({0}), and the partitioner wants field {1}")]
    NoFields(&'static str, String),
    /// The field is not there.
    #[error("the value has no field {0}")]
    Missing(String),
    /// The field holds something that no folder can be made of.
    #[error("field {field} is {found}, and the partitioner wants {wanted}")]
    Type {
        /// The field.
        field: String,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// The record has no timestamp.
    #[error("the record has no timestamp: use timestamp.extractor RecordField or Wallclock")]
    NoTimestamp,
    /// A time that no calendar has.
    #[error("timestamp {0} is outside of the calendar")]
    Calendar(i64),
}
