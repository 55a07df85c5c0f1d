//! What was seen: kept as JSON, judged by the targets, printed as a table.

pub mod results;
pub mod stats;
pub mod table;
pub mod targets;
