//! One pass over a JSON text (RFC 8259) that checks it and builds nothing.

use super::error::{JsonError, JsonErrorKind};
use super::word::plain_prefix;

/// A place in a JSON text. All steps are checked; a step that fails leaves the place undefined.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    max_depth: usize,
}

impl<'a> Scanner<'a> {
    /// At the start of `text`, which may nest `max_depth` levels (128 at the most).
    #[must_use]
    pub fn new(text: &'a str, max_depth: usize) -> Self {
        Self { text, at: 0, max_depth: max_depth.min(128) }
    }

    /// Bytes before this place.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    pub(super) fn max_depth(&self) -> usize {
        self.max_depth
    }

    /// The text from `from` up to this place. Both must have been places between tokens.
    pub(super) fn slice(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    pub(super) fn error(&self, kind: JsonErrorKind) -> JsonError {
        let kind = if self.at >= self.text.len() { JsonErrorKind::End } else { kind };
        JsonError { at: self.at, kind }
    }

    /// The next byte, if there is one.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes over blanks.
    pub fn blanks(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
    }

    pub(super) fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), JsonError> {
        if self.take(byte) { Ok(()) } else { Err(self.error(JsonErrorKind::Expected(what))) }
    }

    /// Nothing but blanks may follow.
    ///
    /// # Errors
    /// Where the rest begins.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error(JsonErrorKind::Trailing)) }
    }

    /// Goes over a string, quotes included.
    pub(super) fn string(&mut self) -> Result<(), JsonError> {
        self.expect(b'"', "a string")?;
        let bytes = self.text.as_bytes();
        loop {
            self.at += plain_prefix(&bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(self.error(JsonErrorKind::ControlCharacter)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if rest.len() >= 6 && rest[2..6].iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return Err(self.error(JsonErrorKind::Escape)),
        };
        self.at += length;
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        if count > 0 { Ok(()) } else { Err(self.error(JsonErrorKind::Number)) }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn literal(&mut self, word: &'static str) -> Result<(), JsonError> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error(JsonErrorKind::Expected("a value")));
        }
        self.at += word.len();
        Ok(())
    }

    fn name(&mut self) -> Result<(), JsonError> {
        self.blanks();
        self.string()?;
        self.blanks();
        self.expect(b':', "':' behind a member's name")
    }

    /// Goes over one value, blanks before it included.
    ///
    /// # Errors
    /// What is wrong and where. Nesting beyond the bound is refused before it costs anything.
    pub fn value(&mut self) -> Result<(), JsonError> {
        // One bit for each level: set for an object, clear for an array.
        let (mut levels, mut depth) = (0_u128, 0_usize);
        loop {
            self.blanks();
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    if depth == self.max_depth {
                        return Err(self.error(JsonErrorKind::Depth(self.max_depth)));
                    }
                    self.at += 1;
                    self.blanks();
                    let object = open == b'{';
                    if !self.take(if object { b'}' } else { b']' }) {
                        levels = levels << 1 | u128::from(object);
                        depth += 1;
                        if object {
                            self.name()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal("true")?,
                Some(b'f') => self.literal("false")?,
                Some(b'n') => self.literal("null")?,
                _ => return Err(self.error(JsonErrorKind::Expected("a value"))),
            }
            // A value is complete: close what closes behind it.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                self.blanks();
                let object = levels & 1 == 1;
                if self.take(b',') {
                    if object {
                        self.name()?;
                    }
                    break;
                }
                let (close, wanted) = if object { (b'}', "',' or '}'") } else { (b']', "',' or ']'") };
                self.expect(close, wanted)?;
                levels >>= 1;
                depth -= 1;
            }
        }
    }
}
