//! One pass over a JSON text for the short way: strict, and `None` for whatever is not plain.

/// Levels that are skipped over.
const DEPTH: usize = 100;
/// Digits of a whole number that fits 64 bits whatever they are.
const WHOLE_DIGITS: usize = 18;
/// Characters of a number that is surely finite.
const NUMBER_LENGTH: usize = 100;

/// A place in a text.
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// A number as it is written.
pub(super) struct Number<'a> {
    pub text: &'a str,
    /// Digits alone.
    pub whole: bool,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Nothing but blanks follows.
    pub fn end(&mut self) -> Option<()> {
        self.blanks();
        (self.at == self.text.len()).then_some(())
    }

    /// Goes over the bracket that was seen.
    pub fn open(&mut self) {
        self.at += 1;
        self.blanks();
    }

    /// Goes over a closing bracket if it is there.
    pub fn close(&mut self, bracket: u8) -> bool {
        let there = self.peek() == Some(bracket);
        self.at += usize::from(there);
        there
    }

    /// True behind a comma, false behind the bracket.
    pub fn comma_or(&mut self, bracket: u8) -> Option<bool> {
        self.blanks();
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b',' => Some(true),
            byte if byte == bracket => Some(false),
            _ => None,
        }
    }

    /// What is between the quotes, and whether there are escapes in it. Those with `\u` are not plain: they may be halves of
    /// characters.
    pub fn string(&mut self) -> Option<(&'a str, bool)> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let (mut at, mut escaped) = (start, false);
        loop {
            match *bytes.get(at)? {
                b'"' => break,
                b'\\' => {
                    if !matches!(bytes.get(at + 1)?, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') {
                        return None;
                    }
                    escaped = true;
                    at += 2;
                }
                0..0x20 => return None,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        Some((self.text.get(start..at)?, escaped))
    }

    /// A member's name and the colon behind it.
    pub fn name(&mut self) -> Option<&'a str> {
        self.blanks();
        if self.peek() != Some(b'"') {
            return None;
        }
        let (name, escaped) = self.string()?;
        self.blanks();
        if escaped || self.peek() != Some(b':') {
            return None;
        }
        self.at += 1;
        Some(name)
    }

    fn digits(&mut self) -> Option<usize> {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(count)
    }

    /// Digits, perhaps with a sign and a fraction; an exponent, or very many digits, are not plain.
    pub fn number(&mut self) -> Option<Number<'a>> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let digits = self.digits()?;
        if (zero && digits > 1) || digits > WHOLE_DIGITS {
            return None;
        }
        let whole = self.peek() != Some(b'.');
        if !whole {
            self.at += 1;
            self.digits()?;
        }
        let text = self.text.get(start..self.at)?;
        // -0 is a float to some.
        let plain = !matches!(self.peek(), Some(b'e' | b'E')) && text.len() <= NUMBER_LENGTH && text != "-0";
        plain.then_some(Number { text, whole })
    }

    /// `true`, `false` or `null`.
    pub fn word(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?;
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(word)
    }

    /// Goes over one value, whatever it is.
    pub fn skip(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'-' | b'0'..=b'9' => self.number().map(|_| ()),
            open @ (b'{' | b'[') => {
                let close = if open == b'{' { b'}' } else { b']' };
                self.open();
                if self.close(close) {
                    return Some(());
                }
                loop {
                    if open == b'{' {
                        self.name()?;
                    }
                    self.skip(depth + 1)?;
                    if !self.comma_or(close)? {
                        return Some(());
                    }
                }
            }
            _ => self.word().map(|_| ()),
        }
    }
}
