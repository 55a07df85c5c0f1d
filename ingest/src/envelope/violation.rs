//! Why an event was refused: where, what, and what to do.

use std::fmt;

use crate::json::{JsonError, JsonErrorKind, Value};

/// The kind of a violation, stable for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Not the text it should be.
    Malformed,
    /// Not UTF-8.
    Encoding,
    /// Nested too deep.
    Depth,
    /// A part that must be there is not.
    Missing,
    /// A part of the wrong kind.
    Type,
    /// A part that has no meaning here.
    Unknown,
    /// A name twice in one object.
    Duplicate,
    /// A value out of its range or form.
    Value,
    /// Larger than allowed.
    Size,
    /// No key where one is required, or none that is certain.
    Key,
    /// Against the endpoint's schema.
    Schema,
}

impl Code {
    /// The code as answers and reject headers carry it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Encoding => "encoding",
            Self::Depth => "depth",
            Self::Missing => "missing",
            Self::Type => "type",
            Self::Unknown => "unknown",
            Self::Duplicate => "duplicate_name",
            Self::Value => "value",
            Self::Size => "size",
            Self::Key => "key",
            Self::Schema => "schema",
        }
    }

    /// True if the text itself is broken, so that sending it in another way cannot help: 400, else 422.
    #[must_use]
    pub fn is_syntax(self) -> bool {
        matches!(self, Self::Malformed | Self::Encoding | Self::Depth)
    }
}

/// One thing that is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The kind.
    pub code: Code,
    /// A JSON pointer to it; empty for the whole document.
    pub path: String,
    /// A sentence: the value, and the way out.
    pub message: String,
}

impl std::error::Error for Violation {}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { self.message.fmt(f) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

impl Violation {
    pub(crate) fn new(code: Code, path: &str, message: impl Into<String>) -> Self {
        Self { code, path: path.to_owned(), message: message.into() }
    }

    pub(crate) fn kind(path: &str, value: Value<'_>, wanted: &str) -> Self {
        let message = format!("{} is {}; send {wanted}", shown(value.text()), value.kind().name());
        Self::new(Code::Type, path, message)
    }

    pub(crate) fn value(path: &str, value: &str, wanted: &str) -> Self {
        Self::new(Code::Value, path, format!("'{}' cannot be taken; send {wanted}", shown(value)))
    }
}

impl From<JsonError> for Violation {
    fn from(error: JsonError) -> Self {
        let code = match error.kind {
            JsonErrorKind::Utf8 => Code::Encoding,
            JsonErrorKind::Depth(_) => Code::Depth,
            _ => Code::Malformed,
        };
        Self::new(code, "", format!("not JSON: {error}"))
    }
}

/// The first characters of a value: enough to find it, not enough to fill a log.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `name` as a step of a pointer.
pub(crate) fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
