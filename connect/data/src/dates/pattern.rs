//! Patterns: letters that stand for parts of a date, and text.

use crate::error::{DataError, ErrorClass, Result};

/// A pattern that formats and parses.
#[derive(Clone, Debug)]
pub struct DatePattern {
    pub(super) source: String,
    pub(super) parts: Vec<Part>,
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// A letter and how often it stands.
    Letter(char, usize),
    /// Text as it is.
    Text(String),
}

/// The letters that SimpleDateFormat knows.
const LETTERS: &str = "GyMdkHmsSEDFwWahKzZYuXL";

impl DatePattern {
    /// The error is an `IllegalArgumentException` with Java's text.
    pub fn new(source: &str) -> Result<Self> {
        let illegal = |message: String| Err(DataError::new(ErrorClass::IllegalArgument, message));
        let mut parts: Vec<Part> = Vec::new();
        let mut chars = source.chars().peekable();
        let push_text = |parts: &mut Vec<Part>, c: char| match parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => parts.push(Part::Text(c.to_string())),
        };
        while let Some(c) = chars.next() {
            if c == '\'' {
                if chars.next_if_eq(&'\'').is_some() {
                    push_text(&mut parts, '\'');
                    continue;
                }
                loop {
                    match chars.next() {
                        Some('\'') if chars.next_if_eq(&'\'').is_none() => break,
                        Some(c) => push_text(&mut parts, c),
                        None => return illegal("Unterminated quote".to_owned()),
                    }
                }
            } else if c.is_ascii_alphabetic() {
                if !LETTERS.contains(c) {
                    return illegal(format!("Illegal pattern character '{c}'"));
                }
                let mut count = 1;
                while chars.next_if_eq(&c).is_some() {
                    count += 1;
                }
                if c == 'X' && count > 3 {
                    return illegal("invalid ISO 8601 format: length=".to_owned() + &count.to_string());
                }
                // Widths pad with zeros: an absurd one would be an absurd text.
                parts.push(Part::Letter(c, count.min(64)));
            } else {
                push_text(&mut parts, c);
            }
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// The pattern as it was given (`toPattern`).
    pub fn source(&self) -> &str {
        &self.source
    }
}
