//! What values have in common.

use std::collections::{BTreeMap, BTreeSet};

use highway_types::limits::{INFER_MAX_DEPTH, INFER_MAX_MEMBERS, INFER_MAX_WORD_BYTES, INFER_MAX_WORDS};
use serde_json::{Map, Value};

/// What values at one place have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Values that were taken in.
    pub(super) seen: u64,
    pub(super) nulls: bool,
    pub(super) booleans: bool,
    /// Numbers; without a fraction as far as seen.
    pub(super) numbers: Option<Numbers>,
    pub(super) strings: Option<Strings>,
    pub(super) arrays: Option<Box<Shape>>,
    pub(super) objects: Option<Members>,
    /// Something was deeper or wider than is looked at: nothing is said of it.
    pub(super) open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) whole: bool,
}

/// Texts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Strings {
    pub(super) seen: u64,
    /// Those that were seen, while they are few and short.
    pub(super) words: Option<BTreeSet<String>>,
}

/// Members of objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Members {
    pub(super) seen: u64,
    pub(super) by_name: BTreeMap<String, Shape>,
    /// There were more names than are kept.
    pub(super) more: bool,
}

impl Shape {
    /// Takes in a value.
    pub fn take(&mut self, value: &Value) {
        self.take_at(value, 0);
    }

    /// Values that were taken in.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    fn take_at(&mut self, value: &Value, depth: usize) {
        self.seen += 1;
        if depth >= INFER_MAX_DEPTH {
            self.open = true;
            return;
        }
        match value {
            Value::Null => self.nulls = true,
            Value::Bool(_) => self.booleans = true,
            Value::Number(number) => {
                let numbers = self.numbers.get_or_insert(Numbers { whole: true });
                // 1.0 is a whole number to JSON Schema, but whoever writes it means a fraction.
                numbers.whole &= number.is_i64() || number.is_u64();
            }
            Value::String(text) => self.strings.get_or_insert_with(Strings::new).take(text),
            Value::Array(values) => {
                let of = self.arrays.get_or_insert_default();
                values.iter().for_each(|value| of.take_at(value, depth + 1));
            }
            Value::Object(members) => self.objects.get_or_insert_default().take(members, depth),
        }
    }
}

impl Strings {
    fn new() -> Self {
        Self { seen: 0, words: Some(BTreeSet::new()) }
    }

    fn take(&mut self, text: &str) {
        self.seen += 1;
        if let Some(words) = &mut self.words {
            if words.contains(text) {
                return;
            }
            if text.len() > INFER_MAX_WORD_BYTES || words.len() == INFER_MAX_WORDS {
                self.words = None;
            } else {
                words.insert(text.to_owned());
            }
        }
    }
}

impl Members {
    fn take(&mut self, members: &Map<String, Value>, depth: usize) {
        self.seen += 1;
        for (name, value) in members {
            if let Some(shape) = self.by_name.get_mut(name) {
                shape.take_at(value, depth + 1);
            } else if self.by_name.len() < INFER_MAX_MEMBERS {
                let mut shape = Shape::default();
                shape.take_at(value, depth + 1);
                self.by_name.insert(name.clone(), shape);
            } else {
                self.more = true;
            }
        }
    }
}
