//! Structured data of RFC 5424: `[id name="value" …][…]`.

use std::borrow::Cow;

/// How long the structured data at the start of `bytes` is; `None` if it is broken.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while bytes.get(at) == Some(&b'[') {
        at += 1;
        at += name(&bytes[at..])?;
        while bytes.get(at) == Some(&b' ') {
            at += bytes[at..].iter().take_while(|&&b| b == b' ').count();
            if bytes.get(at) == Some(&b']') {
                break;
            }
            at += name(&bytes[at..])?;
            if bytes.get(at) != Some(&b'=') || bytes.get(at + 1) != Some(&b'"') {
                return None;
            }
            at += 2;
            at += value(&bytes[at..])? + 1;
        }
        if bytes.get(at) != Some(&b']') {
            return None;
        }
        at += 1;
    }
    (at > 0).then_some(at)
}

/// An SD-NAME: printable ASCII without blanks, `=`, `]` and quotes. Longer than the 32 characters of the RFC is taken.
fn name(bytes: &[u8]) -> Option<usize> {
    let length =
        bytes.iter().take_while(|&&b| b > b' ' && b < 0x7f && !matches!(b, b'=' | b']' | b'"')).count();
    (length > 0).then_some(length)
}

/// A value up to its closing quote. A backslash keeps the next byte from meaning anything.
fn value(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// The elements of structured data that was found to be whole.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// Its SD-ID.
    pub id: &'a [u8],
    rest: &'a [u8],
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its value, still with backslashes.
    pub escaped: &'a [u8],
}

impl<'a> Elements<'a> {
    pub(super) fn new(structured: &'a [u8]) -> Self {
        Self { rest: structured }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let inner = self.rest.strip_prefix(b"[")?;
        let (id, params) = inner.split_at(name(inner)?);
        let mut walk = Element { id, rest: params };
        while walk.next().is_some() {}
        let behind = &walk.rest[walk.rest.iter().take_while(|&&b| b == b' ').count()..];
        self.rest = behind.strip_prefix(b"]")?;
        Some(Element { id, rest: params })
    }
}

impl<'a> Iterator for Element<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        let rest = &self.rest[self.rest.iter().take_while(|&&b| b == b' ').count()..];
        let (name, rest) = rest.split_at(name(rest)?);
        let rest = rest.strip_prefix(b"=\"")?;
        let (escaped, rest) = rest.split_at(value(rest)?);
        self.rest = rest.strip_prefix(b"\"")?;
        Some(Param { name, escaped })
    }
}

impl<'a> Param<'a> {
    /// Its value. `\"`, `\\` and `\]` lose their backslash; any other backslash stays, as RFC 5424 section 6.3.3 says.
    #[must_use]
    pub fn value(&self) -> Cow<'a, [u8]> {
        if memchr::memchr(b'\\', self.escaped).is_none() {
            return Cow::Borrowed(self.escaped);
        }
        let mut out = Vec::with_capacity(self.escaped.len());
        let mut bytes = self.escaped.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match (byte, bytes.peek()) {
                (b'\\', Some(b'"' | b'\\' | b']')) => out.extend(bytes.next()),
                _ => out.push(byte),
            }
        }
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_the_rfc_says() {
        let text = br#"[ex@1 a="1" b="q\"b\\s\]e\n"][x][y ]"#;
        assert_eq!(length(text), Some(text.len()));
        let elements: Vec<_> = Elements::new(text).collect();
        assert_eq!(elements.iter().map(|e| e.id).collect::<Vec<_>>(), [&b"ex@1"[..], b"x", b"y"]);
        let values: Vec<_> = elements[0].map(|p| p.value().into_owned()).collect();
        assert_eq!(values, [b"1".to_vec(), br#"q"b\s]e\n"#.to_vec()]);
    }

    #[test]
    fn broken_data_has_no_length() {
        for text in [
            "[",
            "[a",
            "[]",
            "[a b]",
            "[a b=c]",
            "[a b=\"c]",
            "[a b=\"c\\\"]",
            "[a b=\"c\"",
            "[a b=\"c\"x]",
            "[a=\"b\"]",
            "",
            "x",
        ] {
            assert_eq!(length(text.as_bytes()), None, "{text}");
        }
    }
}
