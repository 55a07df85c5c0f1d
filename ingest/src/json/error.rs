//! Why a text is not the JSON that was wanted.

/// A defect of a JSON text and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {at}")]
pub struct JsonError {
    /// Bytes of the text before the defect.
    pub at: usize,
    /// What is wrong there.
    pub kind: JsonErrorKind,
}

/// The kinds of defects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// The text stops inside a value.
    #[error("the text ends too early")]
    End,
    /// Something else is needed here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A byte below 0x20 inside a string.
    #[error("a control character must be written as an escape such as \\n")]
    ControlCharacter,
    /// A backslash that begins no escape.
    #[error("this is no escape of JSON")]
    Escape,
    /// `\ud800` and its like without the other half.
    #[error("half of a surrogate pair is no character")]
    Surrogate,
    /// Digits that are no number: `01`, `1.`, `-`.
    #[error("this is no number of JSON")]
    Number,
    /// More levels than allowed.
    #[error("more than {0} levels of nesting")]
    Depth(usize),
    /// Something behind the value.
    #[error("there is more text behind the value")]
    Trailing,
    /// Bytes that are no UTF-8.
    #[error("the bytes are not UTF-8")]
    Utf8,
}
