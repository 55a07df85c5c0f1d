//! Java's regular expressions: back references and look-around need a matcher that goes back.

use fancy_regex::{Captures, Regex};

use crate::error::{DataError, ErrorClass, Result};

/// A pattern of `java.util.regex`, for texts such as names of topics: `\d` and its like know Unicode here and ASCII only in Java.
#[derive(Clone, Debug)]
pub struct JavaRegex {
    source: String,
    find: Regex,
    whole: Regex,
}

/// Names of Java's classes of ASCII characters, and those that say the same here.
const CLASSES: [(&str, &str); 13] = [
    ("Lower", "[[:lower:]]"),
    ("Upper", "[[:upper:]]"),
    ("ASCII", "[[:ascii:]]"),
    ("Alpha", "[[:alpha:]]"),
    ("Digit", "[[:digit:]]"),
    ("Alnum", "[[:alnum:]]"),
    ("Punct", "[[:punct:]]"),
    ("Graph", "[[:graph:]]"),
    ("Print", "[[:print:]]"),
    ("Blank", "[[:blank:]]"),
    ("Cntrl", "[[:cntrl:]]"),
    ("XDigit", "[[:xdigit:]]"),
    ("Space", "[[:space:]]"),
];

/// Java's spellings that are written otherwise here: `\Q..\E`, `\p{Alpha}`, `\Z`.
fn translated(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 8);
    let mut rest = source;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(quoted) = rest.strip_prefix("\\Q") {
            let (text, behind) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            out.push_str(&fancy_regex::escape(text));
            rest = behind;
            continue;
        }
        let class = CLASSES.iter().find(|(name, _)| {
            rest.strip_prefix("\\p{").and_then(|r| r.strip_prefix(name)).is_some_and(|r| r.starts_with('}'))
        });
        if let Some((name, class)) = class {
            out.push_str(class);
            rest = &rest[name.len() + 4..];
            continue;
        }
        let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

impl JavaRegex {
    /// The error says what is wrong with the pattern, in this crate's words and not in Java's.
    pub fn new(source: &str) -> Result<Self> {
        let wrong = |error: fancy_regex::Error| DataError::config(error.to_string());
        let translated = translated(source);
        Ok(Self {
            source: source.to_owned(),
            find: Regex::new(&translated).map_err(wrong)?,
            whole: Regex::new(&format!("\\A(?:{translated})\\z")).map_err(wrong)?,
        })
    }

    /// The pattern as it was given.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole text matches (`Matcher.matches`). A pattern that goes back too often is an error.
    pub fn matches(&self, text: &str) -> Result<bool> {
        self.whole.is_match(text).map_err(|e| self.too_much(&e))
    }

    /// The text with the first match replaced (`Matcher.replaceFirst`): `$1`, `${name}` and `\` in the replacement as in Java.
    pub fn replace_first(&self, text: &str, replacement: &str) -> Result<String> {
        let Some(found) = self.find.captures(text).map_err(|e| self.too_much(&e))? else {
            return Ok(text.to_owned());
        };
        let Some(all) = found.get(0) else { return Ok(text.to_owned()) };
        let mut out = String::from(&text[..all.start()]);
        expand(&self.find, &mut out, &found, replacement)?;
        out.push_str(&text[all.end()..]);
        Ok(out)
    }

    fn too_much(&self, error: &fancy_regex::Error) -> DataError {
        DataError::connect(format!("The regular expression {} could not be run: {error}", self.source))
    }
}

fn illegal(message: impl Into<String>) -> DataError {
    DataError::new(ErrorClass::IllegalArgument, message)
}

fn expand(regex: &Regex, out: &mut String, found: &Captures<'_, str>, replacement: &str) -> Result<()> {
    let mut rest = replacement;
    while let Some(at) = rest.find(['\\', '$']) {
        out.push_str(&rest[..at]);
        let special = &rest[at..];
        let behind = &special[1..];
        if special.starts_with('\\') {
            let Some(c) = behind.chars().next() else {
                return Err(illegal("character to be escaped is missing"));
            };
            out.push(c);
            rest = &behind[c.len_utf8()..];
        } else if let Some(named) = behind.strip_prefix('{') {
            let (name, after) = named
                .split_once('}')
                .ok_or_else(|| illegal("named capturing group is missing trailing '}'"))?;
            match found.name(name) {
                Some(group) => out.push_str(group.as_str()),
                None if regex.capture_names().flatten().any(|n| n == name) => {}
                None => return Err(illegal(format!("No group with name {{{name}}}"))),
            }
            rest = after;
        } else {
            let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return Err(illegal(if behind.is_empty() {
                    "Illegal group reference: group index is missing"
                } else {
                    "Illegal group reference"
                }));
            }
            // As many digits as still name a group; the first one always counts.
            let mut length = 1;
            while length < digits && behind[..length + 1].parse::<usize>().is_ok_and(|n| n < found.len()) {
                length += 1;
            }
            let number: usize = behind[..length].parse().unwrap_or(usize::MAX);
            if number >= found.len() {
                return Err(DataError::new(ErrorClass::IndexOutOfBounds, format!("No group {number}")));
            }
            out.push_str(found.get(number).map_or("", |group| group.as_str()));
            rest = &behind[length..];
        }
    }
    out.push_str(rest);
    Ok(())
}
