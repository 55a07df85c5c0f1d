//! Reading JSON.

use std::borrow::Cow;

/// Deeper texts are refused, as Jackson refuses them beyond a thousand; ours is lower because values are walked recursively.
const MOST_DEPTH: usize = 256;

/// A JSON text as a tree. Objects keep all their members in order; the last of equal names counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match self {
            Self::Object(members) => members.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether this is a whole number by its spelling: no point, no exponent.
    pub fn is_integral(&self) -> bool {
        matches!(self, Self::Number(text) if !text.contains(['.', 'e', 'E']))
    }

    /// The whole number as Jackson's `longValue` gives it: what does not fit loses its high bits; a fraction is cut; 0 for what is no
    /// number.
    pub fn long_value(&self) -> i64 {
        let Self::Number(text) = self else { return 0 };
        if let Ok(value) = text.parse::<i64>() {
            return value;
        }
        match text.parse::<crate::Decimal>() {
            Ok(number) => low_bits(&number.to_integer()),
            Err(_) => 0,
        }
    }

    /// The floating-point number; 0 for what is no number. There is no negative zero: Jackson reads through BigDecimal here.
    pub fn double_value(&self) -> f64 {
        match self {
            Self::Number(text) => text.parse().ok().filter(|v| *v != 0.0).unwrap_or(0.0),
            _ => 0.0,
        }
    }

    /// The same as a single.
    pub fn float_value(&self) -> f32 {
        match self {
            Self::Number(text) => text.parse().ok().filter(|v| *v != 0.0).unwrap_or(0.0),
            _ => 0.0,
        }
    }

    /// Jackson's name of the kind, for error texts.
    pub fn node_type(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "BOOLEAN",
            Self::Number(_) => "NUMBER",
            Self::String(_) => "STRING",
            Self::Array(_) => "ARRAY",
            Self::Object(_) => "OBJECT",
        }
    }
}

/// The low 64 bits of a number of any size (`BigInteger.longValue`).
pub(crate) fn low_bits(number: &num_bigint::BigInt) -> i64 {
    let low = number.magnitude().iter_u64_digits().next().unwrap_or(0);
    if number.sign() == num_bigint::Sign::Minus { low.wrapping_neg() as i64 } else { low as i64 }
}

/// Reads a text piece by piece. Errors say what and where (a byte's index).
pub struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, String>;

impl<'a> Parser<'a> {
    /// Of this text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// The next byte that is no white space, not taken.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes().get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn wrong<T>(&self, what: &str) -> Parsed<T> {
        Err(format!("{what} at byte {}", self.at))
    }

    /// Takes this byte or fails.
    pub fn expect(&mut self, byte: u8) -> Parsed<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        self.wrong(&format!("expected '{}'", byte as char))
    }

    /// Goes one level down; fails when that is too deep.
    pub fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MOST_DEPTH { self.wrong("nested too deep") } else { Ok(()) }
    }

    /// Comes one level up.
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// After a member or an element: true when another follows, false when the closing byte was taken.
    pub fn more(&mut self, close: u8) -> Parsed<bool> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                if self.peek() == Some(close) {
                    self.wrong("a comma without anything behind it")
                } else {
                    Ok(true)
                }
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => self.wrong(&format!("expected ',' or '{}'", close as char)),
        }
    }

    /// Takes the opening byte; true when something is inside, false when the closing byte was taken at once.
    pub fn open(&mut self, open: u8, close: u8) -> Parsed<bool> {
        self.expect(open)?;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// The name of a member, with its colon.
    pub fn name(&mut self) -> Parsed<Cow<'a, str>> {
        if self.peek() != Some(b'"') {
            return self.wrong("expected the name of a member");
        }
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    /// The whole next value.
    pub fn value(&mut self) -> Parsed<Json<'a>> {
        match self.peek() {
            Some(b'{') => {
                self.enter()?;
                let mut members = Vec::new();
                let mut more = self.open(b'{', b'}')?;
                while more {
                    members.push((self.name()?, self.value()?));
                    more = self.more(b'}')?;
                }
                self.leave();
                Ok(Json::Object(members))
            }
            Some(b'[') => {
                self.enter()?;
                let mut items = Vec::new();
                let mut more = self.open(b'[', b']')?;
                while more {
                    items.push(self.value()?);
                    more = self.more(b']')?;
                }
                self.leave();
                Ok(Json::Array(items))
            }
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => self.wrong("expected a value"),
            None => self.wrong("the text ends where a value is expected"),
        }
    }

    /// The text of the next value, which is read but not kept.
    pub fn raw(&mut self) -> Parsed<&'a str> {
        self.peek();
        let start = self.at;
        self.value()?;
        Ok(&self.text[start..self.at])
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Parsed<Json<'a>> {
        let rest = &self.bytes()[self.at..];
        let ends = !rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric);
        if rest.starts_with(word.as_bytes()) && ends {
            self.at += word.len();
            return Ok(value);
        }
        self.wrong(&format!("expected {word}"))
    }

    /// The next number, as it is written.
    pub fn number(&mut self) -> Parsed<&'a str> {
        let (start, bytes) = (self.at, self.bytes());
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let whole = if bytes.get(start) == Some(&b'-') { start + 1 } else { start };
        let mut end = digits(whole);
        if end == whole || (bytes[whole] == b'0' && end > whole + 1) {
            return self.wrong("not a number");
        }
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            if fraction == end + 1 {
                return self.wrong("a number without digits behind its point");
            }
            end = fraction;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(sign);
            if exponent == sign {
                return self.wrong("a number without digits in its exponent");
            }
            end = exponent;
        }
        self.at = end;
        Ok(&self.text[start..end])
    }

    /// The next string, unescaped; borrowed when there was nothing to unescape.
    pub fn string(&mut self) -> Parsed<Cow<'a, str>> {
        self.expect(b'"')?;
        let start = self.at;
        let bytes = self.bytes();
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
                }
                Some(b'\\') => break,
                Some(0..=0x1f) => return self.wrong("a control character in a string"),
                Some(_) => self.at += 1,
                None => return self.wrong("a string without its end"),
            }
        }
        let mut out = String::from(&self.text[start..self.at]);
        loop {
            let piece = self.at;
            while !matches!(bytes.get(self.at), Some(b'"' | b'\\' | 0..=0x1f) | None) {
                self.at += 1;
            }
            out.push_str(&self.text[piece..self.at]);
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => {
                    self.at += 1;
                    let escaped = self.escape()?;
                    out.push(escaped);
                }
                Some(_) => return self.wrong("a control character in a string"),
                None => return self.wrong("a string without its end"),
            }
        }
    }

    fn escape(&mut self) -> Parsed<char> {
        let byte = self.bytes().get(self.at).copied();
        self.at += 1;
        Ok(match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex()?;
                if !(0xd800..0xe000).contains(&first) {
                    return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                // Text here is Unicode, which Java's lone surrogates are not: they become the replacement character.
                let rest = &self.bytes()[self.at..];
                if first < 0xdc00 && rest.starts_with(b"\\u") {
                    let back = self.at;
                    self.at += 2;
                    let second = self.hex()?;
                    if (0xdc00..0xe000).contains(&second) {
                        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.at = back;
                }
                char::REPLACEMENT_CHARACTER
            }
            _ => return self.wrong("an unknown escape in a string"),
        })
    }

    fn hex(&mut self) -> Parsed<u32> {
        let digits = self.bytes().get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else { return self.wrong("an escape without its four digits") };
        self.at += 4;
        Ok(digits.iter().fold(0, |code, d| code * 16 + (*d as char).to_digit(16).unwrap_or(0)))
    }
}
