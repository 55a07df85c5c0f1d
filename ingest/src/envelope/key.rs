//! Which part of an event is its record's key.

use std::borrow::Cow;

use bytes::Bytes;

use super::violation::{Code, Violation};
use crate::json::{Kind, Pointer, Value};

/// Where the key comes from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum KeyRule {
    /// No key. The partition follows from the id, so that a repeat meets its original.
    #[default]
    None,
    /// The event's id.
    Id,
    /// The event's name.
    EventName,
    /// What a JSON pointer into the event selects.
    Pointer {
        /// The pointer.
        pointer: Pointer,
        /// Refuse events without it; else they have no key.
        required: bool,
    },
}

impl KeyRule {
    /// The key of an event: the characters of a string, any other value as it was written; null is no key. `payload` is
    /// the event's, if it is known already: the way to it is not gone twice.
    ///
    /// # Errors
    /// No key where one is required, or a name twice on the way to it.
    pub fn select(
        &self,
        event: Value<'_>,
        payload: Option<Value<'_>>,
        id: &str,
        name: &str,
    ) -> Result<Option<Bytes>, Violation> {
        match self {
            Self::None => Ok(None),
            Self::Id => Ok(Some(Bytes::copy_from_slice(id.as_bytes()))),
            Self::EventName => Ok(Some(Bytes::copy_from_slice(name.as_bytes()))),
            Self::Pointer { pointer, required } => {
                let found = match payload {
                    Some(payload) if pointer.first() == Some("payload") => pointer.find_behind(payload, 1),
                    _ => pointer.find(event),
                }
                .map_err(|error| Violation::new(Code::Key, pointer.as_str(), error.to_string()))?;
                let Some(value) = found.filter(|v| v.kind() != Kind::Null) else {
                    return if *required {
                        let message =
                            "the endpoint takes its record key from here and there is none; send one";
                        Err(Violation::new(Code::Key, pointer.as_str(), message))
                    } else {
                        Ok(None)
                    };
                };
                let text = match value.string() {
                    Some(text) => {
                        text.map_err(|e| Violation::new(Code::Key, pointer.as_str(), e.to_string()))?
                    }
                    None => Cow::Borrowed(value.text()),
                };
                Ok(Some(Bytes::copy_from_slice(text.as_bytes())))
            }
        }
    }
}
