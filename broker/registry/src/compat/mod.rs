//! Whether schemas go together: levels, what was found to differ, and the messages of it.

mod check;
mod level;

pub use check::{Existing, check};
pub use level::{Level, Policy};

/// Something that keeps a reader from reading what a writer wrote.
///
/// `%r` and `%w` in the description stand for the reader's and the writer's schema; which of them is the new one is only
/// known to who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Confluent's name for it.
    pub error_type: String,
    /// In words, with the path.
    pub description: String,
    /// More, of Avro.
    pub info: Option<String>,
}

impl Difference {
    /// A check that was given up: the answer is no, because nothing else is safe.
    pub(crate) fn too_complex() -> Self {
        Self {
            error_type: "TOO_COMPLEX".to_owned(),
            description: "The %r and the %w schema have too many or too deeply nested types to be compared"
                .to_owned(),
            info: None,
        }
    }

    /// The message, with `reader` and `writer` for the two schemas.
    pub fn message(&self, reader: &str, writer: &str) -> String {
        let description = self.description.replace("%r", reader).replace("%w", writer);
        match &self.info {
            Some(info) => format!(
                "{{errorType:'{}', description:'{description}', additionalInfo:'{info}'}}",
                self.error_type
            ),
            None => format!("{{errorType:\"{}\", description:\"{description}\"}}", self.error_type),
        }
    }
}

#[cfg(test)]
#[path = "compat_test.rs"]
mod tests;
