//! Parts of a JSON text that was checked: slices of it.

use std::borrow::Cow;

use super::error::{JsonError, JsonErrorKind};
use super::scan::Scanner;

/// What kind of value a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// Digits.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
}

impl Kind {
    /// The kind as a sentence names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
        }
    }
}

/// One value: its text, without blanks around it, and where it is in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    text: &'a str,
    at: usize,
    max_depth: usize,
}

impl<'a> Value<'a> {
    /// Checks a whole document.
    ///
    /// # Errors
    /// What is wrong with the bytes, and where.
    pub fn parse(bytes: &'a [u8], max_depth: usize) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| JsonError { at: error.valid_up_to(), kind: JsonErrorKind::Utf8 })?;
        let mut scanner = Scanner::new(text, max_depth);
        let value = Self::next(&mut scanner)?;
        scanner.end()?;
        Ok(value)
    }

    /// A text that was not checked: its members or elements are, as they are read. Whoever reads them must go on to
    /// the end, [`Object::end`] or [`Array::end`]. Saves a pass over documents that are read once from front to back.
    #[must_use]
    pub fn unchecked(text: &'a str, max_depth: usize) -> Self {
        let front = text.len() - text.trim_ascii_start().len();
        // What is inside counts its levels from there.
        Self { text: text.trim_ascii(), at: front, max_depth: max_depth.saturating_sub(1) }
    }

    /// Takes the next value of a text that may hold several.
    ///
    /// # Errors
    /// As [`Scanner::value`].
    pub fn next(scanner: &mut Scanner<'a>) -> Result<Self, JsonError> {
        scanner.blanks();
        let at = scanner.at();
        scanner.value()?;
        Ok(Self { text: scanner.slice(at), at, max_depth: scanner.max_depth() })
    }

    /// The value as it was written.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Bytes of the document before the value.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// The first byte decides.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The members, if this is an object.
    #[must_use]
    pub fn object(&self) -> Option<Object<'a>> {
        (self.kind() == Kind::Object).then(|| Object { scanner: self.inside(), base: self.at, first: true })
    }

    /// The elements, if this is an array.
    #[must_use]
    pub fn array(&self) -> Option<Array<'a>> {
        (self.kind() == Kind::Array).then(|| Array { scanner: self.inside(), base: self.at, first: true })
    }

    fn inside(&self) -> Scanner<'a> {
        let mut scanner = Scanner::new(self.text, self.max_depth);
        scanner.take(b'{');
        scanner.take(b'[');
        scanner
    }

    /// The characters, if this is a string.
    ///
    /// # Errors
    /// An escape that is half of a surrogate pair.
    pub fn string(&self) -> Option<Result<Cow<'a, str>, JsonError>> {
        if self.kind() != Kind::String {
            return None;
        }
        let inner = self.text.get(1..self.text.len() - 1).unwrap_or_default();
        Some(if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            Ok(Cow::Borrowed(inner))
        } else {
            serde_json::from_str(self.text)
                .map(Cow::Owned)
                .map_err(|_| JsonError { at: self.at, kind: JsonErrorKind::Surrogate })
        })
    }

    /// The value of the member `name`, the last one if there are several; `None` also when this is no object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut object = self.object()?;
        let mut found = None;
        while let Ok(Some(member)) = object.next_member() {
            if member.name().is_ok_and(|n| n == name) {
                found = Some(member.value);
            }
        }
        found
    }

    /// The characters of a string; `None` for all else and for broken escapes.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        self.string()?.ok()
    }
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    name: Value<'a>,
    /// Its value.
    pub value: Value<'a>,
}

impl<'a> Member<'a> {
    /// Its name.
    ///
    /// # Errors
    /// An escape that is half of a surrogate pair.
    pub fn name(&self) -> Result<Cow<'a, str>, JsonError> {
        let broken = JsonError { at: self.name.at, kind: JsonErrorKind::Expected("a string") };
        self.name.string().unwrap_or(Err(broken))
    }

    /// Bytes of the document before its name.
    #[must_use]
    pub fn at(&self) -> usize {
        self.name.at
    }
}

/// The members of an object, in order, equal names included.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    scanner: Scanner<'a>,
    base: usize,
    first: bool,
}

impl<'a> Object<'a> {
    /// Behind the last member, nothing may follow.
    ///
    /// # Errors
    /// What follows; never in a text that was checked.
    pub fn end(mut self) -> Result<(), JsonError> {
        self.scanner.end().map_err(|error| JsonError { at: self.base + error.at, ..error })
    }

    /// The next member.
    ///
    /// # Errors
    /// None in a text that was checked.
    pub fn next_member(&mut self) -> Result<Option<Member<'a>>, JsonError> {
        self.step().map_err(|error| JsonError { at: self.base + error.at, ..error })
    }

    fn step(&mut self) -> Result<Option<Member<'a>>, JsonError> {
        self.scanner.blanks();
        if self.scanner.take(b'}') {
            return Ok(None);
        }
        if !std::mem::take(&mut self.first) {
            self.scanner.expect(b',', "',' or '}'")?;
            self.scanner.blanks();
        }
        let at = self.scanner.at();
        self.scanner.string()?;
        let max_depth = self.scanner.max_depth();
        let name = Value { text: self.scanner.slice(at), at: self.base + at, max_depth };
        self.scanner.blanks();
        self.scanner.expect(b':', "':' behind a member's name")?;
        let mut value = Value::next(&mut self.scanner)?;
        value.at += self.base;
        Ok(Some(Member { name, value }))
    }
}

/// The elements of an array, in order.
#[derive(Clone, Debug)]
pub struct Array<'a> {
    scanner: Scanner<'a>,
    base: usize,
    first: bool,
}

impl<'a> Array<'a> {
    /// Behind the last element, nothing may follow.
    ///
    /// # Errors
    /// What follows; never in a text that was checked.
    pub fn end(mut self) -> Result<(), JsonError> {
        self.scanner.end().map_err(|error| JsonError { at: self.base + error.at, ..error })
    }

    /// The next element.
    ///
    /// # Errors
    /// None in a text that was checked.
    pub fn next_element(&mut self) -> Result<Option<Value<'a>>, JsonError> {
        self.step().map_err(|error| JsonError { at: self.base + error.at, ..error })
    }

    fn step(&mut self) -> Result<Option<Value<'a>>, JsonError> {
        self.scanner.blanks();
        if self.scanner.take(b']') {
            return Ok(None);
        }
        if !std::mem::take(&mut self.first) {
            self.scanner.expect(b',', "',' or ']'")?;
        }
        let mut value = Value::next(&mut self.scanner)?;
        value.at += self.base;
        Ok(Some(value))
    }
}
