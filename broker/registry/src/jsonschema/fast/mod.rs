//! A short way for what is plainly valid: text against schema in one pass, without building a value.
//!
//! [`Fast::accepts`] says yes only where the full check would; all else (a misfit, an escape where characters count, a number near a bound, a
//! name twice) is left to it. Schemas that use more than the everyday keywords have no short way.

mod compile;
mod scan;

use std::cell::Cell;

use regex::Regex;
use serde_json::Value;

use super::Draft;
use scan::{Number, Scan};

/// Levels of schemas and of values that are gone into.
const DEPTH: usize = 60;

/// A schema compiled for the short way.
#[derive(Debug)]
pub(super) struct Fast(Node);

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
const NUMBER: u8 = 4;
const INTEGER: u8 = 8;
const STRING: u8 = 16;
const ARRAY: u8 = 32;
const OBJECT: u8 = 64;
const ALL: u8 = 127;

#[derive(Debug)]
struct Node {
    types: u8,
    /// Texts and small whole numbers, `true`, `false`, `null` as they are written.
    words: Option<Words>,
    number: Range,
    length: (usize, usize),
    pattern: Option<Regex>,
    count: (usize, usize),
    items: Option<Box<Node>>,
    members: Members,
}

#[derive(Debug, Default)]
struct Words {
    texts: Vec<String>,
    others: Vec<String>,
}

#[derive(Debug, Default)]
struct Members {
    /// Names, whether they must be there, and what they must be.
    known: Vec<(String, bool, Node)>,
    /// Where the last name was found: objects mostly have the same order.
    others: Others,
    required: usize,
}

#[derive(Debug, Default)]
enum Others {
    #[default]
    Any,
    None,
    Of(Box<Node>),
}

/// Bounds of a number. For fractions those that exclude themselves are kept as if they did not: what is near a bound is left to the
/// full check.
#[derive(Debug, Clone, Copy)]
struct Range {
    low: f64,
    high: f64,
    /// The same for whole numbers, both included, while the bounds are whole.
    whole: Option<(i64, i64)>,
    bounded: bool,
}

impl Default for Range {
    fn default() -> Self {
        let whole = Some((i64::MIN, i64::MAX));
        Self { low: f64::NEG_INFINITY, high: f64::INFINITY, whole, bounded: false }
    }
}

impl Range {
    /// Surely within.
    fn holds(self, value: f64) -> bool {
        let margin = |bound: f64| if bound.is_finite() { bound.abs() * 1e-9 } else { 0.0 };
        // A bound of 0 has no margin; the value itself tells then.
        value > self.low + margin(self.low) && value < self.high - margin(self.high)
    }
}

impl Fast {
    /// `None` for a schema that says more than the short way knows.
    pub fn new(schema: &Value, draft: Draft) -> Option<Self> {
        compile::node(schema, draft, 0).map(Self)
    }

    /// Whether a text is surely a value of the schema.
    pub fn accepts(&self, text: &str) -> bool {
        let mut scan = Scan::new(text);
        self.0.accepts(&mut scan, 0).is_some() && scan.end().is_some()
    }
}

impl Node {
    fn accepts(&self, scan: &mut Scan<'_>, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        let kind = |bits: u8| (self.types & bits != 0).then_some(());
        scan.blanks();
        match scan.peek()? {
            b'"' => {
                kind(STRING)?;
                let (text, escaped) = scan.string()?;
                self.text(text, escaped)
            }
            b'{' => {
                kind(OBJECT)?;
                self.no_words()?;
                self.members.accepts(scan, depth)
            }
            b'[' => {
                kind(ARRAY)?;
                self.no_words()?;
                self.array(scan, depth)
            }
            b'-' | b'0'..=b'9' => {
                let number = scan.number()?;
                kind(if number.whole { INTEGER | NUMBER } else { NUMBER })?;
                self.number(&number)
            }
            first => {
                kind(if first == b'n' { NULL } else { BOOLEAN })?;
                let word = scan.word()?;
                self.other(word)
            }
        }
    }

    fn no_words(&self) -> Option<()> {
        self.words.is_none().then_some(())
    }

    fn other(&self, word: &str) -> Option<()> {
        self.words.as_ref().is_none_or(|words| words.others.iter().any(|w| w == word)).then_some(())
    }

    fn text(&self, text: &str, escaped: bool) -> Option<()> {
        let plain = self.words.is_none() && self.length == (0, usize::MAX) && self.pattern.is_none();
        if plain {
            return Some(());
        }
        if escaped {
            return None;
        }
        if let Some(words) = &self.words
            && !words.texts.iter().any(|word| word == text)
        {
            return None;
        }
        let (least, most) = self.length;
        // Characters are no more than bytes and no less than a quarter of them.
        if text.len() / 4 < least || text.len() > most {
            let characters = text.chars().count();
            if characters < least || characters > most {
                return None;
            }
        }
        self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text)).then_some(())
    }

    fn number(&self, number: &Number<'_>) -> Option<()> {
        if self.words.is_some() {
            number.whole.then_some(())?;
            self.other(number.text)?;
        }
        if !self.number.bounded {
            return Some(());
        }
        if number.whole
            && let Some((low, high)) = self.number.whole
        {
            let value: i64 = number.text.parse().ok()?;
            return (low <= value && value <= high).then_some(());
        }
        self.number.holds(number.text.parse().ok()?).then_some(())
    }

    fn array(&self, scan: &mut Scan<'_>, depth: usize) -> Option<()> {
        let mut count = 0;
        scan.open();
        if !scan.close(b']') {
            loop {
                match &self.items {
                    Some(of) => of.accepts(scan, depth + 1)?,
                    None => scan.skip(depth + 1)?,
                }
                count += 1;
                if !scan.comma_or(b']')? {
                    break;
                }
            }
        }
        (self.count.0 <= count && count <= self.count.1).then_some(())
    }
}

impl Members {
    fn accepts(&self, scan: &mut Scan<'_>, depth: usize) -> Option<()> {
        let (mut seen, mut required) = (0_u64, 0);
        let next = Cell::new(0_usize);
        scan.open();
        if !scan.close(b'}') {
            loop {
                let name = scan.name()?;
                match self.place(name, &next) {
                    Some(place) => {
                        let bit = 1 << place;
                        // Twice: which of them counts is for the full check.
                        if seen & bit != 0 {
                            return None;
                        }
                        seen |= bit;
                        let (_, must, of) = &self.known[place];
                        required += usize::from(*must);
                        of.accepts(scan, depth + 1)?;
                    }
                    None => match &self.others {
                        Others::Any => scan.skip(depth + 1)?,
                        Others::Of(of) => of.accepts(scan, depth + 1)?,
                        Others::None => return None,
                    },
                }
                if !scan.comma_or(b'}')? {
                    break;
                }
            }
        }
        (required == self.required).then_some(())
    }

    /// Names mostly come in the order of the ones before.
    fn place(&self, name: &str, next: &Cell<usize>) -> Option<usize> {
        let start = next.get();
        let found = (start..self.known.len())
            .chain(0..start.min(self.known.len()))
            .find(|at| self.known[*at].0 == name);
        if let Some(found) = found {
            next.set(found + 1);
        }
        found
    }
}

#[cfg(test)]
mod fast_test;
