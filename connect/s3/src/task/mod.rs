//! The sink's task: what the connect runtime drives.

mod budget;
mod error;
mod object;
mod open_objects;
mod partition;
mod sink;

#[cfg(test)]
mod crash_test;
#[cfg(test)]
mod size_test;
#[cfg(test)]
mod task_test;
#[cfg(test)]
pub(crate) mod testing;

pub use budget::Budget;
pub use error::{Rejects, TaskError};
pub use sink::{Resume, S3Task, TaskContext, TopicPartition};
