//! A short way for what is plainly valid: text against schema in one pass, without building a value.
//!
//! [`Fast::accepts`] says yes only where the full check would; all else (a misfit, an escape where characters count, a number near a bound, a
//! name twice) is left to it. Schemas that use more than the everyday keywords have no short way.

use std::cell::Cell;

use regex::Regex;
use serde_json::{Map, Value};

use super::Draft;
use super::fast_scan::{Number, Scan};

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
    fn narrow(&mut self, bound: &Value, is_low: bool, excluded: bool) -> Option<()> {
        let float = bound.as_f64()?;
        // Beyond 2^53 not every whole number is a float.
        let whole = bound.as_i64().filter(|bound| bound.unsigned_abs() < 1 << 53);
        let step = i64::from(excluded);
        if is_low {
            self.low = self.low.max(float);
            self.whole = self.whole.zip(whole).map(|((low, high), bound)| (low.max(bound + step), high));
        } else {
            self.high = self.high.min(float);
            self.whole = self.whole.zip(whole).map(|((low, high), bound)| (low, high.min(bound - step)));
        }
        self.bounded = true;
        Some(())
    }

    /// Surely within.
    fn holds(self, value: f64) -> bool {
        let margin = |bound: f64| if bound.is_finite() { bound.abs() * 1e-9 } else { 0.0 };
        // A bound of 0 has no margin; the value itself tells then.
        value > self.low + margin(self.low) && value < self.high - margin(self.high)
    }
}

fn any() -> Node {
    Node {
        types: ALL,
        words: None,
        number: Range::default(),
        length: (0, usize::MAX),
        pattern: None,
        count: (0, usize::MAX),
        items: None,
        members: Members::default(),
    }
}

impl Fast {
    /// `None` for a schema that says more than the short way knows.
    pub fn new(schema: &Value, draft: Draft) -> Option<Self> {
        node(schema, draft, 0).map(Self)
    }

    /// Whether a text is surely a value of the schema.
    pub fn accepts(&self, text: &str) -> bool {
        let mut scan = Scan::new(text);
        self.0.accepts(&mut scan, 0).is_some() && scan.end().is_some()
    }
}

fn node(schema: &Value, draft: Draft, depth: usize) -> Option<Node> {
    let schema = match schema {
        Value::Bool(true) => return Some(any()),
        Value::Object(schema) if depth < DEPTH => schema,
        _ => return None,
    };
    let mut node = any();
    for (keyword, value) in schema {
        let number = || value.as_u64().and_then(|n| usize::try_from(n).ok());
        match keyword.as_str() {
            "$schema" | "$id" | "id" | "$comment" | "title" | "description" | "default" | "examples"
            | "deprecated" | "readOnly" | "writeOnly" => {}
            // An annotation in these drafts.
            "format" if matches!(draft, Draft::Draft201909 | Draft::Draft202012) => {}
            "type" => node.types = types(value)?,
            "const" => node.words = Some(words(std::slice::from_ref(value))?),
            "enum" => node.words = Some(words(value.as_array()?)?),
            "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" => {
                node.number.narrow(value, keyword.ends_with("inimum"), keyword.starts_with('e'))?;
            }
            "minLength" => node.length.0 = number()?,
            "maxLength" => node.length.1 = number()?,
            "minItems" => node.count.0 = number()?,
            "maxItems" => node.count.1 = number()?,
            "pattern" => node.pattern = Some(pattern(value.as_str()?)?),
            "items" => node.items = Some(Box::new(self::node(value, draft, depth + 1)?)),
            "properties" | "required" | "additionalProperties" => {}
            _ => return None,
        }
    }
    node.members = members(schema, draft, depth)?;
    // `const` and `enum` of one node would both have to hold.
    (!(schema.contains_key("const") && schema.contains_key("enum"))).then_some(node)
}

fn types(value: &Value) -> Option<u8> {
    let one = |value: &Value| {
        Some(match value.as_str()? {
            "null" => NULL,
            "boolean" => BOOLEAN,
            "number" => NUMBER | INTEGER,
            "integer" => INTEGER,
            "string" => STRING,
            "array" => ARRAY,
            "object" => OBJECT,
            _ => return None,
        })
    };
    match value {
        Value::Array(several) => several.iter().try_fold(0, |all, value| Some(all | one(value)?)),
        value => one(value),
    }
}

fn words(values: &[Value]) -> Option<Words> {
    let mut words = Words::default();
    for value in values {
        match value {
            Value::String(text) => words.texts.push(text.clone()),
            Value::Null | Value::Bool(_) => words.others.push(value.to_string()),
            Value::Number(number) if number.as_i64().is_some() => words.others.push(value.to_string()),
            _ => return None,
        }
    }
    Some(words)
}

/// Only what reads the same in ECMA-262 and here: no escapes, no dots, no groups with a question mark, no set operations.
fn pattern(text: &str) -> Option<Regex> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "^$[]-{},+*?|()_/@:#%= ".contains(c);
    let doubtful = ["(?", "[[", "--", "[^]", "[]", "{,"];
    if text.len() > 200 || !text.chars().all(plain) || doubtful.iter().any(|d| text.contains(d)) {
        return None;
    }
    regex::RegexBuilder::new(text).size_limit(1 << 20).build().ok()
}

fn members(schema: &Map<String, Value>, draft: Draft, depth: usize) -> Option<Members> {
    let mut members = Members::default();
    let mut required: Vec<&str> = Vec::new();
    if let Some(names) = schema.get("required") {
        required = names.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    }
    if let Some(properties) = schema.get("properties") {
        for (name, of) in properties.as_object()? {
            let must = required.contains(&name.as_str());
            members.known.push((name.clone(), must, node(of, draft, depth + 1)?));
        }
    }
    members.others = match schema.get("additionalProperties") {
        None | Some(Value::Bool(true)) => Others::Any,
        Some(Value::Bool(false)) => Others::None,
        Some(of) => Others::Of(Box::new(node(of, draft, depth + 1)?)),
    };
    for name in &required {
        if !members.known.iter().any(|(known, ..)| known == name) {
            // Also where no property of that name is described. Not with rules for other names: it is one of those.
            if !matches!(members.others, Others::Any) {
                return None;
            }
            members.known.push(((*name).to_owned(), true, any()));
        }
    }
    members.required = members.known.iter().filter(|(_, must, _)| *must).count();
    // One bit for each.
    (members.known.len() <= 64).then_some(members)
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
#[path = "fast_test.rs"]
mod tests;
