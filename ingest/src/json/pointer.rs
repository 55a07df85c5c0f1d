//! JSON pointers (RFC 6901) that select a part of a document without building it.

use std::fmt;

use super::value::{Kind, Value};

/// A pointer, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    steps: Vec<String>,
}

/// Why a text is no pointer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPointer {
    /// It does not begin with a slash.
    #[error("'{0}' is no JSON pointer: it must be empty or begin with '/', as in /payload/user_id")]
    Start(String),
    /// `~` that is neither `~0` nor `~1`.
    #[error("'{0}' is no JSON pointer: write '~' as ~0 and '/' in a name as ~1")]
    Tilde(String),
}

/// Why a pointer selects nothing certain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// Two members of the same name on the way: other readers may take the other one.
    #[error("the name '{name}' occurs twice in one object, so that {pointer} is ambiguous; send it once")]
    Ambiguous {
        /// The pointer.
        pointer: String,
        /// The name.
        name: String,
    },
}

impl Pointer {
    /// Takes a pointer apart.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidPointer> {
        let mut steps = Vec::new();
        if !text.is_empty() {
            let rest = text.strip_prefix('/').ok_or_else(|| InvalidPointer::Start(text.to_owned()))?;
            for step in rest.split('/') {
                let escapes = step.matches('~').count();
                if escapes != step.matches("~0").count() + step.matches("~1").count() {
                    return Err(InvalidPointer::Tilde(text.to_owned()));
                }
                steps.push(step.replace("~1", "/").replace("~0", "~"));
            }
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// The pointer as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the pointer selects in `value`; `None` if there is no such part.
    ///
    /// # Errors
    /// A name on the way that occurs twice.
    pub fn find<'a>(&self, value: Value<'a>) -> Result<Option<Value<'a>>, PointerError> {
        self.find_behind(value, 0)
    }

    /// The first step.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.steps.first().map(String::as_str)
    }

    /// The same, where `value` is what the first `steps` steps select.
    ///
    /// # Errors
    /// A name on the way that occurs twice.
    pub fn find_behind<'a>(&self, value: Value<'a>, steps: usize) -> Result<Option<Value<'a>>, PointerError> {
        let mut here = value;
        for step in self.steps.iter().skip(steps) {
            let found = match here.kind() {
                Kind::Object => self.member(here, step)?,
                Kind::Array => element(here, step),
                _ => None,
            };
            match found {
                Some(value) => here = value,
                None => return Ok(None),
            }
        }
        Ok(Some(here))
    }

    fn member<'a>(&self, value: Value<'a>, step: &str) -> Result<Option<Value<'a>>, PointerError> {
        let Some(mut object) = value.object() else { return Ok(None) };
        let mut found = None;
        while let Ok(Some(member)) = object.next_member() {
            if member.name().is_ok_and(|name| name == step) {
                if found.is_some() {
                    let (pointer, name) = (self.text.clone(), step.to_owned());
                    return Err(PointerError::Ambiguous { pointer, name });
                }
                found = Some(member.value);
            }
        }
        Ok(found)
    }
}

fn element<'a>(value: Value<'a>, step: &str) -> Option<Value<'a>> {
    if step.len() > 1 && step.starts_with('0') {
        return None;
    }
    let index: usize = step.parse().ok()?;
    let mut array = value.array()?;
    for _ in 0..index {
        array.next_element().ok()??;
    }
    array.next_element().ok()?
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}
